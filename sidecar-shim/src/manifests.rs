//! The manifests of a shim: how they are to be understood, and what they leave open.

use eastwest_daemon::{SourceError, Sources};
use eastwest_manifests::Manifests;
use eastwest_mesh::{Capture, Mesh, Options, Part};

use crate::args::{Mode, ShimArgs};

/// Reads them for the first time.
pub(crate) fn read(args: &ShimArgs) -> Result<Manifests, SourceError> {
    let options = Options {
        cluster_domain: args.files.cluster_domain.clone(),
        capture: match args.outbound.mode {
            Mode::Vip => Capture::Vip,
            Mode::Port => Capture::Port(args.outbound.port_offset),
            Mode::Service => Capture::Service,
            Mode::Redirect => Capture::Redirect,
        },
    };
    let manifests = Manifests::read_redirected(
        Sources::new(args.files.manifests.clone()),
        options,
        args.outbound.ranges.iter().map(|r| r.network()).collect(),
        &[Part::Routes, Part::Callers],
    )?;
    tell_open_far_ends(manifests.mesh());
    Ok(manifests)
}

/// Says which routes are served although a DestinationRule may be lost that says who must be at their
/// far ends. That is so at the start only, where they would all be down: later such a set is refused,
/// unless the one in force lacks the same.
pub(crate) fn tell_open_far_ends(mesh: &Mesh) {
    let Some(first) = mesh.unread.far_ends().first() else {
        return;
    };
    let routes = mesh.routes.iter();
    let served = routes
        .map(|route| format!("{}:{} ({})", route.alias, route.port, route.peer))
        .collect::<Vec<_>>();
    tracing::error!(
        served = served.join(", "),
        "{}, which may hold a DestinationRule: aliases are served without it",
        first.origin
    );
}

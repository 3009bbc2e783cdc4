//! The manifests of a gateway: what may be reached, read at the start and whenever they change.

use std::convert::Infallible;
use std::sync::Arc;

use eastwest_daemon::{Context, SourceError, Sources};
use eastwest_manifests::Manifests;
use eastwest_mesh::{Capture, Exports, Finding, Mesh, Options, Part, Severity};

use crate::args::GatewayArgs;
use crate::serve::Gateway;

/// Reads them for the first time.
pub(crate) fn read(args: &GatewayArgs) -> Result<Manifests, SourceError> {
    let options = Options {
        cluster_domain: args.cluster_domain.clone(),
        capture: Capture::Elsewhere,
    };
    let sources = Sources::new(args.manifests.clone());
    let manifests = Manifests::read(sources, options, &[Part::Exports])?;
    tell_if_empty(&manifests.mesh().exports);
    Ok(manifests)
}

/// Keeps the gateway in step with the files for as long as it accepts.
pub(crate) async fn follow(manifests: Manifests, gateway: Arc<Gateway>, context: Context) {
    let take = |mesh: &Mesh| {
        tell_if_empty(&mesh.exports);
        gateway.exports.store(Arc::new(mesh.exports.clone()));
        Ok::<_, Infallible>(())
    };
    manifests.follow(context, take).await;
}

/// Why a gateway is not to take the place of one that serves: its manifests would be refused there on a reload.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unfit {
    /// Something in them is not served.
    #[error(
        "the manifests of this one have errors ({count}, the first is {first}); mend them, or stop that gateway first"
    )]
    Errors { count: usize, first: Box<Finding> },
    /// Nothing in them is exported.
    #[error("the manifests of this one export nothing; mend them, or stop that gateway first")]
    NoExports,
}

/// Whether a gateway with these manifests may take the place of one that serves. At a start with nobody before it
/// serves what it can; here somebody is cut off who is served now.
pub(crate) fn fit_to_succeed(mesh: &Mesh) -> Result<(), Unfit> {
    let is_error = |finding: &&Finding| finding.severity == Severity::Error;
    let mut errors = mesh.findings.iter().filter(is_error);
    if let Some(first) = errors.next() {
        return Err(Unfit::Errors {
            count: 1 + errors.count(),
            first: Box::new(first.clone()),
        });
    }
    match mesh.exports.is_empty() {
        true => Err(Unfit::NoExports),
        false => Ok(()),
    }
}

fn tell_if_empty(exports: &Exports) {
    if exports.is_empty() {
        tracing::warn!(
            "nothing is exported: no Gateway with tls.mode AUTO_PASSTHROUGH or PASSTHROUGH and hosts \
             in the manifests; every connection will be refused"
        );
    }
}

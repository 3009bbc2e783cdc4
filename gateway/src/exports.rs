//! The manifests of a gateway: what may be reached, read at the start and whenever they change.

use std::convert::Infallible;
use std::sync::Arc;

use eastwest_daemon::{Blocker, Context, SourceError, Sources};
use eastwest_manifests::Manifests;
use eastwest_mesh::{Capture, Finding, Mesh, Options, Part, Severity};

use crate::args::GatewayArgs;
use crate::serve::Gateway;

/// Reads them for the first time.
pub(crate) fn read(args: &GatewayArgs) -> Result<Manifests, SourceError> {
    let options = Options {
        cluster_domain: args.cluster_domain.clone(),
        capture: Capture::Elsewhere,
    };
    let sources = Sources::new(args.manifests.clone());
    Manifests::read(sources, options, &[Part::Exports])
}

/// Keeps the gateway in step with the files for as long as it accepts.
///
/// It is not ready while it exports nothing, for errors or because nobody asks it to: it would refuse every
/// connection, and a rollout with such manifests stops at the first gateway. That counts from the call on.
pub(crate) fn follow(
    manifests: Manifests,
    gateway: Arc<Gateway>,
    context: Context,
) -> impl Future<Output = ()> + Send {
    let blocker = context.readiness.blocker("manifests");
    // Said in the log only of what has been well before.
    blocker.clear();
    judge(manifests.mesh(), &blocker);
    let take = move |mesh: &Mesh| {
        // Before it is ready: whoever comes then is served.
        gateway.exports.store(Arc::new(mesh.exports.clone()));
        judge(mesh, &blocker);
        Ok::<_, Infallible>(())
    };
    manifests.follow(context, take)
}

fn judge(mesh: &Mesh, blocker: &Blocker) {
    if !mesh.exports.is_empty() {
        blocker.clear();
        return;
    }
    blocker.set(match first_error(mesh) {
        Some((count, first)) => {
            format!("nothing is exported, and there are errors ({count}, the first is {first})")
        }
        None => {
            "nothing is exported: no Gateway with tls.mode AUTO_PASSTHROUGH or PASSTHROUGH and \
                 hosts in the manifests; every connection is refused"
                .to_owned()
        }
    });
}

/// How many errors there are, and the first.
fn first_error(mesh: &Mesh) -> Option<(usize, &Finding)> {
    let is_error = |finding: &&Finding| finding.severity == Severity::Error;
    let mut errors = mesh.findings.iter().filter(is_error);
    let first = errors.next()?;
    Some((1 + errors.count(), first))
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
    if let Some((count, first)) = first_error(mesh) {
        return Err(Unfit::Errors {
            count,
            first: Box::new(first.clone()),
        });
    }
    match mesh.exports.is_empty() {
        true => Err(Unfit::NoExports),
        false => Ok(()),
    }
}

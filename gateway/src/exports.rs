//! The manifests of a gateway: what may be reached, read at the start and whenever they change.

use std::convert::Infallible;
use std::sync::Arc;

use eastwest_daemon::{Context, SourceError, Sources};
use eastwest_manifests::Manifests;
use eastwest_mesh::{Capture, Exports, Mesh, Options, Part};

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

fn tell_if_empty(exports: &Exports) {
    if exports.is_empty() {
        tracing::warn!(
            "nothing is exported: no Gateway with tls.mode AUTO_PASSTHROUGH or PASSTHROUGH and hosts \
             in the manifests; every connection will be refused"
        );
    }
}

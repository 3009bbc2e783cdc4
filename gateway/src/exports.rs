//! The manifests of a gateway: what may be reached, read at the start and whenever they change.

use std::sync::Arc;

use eastwest_daemon::{Context, LOOK_EVERY, SourceError, SourceFile, Sources};
use eastwest_mesh::{Capture, Finding, Mesh, Options, Severity, Source, load};

use crate::args::GatewayArgs;
use crate::serve::Gateway;

/// Where the manifests are, and how they are to be understood.
#[derive(Debug)]
pub(crate) struct Manifests {
    sources: Sources,
    options: Options,
    first: Vec<SourceFile>,
}

impl Manifests {
    pub(crate) fn new(args: &GatewayArgs) -> Self {
        let options = Options {
            cluster_domain: args.cluster_domain.clone(),
            capture: Capture::Elsewhere,
        };
        Self {
            sources: Sources::new(args.manifests.clone()),
            options,
            first: Vec::new(),
        }
    }

    /// Reads them for the first time.
    pub(crate) fn read(&mut self) -> Result<Mesh, SourceError> {
        self.first = self.sources.read()?;
        Ok(understand(&self.first, &self.options))
    }

    /// Keeps the gateway in step with the files for as long as it accepts.
    pub(crate) async fn follow(self, gateway: Arc<Gateway>, context: Context) {
        let stop = context.shutdown.stop_accepting_token();
        let options = self.options;
        let changed = |files: Result<Vec<SourceFile>, SourceError>| match files {
            Ok(files) => {
                gateway
                    .exports
                    .store(Arc::new(understand(&files, &options).exports));
                tracing::info!(files = files.len(), "manifests read again");
                reloaded("ok");
            }
            Err(error) => {
                tracing::error!(%error, "manifests not read again; what was exported stays so");
                reloaded("failed");
            }
        };
        let requests = context.reload_requests();
        self.sources
            .watch(self.first, LOOK_EVERY, requests, stop, changed)
            .await;
    }
}

fn reloaded(outcome: &'static str) {
    metrics::counter!("eastwest_reloads_total", "what" => "manifests", "outcome" => outcome)
        .increment(1);
}

fn understand(files: &[SourceFile], options: &Options) -> Mesh {
    let sources: Vec<_> = files
        .iter()
        .map(|file| Source {
            name: file.name.clone(),
            text: file.text.clone(),
        })
        .collect();
    let mesh = load(&sources, options);
    mesh.findings.iter().for_each(tell);
    if mesh.exports.is_empty() {
        tracing::warn!(
            "nothing is exported: no Gateway with tls.mode AUTO_PASSTHROUGH or PASSTHROUGH and hosts \
             in the manifests; every connection will be refused"
        );
    }
    mesh
}

fn tell(finding: &Finding) {
    match finding.severity {
        Severity::Error => tracing::error!("{finding}"),
        Severity::Warning => tracing::warn!("{finding}"),
        Severity::Note => tracing::info!("{finding}"),
    }
}

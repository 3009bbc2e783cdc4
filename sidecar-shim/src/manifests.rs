//! The manifests of a shim: its routes and its callers.

use std::collections::BTreeMap;
use std::sync::Arc;

use eastwest_daemon::{Context, LOOK_EVERY, SourceError, SourceFile, Sources};
use eastwest_mesh::{Capture, Finding, Mesh, Options, Severity, Source, load};
use eastwest_transport::tls::Identity;

use crate::args::{Mode, ShimArgs};
use crate::inbound::{AllowRule, Allowed};

/// Where the manifests are, and how they are to be understood.
#[derive(Debug)]
pub(crate) struct Manifests {
    sources: Sources,
    options: Options,
    allow: Vec<AllowRule>,
    labels: BTreeMap<String, String>,
    first: Vec<SourceFile>,
}

impl Manifests {
    pub(crate) fn new(args: &ShimArgs) -> Self {
        let capture = match args.outbound.mode {
            Mode::Vip => Capture::Vip,
            Mode::Redirect => Capture::Redirect,
        };
        Self {
            sources: Sources::new(args.files.manifests.clone()),
            options: Options {
                cluster_domain: args.files.cluster_domain.clone(),
                capture,
            },
            allow: args.inbound.allow.clone(),
            labels: args.inbound.labels.iter().cloned().collect(),
            first: Vec::new(),
        }
    }

    /// Reads them for the first time.
    pub(crate) fn read(&mut self) -> Result<Mesh, SourceError> {
        self.first = self.sources.read()?;
        Ok(understand(&self.first, &self.options))
    }

    /// Who may call a pod with this identity.
    pub(crate) fn allowed(&self, mesh: &Mesh, identity: &Identity) -> Allowed {
        let namespace = identity.id().namespace().unwrap_or_default();
        Allowed::new(
            self.allow.clone(),
            mesh.policies.inbound(namespace, &self.labels),
        )
    }

    /// Calls `changed` with what the files mean whenever they have changed, for as long as the
    /// process accepts.
    pub(crate) async fn follow(
        self: Arc<Self>,
        context: Context,
        mut changed: impl FnMut(&Self, &Mesh) + Send,
    ) {
        let stop = context.shutdown.stop_accepting_token();
        let told = |files: Result<Vec<SourceFile>, SourceError>| match files {
            Ok(files) => {
                let mesh = understand(&files, &self.options);
                changed(&self, &mesh);
                tracing::info!(
                    files = files.len(),
                    routes = mesh.routes.len(),
                    down = mesh.down.len(),
                    "manifests read again"
                );
                reloaded("ok");
            }
            Err(error) => {
                tracing::error!(%error, "manifests not read again; routes and callers stay as they are");
                reloaded("failed");
            }
        };
        let requests = context.reload_requests();
        self.sources
            .clone()
            .watch(self.first.clone(), LOOK_EVERY, requests, stop, told)
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
    mesh
}

fn tell(finding: &Finding) {
    match finding.severity {
        Severity::Error => tracing::error!("{finding}"),
        Severity::Warning => tracing::warn!("{finding}"),
        Severity::Note => tracing::info!("{finding}"),
    }
}

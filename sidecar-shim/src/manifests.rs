//! The manifests of a shim, read at the start and whenever they change.

use eastwest_daemon::{Context, LOOK_EVERY, SourceError, SourceFile, Sources};
use eastwest_mesh::{Capture, Finding, IpNet, Mesh, Options, Severity, Source, load_redirected};

use crate::args::{Mode, ShimArgs};
use crate::far_ends::FarEnds;

/// Where the manifests are, and how they are to be understood.
#[derive(Debug)]
pub(crate) struct Manifests {
    sources: Sources,
    options: Options,
    redirected: Vec<IpNet>,
    far_ends: FarEnds,
    first: Vec<SourceFile>,
}

impl Manifests {
    pub(crate) fn new(args: &ShimArgs) -> Self {
        let capture = match args.outbound.mode {
            Mode::Vip => Capture::Vip,
            Mode::Port => Capture::Port(args.outbound.port_offset),
            Mode::Service => Capture::Service,
            Mode::Redirect => Capture::Redirect,
        };
        Self {
            sources: Sources::new(args.files.manifests.clone()),
            options: Options {
                cluster_domain: args.files.cluster_domain.clone(),
                capture,
            },
            redirected: args.outbound.ranges.iter().map(|r| r.network()).collect(),
            far_ends: FarEnds::default(),
            first: Vec::new(),
        }
    }

    /// Reads them for the first time.
    pub(crate) fn read(&mut self) -> Result<Mesh, SourceError> {
        self.first = self.sources.read()?;
        let mut mesh = understand(&self.first, &self.options, &self.redirected);
        self.far_ends.keep(&mut mesh);
        Ok(mesh)
    }

    /// Calls `changed` with what the files mean whenever they have changed, for as long as the
    /// process accepts.
    pub(crate) async fn follow(self, context: Context, mut changed: impl FnMut(&Mesh) + Send) {
        let stop = context.shutdown.stop_accepting_token();
        let Self {
            sources,
            options,
            redirected,
            mut far_ends,
            first,
        } = self;
        let told = |files: Result<Vec<SourceFile>, SourceError>| match files {
            Ok(files) => {
                let mut mesh = understand(&files, &options, &redirected);
                far_ends.keep(&mut mesh);
                changed(&mesh);
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
        sources.watch(first, LOOK_EVERY, requests, stop, told).await;
    }
}

fn reloaded(outcome: &'static str) {
    metrics::counter!("eastwest_reloads_total", "what" => "manifests", "outcome" => outcome)
        .increment(1);
}

fn understand(files: &[SourceFile], options: &Options, redirected: &[IpNet]) -> Mesh {
    let sources: Vec<_> = files
        .iter()
        .map(|file| Source {
            name: file.name.clone(),
            text: file.text.clone(),
        })
        .collect();
    let mesh = load_redirected(&sources, options, redirected);
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

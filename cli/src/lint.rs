//! `eastwest lint`: what is wrong with manifests, for people, for scripts and for code scanners.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::ValueEnum;
use eastwest_mesh::lint::{Lint, Options, View};
use eastwest_mesh::virtual_ip::DEFAULT_PORT_OFFSET;
use eastwest_mesh::{Capture, Code, Hostname, IpNet, Severity};

mod add;
mod error;
mod mend;
mod output;

use crate::colours::Colours;
use crate::explain;
use crate::manifests::Manifests;
use error::LintError;

/// Nothing that `--fail-on` speaks of.
const CLEAN: u8 = 0;
/// Findings that `--fail-on` speaks of.
const FOUND: u8 = 1;
/// The flags are wrong, or a file can't be read or written. clap's own status, too.
const USAGE: u8 = 2;

/// Finds what istiod refuses, what Istio takes and does not do, and what eastwest's servers mind
#[derive(clap::Args)]
#[command(after_help = "\
Each folder is one cluster: names and rules hold within it, and what one cluster exports is compared \
with what another one dials. kustomization.yaml, Chart.yaml and values.yaml are no manifests, and are \
passed over in a folder.

Exit status: 0 nothing found, 1 findings at or above --fail-on, 2 wrong usage or an unreadable file.

`eastwest explain EW101` says more about a code.")]
pub struct LintArgs {
    /// Files, folders (their .yaml, .yml and .json files, however deep), or - for standard input
    #[arg(required = true, value_name = "FILE|DIR|-")]
    paths: Vec<PathBuf>,
    /// Who is to carry the manifests out
    #[arg(long = "for", value_enum, default_value = "istio", value_name = "WHO")]
    who: Who,
    /// How to print what was found
    #[arg(short, long, value_enum, default_value = "text", value_name = "FORMAT")]
    output: Format,
    /// Mend in the files what can be mended in one way only, and print what has changed
    ///
    /// Services that the gateway of the other cluster needs for src-POD-ORDINAL aliases are written
    /// into a new file, pod-services.yaml: beside the only Gateway of another folder that exports the
    /// alias; where Gateway and alias lie in one folder, into gateway-cluster/ below it. They are left
    /// to you where the Gateway is in no DIR that you gave, where a kustomization.yaml lists what is
    /// applied, and where anything else has the alias's name. No file is overwritten.
    #[arg(long)]
    fix: bool,
    /// The least severity with which the exit status is 1
    #[arg(long, value_enum, default_value = "error", value_name = "SEVERITY")]
    fail_on: FailOn,
    /// Codes that are neither told nor mended, such as those about files that others have
    #[arg(long, value_name = "CODE", value_delimiter = ',', value_parser = code)]
    ignore: Vec<Code>,
    /// Take all files for those of one cluster, whatever their folders
    #[arg(long)]
    one_cluster: bool,
    /// Range of the clusters' pods, in which no alias may have its address
    #[arg(long, value_name = "CIDR", value_delimiter = ',')]
    pod_cidr: Vec<IpNet>,
    /// Range of the clusters' services, in which no alias may have its address
    #[arg(long, value_name = "CIDR", value_delimiter = ',')]
    service_cidr: Vec<IpNet>,
    /// The clusters' DNS domain
    #[arg(long, default_value = "cluster.local", value_name = "DOMAIN")]
    cluster_domain: Hostname,
    /// How connections reach the shim; matters with --for eastwest and both
    #[arg(long, value_enum, default_value = "vip", value_name = "MODE")]
    capture: CaptureMode,
}

#[derive(Clone, Copy, ValueEnum)]
enum Who {
    /// Stock Istio
    Istio,
    /// The servers of eastwest
    Eastwest,
    /// Either, pod by pod
    Both,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// Lines for people
    Text,
    /// One object with all findings
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
}

#[derive(Clone, Copy, ValueEnum)]
enum FailOn {
    Error,
    Warning,
    Note,
    Never,
}

#[derive(Clone, Copy, ValueEnum)]
enum CaptureMode {
    Vip,
    Port,
    Redirect,
    Service,
}

/// A code of a finding, in capitals or not.
fn code(id: &str) -> Result<Code, String> {
    Code::find(id).ok_or_else(|| explain::unknown(id))
}

/// What findings there are, and which of them are none of the caller's business.
struct Search {
    options: Options,
    ignored: Vec<Code>,
}

impl LintArgs {
    fn options(&self) -> Options {
        Options {
            cluster_domain: self.cluster_domain.clone(),
            view: match self.who {
                Who::Istio => View::Istio,
                Who::Eastwest => View::Eastwest,
                Who::Both => View::Both,
            },
            capture: match self.capture {
                CaptureMode::Vip => Capture::Vip,
                CaptureMode::Port => Capture::Port(DEFAULT_PORT_OFFSET),
                CaptureMode::Redirect => Capture::Redirect,
                CaptureMode::Service => Capture::Service,
            },
            pod_ranges: self.pod_cidr.clone(),
            service_ranges: self.service_cidr.clone(),
        }
    }

    /// Whether the exit status tells of what was found.
    fn fails(&self, found: &[Lint]) -> bool {
        let least = match self.fail_on {
            FailOn::Error => Severity::Error,
            FailOn::Warning => Severity::Warning,
            FailOn::Note => Severity::Note,
            FailOn::Never => return false,
        };
        found.iter().any(|lint| lint.finding.severity <= least)
    }
}

/// Runs the command; the status is that of its help text.
#[must_use]
pub fn run(args: &LintArgs) -> ExitCode {
    match lint(args) {
        Ok(status) => ExitCode::from(status),
        // Whoever reads, such as `head`, has enough.
        Err(LintError::Print(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            ExitCode::from(USAGE)
        }
        Err(error) => {
            let _ = writeln!(io::stderr(), "eastwest lint: {error}");
            ExitCode::from(USAGE)
        }
    }
}

fn lint(args: &LintArgs) -> Result<u8, LintError> {
    let search = Search {
        options: args.options(),
        ignored: args.ignore.clone(),
    };
    let mut manifests = Manifests::read(&args.paths, args.one_cluster)?;
    let mut found = add::find(&manifests, &search);
    let mut changes = Vec::new();
    if args.fix {
        (found, changes) = mend::mend(&mut manifests, found, &search)?;
    }
    let mut out = io::BufWriter::new(io::stdout().lock());
    match args.output {
        Format::Text => {
            let colours = Colours::of_stdout();
            output::changes(&mut out, &changes, colours)?;
            output::text(&mut out, &manifests, &found, colours)?;
        }
        Format::Json => output::json(&mut out, &manifests, &found, &changes)?,
        Format::Sarif => output::sarif(&mut out, &found)?,
    }
    out.flush()?;
    Ok(if args.fails(&found) { FOUND } else { CLEAN })
}

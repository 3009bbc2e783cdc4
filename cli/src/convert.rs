//! `eastwest convert`: what a gateway lets through, for gateways of others; and Istio YAML from a list.

use std::io::{self, Write};
use std::process::ExitCode;

use eastwest_mesh::Severity;
use eastwest_mesh::forwarding::Remark;

mod clusters;
pub(crate) mod comment;
mod error;
mod haproxy;
mod istio;
mod nginx;
mod pattern;
mod proxy;
mod tlsroute;
pub(crate) mod yaml;

use error::ConvertError;

/// All that was asked for is in the output.
const WHOLE: u8 = 0;
/// Something is left out of it.
const LEFT_OUT: u8 = 1;
/// The flags are wrong, or a file can't be read or converted at all. clap's own status, too.
const USAGE: u8 = 2;

/// Turns Istio manifests into configuration of others, and a list of aliases into Istio manifests
#[derive(clap::Args)]
#[command(after_help = "\
Output goes to standard output alone, and is the same for the same files. What has no counterpart is \
said on standard error with file:line:column, and as a comment in the output where it changes what \
may be reached.

Exit status: 0 all of it is converted, 1 something is left out, 2 wrong usage or an unreadable file; \
with 2 standard output is empty.")]
pub struct ConvertArgs {
    #[command(subcommand)]
    to: To,
}

#[derive(clap::Subcommand)]
enum To {
    /// An HAProxy that stands in for the gateway
    Haproxy(proxy::ProxyArgs),
    /// An nginx that stands in for the gateway
    Nginx(proxy::ProxyArgs),
    /// TLSRoutes of the Gateway API in place of the gateway
    Tlsroute(tlsroute::TlsRouteArgs),
    /// Istio manifests for a list of aliases
    Istio(istio::IstioArgs),
}

/// A conversion's result.
struct Converted {
    text: String,
    remarks: Vec<Remark>,
    /// What was not said and matters.
    assumed: Option<&'static str>,
}

/// Runs the command; the status is that of its help text.
#[must_use]
pub fn run(args: &ConvertArgs) -> ExitCode {
    match convert(args) {
        Ok(status) => ExitCode::from(status),
        // Whoever reads, such as `head`, has enough.
        Err(ConvertError::Print(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            ExitCode::from(USAGE)
        }
        Err(error) => {
            if let ConvertError::Sides { remarks, .. } = &error {
                tell(remarks);
            }
            let _ = writeln!(io::stderr(), "eastwest convert: {error}");
            ExitCode::from(USAGE)
        }
    }
}

fn convert(args: &ConvertArgs) -> Result<u8, ConvertError> {
    let converted = match &args.to {
        To::Haproxy(args) => proxy::convert(args, haproxy::write)?,
        To::Nginx(args) => proxy::convert(args, nginx::write)?,
        To::Tlsroute(args) => tlsroute::convert(args)?,
        To::Istio(args) => Converted {
            text: istio::convert(args)?,
            remarks: Vec::new(),
            assumed: None,
        },
    };
    tell(&converted.remarks);
    if let Some(assumed) = converted.assumed {
        let _ = writeln!(io::stderr(), "eastwest convert: {assumed}");
    }
    let mut out = io::stdout().lock();
    out.write_all(converted.text.as_bytes())?;
    out.flush()?;
    let left_out = |remark: &Remark| remark.severity == Severity::Error;
    Ok(match converted.remarks.iter().any(left_out) {
        true => LEFT_OUT,
        false => WHOLE,
    })
}

/// Remarks, a line each.
fn tell(remarks: &[Remark]) {
    for remark in remarks {
        let _ = writeln!(io::stderr(), "{}", comment::one_line(&remark.to_string()));
    }
}

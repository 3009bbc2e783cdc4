//! `eastwest render`: from ServiceEntries to what a capture mode needs in Kubernetes.

use std::io::{self, Write};
use std::net::IpAddr;
use std::num::NonZeroU16;
use std::process::ExitCode;

use clap::ValueEnum;
use eastwest_mesh::virtual_ip::DEFAULT_PORT_OFFSET;
use eastwest_mesh::{Capture, Severity};

use crate::convert::comment::one_line;

mod applied;
mod channels;
mod documentation;
mod egress;
mod error;
mod input;
mod output;
mod pod;
mod pod_label;
mod shim;
mod yaml;

use channels::Channels;
use egress::Callers;
use error::RenderError;
use input::{Input, InputArgs, Label};
use output::Output;
use pod_label::PodLabel;

/// All aliases are in the output.
const WHOLE: u8 = 0;
/// One is left out of it.
const LEFT_OUT: u8 = 1;
/// The flags are wrong, or the files can't be read or rendered at all. clap's own status, too.
const USAGE: u8 = 2;

/// Writes what a capture mode needs in Kubernetes, from ServiceEntries
#[derive(clap::Args)]
#[command(after_help = "\
Objects are ready for kubectl; what goes into an object of yours is in comments that say where, and with \
--snippet is printed alone. What is wrong with the manifests is said on standard error with \
file:line:column; a ConfigMap that only `kubectl apply --server-side` takes is named there.

Exit status: 0 all aliases are rendered, 1 something is left out, 2 wrong usage or an unreadable file; \
with 2 standard output is empty.

Examples:
  eastwest render service -f aliases/ --from-labels app=db | kubectl apply -f -
  eastwest render redirect -f aliases/ --snippet
  eastwest render redirect -f aliases/ --for pod --namespace shop
  eastwest render port -f aliases/ --resolver 10.96.53.53
  eastwest render vip -f aliases/ --cluster-dns 10.96.0.10")]
pub struct RenderArgs {
    #[command(subcommand)]
    mode: Mode,
}

#[derive(clap::Subcommand)]
enum Mode {
    /// Any pod that does not itself own the port: a native sidecar, which the pod asks for names
    Vip(VipArgs),
    /// A PerconaXtraDBCluster: a sidecar without privilege, dialled at a higher port
    Port(PortArgs),
    /// A PerconaXtraDBCluster, or any pod: rules send the aliases to the sidecar
    Redirect(RedirectArgs),
    /// Pods that nothing can be added to: an egress, and a Service for each alias
    Service(ServiceArgs),
}

/// Where the shim is in the pod that dials.
#[derive(clap::Args)]
struct InPodArgs {
    #[command(flatten)]
    input: InputArgs,
    /// Where the pod is that dials [default: the aliases' namespace, if it is one]
    #[arg(short, long, value_name = "NAMESPACE")]
    namespace: Option<Label>,
    /// Print what goes into objects of yours alone, as YAML and not as comments
    #[arg(long)]
    snippet: bool,
}

#[derive(clap::Args)]
struct VipArgs {
    #[command(flatten)]
    pod: InPodArgs,
    /// The cluster's DNS: kubectl -n kube-system get service kube-dns
    #[arg(long, value_name = "IP", default_value = "10.96.0.10")]
    cluster_dns: IpAddr,
}

#[derive(clap::Args)]
struct PortArgs {
    #[command(flatten)]
    pod: InPodArgs,
    /// What is added to a port of an alias, as the shim's flag of the name
    #[arg(long, value_name = "N", default_value_t = DEFAULT_PORT_OFFSET)]
    port_offset: NonZeroU16,
    /// Address of the Service of eastwest-resolver, to which CoreDNS sends the aliases
    #[arg(long, value_name = "IP", default_value = "10.96.53.53")]
    resolver: IpAddr,
}

#[derive(clap::Args)]
struct RedirectArgs {
    #[command(flatten)]
    pod: InPodArgs,
    /// What kind of pod dials
    #[arg(long = "for", value_enum, value_name = "KIND", default_value = "pxc")]
    kind: Kind,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    /// One of the Percona operator, which takes sidecars and no init containers
    Pxc,
    /// Any other
    Pod,
}

/// Nobody may use the egress unless it is said.
#[derive(clap::Args)]
#[command(group(clap::ArgGroup::new("callers").required(true).multiple(true)))]
struct ServiceArgs {
    #[command(flatten)]
    input: InputArgs,
    /// Namespace whose pods may use the egress; can be repeated [default: the egress's own]
    #[arg(long, value_name = "NAMESPACE", group = "callers")]
    from_namespace: Vec<Label>,
    /// Labels of the pods that may use the egress: KEY=VALUE,... [default: all pods of the namespace]
    #[arg(
        long,
        value_name = "KEY=VALUE",
        value_delimiter = ',',
        group = "callers"
    )]
    from_labels: Vec<PodLabel>,
}

/// Runs the command; the status is that of its help text.
#[must_use]
pub fn run(args: &RenderArgs) -> ExitCode {
    match render(args) {
        Ok(status) => ExitCode::from(status),
        // Whoever reads, such as `head`, has enough.
        Err(RenderError::Print(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            ExitCode::from(USAGE)
        }
        Err(error) => {
            let _ = writeln!(io::stderr(), "eastwest render: {error}");
            ExitCode::from(USAGE)
        }
    }
}

fn render(args: &RenderArgs) -> Result<u8, RenderError> {
    let (flags, capture) = match &args.mode {
        Mode::Vip(args) => (&args.pod.input, Capture::Vip),
        Mode::Port(args) => (&args.pod.input, Capture::Port(args.port_offset)),
        Mode::Redirect(args) => (&args.pod.input, Capture::Redirect),
        Mode::Service(args) => (&args.input, Capture::Service),
    };
    let input = Input::read(flags, capture)?;
    let mut status = match input.mesh.down.is_empty() {
        true => WHOLE,
        false => LEFT_OUT,
    };
    for finding in &input.mesh.findings {
        if finding.severity != Severity::Note {
            say(&finding.to_string());
        }
        if finding.severity == Severity::Error {
            status = LEFT_OUT;
        }
    }
    if input.mesh.routes.is_empty() {
        return Err(RenderError::Nothing);
    }
    documentation::left(&input.mesh.routes)
        .iter()
        .for_each(|line| say(line));
    let names = flags.names();
    let place = |pod: &InPodArgs| match &pod.namespace {
        Some(namespace) => Ok(namespace.as_str().to_owned()),
        None => input.only_namespace(),
    };
    let channels = |status: &mut u8| {
        let channels = Channels::of(&input.mesh.routes);
        for line in &channels.left_out {
            say(line);
            *status = LEFT_OUT;
        }
        channels
    };
    let (pod, snippets) = match &args.mode {
        Mode::Vip(args) => {
            let domain = (flags.cluster_domain.as_str(), args.cluster_dns);
            let snippets = pod::vip(&input, &names, &place(&args.pod)?, domain);
            (&args.pod, snippets)
        }
        Mode::Port(args) => {
            let at = (args.port_offset.get(), args.resolver);
            let snippets = pod::port(&input, &names, at, &channels(&mut status));
            (&args.pod, snippets)
        }
        Mode::Redirect(args) => match args.kind {
            Kind::Pxc => {
                let snippets = pod::redirect_database(&channels(&mut status), &names);
                (&args.pod, snippets)
            }
            Kind::Pod => (&args.pod, pod::redirect_pod(&names)),
        },
        Mode::Service(args) => {
            let callers = Callers {
                namespaces: &args.from_namespace,
                labels: pod_label::by_key(&args.from_labels)?,
            };
            let (out, left_out) = egress::write(&input, &names, &callers)?;
            for line in &left_out {
                say(line);
                status = LEFT_OUT;
            }
            if out.is_empty() {
                return Err(RenderError::Nothing);
            }
            print(out)?;
            return Ok(status);
        }
    };
    print(pod::write(&input, &place(pod)?, &snippets, pod.snippet)?)?;
    Ok(status)
}

fn print(output: Output) -> Result<(), RenderError> {
    for remark in output.remarks() {
        say(remark);
    }
    let mut out = io::stdout().lock();
    out.write_all(output.into_text().as_bytes())?;
    Ok(out.flush()?)
}

fn say(line: &str) {
    let _ = writeln!(io::stderr(), "{}", one_line(line));
}

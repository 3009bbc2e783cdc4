//! `eastwest certs`: its arguments, and what it prints.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use clap::{Args, Subcommand};
use eastwest_daemon::HumanDuration;
use eastwest_transport::spiffe::SpiffeId;
use eastwest_transport::tls::{Utc, Validity};

use super::{Ca, CertError, KeyKind, Overwrite, WorkloadRequest, valid_for};
use crate::status::{self, ShowArgs};

mod set;

/// X.509 counts whole seconds: what lives less has expired when it is made.
const SHORTEST: Duration = Duration::from_secs(1);

/// Make certificates: a root shared by all clusters, a CA for each cluster, certificates for workloads; and
/// show those that a running server uses.
#[derive(Debug, Args)]
pub struct CertsArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make the root that all clusters share: root-cert.pem and root-key.pem.
    ///
    /// Keep root-key.pem off the clusters. It is needed only to make the CA of a further cluster.
    Root {
        #[command(flatten)]
        output: Output,
        /// How long it is valid, e.g. 3650d.
        #[arg(long, default_value = "3650d")]
        ttl: HumanDuration,
    },
    /// Make the CA of one cluster, in the layout of Istio's `cacerts` secret.
    ///
    /// To give it to Istio: kubectl create secret generic cacerts -n istio-system --from-file=DIR
    Cluster {
        /// The cluster's name, e.g. cluster-a. People see it in certificates; nothing checks it.
        name: String,
        /// The folder that `eastwest certs root` has written.
        #[arg(long, value_name = "DIR")]
        root: PathBuf,
        #[command(flatten)]
        output: Output,
        /// How long it is valid, e.g. 730d; never longer than the root.
        #[arg(long, default_value = "730d")]
        ttl: HumanDuration,
    },
    /// Make a workload's certificate: cert-chain.pem, key.pem and root-cert.pem.
    Workload {
        /// Its SPIFFE ID: spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/SERVICE-ACCOUNT.
        id: SpiffeId,
        /// The folder that `eastwest certs cluster` or `eastwest certs root` has written.
        #[arg(long, value_name = "DIR")]
        ca: PathBuf,
        #[command(flatten)]
        output: Output,
        /// How long it is valid, e.g. 24h or 90d; never longer than the CA.
        #[arg(long, default_value = "90d")]
        ttl: HumanDuration,
        /// A DNS name to add, such as the pod's, for callers that check it. Can be given several times.
        #[arg(long, value_name = "NAME")]
        dns: Vec<String>,
    },
    /// Make a root, the CAs of several clusters and their workloads' certificates in one go.
    ///
    /// Writes DIR/root, DIR/CLUSTER/ca and DIR/CLUSTER/NAMESPACE/ACCOUNT. A root or CA that is
    /// there already is used again, so more can be added later.
    All {
        /// The workloads, each as CLUSTER/NAMESPACE/ACCOUNT, e.g. cluster-a/pxc/default.
        #[arg(required = true, value_name = "CLUSTER/NAMESPACE/ACCOUNT")]
        workloads: Vec<set::Member>,
        /// The trust domain of all clusters; Istio's default is cluster.local.
        #[arg(long, default_value = "cluster.local")]
        trust_domain: String,
        #[command(flatten)]
        output: Output,
        /// How long the workloads' certificates are valid, e.g. 24h or 90d.
        #[arg(long, default_value = "90d")]
        ttl: HumanDuration,
    },
    Show(ShowArgs),
}

#[derive(Debug, Args)]
struct Output {
    /// The folder to write to; made if it is missing.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Replace files that are there already.
    #[arg(long)]
    force: bool,
    /// The kind of private key.
    #[arg(long, value_enum, default_value_t)]
    key_type: KeyKind,
}

impl Output {
    fn overwrite(&self) -> Overwrite {
        if self.force {
            Overwrite::Replace
        } else {
            Overwrite::Refuse
        }
    }
}

/// Runs `eastwest certs`.
///
/// # Errors
/// If a file is there already, cannot be read or written, a CA is of no use, or a server that is to be shown
/// cannot be asked.
pub fn run(args: &CertsArgs) -> anyhow::Result<ExitCode> {
    if let Command::Show(args) = &args.command {
        return status::show(args);
    }
    run_to(args, &mut io::stdout().lock())?;
    Ok(ExitCode::SUCCESS)
}

/// Runs `eastwest certs`, and prints to `out`.
pub(super) fn run_to(args: &CertsArgs, out: &mut impl Write) -> anyhow::Result<()> {
    match &args.command {
        Command::Root { output, ttl } => {
            let root = Ca::root("Root CA", output.key_type, lifetime(*ttl)?)?;
            root.write(&output.out, output.overwrite())?;
            report(out, "the root", &output.out, root.validity())?;
        }
        Command::Cluster {
            name,
            root,
            output,
            ttl,
        } => {
            let root = Ca::load(root, SystemTime::now())?;
            let ca = root.intermediate(name, output.key_type, lifetime(*ttl)?)?;
            ca.write(&output.out, output.overwrite())?;
            report(
                out,
                &format!("the CA of {name}"),
                &output.out,
                ca.validity(),
            )?;
        }
        Command::Workload {
            id,
            ca,
            output,
            ttl,
            dns,
        } => {
            let workload = Ca::load(ca, SystemTime::now())?.workload(&WorkloadRequest {
                id: id.clone(),
                dns_names: dns.clone(),
                key: output.key_type,
                validity: lifetime(*ttl)?,
            })?;
            workload.write(&output.out, output.overwrite())?;
            report(out, id.as_str(), &output.out, workload.validity)?;
        }
        Command::All {
            workloads,
            trust_domain,
            output,
            ttl,
        } => {
            set::make(out, workloads, trust_domain, output, lifetime(*ttl)?)?;
        }
        // Nothing is made.
        Command::Show(_) => {}
    }
    Ok(())
}

/// From now on, as far as `--ttl` says.
fn lifetime(ttl: HumanDuration) -> Result<Validity, CertError> {
    if ttl.get() < SHORTEST {
        return Err(CertError::NoLifetime(ttl));
    }
    Ok(valid_for(ttl.get()))
}

fn report(out: &mut impl Write, what: &str, dir: &Path, validity: Validity) -> io::Result<()> {
    let until = Utc(validity.not_after);
    writeln!(out, "{}: {what}, valid until {until}", dir.display())
}

//! The command line of `eastwest-shim capture`.

use std::ffi::OsString;
use std::num::NonZeroU16;
use std::str::FromStr;

use ipnet::IpNet;

use super::error::CaptureError;
use super::range::{DEFAULT_RANGES, VirtualRange};
use super::report::Format;
use super::ruleset::{Ruleset, ShimUid};

/// Shown below the subcommands by `--help`, whichever command these arguments are part of.
const MANUAL: &str = "\
An app dials its alias at the port it always dials. The address behind the alias is virtual: rules \
in the pod's own network namespace send the connection to the shim's outbound port on loopback. \
A second set of rules refuses whatever would still leave for a virtual IP: if the shim is down or \
a rule is lost, the app gets `connection refused` at once, and nothing goes out in clear or to \
another listener of the pod.

Run `lay` before the app starts, in an init container with
  securityContext: {runAsUser: 0, capabilities: {drop: [ALL], add: [NET_ADMIN]}}
The shim itself needs no privilege. Only nf_tables of the kernel is used; no `nft` is needed.

Every long flag is an environment variable as well, as the shim's are: EASTWEST_RANGE for --range, \
EASTWEST_DNS=true for --dns.";

/// Send connections to virtual IPs to the shim (mode `redirect`).
#[derive(Debug, Clone, clap::Args)]
#[command(after_long_help = MANUAL)]
pub struct CaptureArgs {
    /// What to do.
    #[command(subcommand)]
    pub(super) command: CaptureCommand,
}

#[derive(Debug, Clone, clap::Subcommand)]
pub(super) enum CaptureCommand {
    /// Lay the rules, in place of those of an earlier run or version. All or nothing.
    ///
    /// Prints what was laid, in the notation of nft, and warns where the pod has no route to the
    /// virtual IPs. A range that holds an address of the pod itself is refused.
    ///
    /// Exit status: 0 laid, 1 not (no rights, or the kernel refuses), 2 wrong usage.
    Lay(LayArgs),
    /// Compare the rules in the kernel with those that `lay` with the same flags would lay.
    ///
    /// Needs the same rights as `lay`.
    ///
    /// Exit status: 0 the same, and the virtual IPs can be dialled; 1 not so, and says what differs; 2
    /// wrong usage; 3 it could not look (no rights, or the kernel refuses).
    Check(CheckArgs),
    /// Lay the rules, and lay again what goes missing, until SIGTERM: for a sidecar.
    ///
    /// For pods that can have no init container, such as those of the Percona operator. The rules stay
    /// when it ends. Needs the same rights as `lay`.
    Keep(KeepFlags),
    /// Remove the rules, and the routes laid with --route. Fine if there are none.
    ///
    /// Exit status: 0 they are gone, 1 not (no rights, or the kernel refuses), 2 wrong usage.
    Remove,
}

#[derive(Debug, Clone, clap::Args)]
pub(super) struct LayArgs {
    #[command(flatten)]
    pub(super) rules: RuleArgs,
    /// Also lay `unicast RANGE dev lo src 127.0.0.1` for each IPv4 range, for a pod without a
    /// default route.
    ///
    /// The kernel picks a route before it asks any rule: without one, connecting to a virtual IP
    /// fails with ENETUNREACH. IPv6 cannot be helped this way.
    #[arg(long)]
    pub(super) route: bool,
    /// How to print what was laid.
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t)]
    pub(super) output: Format,
}

/// What belongs to a process of its own, its `--help` included.
#[derive(Debug, Clone, clap::Args)]
#[command(disable_help_flag = true)]
pub(super) struct KeepFlags {
    /// Its flags; see its --help.
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "FLAGS"
    )]
    pub(super) flags: Vec<OsString>,
}

#[derive(Debug, Clone, clap::Args)]
pub(super) struct CheckArgs {
    #[command(flatten)]
    pub(super) rules: RuleArgs,
    /// How to print what was found.
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t)]
    pub(super) output: Format,
}

#[derive(Debug, Clone, clap::Args)]
pub(super) struct RuleArgs {
    /// Range of virtual IPs, IPv4 or IPv6. Give it again for several, or separate by commas.
    ///
    /// Must hold the `addresses` of your ServiceEntries, and 240.240.0.0/16 if any of them
    /// leaves its address to be computed. Give other ranges to the shim and the resolver too.
    #[arg(
        long = "range",
        value_name = "ADDRESS/PREFIX",
        value_delimiter = ',',
        default_values = DEFAULT_RANGES
    )]
    pub(super) ranges: Vec<VirtualRange>,
    /// The port on which the shim takes outbound connections, on 127.0.0.1 and ::1.
    #[arg(long, value_name = "PORT", default_value = "15001")]
    pub(super) outbound_port: NonZeroU16,
    /// The uid that the shim runs as, or `none`.
    ///
    /// What this uid itself sends to a virtual IP is refused instead of coming back to it. `none`:
    /// no such rule, for a user namespace in which shim and app have the same uid.
    #[arg(long, value_name = "UID", default_value = "1337")]
    pub(super) shim_uid: ShimUid,
    /// Send all questions to name servers to the resolver in the shim, over UDP and TCP.
    ///
    /// The pod needs no change of its own DNS then. Start the shim with `--dns-listen
    /// 127.0.0.1:15053,[::1]:15053`; it asks the name servers of /etc/resolv.conf for all names but
    /// the aliases. What the shim's uid asks goes out.
    #[arg(long)]
    pub(super) dns: bool,
    /// The port of that resolver, on 127.0.0.1 and ::1.
    #[arg(long, value_name = "PORT", default_value = "15053")]
    pub(super) dns_port: NonZeroU16,
}

impl RuleArgs {
    /// # Errors
    /// Where the resolver would be asked by itself, or two kinds of traffic came to one port.
    pub(super) fn ruleset(&self) -> Result<Ruleset, CaptureError> {
        if self.dns && self.shim_uid == ShimUid::Shared {
            return Err(CaptureError::DnsWithoutUid);
        }
        if self.dns && self.dns_port == self.outbound_port {
            return Err(CaptureError::OnePort(self.dns_port));
        }
        let resolver = self.dns.then_some(self.dns_port);
        Ok(Ruleset::with_dns(
            &self.ranges,
            self.outbound_port,
            self.shim_uid,
            resolver,
        ))
    }

    pub(super) fn ranges_v4(&self) -> impl Iterator<Item = ipnet::Ipv4Net> {
        self.ranges
            .iter()
            .filter_map(|range| match range.network() {
                IpNet::V4(net) => Some(net),
                IpNet::V6(_) => None,
            })
    }
}

/// A text that is neither a uid nor `none`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a uid: write a number, or `none` if the shim has no uid of its own")]
pub struct ShimUidError;

impl FromStr for ShimUid {
    type Err = ShimUidError;

    fn from_str(text: &str) -> Result<Self, ShimUidError> {
        match text {
            "none" => Ok(Self::Shared),
            // 4294967295 is `no uid` to the kernel.
            number => match number.parse() {
                Ok(u32::MAX) | Err(_) => Err(ShimUidError),
                Ok(uid) => Ok(Self::Own(uid)),
            },
        }
    }
}

#[cfg(test)]
mod tests;

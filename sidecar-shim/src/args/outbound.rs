//! What apps of this pod dial, and how that comes to the shim.

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU16;
use std::str::FromStr;

use clap::{Args, ValueEnum};
use eastwest_daemon::{NameServer, listen_address};
use eastwest_mesh::virtual_ip::DEFAULT_PORT_OFFSET;

use crate::capture::{DEFAULT_RANGES, VirtualRange};
use crate::outbound::Locality;

/// Outbound settings.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Outbound: what apps of this pod dial")]
pub struct OutboundArgs {
    /// How an app's connection reaches the shim
    #[arg(long, value_enum, default_value = "vip")]
    pub mode: Mode,

    /// Port of a server of this pod, such as 3306 beside mysqld, or none; can be repeated (mode vip)
    ///
    /// The server always gets it: the shim listens on it, at the aliases' addresses, only while the
    /// server does, at addresses of its own (mysqld: bind_address=POD_IP,127.0.0.1). Ports of --inbound
    /// are such ports, and one that somebody else of this pod is found on becomes one.
    ///
    /// With --dns-listen the other ports are left free, too, until an alias is first asked for: a server
    /// that follows an alias has started by then. `none` says that this pod has no server at a port of an
    /// alias: all are taken at the start, as they are, with a warning, without --dns-listen.
    #[arg(long = "own-port", value_name = "PORT|none")]
    pub own_ports: Vec<OwnPort>,

    /// What is added to a port of an alias: 3306 of each is dialled at 13306 (mode port)
    ///
    /// A port that leads above 65535, or to another port of the same alias, is not served.
    #[arg(long, value_name = "N", default_value_t = DEFAULT_PORT_OFFSET, value_parser = port_offset)]
    pub port_offset: NonZeroU16,

    /// Address of this pod at which Services reach the aliases [default: all of them] (mode service)
    ///
    /// Whoever is on loopback is reset, unless this is a loopback address.
    #[arg(long, value_name = "IP")]
    pub service_address: Option<IpAddr>,

    /// Range that is redirected here, as given to `capture lay`; can be repeated (mode redirect)
    ///
    /// An alias with an address outside of all ranges is down: connections to it would leave the
    /// pod in clear.
    #[arg(
        long = "range",
        value_name = "ADDRESS/PREFIX",
        value_delimiter = ',',
        default_values = DEFAULT_RANGES
    )]
    pub ranges: Vec<VirtualRange>,

    /// Port to which the redirect rules send connections (mode redirect)
    #[arg(long, value_name = "PORT", default_value = "15001")]
    pub outbound_port: u16,

    /// Name server to ask for gateways; can be repeated [default: those of /etc/resolv.conf]
    #[arg(long = "name-server", value_name = "IP[:PORT]")]
    pub name_servers: Vec<NameServer>,

    /// Where this pod runs: gateways with the same `locality` in the ServiceEntry are tried first
    ///
    /// In Kubernetes the node's labels topology.kubernetes.io/region and .../zone have it.
    #[arg(long, value_name = "REGION[/ZONE[/SUBZONE]]")]
    pub locality: Option<Locality>,

    /// Answer the aliases here, in this process, instead of running eastwest-resolver; can be repeated
    ///
    /// 127.0.0.1:15053,[::1]:15053 is where `capture lay --dns` sends the pod's questions. Of several
    /// addresses an IPv6 one is left out where there is no IPv6.
    #[arg(long, value_name = "IP:PORT", value_delimiter = ',', value_parser = listen_address)]
    pub dns_listen: Vec<SocketAddr>,

    /// Where --dns-listen sends all other names; can be repeated [default: /etc/resolv.conf]
    #[arg(
        long = "dns-upstream",
        value_name = "IP[:PORT]",
        requires = "dns_listen"
    )]
    pub dns_upstreams: Vec<NameServer>,
}

/// What is known of the servers of this pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnPort {
    /// There is none at a port of an alias.
    None,
    /// There is one, now or later.
    At(NonZeroU16),
}

impl FromStr for OwnPort {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match (text, text.parse()) {
            ("none", _) => Ok(Self::None),
            (_, Ok(port)) => Ok(Self::At(port)),
            _ => Err("a port of this pod is a number from 1 to 65535, or none"),
        }
    }
}

/// How an app's connection reaches the shim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// Each alias has a loopback address that the shim listens on: no privilege, any pod that does
    /// not itself own the port
    Vip,
    /// The same at a port that is 10000 higher, in a pod whose server owns the port on all addresses:
    /// apps dial ALIAS:13306 for 3306
    Port,
    /// Redirect rules send virtual IPs to the shim; see `eastwest-shim capture`
    Redirect,
    /// Services named as the aliases lead to ports of this pod, an egress of others: nothing is needed
    /// in their pods, and the way from them to here is in clear
    Service,
}

fn port_offset(text: &str) -> Result<NonZeroU16, String> {
    let offset = text.parse();
    offset.map_err(|_| "what is added to a port is a number from 1 to 65535".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::super::ShimArgs;
    use super::OwnPort;

    #[test]
    fn the_shim_knows_the_ranges_that_are_laid_by_default_and_those_that_are_given() {
        let ranges = |argv: &[&str]| {
            let args = ShimArgs::parse_from(argv);
            let ranges = args.outbound.ranges.iter().map(|range| range.network());
            ranges.collect::<Vec<_>>()
        };
        assert_eq!(ranges(&["shim"]), eastwest_mesh::virtual_ip::REDIRECTED);
        let given = ranges(&["shim", "--range", "10.9.0.0/16,10.8.0.0/16"]);
        assert_eq!(given.len(), 2);
    }

    #[test]
    fn a_port_of_a_server_is_a_number_or_there_is_none() {
        let own = |given: &str| {
            let args = ShimArgs::try_parse_from(["shim", "--own-port", given]);
            args.map(|args| args.outbound.own_ports)
        };
        let port = OwnPort::At(3306.try_into().unwrap());
        assert_eq!(own("3306").unwrap(), [port]);
        assert_eq!(own("none").unwrap(), [OwnPort::None]);
        for wrong in ["0", "mysql", "65536", "None"] {
            assert!(own(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_added_to_a_port_is_ten_thousand_or_what_is_given() {
        let offset =
            |argv: &[&str]| ShimArgs::try_parse_from(argv).map(|a| a.outbound.port_offset.get());
        assert_eq!(offset(&["shim", "--mode", "port"]).unwrap(), 10_000);
        assert_eq!(offset(&["shim", "--port-offset", "1"]).unwrap(), 1);
        let refused = offset(&["shim", "--port-offset", "0"])
            .unwrap_err()
            .to_string();
        assert!(refused.contains("a number from 1 to 65535"), "{refused}");
    }
}

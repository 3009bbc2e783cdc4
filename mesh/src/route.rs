//! One alias and port on the client's side, and where its bytes go.

use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::num::NonZeroU16;

use serde::{Serialize, Serializer};

use crate::because::Because;
use crate::connection_pool::ConnectionPool;
use crate::finding::Origin;
use crate::hostname::Hostname;
use crate::outlier::OutlierDetection;
use crate::peer::PeerRule;

/// What the client's side does with a connection to one alias and port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Route {
    /// The name that the app looks up.
    pub alias: Hostname,
    /// The port that the app dials (`ports[].number`).
    pub port: NonZeroU16,
    /// The port at which that reaches the shim: `port` itself, but in the modes `port` and `service`.
    pub listen_port: NonZeroU16,
    /// What the app speaks there, as far as the manifest says. No byte is treated otherwise for it.
    #[serde(skip)]
    pub protocol: Protocol,
    /// The alias's own addresses, at least one, the same for all of its ports; none in mode `service`.
    pub virtual_ips: Vec<IpAddr>,
    /// The pod in the other cluster.
    pub remote: Hostname,
    /// The port that the SNI names; the far side's shim dials the app there.
    pub remote_port: NonZeroU16,
    /// The server name to send, byte for byte.
    pub sni: String,
    /// The gateways in the order of the manifest, at least one.
    pub gateways: Vec<GatewayEndpoint>,
    /// Who the far end must be.
    pub peer: PeerRule,
    /// A DNS name that its certificate must carry as well: the pod's.
    pub certificate_name: Option<Hostname>,
    /// When a gateway that fails is put behind the others, where a DestinationRule says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outlier_detection: Option<OutlierDetection>,
    /// What a DestinationRule says of the connections.
    #[serde(flatten)]
    pub connection_pool: ConnectionPool,
    /// The ServiceEntry's host line.
    pub origin: Origin,
    /// How the files make it what it is; [`Route::explained`] says it.
    #[serde(skip)]
    pub because: Because,
}

/// What an app speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1 or a relative of it.
    Http,
    /// MySQL's: the server speaks first.
    MySql,
    /// Not known.
    Other,
}

/// One gateway that a route may go through.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct GatewayEndpoint {
    /// Where it is.
    pub address: Address,
    /// The port to dial there, usually 15443.
    pub port: NonZeroU16,
    /// `weight`, where it is given and not 0; beside one that has a weight, none is 1, as in Istio.
    pub weight: Option<u32>,
    /// `locality`: `region`, `region/zone` or `region/zone/subzone`.
    pub locality: Option<String>,
}

/// An address, or a name that is looked up again as its TTL says.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Address {
    /// An IP address.
    Ip(IpAddr),
    /// A DNS name.
    Name(Hostname),
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(ip) => ip.fmt(f),
            Self::Name(name) => name.fmt(f),
        }
    }
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// `10.0.0.1:15443`, `[2001:db8::1]:15443` or `gw.example.com:15443`.
impl fmt::Display for GatewayEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.address {
            Address::Ip(IpAddr::V6(ip)) => write!(f, "[{ip}]:{}", self.port),
            address => write!(f, "{address}:{}", self.port),
        }
    }
}

/// An alias, or one port of it, that is not served, and why. The same is in the findings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DownRoute {
    /// The alias.
    pub alias: Hostname,
    /// The port, or `None` where no port of the alias is served.
    pub port: Option<NonZeroU16>,
    /// What took it down.
    pub reason: String,
    /// Where that is.
    pub origin: Origin,
}

/// The resolver's table: which addresses each alias has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Aliases {
    addresses: HashMap<Hostname, Vec<IpAddr>>,
}

impl Aliases {
    pub(crate) fn of(routes: &[Route]) -> Self {
        let addresses = routes
            .iter()
            .map(|route| (route.alias.clone(), route.virtual_ips.clone()))
            .collect();
        Self { addresses }
    }

    /// The addresses of `name`, which must be in lower case and without a trailing dot.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&[IpAddr]> {
        self.addresses.get(name).map(Vec::as_slice)
    }

    /// All aliases with their addresses, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&Hostname, &[IpAddr])> {
        self.addresses
            .iter()
            .map(|(alias, addresses)| (alias, addresses.as_slice()))
    }

    /// How many aliases there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.addresses.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.addresses.is_empty()
    }
}

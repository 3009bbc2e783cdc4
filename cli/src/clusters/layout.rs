//! Who is where: the pods of the two clusters and their addresses.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use crate::stage::zone::{Zone, ZoneError};

/// Seconds that a pod's DNS record may be kept. Short, because pods move.
const POD_TTL: u32 = 5;

/// DNS on loopback addresses. Ports below 1024 belong to root; 5353 is multicast DNS, which holds
/// `0.0.0.0:5353` on desktops; this one nobody has registered, Istio's sidecars have their DNS on it,
/// and it is below the ports that the kernel gives to callers.
const LOOPBACK_DNS: u16 = 15053;

/// A pod of cluster A with an app in it.
#[derive(Debug, Clone, Copy)]
pub struct Pod {
    /// Name of the pod, and of its host.
    pub name: &'static str,
    /// The StatefulSet and headless Service that it belongs to.
    pub set: &'static str,
    /// Its namespace in Kubernetes.
    pub namespace: &'static str,
    /// Its service account.
    pub account: &'static str,
    /// The app's port.
    pub port: u16,
    last: u8,
}

/// The pods that say hello.
pub const HELLO: [Pod; 3] = [
    hello("hello-0", 10),
    hello("hello-1", 11),
    hello("hello-2", 12),
];

/// The pod with the source database.
pub const SOURCE: Pod = Pod {
    name: "db-pxc-0",
    set: "db-pxc",
    namespace: "pxc",
    account: "db-pxc",
    port: 3306,
    last: 20,
};

/// A pod that cluster A does not export.
pub const SECRET: Pod = Pod {
    name: "secret-0",
    set: "secret",
    namespace: "vault",
    account: "vault",
    port: 8080,
    last: 30,
};

const fn hello(name: &'static str, last: u8) -> Pod {
    Pod {
        name,
        set: "hello",
        namespace: "demo",
        account: "hello",
        port: 8080,
        last,
    }
}

impl Pod {
    /// All pods of cluster A.
    pub fn all() -> impl Iterator<Item = Self> {
        HELLO.into_iter().chain([SOURCE, SECRET])
    }

    /// Its name in the DNS of its cluster.
    #[must_use]
    pub fn dns_name(&self) -> String {
        format!(
            "{}.{}.{}.svc.cluster.local",
            self.name, self.set, self.namespace
        )
    }

    /// The name by which cluster B knows it.
    #[must_use]
    pub fn alias(&self) -> String {
        format!("src-{}.{}.svc.cluster.local", self.name, self.namespace)
    }
}

/// The addresses: those of the stage's networks, or loopback addresses like them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// Hosts of their own, as [`crate::stage::two_clusters`] has them.
    Stage,
    /// Everything on this machine, for places where namespaces are refused.
    Loopback,
}

impl Layout {
    const fn address(self, network: [u8; 3], last: u8) -> IpAddr {
        let [a, b, c] = network;
        IpAddr::V4(match self {
            Self::Stage => Ipv4Addr::new(a, b, c, last),
            // 10.71.0.x, 10.72.0.x and 172.21.0.x become 127.71.0.x, 127.72.0.x and 127.21.0.x.
            Self::Loopback => Ipv4Addr::new(127, b, c, last),
        })
    }

    /// The address of a pod of cluster A.
    #[must_use]
    pub const fn pod(self, pod: &Pod) -> IpAddr {
        self.address([10, 71, 0], pod.last)
    }

    /// The gateway of cluster A, as cluster B sees it.
    #[must_use]
    pub const fn gateway(self) -> SocketAddr {
        SocketAddr::new(self.address([172, 21, 0], 3), 15443)
    }

    /// The DNS server of cluster A.
    #[must_use]
    pub const fn dns_a(self) -> SocketAddr {
        SocketAddr::new(self.address([10, 71, 0], 53), self.dns_port())
    }

    /// The DNS server of cluster B.
    #[must_use]
    pub const fn dns_b(self) -> SocketAddr {
        SocketAddr::new(self.address([10, 72, 0], 53), self.dns_port())
    }

    /// Where the resolver of a pod of cluster B listens.
    #[must_use]
    pub const fn resolver(self) -> SocketAddr {
        let ip = match self {
            Self::Stage => Ipv4Addr::LOCALHOST,
            Self::Loopback => Ipv4Addr::new(127, 72, 0, 10),
        };
        SocketAddr::new(IpAddr::V4(ip), self.dns_port())
    }

    /// The address on which a program answers probes. On loopback every host needs its own.
    #[must_use]
    pub fn probes(self, host: &str) -> Ipv4Addr {
        let last = Pod::all().find(|pod| pod.name == host).map(|pod| pod.last);
        match (self, host, last) {
            (Self::Stage, _, _) => Ipv4Addr::LOCALHOST,
            (Self::Loopback, _, Some(last)) => Ipv4Addr::new(127, 71, 0, last),
            (Self::Loopback, "gateway", None) => Ipv4Addr::new(127, 21, 0, 3),
            (Self::Loopback, _, None) => Ipv4Addr::new(127, 72, 0, 10),
        }
    }

    const fn dns_port(self) -> u16 {
        match self {
            Self::Stage => 53,
            Self::Loopback => LOOPBACK_DNS,
        }
    }

    /// What the DNS server of cluster A knows.
    ///
    /// # Errors
    /// Never, as long as the pods' names are names.
    pub fn zone(self) -> Result<Zone, ZoneError> {
        self.zone_where(|pod| Some(self.pod(pod)))
    }

    /// The same, with one pod at another address.
    ///
    /// # Errors
    /// Never, as long as the pods' names are names.
    pub fn zone_with(self, moved: &Pod, address: IpAddr) -> Result<Zone, ZoneError> {
        self.zone_where(|pod| {
            Some(if pod.name == moved.name {
                address
            } else {
                self.pod(pod)
            })
        })
    }

    /// The same, while one pod is not ready.
    ///
    /// # Errors
    /// Never, as long as the pods' names are names.
    pub fn zone_without(self, gone: &Pod) -> Result<Zone, ZoneError> {
        self.zone_where(|pod| (pod.name != gone.name).then(|| self.pod(pod)))
    }

    fn zone_where(self, address: impl Fn(&Pod) -> Option<IpAddr>) -> Result<Zone, ZoneError> {
        Pod::all().try_fold(Zone::new(), |zone, pod| match address(&pod) {
            Some(address) => zone.with(&pod.dns_name(), address, POD_TTL),
            None => Ok(zone),
        })
    }
}

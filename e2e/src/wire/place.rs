//! Who is where: pods that are called, with either sidecar, and pods that call.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::By;

/// A pod of cluster A, as it stands on the stage.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// The pod's name.
    pub pod: &'static str,
    /// The host of the stage that it is on.
    pub host: &'static str,
    /// Its sidecar.
    pub sidecar: By,
    /// The app's port.
    pub port: u16,
    /// The StatefulSet that it belongs to.
    pub set: &'static str,
    /// Its namespace.
    pub namespace: &'static str,
    last: u8,
}

impl Place {
    /// HTTP behind our shim.
    pub const HELLO_OURS: Self = Self::hello("hello-0", By::Ours, 10);
    /// HTTP behind an Envoy.
    pub const HELLO_ENVOY: Self = Self::hello("hello-1", By::Envoy, 11);
    /// A protocol in which the server speaks first, behind our shim.
    pub const SOURCE_OURS: Self = Self::source("db-pxc-0", "db-pxc-0", By::Ours, 20);
    /// The same behind an Envoy.
    pub const SOURCE_ENVOY: Self = Self::source("db-pxc-1", "hello-2", By::Envoy, 12);
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::HELLO_OURS,
        Self::HELLO_ENVOY,
        Self::SOURCE_OURS,
        Self::SOURCE_ENVOY,
    ];
    /// Three pods of each set, all of them behind an Envoy.
    pub const ISTIO: [Self; 6] = [
        Self::hello("hello-0", By::Envoy, 10),
        Self::hello("hello-1", By::Envoy, 11),
        Self::hello("hello-2", By::Envoy, 12),
        Self::source("db-pxc-0", "db-pxc-0", By::Envoy, 20),
        Self::source("db-pxc-1", "hello-1", By::Envoy, 11),
        Self::source("db-pxc-2", "hello-2", By::Envoy, 12),
    ];

    const fn hello(pod: &'static str, sidecar: By, last: u8) -> Self {
        Self {
            pod,
            host: pod,
            sidecar,
            port: 8080,
            set: "hello",
            namespace: "demo",
            last,
        }
    }

    const fn source(pod: &'static str, host: &'static str, sidecar: By, last: u8) -> Self {
        Self {
            pod,
            host,
            sidecar,
            port: 3306,
            set: "db-pxc",
            namespace: "pxc",
            last,
        }
    }

    /// The pod that serves this app behind that sidecar.
    #[must_use]
    pub const fn of(port: u16, sidecar: By) -> Self {
        match (port, sidecar) {
            (3306, By::Ours) => Self::SOURCE_OURS,
            (3306, By::Envoy) => Self::SOURCE_ENVOY,
            (_, By::Ours) => Self::HELLO_OURS,
            (_, By::Envoy) => Self::HELLO_ENVOY,
        }
    }

    /// The pod's address.
    #[must_use]
    pub const fn address(&self) -> IpAddr {
        IpAddr::V4(Ipv4Addr::new(10, 71, 0, self.last))
    }

    /// Where its app listens. An Envoy holds the pod's own address itself, as there are no rules here
    /// that would bring it what comes for the app.
    #[must_use]
    pub const fn app(&self) -> SocketAddr {
        let ip = match self.sidecar {
            By::Ours => self.address(),
            By::Envoy => IpAddr::V4(Ipv4Addr::LOCALHOST),
        };
        SocketAddr::new(ip, self.port)
    }

    /// Its name in the DNS of cluster A.
    #[must_use]
    pub fn dns_name(&self) -> String {
        let (set, namespace) = (self.set, self.namespace);
        format!("{}.{set}.{namespace}.svc.cluster.local", self.pod)
    }

    /// Its name in cluster B.
    #[must_use]
    pub fn alias(&self) -> String {
        format!("src-{}.{}.svc.cluster.local", self.pod, self.namespace)
    }

    /// The program that is its app.
    #[must_use]
    pub fn app_program(&self) -> String {
        format!("{}-app", self.pod)
    }

    /// The program that is its sidecar.
    #[must_use]
    pub fn sidecar_program(&self) -> String {
        match self.sidecar {
            By::Ours => format!("{}-shim", self.pod),
            By::Envoy => format!("{}-envoy", self.pod),
        }
    }
}

/// A pod of cluster B.
#[derive(Debug, Clone, Copy)]
pub struct Caller {
    /// Its host on the stage.
    pub host: &'static str,
    /// Its namespace.
    pub namespace: &'static str,
    /// Its service account.
    pub account: &'static str,
}

impl Caller {
    /// The app that may call hello.
    pub const APP: Self = Self {
        host: "b-app",
        namespace: "demo",
        account: "app",
    };
    /// The replica, which may call the source.
    pub const REPLICA: Self = Self {
        host: "b-db",
        namespace: "pxc",
        account: "db-pxc",
    };

    /// Who may call this port.
    #[must_use]
    pub const fn of(port: u16) -> Self {
        if port == 3306 {
            Self::REPLICA
        } else {
            Self::APP
        }
    }

    /// The program that is its sidecar of that kind.
    #[must_use]
    pub fn program(&self, by: By) -> String {
        match by {
            By::Ours => format!("{}-shim", self.host),
            By::Envoy => format!("{}-envoy", self.host),
        }
    }
}

//! The hops, in the order in which they are walked.

/// One hop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// What the manifests make of the alias.
    Manifests,
    /// The files of our certificate.
    Certificate,
    /// The shim in this pod.
    Shim,
    /// What the pod's name server says of the alias.
    Dns,
    /// Whether the alias's address leads to the shim.
    Capture,
    /// The gateway's name.
    GatewayName,
    /// Its port.
    GatewayTcp,
    /// Whether a gateway is there.
    GatewayTls,
    /// What the gateway makes of the server name.
    Route,
    /// The pod's name, as the gateway looks it up.
    PodName,
    /// The pod's port, as the gateway dials it.
    PodTcp,
    /// TLS with the pod's shim.
    PodTls,
    /// Who we and the pod are to each other.
    Identities,
    /// The app.
    App,
}

impl Step {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::Manifests,
        Self::Certificate,
        Self::Shim,
        Self::Dns,
        Self::Capture,
        Self::GatewayName,
        Self::GatewayTcp,
        Self::GatewayTls,
        Self::Route,
        Self::PodName,
        Self::PodTcp,
        Self::PodTls,
        Self::Identities,
        Self::App,
    ];

    /// The name, for people and programs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Manifests => "manifests",
            Self::Certificate => "certificate",
            Self::Shim => "shim",
            Self::Dns => "dns",
            Self::Capture => "capture",
            Self::GatewayName => "gateway-name",
            Self::GatewayTcp => "gateway-tcp",
            Self::GatewayTls => "gateway-tls",
            Self::Route => "route",
            Self::PodName => "pod-name",
            Self::PodTcp => "pod-tcp",
            Self::PodTls => "pod-tls",
            Self::Identities => "identities",
            Self::App => "app",
        }
    }

    /// What is done there, for the documentation.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Manifests => "a route is made of the ServiceEntry, as the shim makes it",
            Self::Certificate => {
                "certificate, key and roots are read and checked, as the shim does"
            }
            Self::Shim => "the shim's readiness address is asked",
            Self::Dns => "each name server of the pod is asked, and held against the manifests",
            Self::Capture => {
                "it is looked up who listens at the alias's address; in mode redirect it is \
                              dialled at a port that no alias has"
            }
            Self::GatewayName => "the gateway's name is looked up",
            Self::GatewayTcp => "the gateway is dialled",
            Self::GatewayTls => "it is sent a ClientHello for a name that it answers itself",
            Self::Route => "the gateway says whether it exports the server name",
            Self::PodName => "the gateway says which addresses the pod's name has",
            Self::PodTcp => "the gateway dials the pod, and says what came of it",
            Self::PodTls => {
                "a handshake for the server name goes through the gateway to the pod's shim"
            }
            Self::Identities => "both ends have judged each other's certificate",
            Self::App => "the pod's shim says whether the app listens; HTTP is asked with HEAD",
        }
    }
}

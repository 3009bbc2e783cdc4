//! The stable codes of findings. A code keeps its number and its meaning from version to version;
//! one that is no longer given is never used for something else.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::suggest;

mod pages;

pub use pages::{CodePage, Example, Within, code_pages};

/// Whom a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// Stock Istio: what istiod refuses, or takes and does not do.
    Istio,
    /// The servers of eastwest alone.
    Eastwest,
    /// Both of them.
    Both,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $id:literal, $side:ident;)*) => {
        /// What kind of thing a finding says. The set is closed; `eastwest explain` has a page for each.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $($(#[$doc])* $name,)*
        }

        impl Code {
            /// All codes, by their numbers.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// `EW101`
            #[must_use]
            pub const fn id(self) -> &'static str {
                match self { $(Self::$name => $id,)* }
            }

            /// Whom it is about.
            #[must_use]
            pub const fn side(self) -> Side {
                match self { $(Self::$name => Side::$side,)* }
            }
        }
    };
}

codes! {
    // What can't be read.
    /// A document is not YAML.
    NotYaml = "EW001", Both;
    /// A document is no Kubernetes object.
    NoObject = "EW002", Both;
    /// A kind or version that does not exist.
    UnknownKind = "EW003", Both;
    /// A field that does not exist.
    UnknownField = "EW004", Both;
    /// A value of the wrong type, or outside of what its field takes.
    WrongValue = "EW005", Both;
    /// Two objects of one kind and name.
    SameName = "EW006", Both;
    /// A key without a value, where "nothing" means "everyone".
    NoValue = "EW007", Both;
    /// More, or longer, than the custom resource takes.
    TooMuch = "EW008", Istio;

    // Aliases and the way through an east-west gateway.
    /// The gateway of the other cluster does not know the server name that is sent.
    UnknownServerName = "EW101", Istio;
    /// An endpoint gets plain text.
    Plaintext = "EW102", Istio;
    /// TCP hosts share one listener.
    SharedListener = "EW103", Istio;
    /// A gateway exports every service.
    ExportsEverything = "EW104", Both;
    /// A gateway is dialled at another port than 15443.
    NotEastWestPort = "EW105", Both;
    /// A pod has no Service of its own.
    NoServiceOfItsOwn = "EW106", Istio;
    /// No rule says which pod a host stands for.
    Unmapped = "EW107", Eastwest;
    /// An alias is defined twice.
    DefinedTwice = "EW108", Both;
    /// Two aliases have one address.
    AddressTaken = "EW109", Eastwest;
    /// An address belongs to the cluster's own pods or services.
    AddressInCluster = "EW110", Both;
    /// A sidecar never sees connections to an address.
    NotCaptured = "EW111", Istio;
    /// The Service of an alias selects another pod.
    WrongPod = "EW112", Istio;
    /// No gateway exports a name where it is dialled.
    NotExported = "EW113", Istio;

    // ServiceEntry
    /// No host.
    EntryWithoutHost = "EW201", Both;
    /// A host that is no name.
    EntryHost = "EW202", Both;
    /// An address that is none.
    EntryAddress = "EW203", Both;
    /// An endpoint that leads nowhere.
    EndpointAddress = "EW204", Both;
    /// An endpoint's port that names no port of the ServiceEntry.
    EndpointPort = "EW205", Both;
    /// A service account that is no name.
    EndpointAccount = "EW206", Both;
    /// Ports that are incomplete or clash.
    EntryPorts = "EW207", Both;
    /// A selector beside endpoints.
    SelectorAndEndpoints = "EW208", Istio;
    /// Endpoints with resolution NONE.
    EndpointsWithNone = "EW209", Istio;
    /// A DNS name with resolution STATIC.
    StaticName = "EW210", Istio;
    /// A Unix socket with ports.
    UnixEndpoint = "EW211", Istio;
    /// Resolution DNS without a name to look up.
    DnsWithoutName = "EW212", Istio;
    /// Resolution DNS_ROUND_ROBIN with several endpoints.
    RoundRobin = "EW213", Istio;
    /// Resolution DYNAMIC_DNS with what it does not take.
    DynamicDns = "EW214", Istio;
    /// Several hosts on one TCP port.
    HostsShareTcp = "EW215", Istio;
    /// An exportTo that is refused.
    ExportTo = "EW216", Istio;
    /// A `*` in an identity.
    IdentityWildcard = "EW217", Both;

    // Gateway
    /// No server.
    GatewayServers = "EW301", Both;
    /// A protocol and a tls block that do not go together.
    GatewayProtocol = "EW302", Both;
    /// A server without hosts.
    GatewayWithoutHost = "EW303", Both;
    /// A namespace in front of a host.
    GatewayPrefix = "EW304", Both;
    /// A host that is no name.
    GatewayHost = "EW305", Both;
    /// A port without name or number, or with the name of another.
    GatewayPort = "EW306", Istio;
    /// A server that ends TLS without a certificate.
    GatewayCertificate = "EW307", Istio;

    // DestinationRule
    /// No host, or one that is no name.
    RuleHost = "EW401", Both;
    /// A tls block without a mode.
    RuleTlsMode = "EW402", Both;
    /// A server name that can't be sent.
    RuleServerName = "EW403", Both;
    /// Two rules for one host.
    RulesForOneHost = "EW404", Both;
    /// Subsets without names, or with one name.
    RuleSubset = "EW405", Istio;
    /// Certificates that do not go with the mode.
    RuleCertificate = "EW406", Istio;
    /// TLS of another kind than the mesh's on the way to an east-west gateway.
    RuleNotMutual = "EW407", Istio;
    /// A keepalive that takes a dead connection for a living one for minutes.
    SlowKeepalive = "EW408", Both;
    /// A rule that holds for no alias.
    IdleRule = "EW409", Eastwest;

    // AuthorizationPolicy
    /// A part of a rule that is empty.
    PolicyEmptyPart = "EW501", Both;
    /// A principal with its scheme.
    PolicyPrincipal = "EW502", Both;
    /// Fields that exclude each other.
    PolicyShape = "EW503", Istio;
    /// A selector that is refused.
    PolicySelector = "EW504", Istio;

    // What only the servers of eastwest mind.
    /// An annotation of ours that means nothing.
    Annotation = "EW901", Eastwest;
    /// Kinds of the Gateway API.
    GatewayApi = "EW902", Eastwest;
    /// Something is passed over.
    PassedOver = "EW903", Eastwest;
    /// Something of Istio that is not done here.
    NotSupported = "EW904", Eastwest;
    /// Something of Istio that changes nothing here.
    NoEffect = "EW905", Eastwest;
    /// A policy that refuses everyone until it is mended.
    PolicyClosed = "EW906", Eastwest;
    /// A DENY without a namespace.
    DenyEverywhere = "EW907", Eastwest;
    /// An identity that no certificate of the mesh proves.
    Identity = "EW908", Eastwest;
    /// An address that an alias can't have.
    AliasAddress = "EW909", Eastwest;
    /// An endpoint that is not dialled over TCP.
    EndpointNotDialled = "EW910", Eastwest;
    /// An address that does not lead to the shim.
    AddressUnreachable = "EW911", Eastwest;
    /// An alias that is a wildcard.
    AliasWildcard = "EW912", Eastwest;
    /// A mode with less than the mesh's mTLS.
    FarEndMode = "EW913", Eastwest;
    /// A Service with the name of an alias.
    ServiceOfAlias = "EW914", Eastwest;
    /// An alias without endpoints or ports.
    NothingToServe = "EW915", Eastwest;
    /// Nobody says who must be at the far end.
    FarEndUnknown = "EW916", Eastwest;
    /// An alias that leads to two pods.
    TwoTargets = "EW917", Eastwest;
    /// Two aliases have one port in mode `service`.
    ServicePortTaken = "EW918", Eastwest;
    /// A port that mode `port` cannot shift.
    ShiftedPort = "EW919", Eastwest;
    /// A port that the shim has for itself.
    ShimsPort = "EW920", Eastwest;
    /// Any account of a namespace may be at the far end.
    AnyAccount = "EW921", Eastwest;
}

impl Code {
    /// The code that is written `EW101`, in capitals or not.
    #[must_use]
    pub fn find(id: &str) -> Option<Self> {
        let mut codes = Self::ALL.iter().copied();
        codes.find(|code| code.id().eq_ignore_ascii_case(id))
    }

    /// The code that a mistyped one was probably meant to be.
    #[must_use]
    pub fn nearest(id: &str) -> Option<Self> {
        let ids: Vec<_> = Self::ALL.iter().map(|code| code.id()).collect();
        suggest::nearest(id, &ids).and_then(Self::find)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_number_of_its_own_and_they_are_in_order() {
        let ids: Vec<_> = Code::ALL.iter().map(|code| code.id()).collect();
        assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
        assert!(ids.iter().all(|id| id.len() == 5 && id.starts_with("EW")));
    }
}

//! A ServiceEntry as the checks see it: what can be read of it, whatever else is wrong.

use super::world::Item;
use crate::hostname::Hostname;
use crate::kinds::gateway::EAST_WEST_PORT;
use crate::manifest::Kind;
use crate::yaml::{Mark, Node};

/// The label by which Istio decides whether an endpoint speaks mTLS.
pub(super) const TLS_MODE: &str = "security.istio.io/tlsMode";

pub(super) struct Entry<'a> {
    pub(super) item: &'a Item<'a>,
    pub(super) spec: &'a Node,
    pub(super) hosts: Vec<Text<'a>>,
    pub(super) addresses: Vec<Text<'a>>,
    pub(super) ports: Vec<Port<'a>>,
    pub(super) endpoints: Vec<Endpoint<'a>>,
}

#[derive(Clone, Copy)]
pub(super) struct Text<'a> {
    pub(super) text: &'a str,
    pub(super) mark: Mark,
}

pub(super) struct Port<'a> {
    pub(super) node: &'a Node,
    pub(super) name: &'a str,
    pub(super) number: Option<u16>,
    /// As it is written; empty where nothing is.
    pub(super) protocol: &'a str,
    pub(super) transport: Transport,
}

/// By what Istio tells two hosts on one port apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transport {
    /// By the Host header.
    Http,
    /// By the server name.
    Tls,
    /// By the address alone.
    Tcp,
    Udp,
}

pub(super) struct Endpoint<'a> {
    pub(super) node: &'a Node,
    pub(super) address: Option<Text<'a>>,
}

/// The texts of a list.
pub(super) fn texts(node: Option<&Node>) -> Vec<Text<'_>> {
    node.map_or(&[][..], Node::items)
        .iter()
        .filter_map(|node| {
            Some(Text {
                text: node.text()?,
                mark: node.mark,
            })
        })
        .collect()
}

impl<'a> Entry<'a> {
    pub(super) fn of(item: &'a Item<'a>) -> Option<Self> {
        let spec = item.spec().filter(|_| item.is(Kind::ServiceEntry))?;
        let items = |key| spec.get(key).map_or(&[][..], Node::items);
        Some(Self {
            item,
            spec,
            hosts: texts(spec.get("hosts")),
            addresses: texts(spec.get("addresses")),
            ports: items("ports").iter().map(Port::of).collect(),
            endpoints: items("endpoints").iter().map(Endpoint::of).collect(),
        })
    }

    pub(super) fn text(&self, key: &str) -> Option<&'a str> {
        self.spec.get(key)?.text()
    }

    pub(super) fn resolution(&self) -> &'a str {
        self.text("resolution").unwrap_or("NONE")
    }

    /// The hosts that are names, each with its place.
    pub(super) fn names(&self) -> impl Iterator<Item = (Hostname, Mark)> {
        self.hosts
            .iter()
            .filter_map(|host| Some((host.text.parse().ok()?, host.mark)))
    }

    /// Whether an endpoint is an east-west gateway: something is dialled there at 15443.
    pub(super) fn is_gateway(&self, endpoint: &Endpoint<'_>) -> bool {
        let mut ports = self.ports.iter();
        ports.any(|port| endpoint.dialled(port) == Some(EAST_WEST_PORT))
    }

    /// Whether it leads through an east-west gateway.
    pub(super) fn is_east_west(&self) -> bool {
        self.endpoints
            .iter()
            .any(|endpoint| self.is_gateway(endpoint))
    }

    /// Whether only its own namespace sees it.
    pub(super) fn is_private(&self) -> bool {
        let export_to = texts(self.spec.get("exportTo"));
        let own = self.item.object.namespace();
        let private = |to: &Text<'_>| matches!(to.text, "." | "~") || to.text == own;
        !export_to.is_empty() && export_to.iter().all(private)
    }
}

impl<'a> Port<'a> {
    fn of(node: &'a Node) -> Self {
        let protocol = node
            .get("protocol")
            .and_then(Node::text)
            .unwrap_or_default();
        Self {
            node,
            name: node.get("name").and_then(Node::text).unwrap_or_default(),
            number: node.get("number").and_then(Node::port),
            protocol,
            transport: match protocol.to_ascii_lowercase().as_str() {
                "http" | "http2" | "http_proxy" | "grpc" | "grpc-web" => Transport::Http,
                "tls" | "https" => Transport::Tls,
                "udp" => Transport::Udp,
                _ => Transport::Tcp,
            },
        }
    }

    pub(super) fn mark(&self) -> Mark {
        self.node
            .get("number")
            .map_or(self.node.mark, |number| number.mark)
    }
}

impl<'a> Endpoint<'a> {
    fn of(node: &'a Node) -> Self {
        let address = node.get("address");
        Self {
            node,
            address: address.and_then(|address| {
                Some(Text {
                    text: address.text()?,
                    mark: address.mark,
                })
            }),
        }
    }

    /// Where it is written.
    pub(super) fn mark(&self) -> Mark {
        self.address.map_or(self.node.mark, |address| address.mark)
    }

    /// Whether it has an address that is no socket of the machine.
    pub(super) fn is_over_tcp(&self) -> bool {
        let address = self.address.map(|address| address.text);
        address.is_some_and(|address| !address.is_empty() && !address.starts_with("unix://"))
    }

    /// The port that it gives for `port` itself.
    pub(super) fn mapped(&self, port: &Port<'_>) -> Option<&'a Node> {
        self.node.get("ports")?.get(port.name)
    }

    /// Istio: the endpoint's own, else `targetPort`, else the number (`serviceentry/conversion.go`).
    pub(super) fn dialled(&self, port: &Port<'_>) -> Option<u16> {
        match (self.mapped(port), port.node.get("targetPort")) {
            (Some(mapped), _) => mapped.port(),
            (None, Some(target)) => target.port(),
            (None, None) => port.number,
        }
    }

    pub(super) fn label(&self, key: &str) -> Option<&'a str> {
        self.node.get("labels")?.get(key)?.text()
    }

    pub(super) fn account(&self) -> Option<&'a str> {
        let account = self.node.get("serviceAccount")?.text()?;
        (!account.is_empty()).then_some(account)
    }
}

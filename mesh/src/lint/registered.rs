//! What one Service or ServiceEntry says of its host: the filter chains that a gateway has for it,
//! and the pods behind them.
//!
//! A gateway has none for a service outside of the mesh, one that nobody sees, or a UDP port
//! (`gateway.go`, builtAutoPassthroughFilterChains).

use std::num::NonZeroU16;

use super::entry::{Entry, texts};
use super::pod_service::POD_NAME;
use super::world::Item;
use crate::yaml::{Mark, Node};

/// What Kubernetes 1.28 and later labels the pods of a StatefulSet with, beside their names.
const POD_INDEX: &str = "apps.kubernetes.io/pod-index";
/// A Service has no `exportTo` of its own.
const EXPORT_TO: &str = "networking.istio.io/exportTo";

/// One object that makes a host known in its cluster.
pub(super) struct Registered<'a> {
    pub(super) item: &'a Item<'a>,
    ports: Vec<Port>,
    ports_mark: Mark,
    pods: Pods<'a>,
    /// Why there is no chain at all, and what to write instead.
    unseen: Option<(Mark, &'static str, &'static str)>,
}

struct Port {
    /// Nothing where it can't be read.
    number: Option<u16>,
    is_udp: bool,
    mark: Mark,
}

enum Pods<'a> {
    Named(&'a str, Mark),
    WithOrdinal(&'a str, Mark),
    WithLabels(Mark),
    /// Those that somebody writes into Endpoints.
    Unselected,
    /// Those of a ServiceEntry's endpoints.
    Listed,
}

/// Something that is wrong with it, at its place.
pub(super) struct Fault {
    pub(super) mark: Mark,
    pub(super) message: String,
    pub(super) fix: String,
}

impl<'a> Registered<'a> {
    pub(super) fn service(item: &'a Item<'a>, spec: &'a Node) -> Self {
        let labels = spec.get("selector").filter(|labels| !labels.is_null());
        Self {
            item,
            ports: ports(spec, "port"),
            ports_mark: spec.get("ports").map_or(spec.mark, |ports| ports.mark),
            pods: labels.map_or(Pods::Unselected, Pods::of),
            unseen: external(spec).or_else(|| hidden(item)),
        }
    }

    pub(super) fn entry(entry: &Entry<'a>) -> Self {
        let spec = entry.spec;
        let labels = spec.at(&["workloadSelector", "labels"]);
        Self {
            item: entry.item,
            ports: ports(spec, "number"),
            ports_mark: spec.get("ports").map_or(spec.mark, |ports| ports.mark),
            pods: labels.map_or(Pods::Listed, Pods::of),
            unseen: outside(entry),
        }
    }

    /// Why the gateway of its cluster has no chain for one of these server names.
    pub(super) fn without_chain(&self, names: &[(NonZeroU16, String)]) -> Option<Fault> {
        let kind = self.item.object.kind;
        if let Some((mark, why, fix)) = self.unseen {
            return Some(Fault {
                mark,
                message: format!("{why}: the gateway of this cluster has no filter chain for it"),
                fix: fix.to_owned(),
            });
        }
        if self.ports.iter().any(|port| port.number.is_none()) {
            return None;
        }
        let of = |number: NonZeroU16| {
            let same = move |port: &&Port| port.number == Some(number.get());
            self.ports.iter().filter(same)
        };
        let missing = |&&(number, _): &&(NonZeroU16, String)| of(number).all(|port| port.is_udp);
        let (number, name) = names.iter().find(missing)?;
        let (mark, why) = match of(*number).next() {
            Some(port) => (port.mark, format!("port {number} of this {kind} is UDP")),
            None => (self.ports_mark, format!("this {kind} has no port {number}")),
        };
        Some(Fault {
            mark,
            message: format!("{why}, so that the gateway has no filter chain {name}"),
            fix: format!("give it the TCP port {number}, which is the one of the alias"),
        })
    }

    /// Whether it leads to another pod than `pod`.
    pub(super) fn other_pod(&self, pod: &str) -> Option<Fault> {
        let (mark, other) = match self.pods {
            Pods::Named(name, mark) if name != pod => (mark, name.to_owned()),
            Pods::WithOrdinal(ordinal, mark) if !has_ordinal(pod, ordinal) => {
                (mark, format!("a pod with the ordinal {ordinal}"))
            }
            _ => return None,
        };
        Some(Fault {
            mark,
            message: format!(
                "this is the alias of the pod {pod}, and it selects {other}: whoever connects gets \
                 the wrong pod without a word, and a replica follows the wrong source"
            ),
            fix: format!("write {POD_NAME}: {pod}"),
        })
    }

    /// Whether others than `pod` may be behind it, where anybody gets there.
    pub(super) fn several_pods(&self, pod: &str) -> Option<Fault> {
        if self.unseen.is_some() {
            return None;
        }
        let (mark, message) = match self.pods {
            Pods::WithLabels(mark) => (
                mark,
                format!(
                    "this is the alias of the pod {pod}, and it selects all pods with these labels: \
                     the gateway balances over them (istio#38327)"
                ),
            ),
            Pods::Unselected => (
                self.ports_mark,
                format!(
                    "this is the alias of the pod {pod}, and without a selector it leads there only \
                     while somebody keeps its Endpoints up to date"
                ),
            ),
            _ => return None,
        };
        Some(Fault {
            mark,
            message,
            fix: format!("select {{{POD_NAME}: {pod}}}"),
        })
    }
}

impl<'a> Pods<'a> {
    fn of(labels: &'a Node) -> Self {
        let label = |key| {
            labels
                .get(key)
                .and_then(|node| Some((node.text()?, node.mark)))
        };
        match (label(POD_NAME), label(POD_INDEX)) {
            (Some((name, mark)), _) => Self::Named(name, mark),
            (None, Some((ordinal, mark))) => Self::WithOrdinal(ordinal, mark),
            (None, None) if labels.entries().is_empty() => Self::Unselected,
            (None, None) => Self::WithLabels(labels.mark),
        }
    }
}

fn has_ordinal(pod: &str, ordinal: &str) -> bool {
    pod.rsplit_once('-').is_some_and(|(_, own)| own == ordinal)
}

fn ports(spec: &Node, number: &str) -> Vec<Port> {
    let port = |node: &Node| {
        let protocol = node.get("protocol").and_then(Node::text);
        Port {
            number: node.get(number).and_then(Node::port),
            is_udp: protocol.is_some_and(|protocol| protocol.eq_ignore_ascii_case("udp")),
            mark: node.mark,
        }
    };
    let ports = spec.get("ports").map_or(&[][..], Node::items);
    ports.iter().map(port).collect()
}

fn external(spec: &Node) -> Option<(Mark, &'static str, &'static str)> {
    let kind = spec.get("type")?;
    (kind.text()? == "ExternalName").then_some((
        kind.mark,
        "Istio takes an ExternalName for a name outside of the mesh",
        "make it a Service that selects the pod",
    ))
}

fn hidden(item: &Item<'_>) -> Option<(Mark, &'static str, &'static str)> {
    let export_to = item.object.annotation(EXPORT_TO)?;
    (export_to.node.text()?.trim() == "~").then_some((
        export_to.key,
        "exportTo \"~\" shows it to no proxy",
        "take the annotation out",
    ))
}

fn outside(entry: &Entry<'_>) -> Option<(Mark, &'static str, &'static str)> {
    let location = entry.spec.get("location");
    if location.and_then(Node::text) != Some("MESH_INTERNAL") {
        return Some((
            location.map_or(entry.spec.mark, |node| node.mark),
            "location MESH_EXTERNAL, the default, puts it outside of the mesh",
            "write location: MESH_INTERNAL",
        ));
    }
    let export_to = texts(entry.spec.get("exportTo"));
    let none = export_to.iter().find(|to| to.text == "~")?;
    Some((
        none.mark,
        "exportTo \"~\" shows it to no proxy",
        "take it out",
    ))
}

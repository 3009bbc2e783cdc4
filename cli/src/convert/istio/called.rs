//! The called cluster: a Gateway with these names and no other, and a Service for each pod.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::num::NonZeroU16;

use eastwest_mesh::Hostname;

use super::aliases::Alias;
use super::text::begin;
use crate::convert::comment;
use crate::convert::yaml::Text;

const ABOUT: &str = "What the cluster with the pods needs, by `eastwest convert istio`: a Gateway that \
                     exports just these, for the workload that is labelled istio: eastwestgateway, \
                     and a Service for each pod of a StatefulSet, without which Istio's gateway can't \
                     tell it from the others. eastwest-gateway needs the Gateway alone.";

/// A Service that stands for one pod.
struct PodService<'a> {
    name: &'a str,
    namespace: &'a str,
    pod: &'a str,
    ports: Vec<NonZeroU16>,
}

pub(super) fn write(aliases: &[Alias]) -> String {
    let mut out = String::new();
    comment::wrapped(&mut out, ABOUT);
    // Several aliases may stand for one pod.
    let mut all: BTreeMap<&Hostname, (&Hostname, Vec<NonZeroU16>)> = BTreeMap::new();
    for alias in aliases {
        let (_, ports) = all
            .entry(&alias.known_as)
            .or_insert((&alias.remote, Vec::new()));
        for port in &alias.ports {
            if !ports.contains(&port.number) {
                ports.push(port.number);
            }
        }
    }
    if all.is_empty() {
        return out;
    }
    gateway(&mut out, &all);
    for (known_as, (remote, ports)) in &all {
        if let Some(service) = PodService::of(known_as, remote, ports) {
            service.write(&mut out);
        }
    }
    out
}

fn gateway(out: &mut String, all: &BTreeMap<&Hostname, (&Hostname, Vec<NonZeroU16>)>) {
    let place = ("istio-system", "cross-network-aliases");
    begin(out, "networking.istio.io/v1", "Gateway", place, None);
    out.push_str(
        "  selector:
    istio: eastwestgateway
  servers:
  - port:
      number: 15443
      name: tls
      protocol: TLS
    tls:
      mode: AUTO_PASSTHROUGH
    hosts:
",
    );
    for (known_as, (remote, ports)) in all {
        if known_as == remote {
            let ports: Vec<_> = ports.iter().map(ToString::to_string).collect();
            let _ = writeln!(
                out,
                "    # must be a Service of this cluster with port {}",
                ports.join(", ")
            );
        }
        let _ = writeln!(out, "    - {}", Text(known_as.as_str()));
    }
}

impl<'a> PodService<'a> {
    /// None where the remote host is a Service already.
    fn of(known_as: &'a Hostname, remote: &'a Hostname, ports: &[NonZeroU16]) -> Option<Self> {
        if known_as == remote {
            return None;
        }
        let mut labels = known_as.labels();
        let (name, namespace) = (labels.next()?, labels.next()?);
        let mut ports = ports.to_vec();
        ports.sort();
        Some(Self {
            name,
            namespace,
            pod: remote.labels().next()?,
            ports,
        })
    }

    fn write(&self, out: &mut String) {
        begin(out, "v1", "Service", (self.namespace, self.name), None);
        let _ = writeln!(
            out,
            "  selector:\n    statefulset.kubernetes.io/pod-name: {}\n  ports:",
            Text(self.pod)
        );
        for port in &self.ports {
            let _ = writeln!(
                out,
                "  - name: tcp-{port}\n    port: {port}\n    targetPort: {port}"
            );
        }
    }
}

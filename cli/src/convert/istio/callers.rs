//! The calling cluster: a ServiceEntry for each alias, and a DestinationRule where the other cluster
//! does not know it by its own name.

use std::fmt::Write;

use super::aliases::{Alias, resolution};
use super::text::begin;
use crate::convert::comment;
use crate::convert::yaml::Text;

const ABOUT: &str = "Aliases for pods of another cluster, by `eastwest convert istio`. Who must be at \
                     the far end is not said here: for eastwest-shim it is any account of the remote \
                     host's namespace, for an Istio sidecar any workload of the mesh. Write \
                     serviceAccount at an endpoint, or subjectAltNames, to demand one.";

const NETWORKING: &str = "networking.istio.io/v1";

pub(super) fn write(aliases: &[Alias]) -> String {
    let mut out = String::new();
    comment::wrapped(&mut out, ABOUT);
    for alias in aliases {
        service_entry(&mut out, alias);
        if !alias.is_conventional() {
            destination_rule(&mut out, alias);
        }
    }
    out
}

fn service_entry(out: &mut String, alias: &Alias) {
    let place = (&*alias.namespace, &*alias.name);
    let remote =
        (!alias.is_conventional()).then_some(("eastwest.dev/remote-host", alias.remote.as_str()));
    begin(out, NETWORKING, "ServiceEntry", place, remote);
    let _ = write!(
        out,
        "  hosts:
  - {}
  # What the app dials. TCP aliases that share a port need one each, or they share one listener.
  addresses:
  - {}
  location: MESH_INTERNAL
  ports:
",
        Text(alias.host.as_str()),
        Text(&alias.address.to_string())
    );
    for port in &alias.ports {
        let _ = writeln!(
            out,
            "  - number: {}\n    name: {}\n    protocol: TCP",
            port.number,
            port.name()
        );
    }
    let _ = writeln!(out, "  resolution: {}", resolution(&alias.gateways));
    out.push_str("  endpoints:\n");
    for (number, gateway) in alias.gateways.iter().enumerate() {
        let _ = writeln!(
            out,
            "  - address: {}\n    ports:",
            Text(&gateway.to_string())
        );
        for port in &alias.ports {
            if let Some(dialled) = port.gateways.get(number) {
                let _ = writeln!(out, "      {}: {dialled}", port.name());
            }
        }
        let _ = writeln!(
            out,
            "    labels:
      # Without it a sidecar sends plain text to the gateway.
      security.istio.io/tlsMode: istio"
        );
    }
}

fn destination_rule(out: &mut String, alias: &Alias) {
    begin(
        out,
        NETWORKING,
        "DestinationRule",
        (&*alias.namespace, &*alias.name),
        None,
    );
    let _ = writeln!(
        out,
        "  host: {}\n  trafficPolicy:\n    tls:\n      mode: ISTIO_MUTUAL",
        Text(alias.host.as_str())
    );
    for port in &alias.ports {
        let _ = writeln!(
            out,
            "      # The name by which the other cluster's gateway knows the pod.
      sni: outbound_.{}_._.{}",
            port.number, alias.known_as
        );
    }
}

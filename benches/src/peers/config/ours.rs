//! Ours: the gateway, two shims, the resolver, from manifests as they would be in the clusters.

use std::fmt::Write;
use std::process::Command;

use eastwest::measure::keys::CLIENT_ID;

use super::{ALIASES, Part, alias, alias_address, write};
use crate::bench::Bench;
use crate::hello::host;
use crate::place::{APP_PORT, Place};
use crate::subject::Ours;

pub(super) fn gateway(
    bench: &Bench,
    ours: &Ours,
    place: &Place,
    routes: usize,
) -> anyhow::Result<Command> {
    let mut manifest = "\
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: exports, namespace: istio-system}
spec:
  servers:
  - port: {number: 15443, name: tls, protocol: TLS}
    tls: {mode: AUTO_PASSTHROUGH}
    hosts:
"
    .to_owned();
    for route in 0..routes {
        writeln!(manifest, "    - {}", host(route))?;
    }
    let manifest = write(place, "gateway.yaml", &manifest)?;
    let mut command = server(bench, ours, "eastwest-gateway");
    command.arg("--manifests").arg(manifest);
    command.args(["--listen", &place.entry.to_string()]);
    command.args(["--name-server", &place.names.to_string()]);
    Ok(command)
}

pub(super) fn tunnel(bench: &Bench, ours: &Ours, place: &Place) -> anyhow::Result<Vec<Part>> {
    let (vip, far_end) = (place.entry.ip(), place.far_end);
    let manifest = service_entry(
        0,
        &vip.to_string(),
        &far_end.ip().to_string(),
        far_end.port(),
    );
    let manifest = write(place, "alias.yaml", &manifest)?;
    let mut client = server(bench, ours, "eastwest-shim");
    client.arg("--manifests").arg(manifest);
    client.arg("--identity").arg(&bench.keys.client);
    client.args(["--mode", "vip", "--name-server", &place.names.to_string()]);

    let mut far = server(bench, ours, "eastwest-shim");
    far.arg("--identity").arg(&bench.keys.server);
    far.args(["--inbound", &APP_PORT.to_string()]);
    far.args(["--inbound-listen", &far_end.to_string()]);
    far.args(["--app-address", &place.backend.ip().to_string()]);
    far.args([
        "--allow",
        CLIENT_ID,
        "--name-server",
        &place.names.to_string(),
    ]);
    Ok(Part::ends(client, far))
}

pub(super) fn resolver(bench: &Bench, ours: &Ours, place: &Place) -> anyhow::Result<Command> {
    let mut manifests = String::new();
    for number in 0..ALIASES {
        let address = alias_address(number).to_string();
        manifests += &service_entry(number, &address, "127.73.0.1", 15443);
    }
    let manifests = write(place, "aliases.yaml", &manifests)?;
    let mut command = server(bench, ours, "eastwest-resolver");
    command.arg("--manifests").arg(manifests);
    command.args(["--listen", &place.entry.to_string()]);
    command.args(["--upstream", &place.names.to_string()]);
    Ok(command)
}

fn service_entry(number: usize, address: &str, gateway: &str, port: u16) -> String {
    let alias = alias(number);
    format!(
        "\
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {{name: src-app-{number}, namespace: bench}}
spec:
  hosts: [{alias}]
  addresses: [\"{address}\"]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{{number: {APP_PORT}, name: mysql, protocol: TCP}}]
  endpoints:
  - address: \"{gateway}\"
    ports: {{mysql: {port}}}
---
"
    )
}

/// What goes well is not logged, by nobody.
fn server(bench: &Bench, ours: &Ours, program: &str) -> Command {
    let mut command = bench.ground.command(ours.dir.join(program).as_os_str());
    command.args(["--threads", &ours.threads.to_string()]);
    command.args(["--log-level", "error"]);
    command.args([
        "--ready-address",
        "off",
        "--metrics-address",
        "off",
        "--admin-address",
        "off",
    ]);
    command
}

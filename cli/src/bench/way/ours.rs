//! Ours: a shim, the gateway, a shim, from manifests as they would be in the clusters.

use std::process::Command;

use super::{APP, CLIENT, GATEWAY, Ground, Place, SERVER};
use crate::measure::keys::{CLIENT_ID, SERVER_ID, SERVER_NAME};
use crate::stage::zone::Zone;

/// Seconds that the pod's DNS record may be kept, as in a cluster.
const POD_TTL: u32 = 5;
/// In cluster B the pod is known by this.
const ALIAS: &str = "src-app-0.bench.svc.cluster.local";

pub(super) fn parts(
    ground: &Ground,
    place: &Place,
) -> anyhow::Result<Vec<(&'static str, Command)>> {
    let zone = ground.dir.join("cluster-a.zone");
    Zone::new()
        .with(SERVER_NAME, place.pod.ip(), POD_TTL)?
        .write(&zone)?;
    let mut names = Command::new(&ground.eastwest);
    names.args(["stage-dns", "--listen", &place.names.to_string(), "--zone"]);
    names.arg(zone);

    let mut server = start(ground, place, "shim");
    server.arg("--identity").arg(&ground.keys.server);
    server.args(["--inbound", &APP.to_string()]);
    server.args(["--inbound-listen", &place.pod.to_string()]);
    server.args(["--app-address", &place.app.ip().to_string()]);
    server.args(["--pod-name", "app-0", "--allow", CLIENT_ID]);

    let exports = ground.write("cluster-a.yaml", &exports())?;
    let mut gateway = start(ground, place, "gateway");
    gateway.arg("--manifests").arg(exports);
    gateway.args(["--listen", &place.gateway.to_string()]);

    let alias = ground.write("cluster-b.yaml", &alias(place))?;
    let mut client = start(ground, place, "shim");
    client.arg("--manifests").arg(alias);
    client.arg("--identity").arg(&ground.keys.client);
    client.args(["--mode", "vip"]);

    Ok(vec![
        ("cluster DNS", names),
        (SERVER, server),
        (GATEWAY, gateway),
        (CLIENT, client),
    ])
}

/// What goes well is not logged, by nobody who is measured.
fn start(ground: &Ground, place: &Place, server: &str) -> Command {
    let mut command = Command::new(&ground.eastwest);
    command.arg(server);
    command.args(["--threads", &ground.threads.to_string()]);
    command.args(["--log-level", "error"]);
    command.args(["--name-server", &place.names.to_string()]);
    command.args(["--ready-address", "off", "--metrics-address", "off"]);
    command.args(["--admin-address", "off"]);
    command
}

fn exports() -> String {
    format!(
        "\
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {{name: exports, namespace: istio-system}}
spec:
  servers:
  - port: {{number: 15443, name: tls, protocol: TLS}}
    tls: {{mode: AUTO_PASSTHROUGH}}
    hosts: [{SERVER_NAME}]
"
    )
}

fn alias(place: &Place) -> String {
    let (entry, uplink) = (place.entry.ip(), place.uplink);
    format!(
        "\
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {{name: src-app-0, namespace: bench}}
spec:
  hosts: [{ALIAS}]
  addresses: [\"{entry}\"]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{{number: {APP}, name: mysql, protocol: TCP}}]
  subjectAltNames: [\"{SERVER_ID}\"]
  endpoints:
  - address: \"{}\"
    ports: {{mysql: {}}}
",
        uplink.ip(),
        uplink.port()
    )
}

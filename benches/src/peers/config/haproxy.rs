//! HAProxy: one thread.

use std::fmt::Write;
use std::process::Command;

use eastwest::measure::keys::{Files, SERVER_NAME};
use eastwest::measure::peer::haproxy::{self, Tuning};

use super::{Part, write};
use crate::bench::Bench;
use crate::hello::sni;
use crate::place::Place;
use crate::tools::Tool;

pub(super) fn gateway(
    bench: &Bench,
    tuning: Tuning,
    place: &Place,
    routes: usize,
) -> anyhow::Result<Command> {
    // One backend whose address comes from a map: with a backend for each route a thousand of them
    // would take as many megabytes as Envoy.
    let mut map = String::new();
    for route in 0..routes {
        writeln!(map, "{} {}", sni(route), place.backend.ip())?;
    }
    let map = write(place, "routes.map", &map)?;
    let (map, entry, port) = (map.display(), place.entry, place.backend.port());
    let text = format!(
        "{}
frontend gateway
  bind {entry}
  tcp-request inspect-delay 5s
  tcp-request content set-var(txn.pod) req.ssl_sni,lower,map_str_ip({map}) if {{ req.ssl_hello_type 1 }}
  tcp-request content reject if {{ req.ssl_hello_type 1 }} !{{ var(txn.pod) -m found }}
  tcp-request content set-dst var(txn.pod) if {{ req.ssl_hello_type 1 }}
  tcp-request content accept if {{ req.ssl_hello_type 1 }}
  default_backend pods
backend pods
  server pod 0.0.0.0:{port}
",
        head(bench, tuning)
    );
    command(bench, place, "gateway.cfg", &text)
}

pub(super) fn tunnel(bench: &Bench, tuning: Tuning, place: &Place) -> anyhow::Result<Vec<Part>> {
    let (client, server) = (Files::of(&bench.keys.client), Files::of(&bench.keys.server));
    let head = head(bench, tuning);
    let near = haproxy::client_end(place.entry, place.far_end, SERVER_NAME, &client);
    let near = head.clone() + &near;
    let far = head + &haproxy::server_end(place.far_end, place.backend, &server);
    Ok(Part::ends(
        command(bench, place, "client.cfg", &near)?,
        command(bench, place, "server.cfg", &far)?,
    ))
}

fn head(bench: &Bench, tuning: Tuning) -> String {
    haproxy::head(tuning, 1, bench.ground.descriptors)
}

fn command(bench: &Bench, place: &Place, name: &str, text: &str) -> anyhow::Result<Command> {
    let config = write(place, name, text)?;
    let mut command = bench.tools.command(Tool::HaProxy, &bench.ground)?;
    command.args(["-db", "-f"]).arg(config);
    Ok(command)
}

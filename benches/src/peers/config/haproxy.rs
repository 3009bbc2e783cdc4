//! HAProxy: one thread, no log, no session kept from one TLS connection to the next.

use std::fmt::Write;
use std::process::Command;

use super::{AES_128, Part, write};
use crate::bench::Bench;
use crate::hello::sni;
use crate::keys::{Files, SERVER_NAME};
use crate::place::Place;
use crate::subject::HaProxy;
use crate::tools::Tool;

/// Enough for 256 streams to be spliced at a time.
const PIPES: u64 = 512;

pub(super) fn gateway(
    bench: &Bench,
    tuning: HaProxy,
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

pub(super) fn tunnel(bench: &Bench, tuning: HaProxy, place: &Place) -> anyhow::Result<Vec<Part>> {
    let (client, server) = (Files::of(&bench.keys.client), Files::of(&bench.keys.server));
    let head = head(bench, tuning);
    let near = format!(
        "{head}
frontend app
  bind {}
  default_backend far
backend far
  server far {} ssl crt {} ca-file {} verify required verifyhost {SERVER_NAME} sni str({SERVER_NAME}) \
no-ssl-reuse ssl-min-ver TLSv1.3 ciphersuites {AES_128}
",
        place.entry,
        place.far_end,
        client.both.display(),
        client.roots.display(),
    );
    let far = format!(
        "{head}
frontend pod
  bind {} ssl crt {} ca-file {} verify required no-tls-tickets ssl-min-ver TLSv1.3 ciphersuites {AES_128}
  default_backend app
backend app
  server app {}
",
        place.far_end,
        server.both.display(),
        server.roots.display(),
        place.backend,
    );
    Ok(Part::ends(
        command(bench, place, "client.cfg", &near)?,
        command(bench, place, "server.cfg", &far)?,
    ))
}

fn head(bench: &Bench, tuning: HaProxy) -> String {
    // Two descriptors a connection and two a pipe, and some for itself.
    let descriptors = bench.ground.descriptors.saturating_sub(100 + 2 * PIPES);
    let connections = (descriptors / 2).min(20_000);
    let (global, defaults) = match tuning {
        HaProxy::Defaults => ("", ""),
        HaProxy::Buffers => ("  tune.bufsize 65536\n", ""),
        HaProxy::Splice => ("", "  option splice-auto\n"),
        HaProxy::SplicePipes => ("  tune.pipesize 1048576\n", "  option splice-auto\n"),
        HaProxy::SpliceAlways => (
            "  tune.pipesize 1048576\n",
            "  option splice-request\n  option splice-response\n",
        ),
    };
    format!(
        "\
global
  nbthread 1
  maxconn {connections}
  maxpipes {PIPES}
  tune.ssl.cachesize 0
{global}defaults
  mode tcp
  maxconn {connections}
  retries 0
  timeout connect 10s
  timeout client 1h
  timeout server 1h
{defaults}"
    )
}

fn command(bench: &Bench, place: &Place, name: &str, text: &str) -> anyhow::Result<Command> {
    let config = write(place, name, text)?;
    let mut command = bench.tools.command(Tool::HaProxy, &bench.ground)?;
    command.args(["-db", "-f"]).arg(config);
    Ok(command)
}

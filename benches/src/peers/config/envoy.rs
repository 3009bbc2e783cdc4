//! Envoy: one worker.

use std::process::Command;

use eastwest::measure::keys::{CLIENT_ID, Files, SERVER_ID, SERVER_NAME};
use eastwest::measure::peer::envoy::{self, Groups, Tls};
use serde_json::Value;

use super::{Part, write};
use crate::bench::Bench;
use crate::hello::sni;
use crate::place::Place;
use crate::tools::Tool;

pub(super) fn gateway(bench: &Bench, place: &Place, routes: usize) -> anyhow::Result<Command> {
    let names: Vec<_> = (0..routes).map(sni).collect();
    let config = envoy::gateway(place.entry, &names, place.backend);
    command(bench, place, "gateway", &config)
}

pub(super) fn tunnel(bench: &Bench, groups: Groups, place: &Place) -> anyhow::Result<Vec<Part>> {
    let (client, server) = (Files::of(&bench.keys.client), Files::of(&bench.keys.server));
    let tls = |files, peer| Tls {
        files,
        peer,
        groups,
    };
    let near = tls(&client, SERVER_ID);
    let near = envoy::client_end(place.entry, place.far_end, SERVER_NAME, near);
    let far = envoy::server_end(place.far_end, place.backend, tls(&server, CLIENT_ID));
    Ok(Part::ends(
        command(bench, place, "client", &near)?,
        command(bench, place, "server", &far)?,
    ))
}

fn command(bench: &Bench, place: &Place, name: &str, config: &Value) -> anyhow::Result<Command> {
    let config = write(place, &format!("{name}.json"), &config.to_string())?;
    let mut command = bench.tools.command(Tool::Envoy, &bench.ground)?;
    command.arg("--config-path").arg(config);
    // One worker; a hot restart needs a name that is one for the whole machine.
    command.args([
        "--concurrency",
        "1",
        "--disable-hot-restart",
        "--log-level",
        "error",
    ]);
    Ok(command)
}

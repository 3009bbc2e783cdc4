//! Envoy in each of the three places, each with as many workers as ours has threads.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::{CLIENT, GATEWAY, Ground, Place, SERVER};
use crate::measure::keys::{CLIENT_ID, Files, SERVER_ID, SERVER_NAME};
use crate::measure::peer::envoy::{Groups, Tls, client_end, gateway, server_end};

pub(super) fn parts(
    ground: &Ground,
    place: &Place,
    program: &Path,
) -> anyhow::Result<Vec<(&'static str, Command)>> {
    let (client, server) = (
        Files::of(&ground.keys.client),
        Files::of(&ground.keys.server),
    );
    let tls = |files, peer| Tls {
        files,
        peer,
        groups: Groups::PostQuantum,
    };
    let sni = super::server_name(SERVER_NAME);
    let names = [sni.clone()];
    let part = |name: &'static str, config: Value| {
        let file = format!("envoy-{}.json", name.replace(' ', "-"));
        let config = ground.write(&file, &config.to_string())?;
        let mut command = Command::new(program);
        command.arg("--config-path").arg(config);
        command.args(["--concurrency", &ground.threads.to_string()]);
        // A hot restart needs a name that is one for the whole machine.
        command.args(["--disable-hot-restart", "--log-level", "error"]);
        anyhow::Ok((name, command))
    };
    let far = server_end(place.pod, place.app, tls(&server, CLIENT_ID));
    let near = client_end(place.entry, place.uplink, &sni, tls(&client, SERVER_ID));
    Ok(vec![
        part(SERVER, far)?,
        part(GATEWAY, gateway(place.gateway, &names, place.pod))?,
        part(CLIENT, near)?,
    ])
}

//! HAProxy in each of the three places, with what makes it faster there than it is as installed: buffers of
//! 64 KiB where it encrypts, splicing through pipes of 1 MiB where it does not. It looks for the server name
//! in the certificate, so that this is the pod's host name alone.

use std::path::Path;
use std::process::Command;

use rustix::process::{Resource, getrlimit};

use super::{CLIENT, GATEWAY, Ground, Place, SERVER};
use crate::measure::keys::{Files, SERVER_NAME};
use crate::measure::peer::haproxy::{Tuning, client_end, gateway, head, server_end};

pub(super) fn parts(
    ground: &Ground,
    place: &Place,
    program: &Path,
) -> anyhow::Result<Vec<(&'static str, Command)>> {
    let (client, server) = (
        Files::of(&ground.keys.client),
        Files::of(&ground.keys.server),
    );
    let descriptors = getrlimit(Resource::Nofile).maximum.unwrap_or(u64::MAX);
    let part = |name: &'static str, tuning: Tuning, sections: String| {
        let file = format!("haproxy-{}.cfg", name.replace(' ', "-"));
        let text = head(tuning, ground.threads, descriptors) + &sections;
        let config = ground.write(&file, &text)?;
        let mut command = Command::new(program);
        command.args(["-db", "-f"]).arg(config);
        anyhow::Ok((name, command))
    };
    let far = server_end(place.pod, place.app, &server);
    let middle = gateway(place.gateway, SERVER_NAME, place.pod);
    let near = client_end(place.entry, place.uplink, SERVER_NAME, &client);
    Ok(vec![
        part(SERVER, Tuning::Buffers, far)?,
        part(GATEWAY, Tuning::SplicePipes, middle)?,
        part(CLIENT, Tuning::Buffers, near)?,
    ])
}

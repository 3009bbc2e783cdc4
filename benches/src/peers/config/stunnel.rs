//! stunnel: a thread a connection, no log, no session kept from one connection to the next.

use std::process::Command;

use eastwest::measure::keys::{Files, SERVER_NAME};

use super::{AES_128, Part, write};
use crate::bench::Bench;
use crate::place::Place;
use crate::tools::Tool;

pub(super) fn tunnel(bench: &Bench, place: &Place) -> anyhow::Result<Vec<Part>> {
    let near = format!("client = yes\nsni = {SERVER_NAME}\ncheckHost = {SERVER_NAME}\n");
    let (client, server) = (Files::of(&bench.keys.client), Files::of(&bench.keys.server));
    let client = service(
        &near,
        &client,
        [place.entry, place.far_end].map(|it| it.to_string()),
    );
    let far = "client = no\nrequireCert = yes\n";
    let server = service(
        far,
        &server,
        [place.far_end, place.backend].map(|it| it.to_string()),
    );
    Ok(Part::ends(
        command(bench, place, "client.conf", &client)?,
        command(bench, place, "server.conf", &server)?,
    ))
}

fn service(role: &str, files: &Files, [accept, connect]: [String; 2]) -> String {
    let (chain, key, roots) = (
        files.chain.display(),
        files.key.display(),
        files.roots.display(),
    );
    format!(
        "foreground = yes
debug = crit
syslog = no
socket = l:TCP_NODELAY=1
socket = r:TCP_NODELAY=1
[tunnel]
{role}accept = {accept}
connect = {connect}
cert = {chain}
key = {key}
CAfile = {roots}
verifyChain = yes
sslVersionMin = TLSv1.3
ciphersuites = {AES_128}
options = NO_TICKET
sessionResume = no
"
    )
}

fn command(bench: &Bench, place: &Place, name: &str, text: &str) -> anyhow::Result<Command> {
    let config = write(place, name, text)?;
    let mut command = bench.tools.command(Tool::Stunnel, &bench.ground)?;
    command.arg(config);
    Ok(command)
}

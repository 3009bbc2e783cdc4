//! dnsmasq: the aliases as addresses, no log.

use std::fmt::Write;
use std::process::Command;

use super::{ALIASES, alias, alias_address, write};
use crate::bench::Bench;
use crate::place::Place;
use crate::tools::Tool;

pub(super) fn resolver(bench: &Bench, place: &Place) -> anyhow::Result<Command> {
    let (ip, port) = (place.entry.ip(), place.entry.port());
    let mut text = format!(
        "keep-in-foreground
pid-file
user=
no-resolv
no-hosts
bind-interfaces
listen-address={ip}
port={port}
local-ttl=5
"
    );
    for number in 0..ALIASES {
        writeln!(text, "address=/{}/{}", alias(number), alias_address(number))?;
    }
    let config = write(place, "dnsmasq.conf", &text)?;
    let mut command = bench.tools.command(Tool::Dnsmasq, &bench.ground)?;
    command.arg(format!("--conf-file={}", config.display()));
    Ok(command)
}

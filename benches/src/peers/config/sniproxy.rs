//! sniproxy: one process, no log.

use std::fmt::Write;
use std::process::Command;

use super::write;
use crate::bench::Bench;
use crate::hello::sni;
use crate::place::Place;
use crate::tools::Tool;

pub(super) fn gateway(bench: &Bench, place: &Place, routes: usize) -> anyhow::Result<Command> {
    let mut table = String::new();
    for route in 0..routes {
        // Regular expressions to it, in which a dot stands for itself too.
        writeln!(table, "  {} {}", sni(route), place.backend)?;
    }
    let (dir, entry) = (place.dir.display(), place.entry);
    let text = format!(
        "pidfile {dir}/sniproxy.pid
error_log {{
  filename {dir}/sniproxy.error
  priority emerg
}}
listener {entry} {{
  proto tls
  table pods
}}
table pods {{
{table}}}
"
    );
    let config = write(place, "sniproxy.conf", &text)?;
    let mut command = bench.tools.command(Tool::Sniproxy, &bench.ground)?;
    command.arg("-f").arg("-c").arg(config);
    command.args(["-n", &bench.ground.descriptors.to_string()]);
    Ok(command)
}

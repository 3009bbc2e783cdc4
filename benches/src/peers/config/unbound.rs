//! unbound: one thread, the aliases as local data.

use std::fmt::Write;
use std::process::Command;

use super::{ALIASES, alias, alias_address, write};
use crate::bench::Bench;
use crate::place::Place;
use crate::tools::Tool;

pub(super) fn resolver(bench: &Bench, place: &Place) -> anyhow::Result<Command> {
    let (ip, port) = (place.entry.ip(), place.entry.port());
    let mut text = format!(
        "server:
  num-threads: 1
  do-daemonize: no
  username: \"\"
  chroot: \"\"
  directory: \"{}\"
  pidfile: \"\"
  use-syslog: no
  verbosity: 0
  interface: {ip}@{port}
  access-control: 127.0.0.0/8 allow
  module-config: \"iterator\"
",
        place.dir.display()
    );
    for number in 0..ALIASES {
        let (alias, address) = (alias(number), alias_address(number));
        writeln!(text, "  local-zone: \"{alias}.\" redirect")?;
        writeln!(text, "  local-data: \"{alias}. 5 IN A {address}\"")?;
    }
    text += "remote-control:\n  control-enable: no\n";
    let config = write(place, "unbound.conf", &text)?;
    let mut command = bench.tools.command(Tool::Unbound, &bench.ground)?;
    command.arg("-d").arg("-c").arg(config);
    Ok(command)
}

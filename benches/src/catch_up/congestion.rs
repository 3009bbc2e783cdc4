//! The congestion control of all connections of a catch-up.

use std::ffi::OsStr;

use anyhow::{Context, ensure};
use eastwest::clusters::{Clusters, SOURCE};
use eastwest::leftovers::Guarded;

use crate::way::REPLICA;

/// BBR, which some systems have as their default, paces by timers, which is slow and noisy where
/// nothing is ever lost. A namespace may have CUBIC only where the machine has it as its default or
/// allows it to users; Reno it may have anywhere, and without losses both do the same.
const CHOOSE: &str = "
    file=/proc/sys/net/ipv4/tcp_congestion_control
    for name in cubic reno; do
      echo $name 2>/dev/null >$file && break
    done
    cat $file";

/// Chooses one for the hosts of the path, whose connections begin afterwards; its name.
///
/// # Errors
/// When it cannot be asked for, or is not the same on all of them.
pub(crate) fn choose(clusters: &Clusters) -> anyhow::Result<String> {
    let hosts = [REPLICA, "gateway", SOURCE.name];
    let chosen = hosts.map(|host| on(clusters, host).context(host));
    let [one, two, three] = chosen;
    let (one, two, three) = (one?, two?, three?);
    ensure!(
        one == two && two == three && !one.is_empty(),
        "the congestion control is not the same everywhere: {one}, {two}, {three}"
    );
    Ok(one)
}

fn on(clusters: &Clusters, host: &str) -> anyhow::Result<String> {
    let mut command = clusters.host(host)?.command(OsStr::new("sh"));
    let said = Guarded::output(command.args(["-c", CHOOSE]))?;
    Ok(String::from_utf8(said.stdout)?.trim().to_owned())
}

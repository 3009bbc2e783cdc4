//! The first part of the demo: three aliases, three pods, and what does not get through.

use std::io::Write;
use std::net::SocketAddr;

use serde_json::Value;

use crate::clusters::{Capture, Clusters, HELLO, Layout, Pod, SECRET};
use crate::progress::Progress;
use crate::table::Table;

/// Room for the longest of what does not get through: the name of the pod that is not exported.
const WIDTH: usize = "src-secret-0.vault.svc.cluster.local".len();

/// Starts what it takes and shows it; whether all was as it should be.
pub(super) fn show(clusters: &mut Clusters, out: &mut impl Write) -> anyhow::Result<bool> {
    let progress = Progress::of("starting the name servers");
    clusters.start_dns()?;
    progress.now("starting the gateway and the pods of cluster A");
    clusters.start_cluster_a()?;
    progress.now("starting the shim of cluster B");
    clusters.start_outbound_shim("b-app", ("demo", "app"), Capture::Vip)?;
    drop(progress);
    writeln!(
        out,
        "\nAn app in cluster B looks a name up and asks for http://NAME:8080/"
    )?;
    let mut ok = aliases(clusters, out)?;
    writeln!(out, "\nWhat does not get through:")?;
    ok &= unexported(clusters, out)?;
    if clusters.layout() == Layout::Stage {
        ok &= unreachable(clusters, out)?;
    }
    Ok(ok)
}

fn aliases(clusters: &mut Clusters, out: &mut impl Write) -> anyhow::Result<bool> {
    let mut table = Table::new([
        "ALIAS",
        "VIRTUAL IP",
        "GATEWAY",
        "POD",
        "PROVED TO BE",
        "TIME",
    ]);
    let mut ok = true;
    for pod in HELLO {
        let visit = clusters.visit("b-app", &pod.alias(), pod.port)?;
        let ended = ended(clusters, &pod.alias())?;
        let answered = visit
            .answer
            .as_deref()
            .and_then(|said| said.split([' ', ',']).nth(2));
        ok &= answered == Some(pod.name);
        let said = |key: &str| {
            ended
                .get(key)
                .and_then(Value::as_str)
                .unwrap_or("-")
                .to_owned()
        };
        table.row([
            pod.alias(),
            visit
                .address
                .map_or_else(|| "-".to_owned(), |ip| ip.to_string()),
            said("dst.addr"),
            answered
                .or(visit.error.as_deref())
                .unwrap_or("-")
                .to_owned(),
            said("dst.identity"),
            format!("{}.{:03} ms", visit.took_us / 1000, visit.took_us % 1000),
        ]);
    }
    table.print(out)?;
    Ok(ok)
}

/// A pod that runs, with a shim that would serve, whose name no Gateway lists.
fn unexported(clusters: &mut Clusters, out: &mut impl Write) -> anyhow::Result<bool> {
    let visit = clusters.visit("b-app", &SECRET.alias(), SECRET.port)?;
    let ended = ended(clusters, &SECRET.alias())?;
    let reason = ended.get("reason").and_then(Value::as_str).unwrap_or("-");
    let error = visit
        .error
        .as_deref()
        .unwrap_or("it answered, and should not have");
    writeln!(
        out,
        "  {:WIDTH$}  {error} (the shim's log: reason {reason})",
        SECRET.alias()
    )?;
    Ok(visit.answer.is_none() && reason == "not_exported")
}

/// Everything of cluster A but the gateway's one port.
fn unreachable(clusters: &Clusters, out: &mut impl Write) -> anyhow::Result<bool> {
    let layout = clusters.layout();
    let mut targets: Vec<SocketAddr> = Pod::all()
        .flat_map(|pod| [pod.port, 15444].map(|port| SocketAddr::new(layout.pod(&pod), port)))
        .collect();
    targets.push(layout.dns_a());
    let gateway = layout.gateway();
    targets.extend([15020, 15021, 15000].map(|port| SocketAddr::new(gateway.ip(), port)));
    let mut ok = true;
    for target in &targets {
        // One by one, to be shown as they come: Linux tells a caller of about one a second.
        for reached in clusters.reach("b-app", [target])? {
            ok &= reached.error.is_some();
            let said = reached
                .error
                .as_deref()
                .unwrap_or("connected, and should not have");
            writeln!(out, "  {:WIDTH$}  {said}", reached.target.to_string())?;
        }
    }
    let open = clusters.reach("b-app", [&gateway])?;
    ok &= open.iter().all(|reached| reached.error.is_none());
    writeln!(
        out,
        "  and what does: {gateway}, the gateway, which speaks TLS only"
    )?;
    Ok(ok)
}

/// The shim's log line of the newest connection to an alias.
fn ended(clusters: &mut Clusters, alias: &str) -> anyhow::Result<Value> {
    let shim = clusters.program("b-app-shim")?;
    // The line is written when the connection has ended on both sides, a moment after the answer.
    for _ in 0..100 {
        let lines = shim.printed();
        let found = lines
            .lines()
            .rev()
            .filter_map(|line| serde_json::from_str(line).ok())
            .find(|line: &Value| {
                line.get("reason").is_some()
                    && line.get("dst.service").and_then(Value::as_str) == Some(alias)
            });
        if let Some(line) = found {
            return Ok(line);
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    Ok(Value::Null)
}

//! What the node between the clusters does with their packets.

use std::ffi::OsStr;

use eastwest::clusters::Clusters;
use eastwest::leftovers::Guarded;

use super::error::FaultError;

/// The node on which the replica's pod is; all that the clusters say to each other passes here.
const NODE: &str = "b-node";

/// Which packets are dropped, as nft has it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Dropped {
    All,
    /// From the replica to the source's gateway.
    ToSource,
    /// From the source's gateway to the replica.
    ToReplica,
    /// Three of ten in each direction.
    Some,
}

impl Dropped {
    const fn rule(self) -> &'static str {
        match self {
            Self::All => "drop",
            Self::ToSource => "oifname wan drop",
            Self::ToReplica => "iifname wan drop",
            Self::Some => "numgen random mod 10 < 3 drop",
        }
    }
}

/// The node hides its pods behind its own address, as those of most clusters do for what leaves them.
pub(super) fn masquerade(clusters: &Clusters) -> Result<(), FaultError> {
    nft(
        clusters,
        "add table ip egress
         add chain ip egress leaving { type nat hook postrouting priority 100 ; }
         add rule ip egress leaving oifname wan masquerade",
    )
}

/// Drops packets from now on.
pub(super) fn drop(clusters: &Clusters, which: Dropped) -> Result<(), FaultError> {
    let rule = which.rule();
    nft(
        clusters,
        &format!(
            "add table inet fault
             add chain inet fault passing {{ type filter hook forward priority 0 ; }}
             add rule inet fault passing {rule}"
        ),
    )
}

/// Lets all pass again.
pub(super) fn pass(clusters: &Clusters) -> Result<(), FaultError> {
    nft(clusters, "delete table inet fault")
}

fn nft(clusters: &Clusters, script: &str) -> Result<(), FaultError> {
    let mut command = clusters.host(NODE)?.command(OsStr::new("nft"));
    command.arg(script);
    run(&mut command, script)
}

/// Forgets every connection that a host tracks.
pub(super) fn forget_flows(clusters: &Clusters, host: &str) -> Result<(), FaultError> {
    let mut command = clusters.eastwest_on(host)?;
    command.arg("stage-forget-flows");
    run(&mut command, "stage-forget-flows")
}

/// Forgets those of the replica's node.
pub(super) fn forget_flows_of_node(clusters: &Clusters) -> Result<(), FaultError> {
    forget_flows(clusters, NODE)
}

fn run(command: &mut std::process::Command, what: &str) -> Result<(), FaultError> {
    let output = Guarded::output(command).map_err(FaultError::io(format!("running {what}")))?;
    if output.status.success() {
        return Ok(());
    }
    Err(FaultError::Failed {
        what: what.to_owned(),
        said: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

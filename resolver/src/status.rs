//! What a server that answers names tells programs of them.

use std::sync::Arc;

use arc_swap::ArcSwap;
use eastwest_daemon::{DownName, NameServerStatus, ServedNames, Status};

use crate::{alias::AliasTable, server::UpstreamStates};

/// Has it told, for as long as anyone asks.
pub fn tell(status: &Status, table: Arc<ArcSwap<AliasTable>>, states: UpstreamStates) {
    status.has_names(move || names(&table.load(), &states));
}

fn names(table: &AliasTable, states: &UpstreamStates) -> ServedNames {
    let down = table.down().map(|(alias, reason)| DownName {
        alias: alias.to_string(),
        reason: reason.to_owned(),
    });
    let mut down: Vec<_> = down.collect();
    down.sort_unstable();
    let name_servers = states.snapshot().into_iter();
    ServedNames {
        aliases: table.len(),
        down,
        name_servers: name_servers
            .map(|(address, state)| NameServerStatus {
                address,
                state: state.as_str(),
            })
            .collect(),
    }
}

//! Aliases that are answered, and questions for them.

use std::net::IpAddr;
use std::sync::Arc;

use arc_swap::ArcSwap;
use eastwest_resolver::alias::{AliasTable, search::SearchDomains};
use eastwest_resolver::zone::AliasZone;
use hickory_proto::op::{Message, MessageType, OpCode, Query};
use hickory_proto::rr::{Name, RecordType};

/// The cluster's domain.
pub const DOMAIN: &str = "cluster.local";
/// One of the aliases.
pub const ALIAS: &str = "src-db-0.db.svc.cluster.local";

/// The name that a pod asks first for [`ALIAS`], by its list of search domains.
#[must_use]
pub fn searched() -> String {
    format!("{ALIAS}.db.svc.{DOMAIN}")
}

/// A table of so many aliases.
///
/// # Errors
/// When a name is none.
pub fn table(count: u32) -> anyhow::Result<AliasTable> {
    let alias = |number: u32| {
        let name = format!("src-db-{number}.db.svc.{DOMAIN}");
        let address = IpAddr::from((0x7f40_0000 + number).to_be_bytes());
        anyhow::Ok((name.parse()?, [address]))
    };
    let aliases: Vec<_> = (0..count).map(alias).collect::<anyhow::Result<_>>()?;
    Ok(AliasTable::new(aliases))
}

/// What answers for them.
///
/// # Errors
/// When a name is none.
pub fn zone(count: u32) -> anyhow::Result<AliasZone> {
    Ok(AliasZone {
        table: Arc::new(ArcSwap::from_pointee(table(count)?)),
        search: SearchDomains::new(DOMAIN.parse()?, []),
        ttl: 5,
        recursion: true,
    })
}

/// A plain question for the addresses of a name.
///
/// # Errors
/// When the name is none.
pub fn question(name: &str) -> anyhow::Result<Vec<u8>> {
    let mut message = Message::new(7, MessageType::Query, OpCode::Query);
    message.metadata.recursion_desired = true;
    let mut name = Name::from_ascii(name)?;
    name.set_fqdn(true);
    message.add_query(Query::query(name, RecordType::A));
    Ok(message.to_vec()?)
}

//! A resolver that runs for one test.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use arc_swap::ArcSwap;
use eastwest_resolver::{alias::AliasTable, config::ResolverConfig, server::Resolver};
use tokio_util::sync::{CancellationToken, DropGuard};

pub(crate) const ALIAS: &str = "src-hello-0.demo.svc.cluster.local.";
pub(crate) const ALIAS_V4: &str = "127.64.0.10";
/// Has an IPv6 address too.
pub(crate) const DUAL: &str = "src-db-pxc-0.pxc.svc.cluster.local.";
pub(crate) const DUAL_V4: &str = "127.64.0.20";
pub(crate) const DUAL_V6: &str = "fd24:240::20";
/// Has more addresses than 512 octets hold.
pub(crate) const MANY: &str = "src-many-0.demo.svc.cluster.local.";
pub(crate) const MANY_COUNT: u8 = 60;

/// Not served.
pub(crate) const DOWN: &str = "src-down-0.demo.svc.cluster.local.";

pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) table: Arc<ArcSwap<AliasTable>>,
    _stop: DropGuard,
}

pub(crate) fn table() -> AliasTable {
    let many = (1..=MANY_COUNT)
        .map(|last| IpAddr::from([127, 64, 1, last]))
        .collect();
    let aliases = [
        (ALIAS, vec![ALIAS_V4.parse().unwrap()]),
        (
            DUAL,
            vec![DUAL_V4.parse().unwrap(), DUAL_V6.parse().unwrap()],
        ),
        (MANY, many),
    ];
    let down = [(
        DOWN.parse().unwrap(),
        "its ServiceEntry has no ports".into(),
    )];
    AliasTable::new(aliases.map(|(alias, addresses)| (alias.parse().unwrap(), addresses)))
        .with_down(down)
}

/// Port 0 of loopback, time limits short enough for a test.
pub(crate) fn config(upstreams: &[SocketAddr]) -> ResolverConfig {
    let listen = vec![SocketAddr::from(([127, 0, 0, 1], 0))];
    let mut config = ResolverConfig::new(listen, "cluster.local".parse().unwrap());
    config.forwarding.upstreams = upstreams.to_vec();
    config.forwarding.attempt_timeout = Duration::from_millis(300);
    config.forwarding.total_timeout = Duration::from_millis(1500);
    config
}

pub(crate) fn start_with(config: &ResolverConfig) -> Running {
    let table = Arc::new(ArcSwap::from_pointee(table()));
    let bound = Resolver::bind(config, Arc::clone(&table)).unwrap();
    let address = bound.addresses()[0];
    let shutdown = CancellationToken::new();
    tokio::spawn(bound.serve(shutdown.clone()));
    Running {
        address,
        table,
        _stop: shutdown.drop_guard(),
    }
}

pub(crate) fn start(upstreams: &[SocketAddr]) -> Running {
    start_with(&config(upstreams))
}

//! Putting a shim together and running it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use arc_swap::ArcSwap;
use eastwest_daemon::{Bound, Context};
use eastwest_mesh::Mesh;
use eastwest_transport::listener::{BindError, Listener};
use eastwest_transport::resolve::NameServers;
use eastwest_transport::tls::IdentityStore;
use serde_json::json;

use crate::args::{Mode, OutboundArgs};
use crate::config::Config;
use crate::inbound::{Acceptance, AppAddress, Inbound};
use crate::outbound::{Outbound, RouteTable, Tunnels, VipListeners};
use crate::{dns, identity};

/// Binds the shim's listeners and serves until the process ends.
///
/// # Errors
/// When an address cannot be listened on (in mode `vip` that takes only its own route down), or
/// there is no name server.
pub async fn run(config: Config, context: Context) -> anyhow::Result<Bound> {
    let store = config.identity.clone();
    let mut bound = Bound::new();
    let inbound = inbound(&config, &store, &context)?;
    if let Some((inbound, listener)) = &inbound {
        bound = bound.with("inbound", listener.local_addr()?);
        tracing::info!(
            id = %store.current().id(),
            ports = inbound.ports(),
            "callers are checked and passed on to the app"
        );
    }
    let outbound = outbound(&config, &store, &context)?;
    let vips = Arc::new(Mutex::new(VipListeners::new(config.sockets)));
    match config.args.outbound.mode {
        Mode::Vip => report(&open(&vips, &outbound)),
        Mode::Redirect => {
            for (name, listener) in redirect_listeners(&config)? {
                bound = bound.with(name, listener.local_addr()?);
                let serving = Arc::clone(&outbound).serve_redirected(listener);
                let stop = context.shutdown.stop_accepting_token();
                tokio::spawn(async move { stop.run_until_cancelled(serving).await });
            }
        }
    }
    for route in &config.mesh.routes {
        for ip in &route.virtual_ips {
            let address = SocketAddr::new(*ip, route.port.get());
            bound = bound.with(route.alias.to_string(), address);
        }
    }
    let dns = dns::start(&config, &context)?;
    if let Some(address) = dns.as_ref().and_then(dns::Dns::address) {
        bound = bound.with("dns", address);
    }
    show(&context, &store, &outbound, config.mesh.clone());
    tokio::spawn(identity::follow(store, context.clone()));

    let Config {
        args,
        manifests,
        identity,
        ..
    } = config;
    let accepting = inbound.map(|(inbound, listener)| {
        tokio::spawn(Arc::clone(&inbound).serve_all(listener));
        inbound
    });
    let stop = context.shutdown.stop_accepting_token();
    let closing = Arc::clone(&vips);
    tokio::spawn(async move {
        stop.cancelled().await;
        closing
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .close();
    });
    tokio::spawn(Arc::new(manifests).follow(context, move |manifests, mesh| {
        outbound.routes.store(Arc::new(RouteTable::of(mesh)));
        if args.outbound.mode == Mode::Vip {
            report(&open(&vips, &outbound));
        }
        if let Some(inbound) = &accepting {
            inbound
                .allowed
                .store(Arc::new(manifests.allowed(mesh, &identity.current())));
        }
        if let Some(dns) = &dns {
            dns.follow(mesh);
        }
    }));
    Ok(bound)
}

fn open(vips: &Mutex<VipListeners>, outbound: &Arc<Outbound>) -> Vec<BindError> {
    vips.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .follow(outbound)
}

/// An alias that cannot be listened on is down; the others are not.
fn report(failed: &[BindError]) {
    for error in failed {
        tracing::error!(
            "{error}; the alias with this address is down (where the pod's own server owns the \
             port, use --mode redirect)"
        );
    }
}

fn outbound(
    config: &Config,
    store: &IdentityStore,
    context: &Context,
) -> anyhow::Result<Arc<Outbound>> {
    let times = &config.args.connection;
    Ok(Arc::new(Outbound {
        routes: ArcSwap::from_pointee(RouteTable::of(&config.mesh)),
        tunnels: Tunnels {
            identity: store.clone(),
            names: name_servers(&config.args.outbound)?,
            sockets: config.sockets,
            connect_timeout: times.connect_timeout.get(),
            handshake_timeout: config.args.files.handshake_timeout.get(),
            min_tls: config.min_tls,
        },
        half_close_idle: times.half_close_timeout.get(),
        connections: context.connections.clone(),
        shutdown: context.shutdown.clone(),
    }))
}

fn name_servers(args: &OutboundArgs) -> anyhow::Result<NameServers> {
    match args.name_servers.as_slice() {
        [] => NameServers::of_system(),
        servers => NameServers::at(servers),
    }
    .context("--name-server gives them by hand")
}

fn inbound(
    config: &Config,
    store: &IdentityStore,
    context: &Context,
) -> anyhow::Result<Option<(Arc<Inbound>, Listener)>> {
    let args = &config.args;
    if args.inbound.ports.is_empty() {
        return Ok(None);
    }
    let listener = Listener::bind(args.inbound.inbound_listen, config.sockets)
        .context("--inbound-listen gives another address")?;
    let inbound = Inbound {
        acceptance: Acceptance {
            identity: store.clone(),
            ports: args.inbound.ports.clone(),
            min_tls: config.min_tls,
        },
        allowed: ArcSwap::from_pointee(config.allowed()),
        app: args
            .inbound
            .app_address
            .map_or(AppAddress::Pod, AppAddress::At),
        sockets: config.sockets,
        handshake_timeout: args.files.handshake_timeout.get(),
        connect_timeout: args.connection.connect_timeout.get(),
        half_close_idle: args.connection.half_close_timeout.get(),
        connections: context.connections.clone(),
        shutdown: context.shutdown.clone(),
    };
    Ok(Some((Arc::new(inbound), listener)))
}

/// A redirected connection arrives on loopback, whatever it was for: 127.0.0.1 or ::1.
fn redirect_listeners(config: &Config) -> anyhow::Result<Vec<(&'static str, Listener)>> {
    let port = config.args.outbound.outbound_port;
    let v4 = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port);
    let v6 = SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), port);
    let advice = "--outbound-port gives another port, here and to `capture lay`";
    let mut listeners = vec![(
        "outbound",
        Listener::bind(v4, config.sockets).context(advice)?,
    )];
    match Listener::bind(v6, config.sockets) {
        Ok(listener) => listeners.push(("outbound-v6", listener)),
        // A node without IPv6 has no IPv6 connections either.
        Err(error) => tracing::info!("{error}; IPv6 virtual IPs are not served"),
    }
    Ok(listeners)
}

fn show(context: &Context, store: &IdentityStore, outbound: &Arc<Outbound>, mesh: Mesh) {
    let store = store.clone();
    context
        .admin
        .section("certs", move || identity::shown(&store));
    let outbound = Arc::clone(outbound);
    context.admin.section(
        "routes",
        move || json!({ "served": outbound.routes.load().shown(), "down": mesh.down }),
    );
}

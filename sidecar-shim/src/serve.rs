//! Putting a shim together and running it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener};
use std::sync::Arc;

use anyhow::Context as _;
use arc_swap::ArcSwap;
use eastwest_daemon::{Blocker, Bound, Context, Direction, Timings};
use eastwest_mesh::DownRoute;
use eastwest_transport::dial::NamedDialer;
use eastwest_transport::limits::{Ledger, Limits};
use eastwest_transport::listener::{BindError, Listener};
use eastwest_transport::relay::Patience;
use eastwest_transport::resolve::NameServers;
use eastwest_transport::tls::{IdentityStore, gather_entropy};
use serde_json::json;

use crate::args::{Mode, OutboundArgs};
use crate::callers::NoNamespace;
use crate::config::Config;
use crate::inbound::{Acceptance, AppAddress, Inbound, OwnPod};
use crate::manifests::tell_open_far_ends;
use crate::outbound::{Arrival, Gateways, Outbound, RouteTable, Tunnels};
use crate::status::Told;
use crate::vips::Vips;
use crate::{callers, dns, gauges, identity, own_ports, redirected};

/// Binds the shim's listeners and serves until the process ends.
///
/// # Errors
/// When an address cannot be listened on (that of an alias takes only its own route down), or
/// there is no name server.
pub async fn run(config: Config, context: Context) -> anyhow::Result<Bound> {
    tokio::task::spawn_blocking(gather_entropy);
    let store = config.identity.clone();
    let mut bound = Bound::new();
    let times = &config.args.connection;
    // One for both directions: they share the process's descriptors.
    let ledger = Ledger::new(Limits::new(
        times.max_connections,
        times.max_connections_per_source,
        times.max_connections_per_route,
    ));
    let inbound = inbound(&config, &store, &ledger, &context).await?;
    if let Some((inbound, listener)) = &inbound {
        bound = bound.with("inbound", listener.local_addr()?);
        let readiness = context.readiness.clone();
        tokio::spawn(readiness.follow("inbound", listener.starving()));
        tracing::info!(
            id = identity::id_in(&store).map(|id| id.to_string()),
            ports = inbound.ports(),
            "callers are checked and passed on to the app"
        );
    }
    let outbound = outbound(&config, &store, &ledger, &context)?;
    let own_ports = own_ports::given(&config.args, config.manifests.mesh());
    let vips = Vips::new(Arc::clone(&outbound), config.sockets, own_ports);
    // In mode redirect there are none, and nothing is said of them.
    let readiness = context.readiness.clone();
    tokio::spawn(readiness.follow("aliases", vips.starving()));
    match config.args.outbound.mode {
        Mode::Vip | Mode::Port => vips.follow(),
        Mode::Service => {
            tracing::warn!(
                "mode service: the way from the pods that call to this one is IN CLEAR, and whoever \
                 reaches this pod's ports is taken for one that may call; it is mutual TLS from here \
                 on. Let the callers alone in with a NetworkPolicy, or use another mode in their pods"
            );
            vips.follow();
        }
        Mode::Redirect => {
            for (name, listener) in redirected::listeners(&config, &context.ports).await? {
                bound = bound.with(name, listener.local_addr()?);
                let readiness = context.readiness.clone();
                tokio::spawn(readiness.follow(name, listener.starving()));
                let serving = Arc::clone(&outbound).serve_redirected(listener);
                let stop = context.shutdown.stop_accepting_token();
                tokio::spawn(async move { stop.run_until_cancelled(serving).await });
            }
        }
    }
    let failed = vips.failed();
    for route in &config.manifests.mesh().routes {
        for address in outbound.arrival.addresses(route) {
            if !failed.contains_key(&address) && !vips.is_left_free(address) {
                bound = bound.with_route(route.alias.to_string(), address);
            }
        }
    }
    let dns = dns::start(&config, &vips, &context).await?;
    for address in dns.iter().flat_map(dns::Dns::addresses) {
        bound = bound.with("dns", *address);
    }
    let down = Arc::new(ArcSwap::from_pointee(config.manifests.mesh().down.clone()));
    show(&context, &store, &outbound, &vips, &down);
    let inbound_side = inbound.as_ref().map(|(inbound, listener)| {
        let at = listener.local_addr();
        (Arc::clone(inbound), at.ok())
    });
    let told = Told {
        outbound: Arc::clone(&outbound),
        vips: vips.clone(),
        down: Arc::clone(&down),
        inbound: inbound_side,
        identity: store.clone(),
    };
    told.tell(&context.status);
    config.manifests.tell(&context.status);
    gauges::expose(&context, &store);
    let certificate = identity::follow(store.clone(), context.clone());
    let answering = dns.clone();
    tokio::spawn(vips.clone().retry(context.shutdown.clone(), move |vips| {
        if let Some(dns) = &answering {
            dns.follow_vips(vips);
        }
    }));

    let Config {
        args,
        manifests,
        identity,
        callers,
        ..
    } = config;
    let accepting = inbound.map(|(inbound, listener)| {
        tokio::spawn(Arc::clone(&inbound).serve_all(listener));
        inbound
    });
    let mut unlisted = accepting
        .as_ref()
        .and_then(|_| callers::unlisted(&identity, &context.readiness));
    tokio::spawn(manifests.follow(context, move |mesh| {
        // First, as it is all that can be wrong with a set: nothing has been changed then.
        if let Some(inbound) = &accepting {
            let held = identity.current();
            let allowed = callers.read(mesh, &held)?;
            inbound.allowed.store(Arc::new(allowed));
            if held.is_ok() {
                unlisted.take().inspect(Blocker::clear);
            }
        }
        tell_open_far_ends(mesh);
        outbound.follow(mesh);
        down.store(Arc::new(mesh.down.clone()));
        if args.outbound.mode != Mode::Redirect {
            vips.follow();
        }
        if let Some(dns) = &dns {
            dns.follow(mesh, &vips);
        }
        Ok::<_, NoNamespace>(())
    }));
    // The last: one that comes has the manifests read again.
    tokio::spawn(certificate);
    Ok(bound)
}

fn outbound(
    config: &Config,
    store: &IdentityStore,
    ledger: &Ledger,
    context: &Context,
) -> anyhow::Result<Arc<Outbound>> {
    let times = &config.args.connection;
    let gateways = Gateways::new(config.args.outbound.locality.clone());
    gateways.follow(&config.manifests.mesh().routes);
    let arrival = arrival(&config.args.outbound);
    Ok(Arc::new(Outbound {
        routes: ArcSwap::from_pointee(RouteTable::of(config.manifests.mesh(), arrival)),
        arrival,
        tunnels: Arc::new(Tunnels {
            identity: store.clone(),
            dialer: NamedDialer::new(name_servers(&config.args.outbound)?, config.sockets),
            gateways,
            sockets: config.sockets,
            connect_timeout: times.connect_timeout.get(),
            handshake_timeout: config.args.files.handshake_timeout.get(),
            timings: Timings::of(Direction::Outbound),
            min_tls: config.min_tls,
        }),
        patience: Patience::new(times.half_close_timeout.get(), &config.sockets),
        ledger: ledger.clone(),
        connections: context.connections.clone(),
        shutdown: context.shutdown.clone(),
    }))
}

fn arrival(args: &OutboundArgs) -> Arrival {
    let all = || match TcpListener::bind((Ipv6Addr::UNSPECIFIED, 0)) {
        Ok(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        // A node without IPv6.
        Err(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
    };
    match args.mode {
        Mode::Vip | Mode::Port | Mode::Redirect => Arrival::OwnAddresses,
        Mode::Service => Arrival::PodAddress(args.service_address.unwrap_or_else(all)),
    }
}

fn name_servers(args: &OutboundArgs) -> anyhow::Result<NameServers> {
    match args.name_servers.as_slice() {
        [] => NameServers::of_system(),
        given => NameServers::at(
            &given
                .iter()
                .map(|server| server.address())
                .collect::<Vec<_>>(),
        ),
    }
    .context("--name-server gives them by hand")
}

async fn inbound(
    config: &Config,
    store: &IdentityStore,
    ledger: &Ledger,
    context: &Context,
) -> anyhow::Result<Option<(Arc<Inbound>, Listener)>> {
    let args = &config.args;
    if args.inbound.ports.is_empty() {
        return Ok(None);
    }
    let bind = || Listener::bind_for_first_bytes(args.inbound.inbound_listen, config.sockets);
    let listener = context
        .ports
        .once_free(bind, BindError::is_in_use)
        .await
        .map_err(|error| anyhow::anyhow!("{error}; --inbound-listen gives another address"))?;
    let inbound = Inbound {
        acceptance: Acceptance {
            identity: store.clone(),
            ports: args.inbound.ports.clone(),
            pod: OwnPod::given(args.inbound.pod_name.as_deref()),
            min_tls: config.min_tls,
        },
        allowed: ArcSwap::new(Arc::clone(&config.allowed)),
        app: args
            .inbound
            .app_address
            .map_or(AppAddress::Pod, AppAddress::At),
        sockets: config.sockets,
        handshake_timeout: args.files.handshake_timeout.get(),
        connect_timeout: args.connection.connect_timeout.get(),
        patience: Patience::new(args.connection.half_close_timeout.get(), &config.sockets),
        ledger: ledger.clone(),
        timings: Timings::of(Direction::Inbound),
        connections: context.connections.clone(),
        shutdown: context.shutdown.clone(),
    };
    Ok(Some((Arc::new(inbound), listener)))
}

fn show(
    context: &Context,
    store: &IdentityStore,
    outbound: &Arc<Outbound>,
    vips: &Vips,
    down: &Arc<ArcSwap<Vec<DownRoute>>>,
) {
    let store = store.clone();
    context
        .admin
        .section("certs", move || identity::shown(&store));
    let (outbound, vips, down) = (Arc::clone(outbound), vips.clone(), Arc::clone(down));
    context.admin.section("routes", move || {
        let (routes, down) = (outbound.routes.load(), down.load());
        let (served, unheard) = vips.split(routes.shown());
        let gateways = &outbound.tunnels.gateways;
        let served: Vec<_> = served
            .into_iter()
            .map(|route| gateways.shown(route))
            .collect();
        json!({ "served": served, "down": down.iter().chain(&unheard).collect::<Vec<_>>() })
    });
}

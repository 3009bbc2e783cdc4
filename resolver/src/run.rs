//! The resolver as a process of its own.

use std::{ffi::OsString, process::ExitCode, sync::Arc, time::Duration};

use anyhow::Context as _;
use arc_swap::ArcSwap;
use eastwest_daemon::{Bound, Context, Role, Sources};
use eastwest_manifests::Manifests;
use eastwest_mesh::Options;
use serde_json::{Value, json};

use crate::{
    alias::{AliasTable, search::SearchDomains},
    args::ResolverArgs,
    config::{Forwarding, ResolverConfig},
    manifests,
    name::Domain,
    server::{BindError, Resolver},
    status,
    upstreams::Upstreams,
};

/// A week: what RFC 8767 section 4 takes for the longest sensible time to live.
const MAX_TTL: Duration = Duration::from_secs(7 * 24 * 3600);

/// Its command line.
#[must_use]
pub fn command() -> clap::Command {
    eastwest_daemon::command::<ResolverArgs>()
}

/// Runs the resolver from its command line to its end.
pub fn main(argv: impl IntoIterator<Item = OsString>) -> ExitCode {
    eastwest_daemon::main(argv, Config::new, run).into()
}

/// What a resolver runs with: settings that have been checked, and manifests that have been read.
#[derive(Debug)]
pub struct Config {
    resolver: ResolverConfig,
    manifests: Manifests,
}

impl Config {
    /// Reads the manifests and, where no upstream is given, resolv.conf.
    ///
    /// # Errors
    /// When a file cannot be read, there is no name server, or a setting is out of range. What is
    /// wrong inside a manifest is logged, and does not stop the rest.
    pub fn new(args: ResolverArgs) -> anyhow::Result<Self> {
        let cluster: Domain = args
            .cluster_domain
            .as_str()
            .parse()
            .context("--cluster-domain")?;
        let ttl = args.ttl.get();
        anyhow::ensure!(ttl <= MAX_TTL, "--ttl {}: longer than a week", args.ttl);
        let attempt_timeout = args.forwarding.upstream_timeout.get();
        anyhow::ensure!(
            !attempt_timeout.is_zero(),
            "--upstream-timeout 0: no server is that fast"
        );
        let forwarding = &args.forwarding;
        let found = Upstreams::find(&forwarding.upstreams, &forwarding.resolv_conf, &args.listen)
            .context("--upstream gives name servers by hand")?;
        for warning in &found.warnings {
            tracing::warn!("{warning}");
        }
        let mut resolver = ResolverConfig::new(args.listen, cluster.clone());
        resolver.ttl = u32::try_from(ttl.as_secs())?;
        resolver.search =
            SearchDomains::new(cluster, found.search.into_iter().chain(args.search_domains));
        resolver.forwarding = Forwarding {
            upstreams: found.addresses,
            rotate: found.rotate,
            attempt_timeout,
            at_once: usize::from(forwarding.max_forwards),
            ..Forwarding::default()
        };
        let options = Options {
            cluster_domain: args.cluster_domain,
            capture: args.mode.into(),
        };
        let manifests = manifests::read(Sources::new(args.manifests), options, args.ranges)?;
        Ok(Self {
            resolver,
            manifests,
        })
    }
}

/// Binds the resolver and serves until the process ends.
///
/// # Errors
/// When an address cannot be had, or an upstream is the resolver itself.
pub async fn run(config: Config, context: Context) -> anyhow::Result<Bound> {
    let table = Arc::new(ArcSwap::from_pointee(manifests::aliases(
        config.manifests.mesh(),
    )));
    let bind = || Resolver::bind(&config.resolver, Arc::clone(&table));
    let resolver = context.ports.once_free(bind, BindError::is_in_use).await;
    let resolver = resolver.map_err(with_flag)?;
    let bound = resolver
        .addresses()
        .into_iter()
        .fold(Bound::new(), |bound, address| {
            bound.with("resolver", address)
        });
    let shown = Arc::clone(&table);
    context
        .admin
        .section("aliases", move || show_aliases(&shown.load()));
    context.status.is_a(Role::Resolver);
    config.manifests.tell(&context.status);
    status::tell(&context.status, Arc::clone(&table), resolver.upstreams());
    let states = resolver.upstreams();
    context.admin.section("upstreams", move || {
        let upstreams = states.snapshot().into_iter();
        upstreams
            .map(|(address, state)| json!({ "address": address, "state": state.as_str() }))
            .collect()
    });
    tokio::spawn(manifests::follow(config.manifests, table, context.clone()));
    // Ends by itself, a few seconds after the last question; the drain waits for those answers.
    context
        .shutdown
        .spawn(resolver.serve(context.shutdown.stop_accepting_token()));
    Ok(bound)
}

/// Which flag changes it.
fn with_flag(error: BindError) -> anyhow::Error {
    let flag = match error {
        BindError::NoAddress | BindError::Address { .. } => "--listen gives another address",
        BindError::UpstreamIsSelf { .. } => "--upstream gives another name server",
    };
    anyhow::anyhow!("{error}; {flag}")
}

fn show_aliases(table: &AliasTable) -> Value {
    let mut aliases: Vec<_> = table
        .iter()
        .map(|(alias, addresses)| (alias.to_string(), addresses.collect::<Vec<_>>()))
        .collect();
    aliases.sort();
    let shown = aliases.into_iter();
    shown
        .map(|(alias, addresses)| json!({ "alias": alias, "addresses": addresses }))
        .collect()
}

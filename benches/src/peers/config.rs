//! How each program is told to do a job: files in its folder, and the command that runs it.

mod dnsmasq;
mod envoy;
mod haproxy;
mod nginx;
mod ours;
mod sniproxy;
mod stunnel;
mod unbound;

use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};
use eastwest::measure::peer::haproxy::AES_128;

use crate::bench::Bench;
use crate::place::Place;
use crate::row::Share;
use crate::subject::{Kind, Subject};

/// A program that is ready to be started.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) share: Share,
    pub(crate) command: Command,
}

/// Aliases that a resolver knows; asked for in turns.
pub(crate) const ALIASES: usize = 100;

impl Part {
    fn whole(command: Command) -> Self {
        Self {
            share: Share::Whole,
            command,
        }
    }

    /// The two ends of a tunnel. The server's end comes first, as it is dialled.
    fn ends(client: Command, server: Command) -> Vec<Self> {
        vec![
            Self {
                share: Share::ServerEnd,
                command: server,
            },
            Self {
                share: Share::ClientEnd,
                command: client,
            },
        ]
    }
}

/// A gateway with this many routes, all of which lead to the same server.
///
/// # Errors
/// When the subject does no such job, or files cannot be written.
pub(crate) fn gateway(
    bench: &Bench,
    subject: &Subject,
    place: &Place,
    routes: usize,
) -> anyhow::Result<Vec<Part>> {
    Ok(vec![Part::whole(match &subject.kind {
        Kind::Direct => return Ok(Vec::new()),
        Kind::Ours(ours) => ours::gateway(bench, ours, place, routes)?,
        Kind::Envoy(_) => envoy::gateway(bench, place, routes)?,
        Kind::HaProxy(tuning) => haproxy::gateway(bench, *tuning, place, routes)?,
        Kind::Nginx { buffer } => nginx::gateway(bench, *buffer, place, routes)?,
        Kind::Sniproxy => sniproxy::gateway(bench, place, routes)?,
        _ => bail!("{} is no gateway", subject.name),
    })])
}

/// Two ends of a tunnel: plain TCP in, mutual TLS 1.3 between them, plain TCP out.
///
/// # Errors
/// When the subject does no such job, or files cannot be written.
pub(crate) fn tunnel(bench: &Bench, subject: &Subject, place: &Place) -> anyhow::Result<Vec<Part>> {
    match &subject.kind {
        Kind::Direct => Ok(Vec::new()),
        Kind::Ours(ours) => ours::tunnel(bench, ours, place),
        Kind::Envoy(groups) => envoy::tunnel(bench, *groups, place),
        Kind::HaProxy(tuning) => haproxy::tunnel(bench, *tuning, place),
        Kind::Nginx { buffer } => nginx::tunnel(bench, *buffer, place),
        Kind::Stunnel => stunnel::tunnel(bench, place),
        _ => bail!("{} is no tunnel", subject.name),
    }
}

/// A resolver that has addresses for all aliases.
///
/// # Errors
/// When the subject does no such job, or files cannot be written.
pub(crate) fn resolver(
    bench: &Bench,
    subject: &Subject,
    place: &Place,
) -> anyhow::Result<Vec<Part>> {
    Ok(vec![Part::whole(match &subject.kind {
        Kind::Ours(ours) => ours::resolver(bench, ours, place)?,
        Kind::Unbound => unbound::resolver(bench, place)?,
        Kind::Dnsmasq => dnsmasq::resolver(bench, place)?,
        _ => bail!("{} is no resolver", subject.name),
    })])
}

/// An alias, as cluster B knows it.
pub(crate) fn alias(number: usize) -> String {
    format!("src-app-{number}.bench.svc.cluster.local")
}

/// All aliases.
pub(crate) fn aliases() -> Vec<String> {
    (0..ALIASES).map(alias).collect()
}

/// The address of an alias, the same whoever answers.
fn alias_address(number: usize) -> IpAddr {
    IpAddr::from([127, 75, 0, u8::try_from(number).unwrap_or(u8::MAX)])
}

/// Writes a file of a program's configuration.
fn write(place: &Place, name: &str, text: &str) -> anyhow::Result<PathBuf> {
    let path = place.dir.join(name);
    write_at(&path, text)?;
    Ok(path)
}

fn write_at(path: &Path, text: &str) -> anyhow::Result<()> {
    fs::write(path, text).with_context(|| format!("writing {}", path.display()))
}

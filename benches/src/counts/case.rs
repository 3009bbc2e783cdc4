//! What is counted.

use std::future::Future;
use std::hint::black_box;
use std::num::NonZeroU16;

use anyhow::Context;
use clap::ValueEnum;
use eastwest_benches::parts::aliases::{self, question, searched, zone};
use eastwest_benches::parts::ends::Ends;
use eastwest_benches::parts::names::{ALIAS, SNI, client_hello, exports};
use eastwest_benches::parts::streams::{Carrier, Streams};
use eastwest_mesh::alias::remote_host;
use eastwest_mesh::{Dialect, Hostname};
use eastwest_resolver::plain::Answer;
use eastwest_transport::client_hello::parse;
use eastwest_transport::sni::Sni;
use eastwest_transport::tls::Secured;
use tokio::io::duplex;
use tokio::runtime::{Builder, Runtime};

/// Of the records, one full and one of a small message.
const FULL: usize = 16 * 1024;
const SMALL: usize = 64;
/// Room for a whole flight of a handshake.
const WIRE: usize = 64 * 1024;
/// Small tables answer like this one.
const ALIASES: u32 = 1_000;

/// Does a case once.
type Work = Box<dyn FnMut() -> anyhow::Result<()>>;

/// A part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Case {
    /// A ClientHello is parsed
    ClientHello,
    /// A server name is parsed
    Sni,
    /// The pod of a server name is found, among 10
    #[value(name = "route-10")]
    Route10,
    /// Among 1,000
    #[value(name = "route-1000")]
    Route1000,
    /// Among 100,000
    #[value(name = "route-100000")]
    Route100000,
    /// An alias is mapped to its pod
    AliasRule,
    /// A record of 64 bytes is sealed
    #[value(name = "seal-64")]
    SealSmall,
    /// A record of 16 KiB is sealed
    #[value(name = "seal-16k")]
    SealFull,
    /// A record of 64 bytes is opened
    #[value(name = "open-64")]
    OpenSmall,
    /// A record of 16 KiB is opened
    #[value(name = "open-16k")]
    OpenFull,
    /// A mutual handshake, both ends
    Handshake,
    /// 64 bytes there and back through a relay, the app and the server included
    RelayPlain,
    /// That through two relays with TLS between them
    RelayTls,
    /// A question for an alias is answered
    AliasAnswer,
    /// A question for an alias with a search domain behind it is answered
    SearchedAnswer,
}

impl Case {
    /// As on the command line.
    pub(crate) fn name(self) -> String {
        let value = self.to_possible_value();
        value.map_or_else(String::new, |it| it.get_name().to_owned())
    }

    /// How often it is done: so often that what setting up takes more or less each time, by keys and
    /// hashes that are drawn, is no part of the count to speak of.
    pub(crate) const fn times(self) -> u32 {
        match self {
            Self::Handshake => 200,
            Self::SealFull | Self::OpenFull => 2_000,
            Self::RelayPlain | Self::RelayTls => 10_000,
            Self::SealSmall | Self::OpenSmall => 100_000,
            _ => 50_000,
        }
    }

    /// Sets it up, does it once, so that what is made at the first use is there, and then so often.
    ///
    /// # Errors
    /// When it cannot be done.
    pub(crate) fn perform(self, times: u32) -> anyhow::Result<()> {
        let mut work = self.set_up()?;
        for _ in 0..=times {
            work()?;
        }
        Ok(())
    }

    fn set_up(self) -> anyhow::Result<Work> {
        match self {
            Self::ClientHello => {
                let bytes = client_hello()?;
                Ok(Box::new(move || {
                    parse(black_box(&bytes))?;
                    Ok(())
                }))
            }
            Self::Sni => Ok(Box::new(|| {
                black_box(SNI).parse::<Sni>()?;
                Ok(())
            })),
            Self::Route10 => route(10),
            Self::Route1000 => route(1_000),
            Self::Route100000 => route(100_000),
            Self::AliasRule => {
                let (alias, domain): (Hostname, Hostname) =
                    (ALIAS.parse()?, aliases::DOMAIN.parse()?);
                Ok(Box::new(move || {
                    remote_host(black_box(&alias), &domain).context("no alias")?;
                    Ok(())
                }))
            }
            Self::SealSmall => seal(SMALL),
            Self::SealFull => seal(FULL),
            Self::OpenSmall => open(SMALL, self.times()),
            Self::OpenFull => open(FULL, self.times()),
            Self::Handshake => handshake(),
            Self::RelayPlain => relay(Carrier::Relay),
            Self::RelayTls => relay(Carrier::Tls),
            Self::AliasAnswer => answer(aliases::ALIAS),
            Self::SearchedAnswer => answer(&searched()),
        }
    }
}

fn runtime() -> anyhow::Result<Runtime> {
    Ok(Builder::new_current_thread().enable_all().build()?)
}

fn now<F: Future>(future: F) -> anyhow::Result<F::Output> {
    Ok(runtime()?.block_on(future))
}

fn route(names: usize) -> anyhow::Result<Work> {
    let (exports, host) = exports(names)?;
    let port = NonZeroU16::new(3306);
    Ok(Box::new(move || {
        let target = exports.target(Dialect::Istio, black_box(host.as_str()), port);
        target.ok().context("not exported")?;
        Ok(())
    }))
}

/// Both ends of a connection, the client's first.
fn secured() -> anyhow::Result<(Secured, Secured)> {
    let (mut near, mut far) = duplex(WIRE);
    now(Ends::make()?.agree(&mut near, &mut far))?
}

/// A record's room, with a plaintext of that length in it.
fn record(end: &Secured, length: usize) -> Vec<u8> {
    let frame = end.frame();
    vec![7; frame.front + length + frame.back]
}

fn seal(length: usize) -> anyhow::Result<Work> {
    let (mut client, _) = secured()?;
    let mut record = record(&client, length);
    Ok(Box::new(move || Ok(client.seal(&mut record)?)))
}

/// Each record has a number of its own, so that all are sealed before.
fn open(length: usize, times: u32) -> anyhow::Result<Work> {
    let (mut client, mut server) = secured()?;
    let mut sealed = Vec::new();
    for _ in 0..=times {
        let mut record = record(&client, length);
        client.seal(&mut record)?;
        sealed.push(record);
    }
    let mut sealed = sealed.into_iter();
    Ok(Box::new(move || {
        let mut record = sealed.next().context("no more records")?;
        server.open(&mut record)?;
        Ok(())
    }))
}

fn handshake() -> anyhow::Result<Work> {
    let (runtime, ends) = (runtime()?, Ends::make()?);
    Ok(Box::new(move || {
        let (mut near, mut far) = duplex(WIRE);
        runtime.block_on(ends.agree(&mut near, &mut far))?;
        Ok(())
    }))
}

fn relay(carrier: Carrier) -> anyhow::Result<Work> {
    let (runtime, ends) = (runtime()?, Ends::make()?);
    let mut streams = runtime.block_on(Streams::open(&ends, carrier, 1))?;
    Ok(Box::new(move || runtime.block_on(streams.there_and_back())))
}

fn answer(name: &str) -> anyhow::Result<Work> {
    let (zone, question) = (zone(ALIASES)?, question(name)?);
    let mut answer = Answer::default();
    Ok(Box::new(move || {
        let answered = zone.answer_plain(black_box(&question), &mut answer);
        answered.context("the question is not plain")?;
        Ok(())
    }))
}

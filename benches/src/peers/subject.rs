//! Who is measured: a program in one configuration.

use std::path::PathBuf;

use eastwest::measure::peer::envoy::Groups;
use eastwest::measure::peer::haproxy::Tuning;
use serde::Serialize;

use crate::args::Args;
use crate::job::Job;
use crate::tools::Tool;

/// A program in one configuration.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    /// As it is called in tables.
    pub(crate) name: String,
    pub(crate) kind: Kind,
}

/// What is run, and how it differs from its defaults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Nothing in between: what the load generator and the kernel take alone.
    Direct,
    Ours(Ours),
    Envoy(Groups),
    HaProxy(Tuning),
    /// With buffers of this size, in KiB; 16 is its default.
    Nginx {
        buffer: u32,
    },
    Sniproxy,
    Stunnel,
    Unbound,
    Dnsmasq,
}

/// A build of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ours {
    /// Where its programs are.
    pub(crate) dir: PathBuf,
    /// How many threads move data.
    pub(crate) threads: u8,
}

/// Whose program it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Family {
    /// Nobody's.
    Direct,
    Ours,
    Peer(Tool),
}

impl Kind {
    pub(crate) const fn family(&self) -> Family {
        match self {
            Self::Direct => Family::Direct,
            Self::Ours(_) => Family::Ours,
            Self::Envoy(_) => Family::Peer(Tool::Envoy),
            Self::HaProxy(_) => Family::Peer(Tool::HaProxy),
            Self::Nginx { .. } => Family::Peer(Tool::Nginx),
            Self::Sniproxy => Family::Peer(Tool::Sniproxy),
            Self::Stunnel => Family::Peer(Tool::Stunnel),
            Self::Unbound => Family::Peer(Tool::Unbound),
            Self::Dnsmasq => Family::Peer(Tool::Dnsmasq),
        }
    }
}

/// Everybody who does a job, ours first.
pub(crate) fn all(job: Job, args: &Args) -> Vec<Subject> {
    let ours = args.ours.iter().flat_map(|build| {
        args.threads.iter().map(|threads| Subject {
            name: match threads {
                1 => build.name.clone(),
                several => format!("{}-{several}-threads", build.name),
            },
            kind: Kind::Ours(Ours {
                dir: build.dir.clone(),
                threads: *threads,
            }),
        })
    });
    let others = peers(job).into_iter().map(|(name, kind)| Subject {
        name: name.to_owned(),
        kind,
    });
    ours.chain(others).collect()
}

fn peers(job: Job) -> Vec<(&'static str, Kind)> {
    let envoy = ("envoy", Kind::Envoy(Groups::PostQuantum));
    let haproxy = ("haproxy", Kind::HaProxy(Tuning::Defaults));
    let haproxy_64k = ("haproxy-64k", Kind::HaProxy(Tuning::Buffers));
    let nginx = ("nginx", Kind::Nginx { buffer: 16 });
    let nginx_64k = ("nginx-64k", Kind::Nginx { buffer: 64 });
    match job {
        Job::Gateway => vec![
            envoy,
            haproxy,
            haproxy_64k,
            ("haproxy-splice", Kind::HaProxy(Tuning::Splice)),
            ("haproxy-splice-1m", Kind::HaProxy(Tuning::SplicePipes)),
            ("haproxy-splice-all-1m", Kind::HaProxy(Tuning::SpliceAlways)),
            nginx,
            nginx_64k,
            ("sniproxy", Kind::Sniproxy),
            ("direct", Kind::Direct),
        ],
        Job::Tunnel => vec![
            envoy,
            ("envoy-x25519", Kind::Envoy(Groups::Classic)),
            haproxy,
            haproxy_64k,
            nginx,
            nginx_64k,
            ("stunnel", Kind::Stunnel),
            ("direct", Kind::Direct),
        ],
        Job::Resolver => vec![("unbound", Kind::Unbound), ("dnsmasq", Kind::Dnsmasq)],
    }
}

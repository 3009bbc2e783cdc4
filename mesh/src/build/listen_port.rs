//! The port at which connections to one port of an alias reach the shim, where that is not the port
//! itself: modes `port` and `service`.

use std::collections::{HashMap, HashSet};
use std::num::NonZeroU16;

use super::served::Candidate;
use super::shims_ports;
use crate::code::Code;
use crate::finding::Origin;
use crate::hostname::Hostname;
use crate::object::SERVICE_PORT;
use crate::route::DownRoute;
use crate::service_port;
use crate::virtual_ip::{Capture, DEFAULT_PORT_OFFSET};

/// Gives every port its own to listen at. What cannot have one is down in the mode that it is about,
/// and worth a note in the others: the same files may be for pods of several modes.
pub(super) fn assign<'a>(
    candidates: Vec<Candidate<'a>>,
    capture: Capture,
    down: &mut Vec<DownRoute>,
) -> Vec<Candidate<'a>> {
    match capture {
        Capture::Elsewhere => candidates,
        Capture::Vip | Capture::Redirect => {
            offset(candidates.iter(), DEFAULT_PORT_OFFSET, Telling::Note);
            service(candidates.iter(), Telling::Note);
            shims_ports::refuse(candidates, capture, down)
        }
        Capture::Port(by) => {
            service(candidates.iter(), Telling::Note);
            let ports = offset(candidates.iter(), by, Telling::Down(down));
            shims_ports::refuse(listening(candidates, ports), capture, down)
        }
        Capture::Service => {
            offset(candidates.iter(), DEFAULT_PORT_OFFSET, Telling::Note);
            let ports = service(candidates.iter(), Telling::Down(down));
            shims_ports::refuse(listening(candidates, ports), capture, down)
        }
    }
}

fn listening<'a>(
    candidates: Vec<Candidate<'a>>,
    ports: Vec<Option<NonZeroU16>>,
) -> Vec<Candidate<'a>> {
    let both = candidates.into_iter().zip(ports);
    both.filter_map(|(mut candidate, port)| {
        candidate.route.listen_port = port?;
        Some(candidate)
    })
    .collect()
}

/// How a port that cannot be had is told.
enum Telling<'d> {
    /// Somebody may want to know.
    Note,
    /// It is down.
    Down(&'d mut Vec<DownRoute>),
}

impl Telling<'_> {
    fn tell(
        &mut self,
        candidate: &Candidate<'_>,
        (code, mode): (Code, &str),
        origin: &Origin,
        message: String,
        fix: String,
    ) {
        let Candidate { alias, route, .. } = candidate;
        match self {
            Self::Note => {
                let message = format!("{message} in mode {mode}; {fix}");
                alias.entry.report.note(code, origin.mark(), message);
            }
            Self::Down(down) => {
                let message = format!("{message}, so it is not served");
                let reason = alias.error(code, origin, message, fix);
                down.push(alias.down(Some(route.port), reason));
            }
        }
    }
}

/// The port and a fixed number. Nobody must mean one port and reach another, so that a sum is not to
/// be a port of the alias itself.
fn offset<'c, 'a: 'c>(
    candidates: impl Iterator<Item = &'c Candidate<'a>> + Clone,
    by: NonZeroU16,
    mut telling: Telling<'_>,
) -> Vec<Option<NonZeroU16>> {
    let known = candidates.clone();
    let known: HashSet<_> = known
        .map(|one| (&one.route.alias, one.route.port))
        .collect();
    let shifted = candidates.map(|candidate| {
        let (alias, port) = (&candidate.route.alias, candidate.route.port);
        let sum = port.checked_add(by.get());
        let why = match sum {
            Some(sum) if !known.contains(&(alias, sum)) => return Some(sum),
            Some(sum) => format!(
                "{alias}:{port} would be dialled at {sum} ({port} + {by}), which is a port of {alias} \
                 itself"
            ),
            None => format!(
                "{alias}:{port} would be dialled at {port} + {by}, which is no port"
            ),
        };
        let fix = "give another --port-offset".to_owned();
        let origin = &candidate.route.origin;
        telling.tell(candidate, (Code::ShiftedPort, "port"), origin, why, fix);
        None
    });
    shifted.collect()
}

/// The written port, else the computed one. What is written comes before what is computed; of two that
/// are alike none has the port. Were it the first one's, a file that is added would lead the Service of
/// one database to another as soon as a pod starts anew.
fn service<'c, 'a: 'c>(
    candidates: impl Iterator<Item = &'c Candidate<'a>>,
    mut telling: Telling<'_>,
) -> Vec<Option<NonZeroU16>> {
    let wanted: Vec<Wanted<'_, '_>> = candidates.map(Wanted::of).collect();
    let mut by_port: HashMap<NonZeroU16, Vec<&Wanted<'_, '_>>> = HashMap::new();
    for one in &wanted {
        by_port.entry(one.port).or_default().push(one);
    }
    // What is proposed is nobody else's, so that whoever does all that is said is through.
    let mut proposed = HashSet::new();
    let assigned = wanted.iter().map(|one| {
        let rivals = by_port.get(&one.port).map_or(&[][..], Vec::as_slice);
        let Some(rival) = one.rival(rivals) else {
            return Some(one.port);
        };
        let (own, other) = (&one.candidate.route, &rival.candidate.route);
        let port = one.port;
        let message = format!(
            "{}:{} has the service port {port}, and so has {}:{} at {}; a port leads to one of them only",
            own.alias, own.port, other.alias, other.port, other.origin
        );
        let fix = if one.keeps(rivals) {
            format!("give {} another one, and {} keeps this", other.alias, own.alias)
        } else {
            let taken = |port| by_port.contains_key(&port) || proposed.contains(&port);
            match service_port::free(&own.alias, own.port, taken) {
                Some(free) => {
                    proposed.insert(free);
                    format!(
                        "write the annotation {SERVICE_PORT}: \"{}{free}\" on the ServiceEntry of {}",
                        whose(one.candidate),
                        own.alias
                    )
                }
                None => "no port from 20000 to 29999 is free".to_owned(),
            }
        };
        let about = (Code::ServicePortTaken, "service");
        telling.tell(one.candidate, about, &one.origin, message, fix);
        None
    });
    assigned.collect()
}

/// The port that a route would have.
struct Wanted<'c, 'a> {
    candidate: &'c Candidate<'a>,
    port: NonZeroU16,
    is_written: bool,
    origin: Origin,
}

impl<'c, 'a> Wanted<'c, 'a> {
    fn of(candidate: &'c Candidate<'a>) -> Self {
        let Candidate { alias, route, .. } = candidate;
        let mut written = alias.entry.value.service_ports.iter();
        match written.find(|written| written.value.is_for(&route.alias, route.port)) {
            Some(written) => Self {
                candidate,
                port: written.value.number,
                is_written: true,
                origin: written.origin.clone(),
            },
            None => Self {
                candidate,
                port: service_port::computed(&route.alias, route.port),
                is_written: false,
                origin: route.origin.clone(),
            },
        }
    }

    fn name(&self) -> (&'c Hostname, NonZeroU16) {
        let route = &self.candidate.route;
        (&route.alias, route.port)
    }

    /// Another of those who want the port that has as good a claim to it, or a better one. One that is
    /// defined twice is no rival of itself.
    fn rival<'w>(&self, all: &[&'w Self]) -> Option<&'w Self> {
        let others = all.iter().filter(|other| other.name() != self.name());
        let mut rivals = others.filter(|other| other.is_written >= self.is_written);
        rivals.next().copied()
    }

    /// Whether it is the one that need not change: the first by name of those with the best claim, in
    /// any order of the files.
    fn keeps(&self, all: &[&Self]) -> bool {
        let claim = |one: &Self| (!one.is_written, one.name());
        all.iter().all(|other| claim(self) <= claim(other))
    }
}

/// What has to stand before the number where the ServiceEntry has several hosts or ports.
fn whose(candidate: &Candidate<'_>) -> String {
    let entry = &candidate.alias.entry.value;
    let port = candidate.route.port;
    match (entry.hosts.len(), entry.ports.len()) {
        (1, 1) => String::new(),
        (1, _) => format!("{port}="),
        _ => format!("{}:{port}=", candidate.route.alias),
    }
}

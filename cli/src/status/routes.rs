//! `eastwest routes`: the routes of a server, how each does, and why it is as it is.

use std::io::{self, Write};
use std::process::ExitCode;

use serde_json::Value;

use super::server::{AdminArgs, AdminError};
use super::told::{Route, RouteState, Told};
use super::{Output, ROUTE_DOWN, USAGE, print_json};
use crate::one_line::in_one_line;
use crate::table::Table;

/// How many names are told instead of one that is not there.
const NAMED: usize = 10;
/// Slips of the keyboard in one label.
const SLIPS: usize = 3;

/// List the routes of a running gateway or shim, and how each does
///
/// A route is up where its last connection was answered, down where that came to nothing or it cannot be used
/// at all, degraded where it can be in part, and unknown where none of that is known: nobody has come for it, the
/// far end has said nothing, or the failure is a quarter of an hour old. The worst come first.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit status: 0 no route of those that are shown is down, 1 the server could not be asked,
2 wrong usage, or there is no such route, 4 a route is down.

Examples:
  eastwest routes
  eastwest routes src-db-pxc-0 --explain")]
pub struct RoutesArgs {
    /// Only these: a route's name, or the first label of it, with :PORT for one port of several
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Say which object, line by line, has made each what it is
    #[arg(long)]
    explain: bool,
    #[command(flatten)]
    server: AdminArgs,
    /// How to print
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value = "text")]
    output: Output,
}

/// There is no such route, or there are several.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
struct NoRoute(String);

/// Runs it.
///
/// # Errors
/// When the server cannot be asked, or nothing be printed.
pub fn run(args: &RoutesArgs) -> anyhow::Result<ExitCode> {
    let told = Told::by(&args.server)?;
    let shown = match chosen(&args.names, &told, |name| {
        Told::of_routes(&args.server, name)
    })? {
        Ok(shown) => shown,
        Err(error) => {
            let said = in_one_line(&error.to_string());
            let _ = writeln!(io::stderr(), "eastwest: {said}");
            return Ok(ExitCode::from(USAGE));
        }
    };
    let routes: Vec<&Route> = shown.iter().map(|(route, _)| route).collect();
    let mut out = io::stdout().lock();
    match args.output {
        Output::Json => {
            let whole = shown.iter().map(|(_, whole)| whole.clone());
            print_json(&mut out, &Value::Array(whole.collect()))?;
        }
        Output::Text if args.explain => explain(&mut out, &routes)?,
        Output::Text => print(&mut out, &routes)?,
    }
    let untold = told.status.untold();
    if args.names.is_empty() && untold > 0 {
        let _ = writeln!(
            io::stderr(),
            "{untold} more routes are not listed: an answer has no more; `eastwest routes NAME` finds each"
        );
    }
    let is_any_down = match args.names.is_empty() {
        true => told.status.is_any_down(),
        false => routes.iter().any(|route| route.state == RouteState::Down),
    };
    Ok(match is_any_down {
        true => ExitCode::from(ROUTE_DOWN),
        false => ExitCode::SUCCESS,
    })
}

/// A route, and all that is told of it.
type Shown = (Route, Value);

/// Which routes; all where no name is given. Where not all are told, the server is asked for those of a name.
fn chosen(
    names: &[String],
    told: &Told,
    ask: impl Fn(&str) -> Result<Told, AdminError>,
) -> Result<Result<Vec<Shown>, NoRoute>, AdminError> {
    let all = &told.status.routes;
    if names.is_empty() {
        return Ok(Ok((0..all.len())
            .filter_map(|place| shown(told, place))
            .collect()));
    }
    let mut which: Vec<Shown> = Vec::new();
    for name in names {
        let narrow = match told.status.untold() {
            0 => None,
            _ => Some(ask(label_and_port(name).0)?),
        };
        let of = narrow.as_ref().unwrap_or(told);
        let found = of_name(name, &of.status.routes);
        if found.is_empty() {
            return Ok(Err(NoRoute(match of.status.untold() {
                0 => format!("there is no route {name}{}", hint(name, told)),
                untold => format!(
                    "there is no route {name} among those that the server tells; {untold} more are not told"
                ),
            })));
        }
        for new in found.into_iter().filter_map(|place| shown(of, place)) {
            if !which.iter().any(|(route, _)| is_same(route, &new.0)) {
                which.push(new);
            }
        }
    }
    which.sort_by_key(|(route, _)| route.state);
    Ok(Ok(which))
}

fn is_same(one: &Route, other: &Route) -> bool {
    (&one.direction, &one.name) == (&other.direction, &other.name)
}

fn shown(told: &Told, place: usize) -> Option<Shown> {
    let route = told.status.routes.get(place)?.clone();
    let whole = told.whole.get("routes")?.get(place)?.clone();
    Some((route, whole))
}

/// The routes of that name, whole or up to a dot or the port; several where an alias has several ports.
fn of_name(name: &str, routes: &[Route]) -> Vec<usize> {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let places = || routes.iter().enumerate();
    let exact = places().filter(|(_, route)| route.name == name);
    let exact: Vec<usize> = exact.map(|(place, _)| place).collect();
    if !exact.is_empty() {
        return exact;
    }
    let (label, asked) = label_and_port(&name);
    let begins = |route: &Route| {
        let rest = host(route).strip_prefix(label);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', ':']))
            && asked.is_none_or(|asked| port(route) == Some(asked))
    };
    let found = places().filter(|(_, route)| begins(route));
    found.map(|(place, _)| place).collect()
}

/// What a name that is asked for begins with, and the port behind it.
fn label_and_port(name: &str) -> (&str, Option<&str>) {
    let (label, port) = match name.split_once(':') {
        Some((label, port)) => (label, Some(port)),
        None => (name, None),
    };
    (label.trim_end_matches('.'), port)
}

/// The part of its name that people know: in a server name of Istio's, the host.
fn host(route: &Route) -> &str {
    match route.name.split_once("_._.") {
        Some((_, host)) => host,
        None => &route.name,
    }
}

/// The port in its name: behind an alias, and in a server name of Istio's before the host.
fn port(route: &Route) -> Option<&str> {
    let (_, port) = match route.name.split_once("_._.") {
        Some((before, _)) => before.rsplit_once("_.")?,
        None => route.name.rsplit_once(':')?,
    };
    Some(port)
}

fn hint(name: &str, told: &Told) -> String {
    let routes = &told.status.routes;
    let label = |name: &str| {
        let end = name.find(['.', ':']).unwrap_or(name.len());
        name.get(..end).unwrap_or(name).to_ascii_lowercase()
    };
    let asked = label(name);
    let distance = |route: &&Route| strsim::damerau_levenshtein(&label(host(route)), &asked);
    let nearest = routes.iter().map(|route| (distance(&route), route));
    let nearest = nearest.min_by_key(|(distance, _)| *distance);
    match nearest {
        None => "; there is none at all".to_owned(),
        Some((distance, route)) if distance <= SLIPS && distance < asked.len() => {
            format!("; did you mean {}?", host(route))
        }
        Some(_) => {
            let some: Vec<_> = routes.iter().take(NAMED).map(host).collect();
            let more = match told.status.routes_total.saturating_sub(NAMED) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            format!("; there is {}{more}", some.join(", "))
        }
    }
}

fn print(out: &mut impl Write, routes: &[&Route]) -> io::Result<()> {
    let mut table = Table::new([
        "STATE",
        "ROUTE",
        "DIRECTION",
        "OPEN",
        "SO FAR",
        "DIALLED AT",
    ]);
    for route in routes {
        let number = |count: Option<u64>| count.map_or_else(|| "-".to_owned(), |n| n.to_string());
        let places: Vec<_> = route.endpoints.iter().map(|e| e.address.as_str()).collect();
        table.row([
            route.state.word().to_owned(),
            in_one_line(&route.name),
            in_one_line(&route.direction),
            number(route.open),
            number(route.opened),
            in_one_line(&places.join(", ")),
        ]);
    }
    table.print(out)?;
    for route in routes {
        if let Some(reason) = route.why() {
            writeln!(
                out,
                "\n  {}: {}",
                in_one_line(&route.name),
                in_one_line(&reason)
            )?;
        }
    }
    Ok(())
}

fn explain(out: &mut impl Write, routes: &[&Route]) -> io::Result<()> {
    for (place, route) in routes.iter().enumerate() {
        if place > 0 {
            writeln!(out)?;
        }
        let origin = route.origin.as_deref();
        let origin = origin.map_or_else(String::new, |origin| format!(", by {origin}"));
        let head = format!("{} is {}{origin}", route.name, route.state.word());
        writeln!(out, "{}", in_one_line(&head))?;
        let reason = route.why().into_iter();
        let reason = reason.map(|reason| format!("because {reason}"));
        let explained = route.explain.iter().cloned();
        let listens = (!route.listens.is_empty())
            .then(|| format!("it is listened for at {}", route.listens.join(", ")));
        let endpoints = route.endpoints.iter().map(|endpoint| {
            let reason = endpoint.reason.as_deref();
            let reason = reason.map_or_else(String::new, |reason| format!(": {reason}"));
            format!("{} is {}{reason}", endpoint.address, endpoint.state)
        });
        let identities = (!route.identities.is_empty())
            .then(|| format!("at the far end may be {}", route.identities.join(" or ")));
        let sentences = reason.chain(explained).chain(listens).chain(endpoints);
        for sentence in sentences.chain(identities) {
            writeln!(out, "  {}", in_one_line(&sentence))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;

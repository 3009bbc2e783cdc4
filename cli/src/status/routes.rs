//! `eastwest routes`: the routes of a server, how each does, and why it is as it is.

use std::io::{self, Write};
use std::process::ExitCode;

use serde_json::Value;

use super::server::AdminArgs;
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
/// A route is up where its last connection was made, down where that came to nothing or it cannot be used
/// at all, degraded where it can be in part, and unknown where nothing has gone over it yet. The worst come
/// first.
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
    let routes = &told.status.routes;
    let which = match chosen(&args.names, routes) {
        Ok(which) => which,
        Err(error) => {
            let _ = writeln!(
                io::stderr(),
                "eastwest: {}",
                in_one_line(&error.to_string())
            );
            return Ok(ExitCode::from(USAGE));
        }
    };
    let shown: Vec<&Route> = which.iter().filter_map(|&i| routes.get(i)).collect();
    let mut out = io::stdout().lock();
    match args.output {
        Output::Json => print_json(&mut out, &json(&told.whole, &which))?,
        Output::Text if args.explain => explain(&mut out, &shown)?,
        Output::Text => print(&mut out, &shown)?,
    }
    let unlisted = told.status.routes_total.saturating_sub(routes.len());
    if args.names.is_empty() && unlisted > 0 {
        let _ = writeln!(
            io::stderr(),
            "{unlisted} more routes are not told: nothing is known of them"
        );
    }
    let down = shown.iter().any(|route| route.state == RouteState::Down);
    Ok(match down {
        true => ExitCode::from(ROUTE_DOWN),
        false => ExitCode::SUCCESS,
    })
}

/// Which routes, by their place; all where no name is given.
fn chosen(names: &[String], routes: &[Route]) -> Result<Vec<usize>, NoRoute> {
    if names.is_empty() {
        return Ok((0..routes.len()).collect());
    }
    let mut which = Vec::new();
    for name in names {
        let found = of_name(name, routes);
        if found.is_empty() {
            return Err(NoRoute(format!(
                "there is no route {name}{}",
                hint(name, routes)
            )));
        }
        which.extend(found);
    }
    which.sort_unstable();
    which.dedup();
    Ok(which)
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
    let (label, asked) = match name.split_once(':') {
        Some((label, port)) => (label.trim_end_matches('.'), Some(port)),
        None => (name.as_str(), None),
    };
    let begins = |route: &Route| {
        let rest = host(route).strip_prefix(label);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', ':']))
            && asked.is_none_or(|asked| port(route) == Some(asked))
    };
    let found = places().filter(|(_, route)| begins(route));
    found.map(|(place, _)| place).collect()
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

fn hint(name: &str, routes: &[Route]) -> String {
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
            let more = match routes.len().saturating_sub(NAMED) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            format!("; there is {}{more}", some.join(", "))
        }
    }
}

fn json(whole: &Value, which: &[usize]) -> Value {
    let all = whole.get("routes").and_then(Value::as_array);
    let routes = which.iter().filter_map(|&i| all?.get(i)).cloned();
    Value::Array(routes.collect())
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
        if let Some(reason) = &route.reason {
            writeln!(
                out,
                "\n  {}: {}",
                in_one_line(&route.name),
                in_one_line(reason)
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
        let reason = route
            .reason
            .iter()
            .map(|reason| format!("because {reason}"));
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
mod tests {
    use super::*;

    fn routes(names: &[&str]) -> Vec<Route> {
        let route = |name: &&str| Route {
            name: (*name).to_owned(),
            direction: "outbound".to_owned(),
            state: RouteState::Up,
            reason: None,
            listens: Vec::new(),
            endpoints: Vec::new(),
            identities: Vec::new(),
            origin: None,
            explain: Vec::new(),
            open: None,
            opened: None,
        };
        names.iter().map(route).collect()
    }

    #[test]
    fn a_route_is_found_by_its_name_its_alias_and_its_first_label() {
        let routes = routes(&[
            "src-db-0.pxc.svc.cluster.local:3306",
            "src-db-0.pxc.svc.cluster.local:3307",
            "src-db-1.pxc.svc.cluster.local:3306",
            "outbound_.3306_._.db-2.db.pxc.svc.cluster.local",
        ]);
        let found = |name: &str| chosen(&[name.to_owned()], &routes).map_err(|e| e.to_string());
        assert_eq!(found("src-db-0.pxc.svc.cluster.local:3307"), Ok(vec![1]));
        assert_eq!(found("src-db-0.pxc.svc.cluster.local"), Ok(vec![0, 1]));
        assert_eq!(found("SRC-DB-1"), Ok(vec![2]));
        assert_eq!(found("db-2"), Ok(vec![3]));
        assert_eq!(found("src-db-0:3307"), Ok(vec![1]));
        assert_eq!(found("src-db-0.pxc:3306"), Ok(vec![0]));
        assert_eq!(found("db-2:3306"), Ok(vec![3]));
        assert!(found("db-2:3307").is_err());
        assert_eq!(chosen(&[], &routes), Ok(vec![0, 1, 2, 3]));
        assert_eq!(
            found("src-bd-1"),
            Err(
                "there is no route src-bd-1; did you mean src-db-1.pxc.svc.cluster.local:3306?"
                    .to_owned()
            )
        );
        let elsewhere = found("payments").unwrap_err();
        assert!(elsewhere.contains("; there is src-db-0.pxc"), "{elsewhere}");
    }

    #[test]
    fn no_part_of_a_label_is_a_route() {
        let routes = routes(&["src-db-10.pxc.svc.cluster.local:3306"]);
        assert!(chosen(&["src-db-1".to_owned()], &routes).is_err());
    }
}

//! `eastwest status`: how a server does, in some lines.

use std::io::{self, Write};
use std::process::ExitCode;

use super::quantities::{bytes, count, time};
use super::server::AdminArgs;
use super::told::{Manifests, RouteState, Status, Told};
use super::{NOT_READY, Output, REFUSED, ROUTE_DOWN, print_json};
use crate::one_line::in_one_line;

/// Say how a running gateway, resolver or shim does
///
/// Asks its admin address: whether it is ready and what it waits for, its routes and certificates, its
/// connections, what came of reading its files again.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit status: 0 it is ready and no route is down, 1 it could not be asked, 2 wrong usage,
3 it is not ready (starting, draining, or something is missing), 4 it is ready, and a route is down, or
its manifests have errors: what these are about it does not serve, 6 all is well as it was, but the files
as they are now are refused: what somebody has changed in them is not in force.

Examples:
  eastwest status
  eastwest status --admin 127.0.0.1:15000 -o json
  kubectl port-forward pod/db-pxc-0 15000     # and, meanwhile: eastwest status
  kubectl exec POD -c eastwest-shim -- eastwest status

The last is for pods whose shim is `eastwest shim`, of the image eastwest: the other images have a server each
and nothing else.")]
pub struct StatusArgs {
    #[command(flatten)]
    server: AdminArgs,
    /// How to print
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value = "text")]
    output: Output,
}

/// Runs it.
///
/// # Errors
/// When the server cannot be asked, or nothing be printed.
pub fn run(args: &StatusArgs) -> anyhow::Result<ExitCode> {
    let told = Told::by(&args.server)?;
    let mut out = io::stdout().lock();
    match args.output {
        Output::Text => print(&mut out, &told.status)?,
        Output::Json => print_json(&mut out, &told.whole)?,
    }
    Ok(ExitCode::from(exit_status(&told.status)))
}

/// The worst of it.
fn exit_status(status: &Status) -> u8 {
    match status.state.as_str() {
        "ready" if status.is_any_down() || status.manifests.errors_total > 0 => ROUTE_DOWN,
        "ready" if status.reload.outcome == "failed" => REFUSED,
        "ready" => 0,
        _ => NOT_READY,
    }
}

fn print(out: &mut impl Write, status: &Status) -> io::Result<()> {
    let program = &status.program;
    writeln!(
        out,
        "{} {} on {}, process {}: {}, up {}",
        in_one_line(program.name.as_deref().unwrap_or("server")),
        in_one_line(program.version.as_deref().unwrap_or("-")),
        in_one_line(program.host.as_deref().unwrap_or("-")),
        program.pid,
        in_one_line(&status.state),
        time(status.uptime_seconds),
    )?;
    for blocked in &status.blocked {
        line(
            out,
            "waits for",
            &format!("{}: {}", blocked.name, blocked.reason),
        )?;
    }
    for listener in &status.listeners {
        line(
            out,
            "listens",
            &format!("{} at {}", listener.name, listener.address),
        )?;
    }
    routes(out, status)?;
    manifests(out, status)?;
    for certificate in &status.certificates {
        let left = time(certificate.seconds_left as f64);
        let days = match certificate.seconds_left < 0 {
            false => format!("{left} left"),
            true => format!("over for {left}"),
        };
        let said = format!(
            "{} {}: {}, {days}",
            certificate.name, certificate.subject, certificate.state
        );
        line(out, "certificate", &said)?;
    }
    names(out, status)?;
    let (totals, open) = (&status.totals, status.connections.open);
    let said = format!(
        "{open} open, {} since the start; {} to upstreams, {} back",
        totals.opened,
        bytes(totals.bytes_to_upstream as f64),
        bytes(totals.bytes_to_peer as f64),
    );
    line(out, "connections", &said)?;
    let reload = &status.reload;
    match (&reload.at, &reload.message) {
        (Some(at), Some(message)) => line(
            out,
            "last reload",
            &format!("{} at {at}: {message}", reload.outcome),
        ),
        _ => line(
            out,
            "last reload",
            "none: the files of the start are in force",
        ),
    }
}

fn manifests(out: &mut impl Write, status: &Status) -> io::Result<()> {
    let Manifests {
        errors,
        errors_total,
    } = &status.manifests;
    if *errors_total == 0 {
        return Ok(());
    }
    let said = format!(
        "{}, and what they are about is not served",
        count(*errors_total, "error")
    );
    line(out, "MANIFESTS", &said)?;
    for error in errors {
        line(out, "", error)?;
    }
    Ok(())
}

fn routes(out: &mut impl Write, status: &Status) -> io::Result<()> {
    let states = [
        RouteState::Down,
        RouteState::Degraded,
        RouteState::Up,
        RouteState::Unknown,
        RouteState::Other,
    ];
    let counts = states.map(|state| (state, status.count(state)));
    let some = counts.iter().filter(|(_, count)| *count > 0);
    let each: Vec<_> = some
        .map(|(state, count)| format!("{count} {}", state.word()))
        .collect();
    let mut said = count(status.routes_total, "route");
    if !each.is_empty() {
        said = format!("{said}: {}", each.join(", "));
    }
    line(out, "routes", &said)?;
    let bad = |state| matches!(state, RouteState::Down | RouteState::Degraded);
    for route in status.routes.iter().filter(|route| bad(route.state)) {
        let reason = route.why().unwrap_or_else(|| "-".to_owned());
        line(
            out,
            route.state.word(),
            &format!("{}: {reason}", route.name),
        )?;
    }
    let listed = status
        .routes
        .iter()
        .filter(|route| bad(route.state))
        .count();
    let all = status.count(RouteState::Down) + status.count(RouteState::Degraded);
    if all > listed {
        let said = format!(
            "{} more are not well and not told: `eastwest routes NAME` finds each",
            all - listed
        );
        line(out, "", &said)?;
    }
    if status.totals.uncounted > 0 {
        let some = count(status.totals.uncounted as usize, "connection");
        let said = format!("{some} came by more of them than are counted, and is in none of these");
        line(out, "NOT COUNTED", &said)?;
    }
    Ok(())
}

fn names(out: &mut impl Write, status: &Status) -> io::Result<()> {
    let Some(names) = &status.names else {
        return Ok(());
    };
    let servers: Vec<_> = names
        .name_servers
        .iter()
        .map(|server| match server.state.as_str() {
            "unasked" => format!("{} (not asked yet)", server.address),
            state => format!("{} {state}", server.address),
        })
        .collect();
    let others = match servers.as_slice() {
        [] => "nobody is asked for others".to_owned(),
        _ => format!("others are asked of {}", servers.join(", ")),
    };
    let aliases = match names.aliases {
        1 => "1 alias is".to_owned(),
        count => format!("{count} aliases are"),
    };
    line(out, "names", &format!("{aliases} answered; {others}"))?;
    for down in &names.down {
        line(
            out,
            "NOT ANSWERED",
            &format!("{}: {}", down.alias, down.reason),
        )?;
    }
    Ok(())
}

fn line(out: &mut impl Write, what: &str, said: &str) -> io::Result<()> {
    writeln!(out, "  {what:<13}{}", in_one_line(said))
}

#[cfg(test)]
mod tests;

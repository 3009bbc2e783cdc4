//! What the capture step says: text for people, JSON for programs.

use std::io::{self, Write};

use ipnet::IpNet;
use serde_json::{Value, json};

use super::error::CaptureError;
use super::own_network;
use super::range::VirtualRange;
use super::route::{Reachability, reachability};
use super::ruleset::{Ruleset, TABLE};

/// How to say it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// One JSON object.
    Json,
}

/// What was found beside the rules themselves.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Report {
    /// Capture does not work, or not safely.
    pub(super) problems: Vec<String>,
    /// Worth knowing.
    pub(super) notes: Vec<String>,
}

impl Report {
    /// Looks whose the ranges are, and asks for a route to each. One address family without a route is usual (most pods
    /// have one family); all of them without one means that no virtual IP can be dialled.
    pub(super) fn of_routes(ranges: &[VirtualRange]) -> Result<Self, CaptureError> {
        let mut report = Self {
            problems: own_network::problems(ranges)?,
            notes: Vec::new(),
        };
        let mut unroutable = Vec::new();
        for range in ranges {
            match reachability(*range)? {
                Reachability::Routed => {}
                Reachability::Local => report.problems.push(format!(
                    "{range} has a `local` route: wherever the rules are lost, its virtual IPs \
                     reach this pod's own listeners (its mysqld on 0.0.0.0:3306); remove it: \
                     `{} route del local {range} dev lo`",
                    ip_command(*range)
                )),
                Reachability::Unroutable(reason) => unroutable.push((*range, reason)),
            }
        }
        let nowhere = unroutable.len() == ranges.len();
        for (range, reason) in unroutable {
            let cure = match range.network() {
                IpNet::V4(_) => "lay one with `eastwest-shim capture lay --route`",
                IpNet::V6(_) => "the pod needs an IPv6 default route",
            };
            if nowhere {
                report.problems.push(format!(
                    "no route to {range} ({reason}): connecting to its virtual IPs fails before \
                     any rule is asked; {cure}"
                ));
            } else {
                report
                    .notes
                    .push(format!("no route to {range} ({reason}): {cure} to use it"));
            }
        }
        Ok(report)
    }

    pub(super) fn laid(
        &self,
        out: &mut dyn Write,
        format: Format,
        ruleset: &Ruleset,
    ) -> io::Result<()> {
        match format {
            Format::Text => {
                writeln!(out, "{ruleset}")?;
                self.write_text(out)
            }
            Format::Json => write_json(
                out,
                &json!({
                    "table": format!("inet {TABLE}"),
                    "chains": chains(ruleset),
                    "problems": self.problems,
                    "notes": self.notes,
                }),
            ),
        }
    }

    pub(super) fn checked(&self, out: &mut dyn Write, format: Format) -> io::Result<()> {
        match format {
            Format::Text if self.problems.is_empty() => {
                writeln!(out, "ok: table inet {TABLE} is as it should be")?;
                self.write_text(out)
            }
            Format::Text => self.write_text(out),
            Format::Json => write_json(
                out,
                &json!({
                    "ok": self.problems.is_empty(),
                    "problems": self.problems,
                    "notes": self.notes,
                }),
            ),
        }
    }

    fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        for problem in &self.problems {
            writeln!(out, "problem: {problem}")?;
        }
        for note in &self.notes {
            writeln!(out, "note: {note}")?;
        }
        Ok(())
    }
}

fn chains(ruleset: &Ruleset) -> Vec<Value> {
    let words = |rules: &[super::rule::Rule]| -> Vec<String> {
        rules.iter().map(ToString::to_string).collect()
    };
    ruleset
        .chains
        .iter()
        .map(|chain| {
            json!({
                "name": chain.name,
                "type": chain.attachment.chain_type,
                "hook": chain.attachment.hook.to_string(),
                "priority": chain.attachment.priority,
                "rules": words(&chain.rules),
            })
        })
        .collect()
}

fn ip_command(range: VirtualRange) -> &'static str {
    if range.network().network().is_ipv4() {
        "ip"
    } else {
        "ip -6"
    }
}

fn write_json(out: &mut dyn Write, value: &Value) -> io::Result<()> {
    writeln!(out, "{value:#}")
}

//! What is in the kernel, which may be anything, and how it differs from what is wanted.

use super::expression::Expression;
use super::rule::Rule;
use super::ruleset::{Attachment, Chain, Ruleset, TABLE};

/// The table as read from the kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installed {
    /// Somebody has switched the table off as a whole.
    pub dormant: bool,
    /// In the kernel's order.
    pub chains: Vec<InstalledChain>,
}

/// A chain as read from the kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstalledChain {
    /// Its name.
    pub name: String,
    /// `None`: no packet enters it but by a jump.
    pub attachment: Option<Attachment>,
    /// In order.
    pub rules: Vec<InstalledRule>,
}

/// A rule as read from the kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InstalledRule {
    /// Of a shape that eastwest lays.
    Readable(Rule),
    /// Of another shape; the names of its expressions.
    Foreign(String),
}

impl InstalledRule {
    pub(super) fn foreign(expressions: &[Expression]) -> Self {
        let names: Vec<&str> = expressions.iter().map(Expression::name).collect();
        Self::Foreign(format!("[{}]", names.join(" ")))
    }

    fn words(&self) -> String {
        match self {
            Self::Readable(rule) => rule.to_string(),
            Self::Foreign(names) => format!("{names} (not of a shape eastwest lays)"),
        }
    }
}

/// How `found` differs from `wanted`, a sentence each. Empty: it does not.
pub fn differences(wanted: &Ruleset, found: Option<&Installed>) -> Vec<String> {
    let Some(found) = found else {
        return vec![format!(
            "table inet {TABLE} is not there: nothing is redirected or guarded"
        )];
    };
    let mut list = Vec::new();
    if found.dormant {
        list.push(format!(
            "table inet {TABLE} is dormant: none of its chains is in force"
        ));
    }
    for chain in &wanted.chains {
        match found.chains.iter().find(|c| c.name == chain.name) {
            Some(installed) => chain_differences(chain, installed, &mut list),
            None => list.push(format!("chain {}: missing", chain.name)),
        }
    }
    for chain in &found.chains {
        if !wanted.chains.iter().any(|c| c.name == chain.name) {
            list.push(format!("chain {}: not laid by eastwest", chain.name));
        }
    }
    list
}

fn chain_differences(wanted: &Chain, found: &InstalledChain, list: &mut Vec<String>) {
    let name = &wanted.name;
    match &found.attachment {
        Some(attachment) if *attachment == wanted.attachment => {}
        Some(attachment) => list.push(format!(
            "chain {name}: is attached as `{attachment}`, should be `{}`",
            wanted.attachment
        )),
        None => list.push(format!(
            "chain {name}: is attached nowhere, should be `{}`",
            wanted.attachment
        )),
    }

    // A rule wanted twice must be there twice: each one found is used up.
    let mut surplus: Vec<&InstalledRule> = found.rules.iter().collect();
    let before = list.len();
    for rule in &wanted.rules {
        let same = |r: &&InstalledRule| matches!(r, InstalledRule::Readable(r) if r == rule);
        match surplus.iter().position(same) {
            Some(index) => drop(surplus.remove(index)),
            None => list.push(format!("chain {name}: missing rule `{rule}`")),
        }
    }
    for rule in surplus {
        list.push(format!("chain {name}: unexpected rule `{}`", rule.words()));
    }
    let in_order = wanted
        .rules
        .iter()
        .zip(&found.rules)
        .all(|(w, f)| matches!(f, InstalledRule::Readable(f) if f == w));
    if list.len() == before && !in_order {
        list.push(format!(
            "chain {name}: the rules are there, but in another order"
        ));
    }
}

#[cfg(test)]
mod tests;

//! What there is to know of each code: the text of `eastwest explain` and of docs/lint-codes.md.

use super::Code;

mod aliases;
mod chains;
mod entries;
mod gateways;
mod here;
mod hosts;
mod policies;
mod reading;
mod routes;
mod rules;

/// The page of one code.
#[derive(Clone, Copy, Debug)]
pub struct CodePage {
    /// The code.
    pub code: Code,
    /// What is wrong, in a few words.
    pub title: &'static str,
    /// What follows from it, and on which side.
    pub happens: &'static str,
    /// What to do.
    pub fix: &'static str,
    /// Text with the fault, and without it.
    pub example: Example,
}

/// The tests see to it that `wrong` gives the code and `right` does not.
#[derive(Clone, Copy, Debug)]
pub struct Example {
    /// What the two are parts of.
    pub within: Within,
    /// Gives the code.
    pub wrong: &'static str,
    /// Does not give it.
    pub right: &'static str,
}

/// What the lines of an example are part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Within {
    /// The spec of a ServiceEntry.
    ServiceEntry,
    /// The spec of a Gateway.
    Gateway,
    /// The spec of a DestinationRule.
    DestinationRule,
    /// The spec of an AuthorizationPolicy.
    AuthorizationPolicy,
    /// Nothing: they are a file.
    File,
}

/// The pages of all codes, by their numbers.
pub fn code_pages() -> impl Iterator<Item = &'static CodePage> {
    [
        reading::PAGES,
        aliases::PAGES,
        hosts::PAGES,
        chains::PAGES,
        entries::PAGES,
        gateways::PAGES,
        rules::PAGES,
        policies::PAGES,
        here::PAGES,
        routes::PAGES,
    ]
    .into_iter()
    .flatten()
}

impl Code {
    /// What there is to know of it.
    #[must_use]
    pub fn page(self) -> Option<&'static CodePage> {
        code_pages().find(|page| page.code == self)
    }
}

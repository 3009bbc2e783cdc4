//! Plain questions for aliases, answered without hickory, an allocation or a task: nearly all that
//! stub resolvers ask.
//!
//! An answer means here what hickory's means; what is not plain, or would not fit any client, is left
//! to hickory ([`AliasZone::answer`]).

mod answer;
mod question;

use std::net::{Ipv4Addr, Ipv6Addr};

use self::question::PlainQuestion;
use crate::{alias::Found, name::LowerWire, zone::AliasZone};

pub use self::answer::Answer;

/// Record types, as far as they mean something here.
mod kind {
    pub(super) const A: u16 = 1;
    pub(super) const CNAME: u16 = 5;
    pub(super) const SOA: u16 = 6;
    pub(super) const AAAA: u16 = 28;
}

/// What an alias was answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answered {
    /// Records of the type asked for.
    Data,
    /// That it has no such record.
    NoData,
}

impl AliasZone {
    /// Answers a plain question for an alias. `None` leaves the question to others, and `answer`
    /// without meaning.
    pub fn answer_plain(&self, message: &[u8], answer: &mut Answer) -> Option<Answered> {
        let asked = PlainQuestion::read(message)?;
        let name = LowerWire::read(asked.question.name)?;
        let table = self.table_for(name.as_bytes());
        let found = table.find(name.as_bytes(), &self.search)?;
        let question = answer.begin(&asked, self.recursion)?;
        let (owner, ips) = match found {
            Found::Exact(ips) => (question, ips),
            Found::Searched(alias, ips) => {
                (answer.cname(question, self.ttl, alias.as_bytes())?, ips)
            }
        };
        let asked_for = asked.question.kind();
        let has_data = match (asked_for, found) {
            (kind::A, _) => answer.addresses(
                owner,
                kind::A,
                self.ttl,
                ips.v4.iter().map(Ipv4Addr::octets),
            )?,
            (kind::AAAA, _) => answer.addresses(
                owner,
                kind::AAAA,
                self.ttl,
                ips.v6.iter().map(Ipv6Addr::octets),
            )?,
            (kind::CNAME, Found::Searched(..)) => true,
            _ => false,
        };
        if !has_data {
            answer.soa(owner, self.ttl)?;
        }
        answer.end(&asked)?;
        Some(if has_data {
            Answered::Data
        } else {
            Answered::NoData
        })
    }
}

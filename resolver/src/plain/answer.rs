//! An answer as it is written, octet by octet.

use super::{kind, question::PlainQuestion};
use crate::{
    wire::{self, HEADER, flag},
    zone::soa,
};

/// Room for one answer. Any client takes that much, so that none has to be cut.
#[derive(Debug, Clone, Copy)]
pub struct Answer {
    octets: [u8; wire::PLAIN_UDP],
    length: usize,
    /// How much longer it would be at most, if no name were shortened.
    saved: usize,
    answers: u8,
    authorities: u8,
}

/// A name that stands in the answer, to be pointed to (RFC 1035 section 4.1.4).
#[derive(Debug, Clone, Copy)]
pub(super) struct NameAt {
    pointer: [u8; 2],
    length: usize,
}

impl Default for Answer {
    fn default() -> Self {
        Self {
            octets: [0; wire::PLAIN_UDP],
            length: 0,
            saved: 0,
            answers: 0,
            authorities: 0,
        }
    }
}

/// The whole message.
impl AsRef<[u8]> for Answer {
    fn as_ref(&self) -> &[u8] {
        self.octets.get(..self.length).unwrap_or_default()
    }
}

/// Each step is `None` when there is no room.
impl Answer {
    /// Begins anew with the question, as it was asked.
    pub(super) fn begin(&mut self, asked: &PlainQuestion<'_>, recursion: bool) -> Option<NameAt> {
        (self.length, self.saved, self.answers, self.authorities) = (0, 0, 0, 0);
        let recursion = if recursion { flag::RA } else { 0 };
        self.put(&asked.id)?;
        self.put(&(flag::QR | flag::AA | recursion | asked.repeated).to_be_bytes())?;
        self.put(&[0, 1, 0, 0, 0, 0, 0, 0])?;
        let name = self.name(asked.question.name)?;
        self.put(asked.question.kind_and_class)?;
        Some(name)
    }

    /// The alias, in lower case, that a name with a search domain stands for.
    pub(super) fn cname(&mut self, owner: NameAt, ttl: u32, alias: &[u8]) -> Option<NameAt> {
        self.answers = self.answers.checked_add(1)?;
        self.record(owner, kind::CNAME, ttl, alias.len() + 1)?;
        let name = self.name(alias)?;
        self.put(&[0])?;
        Some(name)
    }

    /// Whether there are any.
    pub(super) fn addresses<const N: usize>(
        &mut self,
        owner: NameAt,
        kind: u16,
        ttl: u32,
        addresses: impl Iterator<Item = [u8; N]>,
    ) -> Option<bool> {
        let before = self.answers;
        for address in addresses {
            self.answers = self.answers.checked_add(1)?;
            self.record(owner, kind, ttl, N)?;
            self.put(&address)?;
        }
        Some(self.answers > before)
    }

    /// What [`crate::zone::AliasZone::answer`] says there.
    pub(super) fn soa(&mut self, owner: NameAt, ttl: u32) -> Option<()> {
        const CONTACT: [u8; 1] = [soa::CONTACT.len() as u8];
        const DATA: usize = 2 + 1 + soa::CONTACT.len() + 2 + 5 * 4;
        self.authorities = self.authorities.checked_add(1)?;
        self.record(owner, kind::SOA, ttl, DATA)?;
        self.point_to(owner)?;
        self.put(&CONTACT)?;
        self.put(soa::CONTACT.as_bytes())?;
        self.point_to(owner)?;
        self.put(&soa::SERIAL.to_be_bytes())?;
        for seconds in [soa::REFRESH, soa::RETRY, soa::EXPIRE] {
            self.put(&seconds.to_be_bytes())?;
        }
        self.put(&ttl.to_be_bytes())
    }

    /// Ends with the OPT record, if the client is sent one, and counts.
    pub(super) fn end(&mut self, asked: &PlainQuestion<'_>) -> Option<()> {
        if let Some(edns) = asked.edns {
            self.put(&wire::our_opt(edns.dnssec_ok))?;
        }
        let additionals = u8::from(asked.edns.is_some());
        let counts = [0, self.answers, 0, self.authorities, 0, additionals];
        self.octets.get_mut(6..HEADER)?.copy_from_slice(&counts);
        // Hickory does not shorten every name that could be: what it would have to cut is left to it.
        (self.length + self.saved <= self.octets.len()).then_some(())
    }

    /// A record of class IN up to its data.
    fn record(&mut self, owner: NameAt, kind: u16, ttl: u32, data: usize) -> Option<()> {
        self.point_to(owner)?;
        self.put(&kind.to_be_bytes())?;
        self.put(&[0, 1])?;
        self.put(&ttl.to_be_bytes())?;
        self.put(&u16::try_from(data).ok()?.to_be_bytes())
    }

    /// A name that is written out.
    fn name(&mut self, labels: &[u8]) -> Option<NameAt> {
        let pointer = u16::try_from(self.length).ok()? | 0xc000;
        self.put(labels)?;
        Some(NameAt {
            pointer: pointer.to_be_bytes(),
            length: labels.len(),
        })
    }

    fn point_to(&mut self, name: NameAt) -> Option<()> {
        self.saved += name.length;
        self.put(&name.pointer)
    }

    fn put(&mut self, octets: &[u8]) -> Option<()> {
        let end = self.length + octets.len();
        let room = self.octets.get_mut(self.length..end)?;
        room.copy_from_slice(octets);
        self.length = end;
        Some(())
    }
}

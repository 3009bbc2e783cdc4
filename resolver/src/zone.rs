//! Authoritative answers for the aliases, and for nothing else.

use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};
use hickory_proto::{
    ProtoError,
    op::{Edns, LowerQuery, Metadata, ResponseCode},
    rr::{DNSClass, Name, RData, Record, RecordType, rdata},
    serialize::binary::BinEncoder,
};
use hickory_server::{
    server::{Request, ResponseInfo},
    zone_handler::MessageResponseBuilder,
};

use crate::{
    alias::{AliasTable, Found, VirtualIps, search::SearchDomains},
    name::LowerWire,
    wire,
};

/// Answers questions for aliases from a table that may be swapped at any time: any question in full
/// by [`Self::answer`], and plain ones at less cost by [`Self::answer_plain`].
#[derive(Debug)]
pub struct AliasZone {
    /// The aliases.
    pub table: Arc<ArcSwap<AliasTable>>,
    /// Search domains that may stand behind an alias.
    pub search: SearchDomains,
    /// Seconds that a client may keep an answer, and the absence of one.
    pub ttl: u32,
    /// Whether other names are forwarded: the RA bit of our answers.
    pub recursion: bool,
}

/// What the SOA record of an alias says beside its name and its time to live.
pub(crate) mod soa {
    /// The first label of the mailbox of whoever looks after it.
    pub(crate) const CONTACT: &str = "hostmaster";
    pub(crate) const SERIAL: u32 = 1;
    pub(crate) const REFRESH: i32 = 3600;
    pub(crate) const RETRY: i32 = 600;
    pub(crate) const EXPIRE: i32 = 86_400;
}

/// The two sections that an answer has.
#[derive(Debug, Default)]
struct Sections {
    answers: Vec<Record>,
    authorities: Vec<Record>,
}

impl AliasZone {
    /// The table that a name, in lower-case wire form, is answered from.
    pub(crate) fn table_for(&self, wire: &[u8]) -> Guard<Arc<AliasTable>> {
        let table = self.table.load();
        match table.tell_first(wire, &self.search) {
            true => self.table.load(),
            false => table,
        }
    }

    /// Whether the question is one for us: the name is an alias now, in class IN.
    pub(crate) fn owns(&self, question: &LowerQuery) -> bool {
        let Some(wire) = LowerWire::new(question.original().name()) else {
            return false;
        };
        let table = self.table_for(wire.as_bytes());
        self.find(&table, question).is_some()
    }

    /// Whether the question is for an alias that is not served now, which the log tells then.
    pub(crate) fn is_down(&self, question: &LowerQuery) -> bool {
        let table = self.table.load();
        let Some(wire) = LowerWire::new(question.original().name()) else {
            return false;
        };
        let why = table.why_down(wire.as_bytes(), &self.search);
        if let Some(why) = why {
            tracing::debug!(name = %question.original().name(), why, "alias is down");
        }
        why.is_some()
    }

    fn find<'t>(&self, table: &'t AliasTable, question: &LowerQuery) -> Option<Found<'t>> {
        if !matches!(question.query_class(), DNSClass::IN | DNSClass::ANY) {
            return None;
        }
        let wire = LowerWire::new(question.original().name())?;
        table.find(wire.as_bytes(), &self.search)
    }

    /// The answer to any question, written by hickory, and what it says of itself. A name that is no
    /// alias is refused; the dispatcher forwards such a question instead.
    ///
    /// # Errors
    /// When the answer is longer than a message may be.
    pub fn answer(&self, request: &Request) -> Result<(ResponseInfo, Vec<u8>), ProtoError> {
        let mut metadata = Metadata::response_from_request(&request.metadata);
        metadata.recursion_available = self.recursion;
        let edns = request.edns.as_ref().map(our_edns);
        let mut sections = Sections::default();
        if request.version() > 0 {
            metadata.response_code = ResponseCode::BADVERS;
        } else if let [question] = request.queries.queries() {
            let table = self.table.load();
            match self.find(&table, question) {
                Some(found) => {
                    metadata.authoritative = true;
                    sections = self.sections(found, question);
                }
                None => metadata.response_code = ResponseCode::Refused,
            }
        } else {
            metadata.response_code = ResponseCode::FormErr;
        }
        let builder = MessageResponseBuilder::new(&request.queries, edns.as_ref());
        let Sections {
            answers,
            authorities,
        } = &sections;
        let response = builder.build(metadata, answers, authorities, [], []);
        // Whole: what is too long for a client is cut on the way back, in one way for all answers.
        let mut message = Vec::with_capacity(wire::PLAIN_UDP);
        let info = response.destructive_emit(&mut BinEncoder::new(&mut message))?;
        Ok((info, message))
    }

    /// The owner of the first record is the name as it was asked, in its case: clients that mix
    /// cases to make forgery harder compare it ("0x20").
    fn sections(&self, found: Found<'_>, question: &LowerQuery) -> Sections {
        let asked = question.original().name().clone();
        let kind = question.query_type();
        let mut sections = Sections::default();
        let (owner, ips) = match found {
            Found::Exact(ips) => (asked, ips),
            Found::Searched(alias, ips) => {
                let target = alias.as_name().clone();
                let cname = RData::CNAME(rdata::CNAME(target.clone()));
                sections
                    .answers
                    .push(Record::from_rdata(asked, self.ttl, cname));
                (target, ips)
            }
        };
        let asks_for_cname = kind == RecordType::CNAME && !sections.answers.is_empty();
        let addresses = addresses(ips, kind);
        if addresses.is_empty() && !asks_for_cname {
            sections.authorities.push(self.soa(owner));
        } else {
            let record = |data| Record::from_rdata(owner.clone(), self.ttl, data);
            sections.answers.extend(addresses.into_iter().map(record));
        }
        sections
    }

    /// Says for how long there is no such record (RFC 2308 section 2.2). Without it some resolvers
    /// take the answer for a broken one. The alias is a zone of its own: we know no more than that.
    fn soa(&self, alias: Name) -> Record {
        let contact = alias
            .prepend_label(soa::CONTACT)
            .unwrap_or_else(|_| alias.clone());
        let soa = rdata::SOA::new(
            alias.clone(),
            contact,
            soa::SERIAL,
            soa::REFRESH,
            soa::RETRY,
            soa::EXPIRE,
            self.ttl,
        );
        Record::from_rdata(alias, self.ttl, RData::SOA(soa))
    }
}

/// Only A and AAAA have data: to answer "no such type" for HTTPS, SRV and so on keeps the client
/// from being told by an upstream that the whole name does not exist.
fn addresses(ips: &VirtualIps, kind: RecordType) -> Vec<RData> {
    match kind {
        RecordType::A => ips.v4.iter().map(|&v4| RData::A(rdata::A(v4))).collect(),
        RecordType::AAAA => ips
            .v6
            .iter()
            .map(|&v6| RData::AAAA(rdata::AAAA(v6)))
            .collect(),
        _ => Vec::new(),
    }
}

/// Our OPT record, for a client that sent one (RFC 6891 section 6.1.1). Its options mean nothing
/// for an alias and are not repeated.
fn our_edns(theirs: &Edns) -> Edns {
    let mut edns = Edns::new();
    edns.set_max_payload(wire::OUR_UDP_PAYLOAD);
    edns.set_dnssec_ok(theirs.flags().dnssec_ok);
    edns
}

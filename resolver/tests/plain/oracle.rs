//! Hickory's answers, to hold those to plain questions against. The fuzz target uses this file too.

use std::{net::IpAddr, sync::Arc};

use arc_swap::ArcSwap;
use eastwest_resolver::{
    alias::{AliasTable, search::SearchDomains},
    plain::{Answer, Answered},
    zone::AliasZone,
};
use hickory_proto::op::Message;
use hickory_server::{net::xfer::Protocol, server::Request};

pub(crate) const ALIAS: &str = "src-hello-0.demo.svc.cluster.local";

/// Aliases of all kinds: one family, both, none; few addresses and more than 512 octets hold; short
/// names and long ones, with few labels and many; one that is another with a search domain behind it.
pub(crate) fn aliases() -> Vec<(String, Vec<IpAddr>)> {
    let v4 = |last| IpAddr::from([127, 64, 0, last]);
    let v6 = |last| IpAddr::from([0xfd24, 0, 0, 0, 0, 0, 0, last]);
    let many = (0..=40).map(|count| {
        let name = format!("src-many-{count}.demo.svc.cluster.local");
        (
            name,
            (0..count).flat_map(|n| [v4(n), v6(n.into())]).collect(),
        )
    });
    let some = [
        (ALIAS.to_owned(), vec![v4(1)]),
        (format!("{ALIAS}.svc.cluster.local"), vec![v4(2)]),
        ("src-six-0.demo.svc.cluster.local".to_owned(), vec![v6(3)]),
        ("db".to_owned(), vec![v4(4), v6(4)]),
        (vec!["a"; 60].join("."), vec![v4(5), v6(5)]),
        (vec!["b"; 110].join("."), vec![v4(6), v6(6)]),
        (vec!["c".repeat(63); 2].join("."), vec![v4(7), v6(7)]),
        (vec!["d".repeat(60); 4].join("."), vec![v4(8), v6(8)]),
    ];
    some.into_iter().chain(many).collect()
}

pub(crate) fn zone() -> AliasZone {
    let aliases = aliases().into_iter();
    let aliases = aliases.map(|(alias, addresses)| (alias.parse().unwrap(), addresses));
    AliasZone {
        table: Arc::new(ArcSwap::from_pointee(AliasTable::new(aliases))),
        search: SearchDomains::new("cluster.local".parse().unwrap(), []),
        ttl: 17,
        recursion: true,
    }
}

/// Panics unless a plain answer, if there is one, means what hickory's does, whose would reach a
/// client that can take 512 octets whole.
pub(crate) fn assert_agreement(zone: &AliasZone, message: &[u8]) -> Option<Answered> {
    let mut answer = Answer::default();
    let answered = zone.answer_plain(message, &mut answer)?;
    let peer = ([127, 0, 0, 1], 1).into();
    let request = Request::from_bytes(message.to_vec(), peer, Protocol::Udp).unwrap();
    let (info, full) = zone.answer(&request).unwrap();
    let no_data = info.counts().authorities > 0;
    assert_eq!(answered == Answered::NoData, no_data);
    assert!(answer.as_ref().len() <= full.len() && full.len() <= 512);
    let head = 12 + request.queries.as_bytes().len();
    assert_eq!(
        answer.as_ref().get(..head),
        full.get(..head),
        "header and question"
    );
    assert_eq!(said(answer.as_ref()), said(&full));
    Some(answered)
}

/// All that a message says, with the case of its names, which equality passes over.
fn said(message: &[u8]) -> String {
    format!("{:?}", Message::from_vec(message).unwrap())
}

//! What is answered as plain, and what is left to hickory.

use eastwest_resolver::{plain::Answered, zone::AliasZone};

use crate::{
    asking::{Asked, RD, opt, option},
    oracle::{ALIAS, assert_agreement, zone},
};

const A: u16 = 1;
const CNAME: u16 = 5;
const AAAA: u16 = 28;

fn answered(asked: &Asked) -> Option<Answered> {
    assert_agreement(&zone(), &asked.octets())
}

fn is_left(zone: &AliasZone, asked: &Asked) -> bool {
    assert_agreement(zone, &asked.octets()).is_none()
}

#[test]
fn an_alias_is_answered_with_its_data_or_with_none() {
    let searched = format!("{ALIAS}.demo.svc.cluster.local");
    for (name, kind, expected) in [
        (ALIAS, A, Answered::Data),
        (ALIAS, AAAA, Answered::NoData),
        (ALIAS, CNAME, Answered::NoData),
        (&ALIAS.to_uppercase(), A, Answered::Data),
        (&searched, A, Answered::Data),
        (&searched, AAAA, Answered::NoData),
        (&searched, CNAME, Answered::Data),
        ("src-six-0.demo.svc.cluster.local", AAAA, Answered::Data),
        ("src-many-0.demo.svc.cluster.local", A, Answered::NoData),
        ("db", A, Answered::Data),
    ] {
        assert_eq!(
            answered(&Asked::new(name, kind)),
            Some(expected),
            "{name} {kind}"
        );
    }
}

#[test]
fn every_type_is_answered() {
    let zone = zone();
    for name in [ALIAS.to_owned(), format!("{ALIAS}.cluster.local")] {
        for kind in (0..=u16::MAX).filter(|kind| (512..65_000).contains(kind) <= (kind % 97 == 0)) {
            assert!(!is_left(&zone, &Asked::new(&name, kind)), "{kind}");
        }
    }
}

#[test]
fn an_opt_record_with_options_that_ask_for_nothing_is_plain() {
    let cookie = option(10, b"12345678");
    let padding = option(12, &[0; 30]);
    let keepalive = option(11, &[]);
    let several = [cookie.clone(), padding, keepalive].concat();
    for record in [
        opt(0, 0, &[]),
        opt(1232, 0x8000, &[]),
        opt(65_535, 0, &cookie),
        opt(512, 0x8000, &several),
    ] {
        let asked = Asked::new(ALIAS, A).with_opt(record);
        assert_eq!(answered(&asked), Some(Answered::Data), "{asked:?}");
    }
}

#[test]
fn any_other_opt_record_is_left() {
    let cut = &option(10, b"12345678")[..11];
    let good = opt(1232, 0, &[]);
    for record in [
        opt(1232, 0x4000, &[]),
        opt(1232, 1, &[]),
        opt(1232, 0, cut),
        opt(1232, 0, &[0, 10, 0]),
        opt(1232, 0, &option(3, &[])),
        opt(1232, 0, &option(8, &[0, 1, 24, 0, 192, 0, 2])),
        good[..10].to_vec(),
        [&good[..], &[0]].concat(),
        [&good[..], &good[..]].concat(),
        // The extended response code, the version, and a name that is not the root.
        [&good[..5], &[1], &good[6..]].concat(),
        [&good[..6], &[1], &good[7..]].concat(),
        [&[1, b'a'], &good[..]].concat(),
        // Not an OPT record.
        [&[0, 0, 16], &good[3..]].concat(),
    ] {
        let asked = Asked::new(ALIAS, A).with_opt(record);
        assert!(is_left(&zone(), &asked), "{asked:?}");
    }
}

#[test]
fn flags_of_questions_are_plain_and_no_others() {
    const PLAIN: u16 = RD | 0x0020 | 0x0010;
    for bit in (0..16).map(|place| 1 << place) {
        let mut asked = Asked::new(ALIAS, A);
        for without in [0, RD] {
            asked.flags = without | bit;
            assert_eq!(is_left(&zone(), &asked), PLAIN & bit == 0, "{bit:#06x}");
        }
    }
}

#[test]
fn other_counts_and_classes_and_what_stands_behind_are_left() {
    let zone = zone();
    for counts in [
        [0, 0, 0, 0],
        [2, 0, 0, 0],
        [257, 0, 0, 0],
        [1, 1, 0, 0],
        [1, 0, 1, 0],
        [1, 0, 0, 1],
        [1, 0, 0, 256],
    ] {
        let mut asked = Asked::new(ALIAS, A);
        asked.counts = counts;
        assert!(is_left(&zone, &asked), "{counts:?}");
    }
    for class in [0, 3, 254, 255, 0x8001] {
        let mut asked = Asked::new(ALIAS, A);
        asked.class = class;
        assert!(is_left(&zone, &asked), "{class}");
    }
    let mut asked = Asked::new(ALIAS, A);
    asked.rest = vec![0];
    assert!(is_left(&zone, &asked));
}

#[test]
fn a_question_cut_anywhere_is_left() {
    let zone = zone();
    let whole = Asked::new(ALIAS, A).with_opt(opt(1232, 0, &[])).octets();
    assert!(assert_agreement(&zone, &whole).is_some());
    for length in 0..whole.len() {
        assert!(
            assert_agreement(&zone, &whole[..length]).is_none(),
            "{length}"
        );
    }
}

#[test]
fn a_compressed_name_is_left() {
    let mut message = Asked::new(ALIAS, A).octets();
    let end = message.len() - 5;
    message[end] = 0xc0;
    message.insert(end + 1, 12);
    assert!(assert_agreement(&zone(), &message).is_none());
}

#[test]
fn names_that_are_no_alias_are_left() {
    for name in [
        "",
        "com",
        "src-hello-1.demo.svc.cluster.local",
        "db.pxc.svc.cluster.local",
    ] {
        assert!(is_left(&zone(), &Asked::new(name, A)), "{name}");
    }
    let below = format!("www.{ALIAS}");
    assert!(is_left(&zone(), &Asked::new(&below, A)));
}

/// Few enough addresses are plain, and beyond them none is: hickory cuts those.
#[test]
fn an_answer_that_some_client_could_not_take_is_left() {
    let zone = zone();
    let many = |count| Asked::new(&format!("src-many-{count}.demo.svc.cluster.local"), A);
    let plain: Vec<_> = (1..=40)
        .filter(|&count| !is_left(&zone, &many(count)))
        .collect();
    assert_eq!(plain, (1..=9).collect::<Vec<_>>());
}

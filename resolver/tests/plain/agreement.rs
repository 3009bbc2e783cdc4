//! Whatever is asked, a plain answer is hickory's.

use proptest::{collection::vec, prelude::*};

use crate::{
    asking::{Asked, RD, opt, option},
    oracle::{ALIAS, aliases, assert_agreement, zone},
};

/// An alias, or one with a search domain behind it, or nearly one; in any case of its letters.
fn names() -> impl Strategy<Value = String> {
    let names: Vec<_> = aliases().into_iter().map(|(alias, _)| alias).collect();
    let domains = [
        "",
        "",
        ".demo.svc.cluster.local",
        ".svc.cluster.local",
        ".cluster.local",
        ".x",
    ];
    let alias = prop_oneof![Just(ALIAS.to_owned()), prop::sample::select(names)];
    let name = (alias, prop::sample::select(domains.to_vec()));
    (name, vec(any::<bool>(), 64)).prop_map(|((alias, domain), upper)| {
        let letters = alias.chars().chain(domain.chars());
        let cased = letters.zip(upper.into_iter().cycle());
        let case = |(letter, upper): (char, bool)| match upper {
            true => letter.to_ascii_uppercase(),
            false => letter,
        };
        cased.map(case).collect()
    })
}

fn opts() -> impl Strategy<Value = Vec<u8>> {
    let codes = prop_oneof![Just(10), Just(12), 0..16_u16, any::<u16>()];
    let option = (codes, vec(any::<u8>(), 0..12)).prop_map(|(code, data)| option(code, &data));
    let flags = prop_oneof![Just(0), Just(0x8000), any::<u16>()];
    (any::<u16>(), flags, vec(option, 0..3))
        .prop_map(|(payload, flags, options)| opt(payload, flags, &options.concat()))
}

fn questions() -> impl Strategy<Value = Asked> {
    let kinds = prop_oneof![4 => Just(1), 2 => Just(28), 1 => Just(5), 1 => any::<u16>()];
    let flags = prop_oneof![Just(RD), Just(0), Just(RD | 0x30), any::<u16>()];
    let class = prop_oneof![9 => Just(1), 1 => any::<u16>()];
    let head = (any::<u16>(), flags, names(), kinds, class);
    (head, prop::option::of(opts())).prop_map(|((id, flags, name, kind, class), opt)| {
        let asked = Asked {
            id,
            flags,
            class,
            ..Asked::new(&name, kind)
        };
        match opt {
            Some(record) => asked.with_opt(record),
            None => asked,
        }
    })
}

/// A question with some octets changed, and its end cut off or something put behind it.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let changes = vec((any::<prop::sample::Index>(), any::<u8>()), 0..6);
    let ends = (0..4_usize, vec(any::<u8>(), 0..4));
    (questions(), changes, ends).prop_map(|(asked, changes, (cut, behind))| {
        let mut octets = asked.octets();
        for (place, octet) in changes {
            let place = place.index(octets.len());
            octets[place] = octet;
        }
        octets.truncate(octets.len() - cut);
        octets.extend(behind);
        octets
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn a_question_gets_what_hickory_would_say(asked in questions()) {
        assert_agreement(&zone(), &asked.octets());
    }

    #[test]
    fn a_damaged_question_gets_what_hickory_would_say_or_is_left(octets in damaged()) {
        assert_agreement(&zone(), &octets);
    }

    #[test]
    fn noise_is_left(octets in vec(any::<u8>(), 0..300)) {
        prop_assert!(assert_agreement(&zone(), &octets).is_none());
    }

    /// What the others check is not nothing.
    #[test]
    fn a_plain_question_for_an_alias_is_answered(id in any::<u16>(), kind in any::<u16>(), dnssec in any::<bool>(), cookie in any::<[u8; 8]>()) {
        let flags = if dnssec { 0x8000 } else { 0 };
        let asked = Asked { id, ..Asked::new(ALIAS, kind) };
        let asked = asked.with_opt(opt(1232, flags, &option(10, &cookie)));
        prop_assert!(assert_agreement(&zone(), &asked.octets()).is_some());
    }
}

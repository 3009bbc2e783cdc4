use std::num::NonZeroU16;

use super::super::range::DEFAULT_RANGES;
use super::super::ruleset::ShimUid;
use super::*;

fn wanted() -> Ruleset {
    let ranges: Vec<_> = DEFAULT_RANGES
        .iter()
        .map(|range| range.parse().unwrap())
        .collect();
    Ruleset::new(&ranges, NonZeroU16::new(15001).unwrap(), ShimUid::Own(1337))
}

/// The table as it is right after it was laid.
fn laid(ruleset: &Ruleset) -> Installed {
    let chains = ruleset.chains.iter().map(|chain| InstalledChain {
        name: chain.name.clone(),
        attachment: Some(chain.attachment.clone()),
        rules: chain
            .rules
            .iter()
            .cloned()
            .map(InstalledRule::Readable)
            .collect(),
    });
    Installed {
        dormant: false,
        chains: chains.collect(),
    }
}

/// The differences after `tamper` had its way with a table just laid.
fn after(tamper: impl FnOnce(&mut Installed)) -> Vec<String> {
    let mut found = laid(&wanted());
    tamper(&mut found);
    differences(&wanted(), Some(&found))
}

#[test]
fn finds_none_in_a_table_just_laid() {
    assert_eq!(after(|_| {}), Vec::<String>::new());
}

#[test]
fn says_that_there_is_no_table() {
    let list = differences(&wanted(), None);
    assert_eq!(
        list,
        ["table inet eastwest is not there: nothing is redirected or guarded"]
    );
}

#[test]
fn sees_a_table_switched_off() {
    let list = after(|table| table.dormant = true);
    assert_eq!(
        list,
        ["table inet eastwest is dormant: none of its chains is in force"]
    );
}

#[test]
fn names_a_missing_chain() {
    let list = after(|table| table.chains.retain(|chain| chain.name != "guard"));
    assert_eq!(list, ["chain guard: missing"]);
}

#[test]
fn names_a_chain_of_somebody_else() {
    let list = after(|table| {
        let stray = InstalledChain {
            name: "stray".to_owned(),
            attachment: None,
            rules: Vec::new(),
        };
        table.chains.push(stray);
    });
    assert_eq!(list, ["chain stray: not laid by eastwest"]);
}

#[test]
fn names_a_missing_rule() {
    let list = after(|table| drop(table.chains[0].rules.remove(1)));
    assert_eq!(
        list,
        [
            "chain capture: missing rule `ip daddr 240.240.0.0/16 meta l4proto tcp \
          redirect to :15001`"
        ]
    );
}

#[test]
fn names_a_rule_that_nobody_wanted() {
    let foreign = InstalledRule::foreign(&[Expression::Other("counter".to_owned())]);
    let list = after(|table| table.chains[1].rules.push(foreign));
    assert_eq!(
        list,
        ["chain guard: unexpected rule `[counter] (not of a shape eastwest lays)`"]
    );
}

#[test]
fn sees_one_rule_there_twice() {
    let list = after(|table| {
        let again = table.chains[0].rules[0].clone();
        table.chains[0].rules.push(again);
    });
    assert_eq!(
        list,
        ["chain capture: unexpected rule `meta skuid 1337 return`"]
    );
}

#[test]
fn sees_rules_in_another_order() {
    let list = after(|table| table.chains[0].rules.swap(0, 1));
    assert_eq!(
        list,
        ["chain capture: the rules are there, but in another order"]
    );
}

#[test]
fn sees_a_chain_attached_elsewhere() {
    let list = after(|table| {
        if let Some(attachment) = &mut table.chains[1].attachment {
            attachment.priority = 300;
        }
    });
    assert_eq!(
        list,
        [
            "chain guard: is attached as `type filter hook output priority 300; policy accept;`, \
          should be `type filter hook output priority 0; policy accept;`"
        ]
    );
}

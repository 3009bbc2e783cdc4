use proptest::prelude::*;

use super::super::attribute::Parsed;
use super::super::expression;
use super::super::rule::Rejection;
use super::*;

/// Through the bytes that the kernel gets and gives back.
fn round_trip(rule: &Rule) -> Option<Rule> {
    let bytes = expression::encode(&compile(rule));
    decompile(&expression::decode(&Parsed::parse(bytes.as_bytes()).ok()?))
}

fn any_condition() -> impl Strategy<Value = Condition> {
    let v4 = (any::<u32>(), 0..=32u8).prop_map(|(address, prefix)| {
        IpNet::V4(
            Ipv4Net::new(Ipv4Addr::from_bits(address), prefix)
                .unwrap()
                .trunc(),
        )
    });
    let v6 = (any::<u128>(), 0..=128u8).prop_map(|(address, prefix)| {
        IpNet::V6(
            Ipv6Net::new(Ipv6Addr::from_bits(address), prefix)
                .unwrap()
                .trunc(),
        )
    });
    prop_oneof![
        v4.prop_map(Condition::Destination),
        v6.prop_map(Condition::Destination),
        any::<u32>().prop_map(Condition::SocketUid),
        Just(Condition::Tcp),
        any::<NonZeroU16>().prop_map(|port| Condition::DestinationPort(Transport::Tcp, port)),
        any::<NonZeroU16>().prop_map(|port| Condition::DestinationPort(Transport::Udp, port)),
        Just(Condition::Reply),
    ]
}

fn any_action() -> impl Strategy<Value = Action> {
    prop_oneof![
        Just(Action::Return),
        any::<NonZeroU16>().prop_map(Action::Redirect),
        Just(Action::Reject(Rejection::TcpReset)),
        Just(Action::Reject(Rejection::PortUnreachable)),
    ]
}

proptest! {
    #[test]
    fn any_rule_reads_back_as_itself(
        conditions in prop::collection::vec(any_condition(), 0..5),
        action in any_action(),
    ) {
        let rule = Rule { conditions, action };
        prop_assert_eq!(round_trip(&rule), Some(rule));
    }

    #[test]
    fn any_bytes_are_read_without_harm(bytes in prop::collection::vec(any::<u8>(), 0..256)) {
        if let Ok(parsed) = Parsed::parse(&bytes) {
            let expressions = expression::decode(&parsed);
            if let Some(rule) = decompile(&expressions) {
                prop_assert_eq!(round_trip(&rule), Some(rule));
            }
        }
    }
}

#[test]
fn matches_a_prefix_that_is_not_whole_bytes_by_its_mask() {
    let range: IpNet = "100.64.0.0/10".parse().unwrap();
    let rule = Rule {
        conditions: vec![Condition::Destination(range)],
        action: Action::Return,
    };
    assert!(compile(&rule).contains(&Expression::And(vec![255, 192, 0, 0])));
}

#[test]
fn takes_no_mask_with_holes_for_a_prefix() {
    let range: IpNet = "100.64.0.0/10".parse().unwrap();
    let rule = Rule {
        conditions: vec![Condition::Destination(range)],
        action: Action::Return,
    };
    let mut expressions = compile(&rule);
    expressions[3] = Expression::And(vec![255, 0, 255, 0]);
    assert_eq!(decompile(&expressions), None);
}

#[test]
fn takes_no_redirect_without_a_port_for_ours() {
    assert_eq!(decompile(&[Expression::Redirect]), None);
}

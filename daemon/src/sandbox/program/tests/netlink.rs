//! Who may speak to the kernel about its packet filter and its routes.

use super::*;

/// Whoever lays rules speaks to two families of netlink, and is held back in all else as the others.
#[test]
fn netlink_is_for_the_packet_filter_and_the_routes() {
    let lays_rules = Process {
        sets_the_network_up: true,
        ..PLAIN
    };
    let netlink = |process, kind, protocol| {
        let arguments = [bits(libc::AF_NETLINK), bits(kind), bits(protocol)];
        answer_in(process, libc::SYS_socket, &arguments)
    };
    let raw = libc::SOCK_RAW | libc::SOCK_CLOEXEC;
    for protocol in [libc::NETLINK_ROUTE, libc::NETLINK_NETFILTER] {
        assert_eq!(netlink(lays_rules, raw, protocol), ALLOW, "{protocol}");
        let refused = netlink(lays_rules, libc::SOCK_DGRAM, protocol);
        assert_eq!(refused, errno(libc::EPERM), "{protocol}");
        let refused = netlink(PLAIN, raw, protocol);
        assert_eq!(refused, errno(libc::EAFNOSUPPORT), "{protocol}");
    }
    for protocol in [
        libc::NETLINK_SOCK_DIAG,
        libc::NETLINK_AUDIT,
        libc::NETLINK_XFRM,
        libc::NETLINK_KOBJECT_UEVENT,
        libc::NETLINK_GENERIC,
        libc::NETLINK_CRYPTO,
    ] {
        let refused = netlink(lays_rules, raw, protocol);
        assert_eq!(refused, errno(libc::EPROTONOSUPPORT), "{protocol}");
    }
    for family in [
        libc::AF_UNIX,
        libc::AF_INET,
        libc::AF_INET6,
        libc::AF_PACKET,
    ] {
        for kind in [libc::SOCK_STREAM, libc::SOCK_DGRAM, libc::SOCK_RAW] {
            for protocol in [0, libc::IPPROTO_TCP, libc::IPPROTO_MPTCP] {
                let arguments = [bits(family), bits(kind), bits(protocol)];
                assert_eq!(
                    answer_in(lays_rules, libc::SYS_socket, &arguments),
                    answer(libc::SYS_socket, &arguments),
                    "{family} {kind} {protocol}"
                );
            }
        }
    }
    let numbers = 0..c_long::from(UNKNOWN_FROM + 1);
    for number in numbers.filter(|number| *number != libc::SYS_socket) {
        let (same, other) = (answer(number, &[]), answer_in(lays_rules, number, &[]));
        assert_eq!(same, other, "{number}");
    }
}

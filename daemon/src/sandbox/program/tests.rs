//! The program, run by an interpreter of the few instructions that it has.

use super::arguments::{F_SETOWN_EX, F_SETSIG, FIOSETOWN, SIOCSPGRP, TIOCLINUX, TIOCSTI};
use super::*;

use libc::{c_int, c_ulong};

mod netlink;

const PID: u32 = 4711;

/// What the kernel hands to a filter.
struct Call {
    arch: u32,
    number: u32,
    arguments: [c_ulong; 6],
}

fn run(program: &[sock_filter], call: &Call) -> u32 {
    let word = |offset: u32| match offset {
        NUMBER => call.number,
        ARCHITECTURE => call.arch,
        offset => {
            let argument = call.arguments[(offset as usize - 16) / 8];
            (argument >> (8 * (offset % 8))) as u32
        }
    };
    let (mut at, mut loaded) = (0, 0);
    loop {
        let step = &program[at];
        at += 1;
        let holds = match step.code {
            LOAD => {
                loaded = word(step.k);
                continue;
            }
            AND => {
                loaded &= step.k;
                continue;
            }
            RETURN => return step.k,
            EQUAL => loaded == step.k,
            AT_LEAST => loaded >= step.k,
            ANY_BIT => loaded & step.k != 0,
            other => panic!("no such instruction: {other:#x}"),
        };
        at += usize::from(if holds { step.jt } else { step.jf });
    }
}

/// A process that makes no sockets that have a path, and dials any port.
const PLAIN: Process = Process {
    pid: PID,
    makes_sockets: false,
    sets_the_network_up: false,
    dials_named_ports: false,
};

const MAKES_SOCKETS: Process = Process {
    makes_sockets: true,
    ..PLAIN
};

const DIALS_NAMED_PORTS: Process = Process {
    dials_named_ports: true,
    ..PLAIN
};

fn answer_in(process: Process, call: c_long, arguments: &[c_ulong]) -> u32 {
    let mut given = [0; 6];
    given[..arguments.len()].copy_from_slice(arguments);
    let call = Call {
        arch: ARCH.unwrap(),
        number: call.try_into().unwrap(),
        arguments: given,
    };
    run(&program(process).unwrap(), &call)
}

fn answer(call: c_long, arguments: &[c_ulong]) -> u32 {
    answer_in(PLAIN, call, arguments)
}

fn bits(flags: c_int) -> c_ulong {
    flags.unsigned_abs().into()
}

#[test]
fn every_listed_call_has_the_answer_of_its_list_and_is_in_one_list() {
    let lists = [
        (HOT, ALLOW),
        (FATAL, KILL_PROCESS),
        (REFUSED, errno(libc::EPERM)),
        (CHANGES_FILES, errno(libc::EACCES)),
        (TAKES_SOCKET_FILES_AWAY, errno(libc::EACCES)),
        (UNREADABLE, errno(libc::ENOSYS)),
    ];
    let mut seen = std::collections::BTreeSet::new();
    for (calls, expected) in lists {
        for call in calls {
            assert_eq!(answer(*call, &[]), expected, "{call}");
            assert!(seen.insert(*call), "{call} is in two lists");
        }
    }
}

#[test]
fn whoever_makes_unix_sockets_may_make_them_private_and_remove_them() {
    for call in TAKES_SOCKET_FILES_AWAY {
        assert_eq!(answer_in(MAKES_SOCKETS, *call, &[]), ALLOW, "{call}");
    }
    let mode = |process, mode| answer_in(process, libc::SYS_fchmod, &[3, mode]);
    assert_eq!(mode(MAKES_SOCKETS, 0o600), ALLOW);
    for other in [0, 0o400, 0o660, 0o777, 0o4600, 1 << 16] {
        assert_eq!(mode(MAKES_SOCKETS, other), errno(libc::EACCES), "{other:o}");
    }
    assert_eq!(mode(PLAIN, 0o600), errno(libc::EACCES));
    assert_eq!(answer(libc::SYS_fchmodat, &[]), errno(libc::EACCES));
}

#[test]
fn calls_of_another_architecture_or_of_a_later_kernel_are_none() {
    let program = program(PLAIN).unwrap();
    let call = |arch, number| Call {
        arch,
        number,
        arguments: [0; 6],
    };
    // AUDIT_ARCH_I386: what `int 0x80` makes of a number.
    assert_eq!(run(&program, &call(0x4000_0003, 3)), KILL_PROCESS);
    let native = ARCH.unwrap();
    for number in [UNKNOWN_FROM, 500, 100_000] {
        assert_eq!(run(&program, &call(native, number)), errno(libc::ENOSYS));
    }
    assert_eq!(run(&program, &call(native, UNKNOWN_FROM - 1)), ALLOW);
    if cfg!(target_arch = "x86_64") {
        assert_eq!(run(&program, &call(native, X32 | 1)), KILL_PROCESS);
    }
}

#[test]
fn clone_makes_threads_only() {
    let thread = bits(libc::CLONE_VM | libc::CLONE_FS | libc::CLONE_FILES | libc::CLONE_THREAD);
    assert_eq!(answer(libc::SYS_clone, &[thread]), ALLOW);
    let fork = bits(libc::SIGCHLD);
    assert_eq!(answer(libc::SYS_clone, &[fork]), errno(libc::EPERM));
    for namespace in [
        libc::CLONE_NEWNS,
        libc::CLONE_NEWCGROUP,
        libc::CLONE_NEWUTS,
        libc::CLONE_NEWIPC,
        libc::CLONE_NEWUSER,
        libc::CLONE_NEWPID,
        libc::CLONE_NEWNET,
    ] {
        let flags = thread | bits(namespace);
        assert_eq!(answer(libc::SYS_clone, &[flags]), KILL_PROCESS);
    }
}

#[test]
fn sockets_are_tcp_udp_and_unix() {
    let socket = |family, kind| answer(libc::SYS_socket, &[bits(family), bits(kind)]);
    let flags = libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK;
    for family in [libc::AF_INET, libc::AF_INET6] {
        assert_eq!(socket(family, libc::SOCK_STREAM | flags), ALLOW);
        assert_eq!(socket(family, libc::SOCK_DGRAM | flags), ALLOW);
        for kind in [libc::SOCK_RAW, libc::SOCK_SEQPACKET] {
            assert_eq!(socket(family, kind | flags), errno(libc::EPERM));
        }
    }
    assert_eq!(socket(libc::AF_UNIX, libc::SOCK_SEQPACKET), ALLOW);
    for family in OTHER_FAMILIES {
        let refused = socket(family, libc::SOCK_RAW);
        assert_eq!(refused, errno(libc::EAFNOSUPPORT), "{family}");
    }
}

const OTHER_FAMILIES: [c_int; 4] = [
    libc::AF_NETLINK,
    libc::AF_PACKET,
    libc::AF_ALG,
    libc::AF_VSOCK,
];

#[test]
fn of_the_protocols_of_ip_there_are_tcp_and_udp() {
    let socket = |family, kind, protocol| {
        let arguments = [bits(family), bits(kind), bits(protocol)];
        answer(libc::SYS_socket, &arguments)
    };
    let refused = errno(libc::EPROTONOSUPPORT);
    for kind in [libc::SOCK_STREAM, libc::SOCK_DGRAM] {
        for family in [libc::AF_INET, libc::AF_INET6] {
            for protocol in [libc::IPPROTO_IP, libc::IPPROTO_TCP, libc::IPPROTO_UDP] {
                assert_eq!(socket(family, kind, protocol), ALLOW, "{protocol}");
            }
            for protocol in [
                libc::IPPROTO_ICMP,
                libc::IPPROTO_DCCP,
                libc::IPPROTO_SCTP,
                libc::IPPROTO_UDPLITE,
                libc::IPPROTO_MPTCP,
                256,
                -1,
            ] {
                assert_eq!(socket(family, kind, protocol), refused, "{protocol}");
            }
        }
        assert_eq!(socket(libc::AF_UNIX, kind, 0), ALLOW);
        assert_eq!(socket(libc::AF_UNIX, kind, libc::IPPROTO_TCP), refused);
    }
}

#[test]
fn pairs_of_sockets_are_unix_ones() {
    let pair = |family| answer(libc::SYS_socketpair, &[bits(family)]);
    assert_eq!(pair(libc::AF_UNIX), ALLOW);
    for family in OTHER_FAMILIES
        .into_iter()
        .chain([libc::AF_INET, libc::AF_TIPC])
    {
        assert_eq!(pair(family), errno(libc::EAFNOSUPPORT), "{family}");
    }
}

#[test]
fn whose_ports_are_named_does_not_dial_by_sending() {
    for (call, at) in [
        (libc::SYS_sendto, 3),
        (libc::SYS_sendmsg, 2),
        (libc::SYS_sendmmsg, 3),
    ] {
        let send = |process, flags| {
            let mut arguments = [0; 4];
            arguments[at] = bits(flags);
            answer_in(process, call, &arguments)
        };
        let fast = libc::MSG_NOSIGNAL | libc::MSG_FASTOPEN;
        let refused = errno(libc::EOPNOTSUPP);
        assert_eq!(send(DIALS_NAMED_PORTS, fast), refused, "{call}");
        assert_eq!(send(DIALS_NAMED_PORTS, libc::MSG_NOSIGNAL), ALLOW);
        assert_eq!(send(PLAIN, fast), ALLOW);
    }
}

#[test]
fn files_are_read_and_never_written() {
    let open = |flags| answer(libc::SYS_openat, &[0, 0, bits(flags)]);
    assert_eq!(
        open(libc::O_RDONLY | libc::O_CLOEXEC | libc::O_DIRECTORY),
        ALLOW
    );
    for flags in [libc::O_WRONLY, libc::O_RDWR, libc::O_CREAT, libc::O_TRUNC] {
        assert_eq!(open(flags | libc::O_CLOEXEC), errno(libc::EACCES));
    }
}

#[test]
fn memory_never_becomes_code() {
    for call in [libc::SYS_mmap, libc::SYS_mprotect, libc::SYS_pkey_mprotect] {
        let data = bits(libc::PROT_READ | libc::PROT_WRITE);
        assert_eq!(answer(call, &[0, 4096, data]), ALLOW);
        let code = bits(libc::PROT_READ | libc::PROT_EXEC);
        assert_eq!(answer(call, &[0, 4096, code]), errno(libc::EACCES));
    }
}

#[test]
fn limits_are_read_and_not_set() {
    let limit = |new| answer(libc::SYS_prlimit64, &[0, 7, new]);
    assert_eq!(limit(0), ALLOW);
    assert_eq!(limit(8), errno(libc::EPERM));
    assert_eq!(limit(1 << 40), errno(libc::EPERM));
}

#[test]
fn signals_go_to_the_process_itself() {
    for call in [libc::SYS_kill, libc::SYS_tgkill, libc::SYS_tkill] {
        assert_eq!(answer(call, &[PID.into()]), ALLOW);
        assert_eq!(answer(call, &[1]), errno(libc::EPERM));
        assert_eq!(answer(call, &[c_ulong::MAX]), errno(libc::EPERM));
    }
}

#[test]
fn descriptors_send_nobody_a_signal_and_nothing_is_typed_into_the_terminal() {
    let (command, control) = (libc::SYS_fcntl, libc::SYS_ioctl);
    for fine in [libc::F_GETFL, libc::F_SETFL, libc::F_DUPFD_CLOEXEC] {
        assert_eq!(answer(command, &[0, bits(fine)]), ALLOW);
    }
    for other in [libc::F_SETOWN, F_SETOWN_EX, F_SETSIG] {
        assert_eq!(answer(command, &[0, bits(other)]), errno(libc::EPERM));
    }
    assert_eq!(answer(control, &[0, libc::FIONBIO]), ALLOW);
    for other in [FIOSETOWN, SIOCSPGRP, TIOCSTI, TIOCLINUX] {
        assert_eq!(answer(control, &[0, other.into()]), errno(libc::EPERM));
    }
}

//! The program, run by an interpreter of the few instructions that it has.

use super::*;

use libc::{c_int, c_ulong};

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

fn answer_in(makes_sockets: bool, call: c_long, arguments: &[c_ulong]) -> u32 {
    let process = Process {
        pid: PID,
        makes_sockets,
    };
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
    answer_in(false, call, arguments)
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
        (CHANGES_SOCKET_FILES, errno(libc::EACCES)),
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
fn whoever_makes_unix_sockets_may_remove_them() {
    for call in CHANGES_SOCKET_FILES {
        assert_eq!(answer_in(true, *call, &[]), ALLOW, "{call}");
    }
}

#[test]
fn calls_of_another_architecture_or_of_a_later_kernel_are_none() {
    let process = Process {
        pid: PID,
        makes_sockets: false,
    };
    let program = program(process).unwrap();
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
    for family in [
        libc::AF_NETLINK,
        libc::AF_PACKET,
        libc::AF_ALG,
        libc::AF_VSOCK,
    ] {
        let refused = socket(family, libc::SOCK_RAW);
        assert_eq!(refused, errno(libc::EAFNOSUPPORT), "{family}");
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
    for call in [libc::SYS_kill, libc::SYS_tgkill] {
        assert_eq!(answer(call, &[PID.into()]), ALLOW);
        assert_eq!(answer(call, &[1]), errno(libc::EPERM));
        assert_eq!(answer(call, &[c_ulong::MAX]), errno(libc::EPERM));
    }
}

#[test]
fn nothing_is_typed_into_the_terminal() {
    let control = |request| answer(libc::SYS_ioctl, &[0, request]);
    assert_eq!(control(0x541B), ALLOW);
    assert_eq!(control(TIOCSTI.into()), errno(libc::EPERM));
    assert_eq!(control(TIOCLINUX.into()), errno(libc::EPERM));
}

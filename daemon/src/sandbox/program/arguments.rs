//! The calls that are right or wrong by what they are given.

use libc::*;
use seccompiler::sock_filter;

use super::{ALLOW, ANY_BIT, EQUAL, KILL_PROCESS, NUMBER, Program, errno, give, jump, keep, load};

/// Arguments in `struct seccomp_data` of linux/seccomp.h; the low half comes first on both
/// architectures.
const fn low(argument: u32) -> u32 {
    16 + 8 * argument
}
const fn high(argument: u32) -> u32 {
    low(argument) + 4
}

/// New namespaces of `clone`: mount, cgroup, UTS, IPC, user, PID, network.
const NEW_NAMESPACES: u32 = 0x7E02_0000;

/// Of the second argument of socket(2); the rest are flags.
const SOCKET_TYPE: u32 = 0xf;

/// The mode of a socket that only its user may connect to.
const PRIVATE: u32 = 0o600;

/// fcntl(2), "Managing signals"; C libraries' lists have it under a condition, or not.
pub(super) const F_SETOWN_EX: i32 = 15;
pub(super) const F_SETSIG: i32 = 10;

/// asm-generic/sockios.h.
pub(super) const FIOSETOWN: u32 = 0x8901;
pub(super) const SIOCSPGRP: u32 = 0x8902;

/// asm-generic/ioctls.h.
pub(super) const TIOCSTI: u32 = 0x5412;
pub(super) const TIOCLINUX: u32 = 0x541C;

impl Program {
    pub(super) fn arguments(&mut self, pid: u32) {
        // Threads; no processes, and no namespaces.
        self.on(
            SYS_clone,
            &[
                load(low(0)),
                jump(ANY_BIT, NEW_NAMESPACES, 0, 1),
                give(KILL_PROCESS),
                jump(ANY_BIT, CLONE_THREAD.unsigned_abs(), 1, 0),
                give(errno(EPERM)),
                give(ALLOW),
            ],
        );
        self.sockets();
        // No file is opened to be written, and no memory becomes code.
        // Not `O_ACCMODE`: musl's has O_PATH in it.
        let writing = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC;
        self.on(SYS_openat, &no_bits(2, writing, EACCES));
        #[cfg(target_arch = "x86_64")]
        self.on(SYS_open, &no_bits(1, writing, EACCES));
        for call in [SYS_mmap, SYS_mprotect, SYS_pkey_mprotect] {
            self.on(call, &no_bits(2, PROT_EXEC, EACCES));
        }
        // Limits are read, not set.
        self.on(
            SYS_prlimit64,
            &[
                load(low(2)),
                jump(EQUAL, 0, 1, 0),
                give(errno(EPERM)),
                load(high(2)),
                jump(EQUAL, 0, 1, 0),
                give(errno(EPERM)),
                give(ALLOW),
            ],
        );
        // tkill's is a thread; that the first one's number is the process's is all that is known here.
        for call in [SYS_kill, SYS_tgkill, SYS_tkill] {
            self.on(call, &only(0, pid, EPERM));
        }
        // Whom a descriptor sends a signal to, and which; keys typed into the terminal that the
        // process was started from.
        let signals = [F_SETOWN, F_SETOWN_EX, F_SETSIG].map(i32::unsigned_abs);
        self.on(SYS_fcntl, &none_of(1, &signals, EPERM));
        let controls = [FIOSETOWN, SIOCSPGRP, TIOCSTI, TIOCLINUX];
        self.on(SYS_ioctl, &none_of(1, &controls, EPERM));
    }

    /// TCP, UDP and Unix sockets: no packets, no netlink, no cryptography of the kernel's, and none of
    /// the other protocols of IP, of which MPTCP would pass by Landlock's ports.
    fn sockets(&mut self) {
        self.on(
            SYS_socket,
            &[
                load(low(0)),
                jump(EQUAL, AF_UNIX.unsigned_abs(), 11, 0),
                jump(EQUAL, AF_INET.unsigned_abs(), 2, 0),
                jump(EQUAL, AF_INET6.unsigned_abs(), 1, 0),
                give(errno(EAFNOSUPPORT)),
                load(low(1)),
                keep(SOCKET_TYPE),
                jump(EQUAL, SOCK_STREAM.unsigned_abs(), 2, 0),
                jump(EQUAL, SOCK_DGRAM.unsigned_abs(), 1, 0),
                give(errno(EPERM)),
                load(low(2)),
                jump(EQUAL, IPPROTO_TCP.unsigned_abs(), 4, 0),
                jump(EQUAL, IPPROTO_UDP.unsigned_abs(), 3, 0),
                // A Unix socket is asked for this only.
                load(low(2)),
                jump(EQUAL, 0, 1, 0),
                give(errno(EPROTONOSUPPORT)),
                give(ALLOW),
            ],
        );
        let unix = AF_UNIX.unsigned_abs();
        self.on(SYS_socketpair, &only(0, unix, EAFNOSUPPORT));
    }

    /// Netlink of these two families. Other sockets are judged by what follows, which asks for the
    /// number of the call once more.
    pub(super) fn netfilter_and_routes(&mut self) {
        self.on(
            SYS_socket,
            &[
                load(low(0)),
                jump(EQUAL, AF_NETLINK.unsigned_abs(), 0, 9),
                load(low(1)),
                keep(SOCKET_TYPE),
                jump(EQUAL, SOCK_RAW.unsigned_abs(), 1, 0),
                give(errno(EPERM)),
                load(low(2)),
                jump(EQUAL, NETLINK_ROUTE.unsigned_abs(), 2, 0),
                jump(EQUAL, NETLINK_NETFILTER.unsigned_abs(), 1, 0),
                give(errno(EPROTONOSUPPORT)),
                give(ALLOW),
                load(NUMBER),
            ],
        );
    }

    /// TCP Fast Open dials without connect(2), where Landlock asks for the port. The answer is that of
    /// a kernel where it is switched off.
    pub(super) fn dialling_by_sending(&mut self) {
        for (call, flags) in [(SYS_sendto, 3), (SYS_sendmsg, 2), (SYS_sendmmsg, 3)] {
            self.on(call, &no_bits(flags, MSG_FASTOPEN, EOPNOTSUPP));
        }
    }

    /// The mode that a socket is given before it has a path, and no other.
    pub(super) fn private_files_only(&mut self) {
        self.on(SYS_fchmod, &only(1, PRIVATE, EACCES));
    }
}

/// Refuses whoever sets one of these bits.
fn no_bits(argument: u32, bits: i32, refusal: i32) -> [sock_filter; 4] {
    [
        load(low(argument)),
        jump(ANY_BIT, bits.unsigned_abs(), 0, 1),
        give(errno(refusal)),
        give(ALLOW),
    ]
}

/// Refuses every other value of an argument of 32 bits.
fn only(argument: u32, value: u32, refusal: i32) -> [sock_filter; 4] {
    [
        load(low(argument)),
        jump(EQUAL, value, 1, 0),
        give(errno(refusal)),
        give(ALLOW),
    ]
}

/// Refuses these values of an argument of 32 bits.
fn none_of(argument: u32, values: &[u32], refusal: i32) -> Vec<sock_filter> {
    let mut body = vec![load(low(argument))];
    for value in values {
        body.extend([jump(EQUAL, *value, 0, 1), give(errno(refusal))]);
    }
    body.push(give(ALLOW));
    body
}

//! The filter as a BPF program: what the kernel runs for each system call.

use libc::c_long;
use seccompiler::sock_filter;

use super::calls::{
    CHANGES_FILES, FATAL, HOT, REFUSED, TAKES_SOCKET_FILES_AWAY, UNKNOWN_FROM, UNREADABLE,
};

mod arguments;
#[cfg(test)]
mod tests;

/// `AUDIT_ARCH_X86_64` and `AUDIT_ARCH_AARCH64` of linux/audit.h; others have no filter.
const ARCH: Option<u32> = if cfg!(target_arch = "x86_64") {
    Some(0xC000_003E)
} else if cfg!(target_arch = "aarch64") {
    Some(0xC000_00B7)
} else {
    None
};

/// Bit 30 marks the calls of x32, a second set of numbers for the same kernel.
const X32: u32 = 0x4000_0000;

const ALLOW: u32 = 0x7fff_0000;
const KILL_PROCESS: u32 = 0x8000_0000;

/// Offsets in `struct seccomp_data` of linux/seccomp.h.
const NUMBER: u32 = 0;
const ARCHITECTURE: u32 = 4;

/// What the filter has to know of the process.
#[derive(Debug, Clone, Copy)]
pub(super) struct Process {
    pub(super) pid: u32,
    /// A Unix socket with a path is made, and its file taken away again.
    pub(super) makes_sockets: bool,
    /// It speaks to nf_tables and to the routes.
    pub(super) sets_the_network_up: bool,
    /// Landlock has a list of the TCP ports that may be dialled.
    pub(super) dials_named_ports: bool,
}

/// The program; `None` on an architecture whose calls are not known here.
pub(super) fn program(process: Process) -> Option<Vec<sock_filter>> {
    let mut to = Program(Vec::new());
    to.load(ARCHITECTURE);
    to.unless_equal(ARCH?, &[give(KILL_PROCESS)]);
    to.load(NUMBER);
    if cfg!(target_arch = "x86_64") {
        to.at_least(X32, KILL_PROCESS);
    }
    to.at_least(UNKNOWN_FROM, errno(libc::ENOSYS));
    if process.dials_named_ports {
        to.dialling_by_sending();
    }
    to.each(HOT, ALLOW);
    to.each(FATAL, KILL_PROCESS);
    to.each(REFUSED, errno(libc::EPERM));
    to.each(CHANGES_FILES, errno(libc::EACCES));
    if process.makes_sockets {
        to.private_files_only();
    } else {
        to.each(TAKES_SOCKET_FILES_AWAY, errno(libc::EACCES));
        to.on(libc::SYS_fchmod, &[give(errno(libc::EACCES))]);
    }
    to.each(UNREADABLE, errno(libc::ENOSYS));
    if process.sets_the_network_up {
        to.netfilter_and_routes();
    }
    to.arguments(process.pid);
    to.0.push(give(ALLOW));
    Some(to.0)
}

const fn errno(number: i32) -> u32 {
    0x0005_0000 | number.unsigned_abs()
}

struct Program(Vec<sock_filter>);

impl Program {
    fn load(&mut self, offset: u32) {
        self.0.push(load(offset));
    }

    /// Runs `body`, which ends in an answer, if the loaded word is another.
    fn unless_equal(&mut self, word: u32, body: &[sock_filter]) {
        self.0.push(jump(EQUAL, word, length(body), 0));
        self.0.extend_from_slice(body);
    }

    /// Runs `body`, which ends in an answer, for this call.
    fn on(&mut self, call: c_long, body: &[sock_filter]) {
        self.0.push(jump(EQUAL, number(call), 0, length(body)));
        self.0.extend_from_slice(body);
    }

    fn at_least(&mut self, word: u32, answer: u32) {
        self.0.extend([jump(AT_LEAST, word, 0, 1), give(answer)]);
    }

    fn each(&mut self, calls: &[c_long], answer: u32) {
        for call in calls {
            self.on(*call, &[give(answer)]);
        }
    }
}

/// Instructions of linux/bpf_common.h.
const LOAD: u16 = 0x20;
const EQUAL: u16 = 0x15;
const AT_LEAST: u16 = 0x35;
const ANY_BIT: u16 = 0x45;
const AND: u16 = 0x54;
const RETURN: u16 = 0x06;

const fn load(offset: u32) -> sock_filter {
    jump(LOAD, offset, 0, 0)
}

const fn keep(bits: u32) -> sock_filter {
    jump(AND, bits, 0, 0)
}

const fn give(answer: u32) -> sock_filter {
    jump(RETURN, answer, 0, 0)
}

/// Skips `yes` instructions if the comparison holds, else `no`.
const fn jump(code: u16, k: u32, yes: u8, no: u8) -> sock_filter {
    sock_filter {
        code,
        jt: yes,
        jf: no,
        k,
    }
}

/// Bodies are a handful of instructions.
fn length(body: &[sock_filter]) -> u8 {
    u8::try_from(body.len()).unwrap_or(u8::MAX)
}

/// Numbers of calls are small and not negative.
fn number(call: c_long) -> u32 {
    u32::try_from(call).unwrap_or(u32::MAX)
}

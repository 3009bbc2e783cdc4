//! Writes every packet of the host that it runs on to a file, from the dot that it prints until its
//! standard input ends.
//!
//! A packet waits in a socket until it is read, and may find no room there. So the end is a packet of its
//! own: once it has come by, so has all that was sent before it, and it tells how many were lost.

use std::fs::File;
use std::io::{self, IoSliceMut, Write};
use std::net::{Ipv4Addr, UdpSocket};
use std::os::fd::AsRawFd;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use nix::cmsg_space;
use nix::errno::Errno;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg, setsockopt, sockopt};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use socket2::{Domain, Protocol, Socket, Type};

/// Packets that wait while the file is written.
const BUFFER: usize = 16 << 20;
/// What offloading makes one packet of is at most 64 KiB, and headers.
const LONGEST: usize = 1 << 17;
/// Time for the last packet, on a machine that does other things.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long one wait for a packet is.
const TICK: Timespec = Timespec {
    tv_sec: 1,
    tv_nsec: 0,
};
/// How soon the last packet is sent again.
const AGAIN: Duration = Duration::from_secs(1);
/// Discard (RFC 863): nobody listens there.
const NOBODY: u16 = 9;

fn main() -> anyhow::Result<()> {
    let file = std::env::args_os().nth(1).context("which file?")?;
    capture(Path::new(&file))
}

/// Packets of all interfaces, loopback too, one after the other.
fn capture(file: &Path) -> anyhow::Result<()> {
    let (packets, input) = (socket()?, io::stdin());
    let mut file = File::create(file)?;
    print_dot()?;
    let mut last: Option<Last> = None;
    let mut buffer = vec![0; LONGEST];
    let mut waited = [
        PollFd::new(&packets, PollFlags::IN),
        PollFd::new(&input, PollFlags::IN),
    ];
    loop {
        // The end of the input is told once.
        let asked = if last.is_some() { 1 } else { 2 };
        poll(waited.get_mut(..asked).unwrap_or_default(), Some(&TICK))?;
        let [come, told] = waited.each_ref().map(|one| !one.revents().is_empty());
        if told && last.is_none() {
            last = Some(Last::send()?);
        }
        if come && let Some(packet) = next(&packets, &mut buffer)? {
            file.write_all(packet.bytes)?;
            if last.as_ref().is_some_and(|last| last.is(packet.bytes)) {
                ensure!(packet.lost == 0, "{} packets found no room", packet.lost);
                return Ok(());
            }
        }
        if let Some(last) = &mut last {
            last.again()?;
        }
    }
}

/// It sees what is sent as soon as it is there.
fn socket() -> anyhow::Result<Socket> {
    /// `ETH_P_ALL` of linux/if_ether.h, in network order.
    const EVERYTHING: i32 = (3_u16.to_be()) as i32;
    let packets = Socket::new(Domain::PACKET, Type::RAW, Some(Protocol::from(EVERYTHING)))?;
    setsockopt(&packets, sockopt::RxqOvfl, &1)?;
    // Beyond net.core.rmem_max is for the machine's root alone, not for a user namespace's.
    if setsockopt(&packets, sockopt::RcvBufForce, &BUFFER).is_err() {
        packets.set_recv_buffer_size(BUFFER)?;
    }
    Ok(packets)
}

fn print_dot() -> io::Result<()> {
    let mut out = io::stdout();
    out.write_all(b".")?;
    out.flush()
}

struct Packet<'b> {
    bytes: &'b [u8],
    /// How many before it found no room.
    lost: u32,
}

fn next<'b>(packets: &Socket, buffer: &'b mut [u8]) -> anyhow::Result<Option<Packet<'b>>> {
    let mut space = cmsg_space!(u32);
    let (n, lost) = {
        let mut whole = [IoSliceMut::new(buffer)];
        let flags = MsgFlags::MSG_DONTWAIT;
        let got = match recvmsg::<()>(packets.as_raw_fd(), &mut whole, Some(&mut space), flags) {
            Ok(got) => got,
            Err(Errno::EAGAIN | Errno::EINTR) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        ensure!(
            !got.flags.contains(MsgFlags::MSG_TRUNC),
            "a packet is longer than {LONGEST} bytes"
        );
        // Told only where there are any (SO_RXQ_OVFL, socket(7)).
        let lost = got.cmsgs()?.find_map(|message| match message {
            ControlMessageOwned::RxqOvfl(lost) => Some(lost),
            _ => None,
        });
        (got.bytes, lost.unwrap_or(0))
    };
    let bytes = buffer.get(..n).unwrap_or_default();
    Ok(Some(Packet { bytes, lost }))
}

/// The packet behind which there is nothing that anybody waits for.
struct Last {
    content: String,
    sender: UdpSocket,
    first: Instant,
    latest: Instant,
}

impl Last {
    fn send() -> io::Result<Self> {
        let now = Instant::now();
        let last = Self {
            // Another capture of the same host has another one.
            content: format!("the last packet for {}", std::process::id()),
            sender: UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?,
            first: now,
            latest: now,
        };
        last.send_once()?;
        Ok(last)
    }

    fn send_once(&self) -> io::Result<()> {
        let to = (Ipv4Addr::LOCALHOST, NOBODY);
        self.sender.send_to(self.content.as_bytes(), to).map(drop)
    }

    fn is(&self, packet: &[u8]) -> bool {
        packet.ends_with(self.content.as_bytes())
    }

    /// It may have found no room itself.
    fn again(&mut self) -> anyhow::Result<()> {
        ensure!(
            self.first.elapsed() < PATIENCE,
            "the last packet has not come by in {PATIENCE:?}"
        );
        if self.latest.elapsed() > AGAIN {
            self.send_once()?;
            self.latest = Instant::now();
        }
        Ok(())
    }
}

//! The replica's connection to the alias, as the kernel of its pod has it.
//!
//! The app is told of a fault by its own kernel and by nobody else: what counts is when the connection
//! is no longer established.

use std::fs;
use std::net::{Ipv4Addr, SocketAddrV4};

/// `TCP_ESTABLISHED` (net/tcp_states.h).
const ESTABLISHED: &str = "01";

/// An established connection to a virtual IP, by the app's own end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Connection {
    local: SocketAddrV4,
    remote: SocketAddrV4,
}

impl Connection {
    /// The connection of the pod in which `process` runs to `port` of a virtual IP, if it has one.
    pub(super) fn of_pod(process: u32, port: u16) -> Option<Self> {
        established(process)?
            .into_iter()
            .find(|connection| connection.remote.port() == port && is_virtual(connection.remote))
    }

    /// Whether it is over. Where the process has ended, it is.
    pub(super) fn is_over(self, process: u32) -> bool {
        established(process).is_none_or(|all| !all.contains(&self))
    }
}

/// 240.240.0.0/16, which the shim's redirect rules are for.
fn is_virtual(address: SocketAddrV4) -> bool {
    address.ip().octets().starts_with(&[240, 240])
}

fn established(process: u32) -> Option<Vec<Connection>> {
    let table = fs::read_to_string(format!("/proc/{process}/net/tcp")).ok()?;
    Some(parse(&table))
}

fn parse(table: &str) -> Vec<Connection> {
    let lines = table.lines().skip(1);
    lines
        .filter_map(|line| {
            let mut words = line.split_whitespace().skip(1);
            let (local, remote) = (address(words.next()?)?, address(words.next()?)?);
            (words.next()? == ESTABLISHED).then_some(Connection { local, remote })
        })
        .collect()
}

/// `0500F0F0:0CEA`: the address as a number of this machine, the port as one reads it.
fn address(text: &str) -> Option<SocketAddrV4> {
    let (ip, port) = text.split_once(':')?;
    let ip = u32::from_str_radix(ip, 16).ok()?.to_ne_bytes();
    let port = u16::from_str_radix(port, 16).ok()?;
    Some(SocketAddrV4::new(Ipv4Addr::from(ip), port))
}

#[cfg(test)]
#[cfg(target_endian = "little")]
mod tests {
    use super::*;

    const TABLE: &str = "\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:0CEA 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1
   1: 1400480A:9C40 0500F0F0:0CEA 01 00000000:00000000 00:00000000 00000000     0        0 2 1
   2: 1400480A:9C42 0500F0F0:0CEA 08 00000000:00000000 00:00000000 00000000     0        0 3 1
";

    #[test]
    fn only_established_connections_are_read() {
        let all = parse(TABLE);
        assert_eq!(
            all,
            [Connection {
                local: "10.72.0.20:40000".parse().unwrap(),
                remote: "240.240.0.5:3306".parse().unwrap(),
            }]
        );
        assert!(is_virtual(all[0].remote) && !is_virtual(all[0].local));
    }
}

//! ClientHellos by hand, from which no handshake comes: what is answered to them tells how far they came.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::gateway::connected;

/// Time for an answer, which takes two ways over the network at most, or four to a pod.
const WORD: Duration = Duration::from_secs(2);
/// More than the usual one has, with the key share of `X25519MLKEM768`: two packets where 1,500 bytes fit.
const LARGE: usize = 1800;

/// What a ClientHello looks like on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Size {
    /// It fits into any packet.
    Small,
    /// It takes as many packets as one of a handshake.
    Large,
}

/// What is answered to one on a connection of its own. An answer of no bytes is a connection that was closed.
pub(super) async fn answer(
    address: SocketAddr,
    (name, alpn): (&str, &[u8]),
    size: Size,
) -> Option<Vec<u8>> {
    let (mut tcp, _) = connected(&[address.ip()], address.port()).await.ok()?;
    let hello = bytes(name, alpn, size);
    timeout(WORD, answered(&mut tcp, &hello)).await.ok()?.ok()
}

async fn answered(tcp: &mut TcpStream, hello: &[u8]) -> io::Result<Vec<u8>> {
    tcp.write_all(hello).await?;
    let mut answer = vec![0; 64];
    let length = tcp.read(&mut answer).await?;
    answer.truncate(length);
    Ok(answer)
}

/// Only what a gateway reads: SNI and ALPN, beside the version, a random value and one cipher suite
/// (RFC 8446 section 4.1.2).
fn bytes(name: &str, alpn: &[u8], size: Size) -> Vec<u8> {
    const SNI: u16 = 0;
    const ALPN: u16 = 16;
    // RFC 7685.
    const PADDING: u16 = 21;
    let name = vector16(&[&[0][..], &vector16(name.as_bytes())].concat());
    let alpn = vector16(&vector8(alpn));
    let mut extensions = [extension(SNI, &name), extension(ALPN, &alpn)].concat();
    if size == Size::Large {
        extensions.extend(extension(PADDING, &[0; LARGE]));
    }
    let hello = [
        &[3, 3][..],
        &[0x45; 32],
        &vector8(&[]),
        // TLS_AES_128_GCM_SHA256
        &vector16(&[0x13, 0x01]),
        &vector8(&[0]),
        &vector16(&extensions),
    ]
    .concat();
    // client_hello, and its length in three bytes, of which the first is 0.
    let message = [&[1, 0][..], &vector16(&hello)].concat();
    [&[22, 3, 1][..], &vector16(&message)].concat()
}

fn vector8(bytes: &[u8]) -> Vec<u8> {
    let length = u8::try_from(bytes.len()).unwrap_or(u8::MAX);
    [&[length][..], bytes].concat()
}

fn vector16(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
    [&length.to_be_bytes()[..], bytes].concat()
}

fn extension(kind: u16, bytes: &[u8]) -> Vec<u8> {
    [&kind.to_be_bytes()[..], &vector16(bytes)].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::gateway::probe_name;
    use eastwest_transport::client_hello;

    #[tokio::test]
    async fn a_gateway_reads_them() {
        for (size, lengths) in [(Size::Small, 0..200), (Size::Large, LARGE..2100)] {
            let hello = bytes(&probe_name(15443), b"istio", size);
            assert!(lengths.contains(&hello.len()), "{}", hello.len());
            let read = client_hello::read(&mut hello.as_slice(), &mut Vec::new()).await;
            let read = read.unwrap();
            assert_eq!(
                read.sni(),
                Some("outbound_.15443_._.probe.eastwest.invalid")
            );
            assert!(read.offers_alpn(b"istio"));
        }
    }
}

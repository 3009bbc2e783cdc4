//! A ClientHello that fits into any packet: for a way on which large ones are lost.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::gateway::probe_name;

/// Sends it, and waits until somebody says anything or hangs up, which is an answer, too: how many bytes.
pub(super) async fn answered(tcp: &mut TcpStream, port: u16) -> io::Result<usize> {
    tcp.write_all(&bytes(&probe_name(port))).await?;
    tcp.read(&mut [0; 64]).await
}

/// Only what a gateway reads: SNI and ALPN, beside the version, a random value and one cipher suite
/// (RFC 8446 section 4.1.2). No handshake could follow; none is meant to.
fn bytes(name: &str) -> Vec<u8> {
    const SNI: u16 = 0;
    const ALPN: u16 = 16;
    let name = vector16(&[&[0][..], &vector16(name.as_bytes())].concat());
    let alpn = vector16(&vector8(b"istio"));
    let extensions = [extension(SNI, &name), extension(ALPN, &alpn)].concat();
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
    use eastwest_transport::client_hello;

    #[tokio::test]
    async fn a_gateway_reads_it() {
        let hello = bytes(&probe_name(15443));
        assert!(hello.len() < 200, "{}", hello.len());
        let read = client_hello::read(&mut hello.as_slice(), &mut Vec::new()).await;
        let read = read.unwrap();
        assert_eq!(
            read.sni(),
            Some("outbound_.15443_._.probe.eastwest.invalid")
        );
        assert!(read.offers_alpn(b"istio"));
    }
}

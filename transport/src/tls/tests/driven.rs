//! Our handshake against tokio-rustls, in each role: both come to the same end.

use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ServerConfig};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, duplex};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::meeting::{Allow, CLIENT, Pair, SERVER, verdict};
use super::mint::{Mint, Minted};
use crate::tls::pem;
use crate::tls::{HandshakeError, MinTls, ServerAlpn, Side, accept, connect};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Ours,
    Rustls,
}

/// Who plays client and server.
const ROLES: [(By, By); 4] = [
    (By::Rustls, By::Rustls),
    (By::Ours, By::Rustls),
    (By::Rustls, By::Ours),
    (By::Ours, By::Ours),
];

/// The client's handshake; in TLS 1.3 a refusal comes behind it.
async fn dial<T: AsyncRead + AsyncWrite + Unpin>(
    by: By,
    config: Arc<ClientConfig>,
    mut io: T,
) -> std::io::Result<()> {
    let name = ServerName::try_from("peer").unwrap();
    match by {
        By::Ours => {
            let mut secured = connect(config, name, &mut io).await?;
            let mut bytes = std::mem::take(&mut secured.unread);
            loop {
                use crate::tls::record::Opened;
                match secured.session.open(&mut bytes)? {
                    Opened::Partial if io.read_buf(&mut bytes).await? == 0 => {
                        return Err(std::io::ErrorKind::UnexpectedEof.into());
                    }
                    Opened::Partial => {}
                    opened => {
                        assert!(matches!(opened, Opened::Record { .. }), "{opened:?}");
                        return Ok(());
                    }
                }
            }
        }
        By::Rustls => {
            let mut stream = TlsConnector::from(config).connect(name, io).await?;
            stream.read_exact(&mut [0]).await.map(drop)
        }
    }
}

/// The server's handshake, and a byte for a client that has come through.
async fn listen<T: AsyncRead + AsyncWrite + Unpin>(
    by: By,
    config: Arc<ServerConfig>,
    mut io: T,
) -> std::io::Result<()> {
    match by {
        By::Ours => {
            // As the shim does: a part of the hello was read to find out who should serve it.
            let mut read = vec![0; 100];
            io.read_exact(&mut read).await?;
            let mut secured = accept(config, &mut io, read).await?;
            let mut record = vec![0; secured.session.frame().front];
            record.push(b'x');
            record.resize(record.len() + secured.session.frame().back, 0);
            secured.session.seal(&mut record)?;
            io.write_all(&record).await
        }
        By::Rustls => {
            let mut stream = TlsAcceptor::from(config).accept(io).await?;
            stream.write_all(b"x").await?;
            stream.flush().await
        }
    }
}

/// What each end says of the handshake; empty where it went well.
async fn said(pair: &Pair, (client_by, server_by): (By, By)) -> (String, String) {
    let (client, server) = (verdict(&pair.client_allows), verdict(&pair.server_allows));
    let dialled = pair
        .client
        .client_config(client.clone(), pair.client_min)
        .unwrap();
    let listened = pair
        .server
        .server_config(server.clone(), pair.server_min, pair.alpn)
        .unwrap();
    // Small, so that every flight is split; and the alert that ends it is not waited for.
    let (near, far) = duplex(512);
    let (dialled, listened) = tokio::join!(
        dial(client_by, dialled, near),
        listen(server_by, listened, far)
    );
    let words = |outcome: std::io::Result<()>, side, verdict| match outcome {
        Ok(()) => String::new(),
        Err(error) => HandshakeError::new(error, side, verdict).to_string(),
    };
    (
        words(dialled, Side::Client, &client),
        words(listened, Side::Server, &server),
    )
}

/// That all four say the same, which holds `client` and `server` where there is something to say.
async fn all_say(pair: &Pair, client: &str, server: &str) {
    let expected = said(pair, ROLES[0]).await;
    for (said, words) in [(&expected.0, client), (&expected.1, server)] {
        assert!(said.contains(words), "{expected:?}");
        assert_eq!(said.is_empty(), words.is_empty(), "{expected:?}");
    }
    for roles in ROLES {
        assert_eq!(said(pair, roles).await, expected, "{roles:?}");
    }
}

#[tokio::test]
async fn two_that_agree_come_through_whoever_makes_the_handshake() {
    for min in [MinTls::Tls13, MinTls::Tls12] {
        for alpn in [ServerAlpn::Istio, ServerAlpn::Silent] {
            let mut pair = Pair::of(&Mint::root("root"));
            (pair.client_min, pair.server_min, pair.alpn) = (min, min, alpn);
            all_say(&pair, "", "").await;
        }
    }
}

#[tokio::test]
async fn a_caller_who_may_not_call_is_told_the_same() {
    let mut pair = Pair::of(&Mint::root("root"));
    pair.server_allows = Allow::Only("spiffe://cluster.local/ns/other/sa/default");
    all_say(&pair, "not on its allow list", "is not allowed").await;
}

#[tokio::test]
async fn a_far_end_that_is_another_is_refused_the_same() {
    let mut pair = Pair::of(&Mint::root("root"));
    pair.client_allows = Allow::Only("spiffe://cluster.local/ns/other/sa/default");
    all_say(&pair, "is not allowed", "the peer refused us").await;
}

#[tokio::test]
async fn another_root_is_refused_the_same() {
    let (ours, theirs) = (Mint::root("root"), Mint::root("root"));
    let pair = Pair::new(ours.identity(CLIENT), theirs.identity(SERVER));
    all_say(&pair, "leads to none of our roots", "the peer refused us").await;
}

/// A chain that takes so many bytes, as what is behind the leaf leads nowhere.
fn long(identity: Minted, bytes: usize) -> Minted {
    let stranger = Mint::root("stranger").root;
    let mut chain = identity;
    while pem::certificates(chain.cert.as_bytes())
        .unwrap()
        .iter()
        .map(|one| one.len())
        .sum::<usize>()
        < bytes
    {
        chain.cert += &stranger;
    }
    chain
}

#[tokio::test]
async fn a_caller_with_a_chain_of_sixteen_kilobytes_comes_through() {
    let mint = Mint::root("root");
    let client = mint.identity_of(&long(mint.leaf(CLIENT), 16 * 1000));
    let mut pair = Pair::new(client, mint.identity(SERVER));
    for min in [MinTls::Tls13, MinTls::Tls12] {
        (pair.client_min, pair.server_min) = (min, min);
        all_say(&pair, "", "").await;
    }
}

/// How much our server takes of records, before any of their messages is whole.
async fn taken(records: impl Iterator<Item = Vec<u8>>) -> usize {
    let pair = Pair::of(&Mint::root("root"));
    let config = pair
        .server
        .server_config(verdict(&Allow::Anyone), MinTls::Tls13, ServerAlpn::Istio)
        .unwrap();
    let (mut near, mut far) = duplex(1);
    let sending = async move {
        let mut sent = 0;
        for byte in records.flatten() {
            if near.write_all(&[byte]).await.is_err() {
                break;
            }
            sent += 1;
        }
        sent
    };
    let listening = async move {
        let refused = accept(config, &mut far, Vec::new()).await.unwrap_err();
        assert!(
            refused.to_string().contains("HandshakePayloadTooLarge"),
            "{refused}"
        );
    };
    tokio::join!(sending, listening).0
}

/// Certificates and hellos may be long, and who sends them has proved nothing yet.
#[tokio::test]
async fn a_message_that_never_ends_is_not_held_for_ever() {
    // A ClientHello of 65,535 bytes.
    let mut hello = vec![1, 0, 0xff, 0xff];
    hello.resize(0xffff, 0);
    for size in [1, 5000, 1 << 14] {
        let records = hello.chunks(size).map(|part| {
            let [high, low] = u16::try_from(part.len()).unwrap().to_be_bytes();
            [&[22, 3, 1, high, low], part].concat()
        });
        let taken = taken(records).await;
        assert!(
            (16 * 1024..=20 * 1024 + 6).contains(&taken),
            "{taken} bytes in records of {size}"
        );
    }
}

//! Peers that do not speak TLS to the end.

use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio_rustls::TlsConnector;

use super::meeting::{Allow, CLIENT, verdict};
use super::mint::Mint;
use crate::tls::{HandshakeError, MinTls};

/// Our client's error where the server sends `answer` and hangs up.
async fn dial_something_that_says(answer: &'static [u8]) -> HandshakeError {
    let verdict = verdict(&Allow::Anyone);
    let identity = Mint::root("root").identity(CLIENT);
    let config = identity
        .client_config(verdict.clone(), MinTls::Tls13)
        .unwrap();
    let (near, mut far) = duplex(64 * 1024);
    let listen = async move {
        far.write_all(answer).await.unwrap();
        let mut hello = [0; 5];
        far.read_exact(&mut hello).await.unwrap();
    };
    let name = "db.example".try_into().unwrap();
    let (outcome, ()) = tokio::join!(TlsConnector::from(config).connect(name, near), listen);
    HandshakeError::new(outcome.unwrap_err(), &verdict)
}

#[tokio::test]
async fn a_server_that_speaks_mysql_is_called_what_it_is() {
    let error = dial_something_that_says(b"\x4a\x00\x00\x00\x0a8.0.36\x00").await;
    assert!(error.to_string().contains("not TLS"), "{error}");
}

#[tokio::test]
async fn a_server_that_hangs_up_is_told_apart_from_one_that_refuses() {
    let error = dial_something_that_says(b"").await;
    assert!(matches!(error, HandshakeError::Closed), "{error}");
}

//! Peers that do not speak TLS to the end.

use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

use super::meeting::{Allow, CLIENT, SERVER, verdict};
use super::mint::Mint;
use crate::reason::Reason;
use crate::tls::{HandshakeError, MinTls, ServerAlpn, Side, accept, connect};

/// Our client's error where the server sends `answer` and hangs up.
async fn dial_something_that_says(answer: &'static [u8]) -> HandshakeError {
    let verdict = verdict(&Allow::Anyone);
    let identity = Mint::root("root").identity(CLIENT);
    let config = identity
        .client_config(verdict.clone(), MinTls::Tls13)
        .unwrap();
    let (mut near, mut far) = duplex(64 * 1024);
    let listen = async move {
        far.write_all(answer).await.unwrap();
        let mut hello = [0; 5];
        far.read_exact(&mut hello).await.unwrap();
    };
    let name = "db.example".try_into().unwrap();
    let (outcome, ()) = tokio::join!(connect(config, name, &mut near), listen);
    HandshakeError::new(outcome.unwrap_err(), Side::Client, &verdict)
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

#[tokio::test]
async fn an_alert_before_any_certificate_is_no_refusal_of_ours() {
    for (answer, reason, said) in [
        (
            b"\x15\x03\x03\x00\x02\x02\x70",
            Reason::NotExported,
            "exports no such name",
        ),
        (
            b"\x15\x03\x03\x00\x02\x02\x78",
            Reason::NoIstioAlpn,
            "no Istio protocol",
        ),
        (
            b"\x15\x03\x03\x00\x02\x02\x50",
            Reason::PodUnreachable,
            "cannot reach the pod",
        ),
        (
            b"\x15\x03\x03\x00\x02\x02\x31",
            Reason::PortNotServed,
            "does not serve this port",
        ),
        (
            b"\x15\x03\x03\x00\x02\x02\x30",
            Reason::RefusedByPeer,
            "unknown_ca",
        ),
    ] {
        let error = dial_something_that_says(answer).await;
        assert_eq!(Reason::from(&error), reason, "{error}");
        assert!(error.to_string().contains(said), "{error}");
    }
}

#[tokio::test]
async fn a_caller_that_sends_the_alerts_of_a_gateway_is_not_taken_for_one() {
    let verdict = verdict(&Allow::Anyone);
    let config = Mint::root("root")
        .identity(SERVER)
        .server_config(verdict.clone(), MinTls::Tls13, ServerAlpn::Silent)
        .unwrap();
    for alert in [80, 112, 120, 49] {
        let (mut near, mut far) = duplex(64 * 1024);
        near.write_all(&[21, 3, 3, 0, 2, 2, alert]).await.unwrap();
        let outcome = accept(config.clone(), &mut far, Vec::new()).await;
        let error = HandshakeError::new(outcome.unwrap_err(), Side::Server, &verdict);
        assert_eq!(Reason::from(&error), Reason::RefusedByPeer, "{error}");
    }
}

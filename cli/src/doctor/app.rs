//! The app behind the pod's shim.

use std::io;
use std::time::Duration;

use eastwest_mesh::{Protocol, Route};
use eastwest_transport::tls::Talk;
use tokio::time::timeout;

use super::fault::Fault;
use super::look::{Broken, Look};
use super::pod::{Met, judged};

/// Time for the first words of an app.
const WORD: Duration = Duration::from_secs(3);
/// A greeting of MySQL, or the head of an answer over HTTP, is shorter.
const LONGEST_WORD: usize = 4096;

/// Who stands before the app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sidecar {
    /// Ours, which has let us in.
    Ours,
    /// Another, which may answer in the app's place.
    Other,
}

/// Speaks to the app itself: asks with HEAD, or hears MySQL's greeting.
pub(super) async fn speak(met: Met, route: &Route, sidecar: Sidecar) -> Result<Look, Broken> {
    let mut talk = Talk::new(met.tcp, met.secured);
    let hearing = async {
        if route.protocol == Protocol::Http {
            let head = format!(
                "HEAD / HTTP/1.1\r\nHost: {}\r\nUser-Agent: eastwest-doctor\r\nConnection: close\r\n\r\n",
                route.alias
            );
            talk.say(head.as_bytes()).await?;
        }
        let said = talk.hear_all(1).await?;
        // How the app takes that is its own matter.
        let _ = talk.end().await;
        Ok::<_, io::Error>(said)
    };
    let said = match timeout(WORD, hearing).await {
        Ok(Ok(said)) => said,
        Ok(Err(error)) => return Err(judged(&error)),
        Err(_) => {
            return Err(Broken::new(
                Fault::AppSilent,
                format!("nothing in {WORD:?}"),
            ));
        }
    };
    let said = said.get(..LONGEST_WORD).unwrap_or(&said);
    match (route.protocol, said) {
        (_, []) => Err(Broken::new(Fault::AppHungUp, "it ended the connection")),
        (Protocol::Http, said) => http(said, sidecar),
        (_, said) => mysql(said),
    }
}

/// An Envoy answers 403 itself where a policy does not let us in. What comes from the app has the header
/// that says how long that took (Envoy's router filter).
fn http(said: &[u8], sidecar: Sidecar) -> Result<Look, Broken> {
    const BY_THE_APP: &str = "x-envoy-upstream-service-time";
    let text = String::from_utf8_lossy(said);
    let status = text.lines().next().unwrap_or_default();
    let forbidden = status.split(' ').nth(1) == Some("403");
    if sidecar == Sidecar::Other && forbidden && !text.contains(BY_THE_APP) {
        let seen = format!("the sidecar answers {status}, and the app does not");
        return Err(Broken::new(Fault::IdentityNotAllowed, seen));
    }
    match status.starts_with("HTTP/1.") {
        true => Ok(Look::fine(format!("HEAD / is answered {status}"))),
        false => Err(Broken::new(Fault::AppNotHttp, begins(said))),
    }
}

/// A packet is three bytes of length, its number, and the payload: version 10 of the protocol and the
/// server's version up to a zero, or 0xff, a code and a text (Protocol::HandshakeV10,
/// Protocol::ERR_Packet in MySQL's source documentation).
fn mysql(said: &[u8]) -> Result<Look, Broken> {
    let not_mysql = || Err(Broken::new(Fault::AppNotMySql, begins(said)));
    let [low, middle, high, 0, kind, rest @ ..] = said else {
        return not_mysql();
    };
    let length = usize::from(*low) | usize::from(*middle) << 8 | usize::from(*high) << 16;
    if length + 4 < said.len() {
        return not_mysql();
    }
    match kind {
        10 => {
            let version = rest.split(|byte| *byte == 0).next().unwrap_or_default();
            Ok(Look::fine(format!(
                "MySQL greets, version {}",
                begins(version)
            )))
        }
        0xff => {
            let text = rest.get(2..).unwrap_or_default();
            Err(Broken::new(Fault::AppRefuses, begins(text)))
        }
        _ => not_mysql(),
    }
}

/// The first bytes, as a person may read them.
fn begins(bytes: &[u8]) -> String {
    const SHOWN: usize = 60;
    bytes
        .get(..SHOWN)
        .unwrap_or(bytes)
        .escape_ascii()
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(look: Result<Look, Broken>) -> Option<Fault> {
        look.err().map(|broken| broken.fault)
    }

    #[test]
    fn a_greeting_is_known_by_its_form() {
        let greeting = b"\x4a\0\0\0\x0a8.4.2\0rest";
        assert_eq!(
            mysql(greeting),
            Ok(Look::fine("MySQL greets, version 8.4.2"))
        );
        let blocked = b"\x45\0\0\0\xff\x69\x04Host '10.1.1.1' is blocked";
        let broken = mysql(blocked).unwrap_err();
        assert_eq!(broken.fault, Fault::AppRefuses);
        assert_eq!(broken.seen, "Host \\'10.1.1.1\\' is blocked");
        for other in [&b"SSH-2.0-OpenSSH"[..], b"", b"\x02\0\0\0\x0a8.4.2\0more"] {
            assert_eq!(fault(mysql(other)), Some(Fault::AppNotMySql));
        }
    }

    #[test]
    fn any_answer_over_http_is_one() {
        for sidecar in [Sidecar::Ours, Sidecar::Other] {
            assert!(http(b"HTTP/1.1 503 Service Unavailable\r\n", sidecar).is_ok());
            assert_eq!(fault(http(b"hello\n", sidecar)), Some(Fault::AppNotHttp));
        }
    }

    #[test]
    fn what_a_sidecar_forbids_is_not_the_apps_answer() {
        let forbids = b"HTTP/1.1 403 Forbidden\r\nserver: istio-envoy\r\n\r\n";
        let other = fault(http(forbids, Sidecar::Other));
        assert_eq!(other, Some(Fault::IdentityNotAllowed));
        assert!(http(forbids, Sidecar::Ours).is_ok());
        let the_app = b"HTTP/1.1 403 Forbidden\r\nx-envoy-upstream-service-time: 1\r\n\r\n";
        assert!(http(the_app, Sidecar::Other).is_ok());
    }
}

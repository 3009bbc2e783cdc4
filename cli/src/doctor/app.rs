//! The app behind the pod's shim.

use std::io;
use std::time::Duration;

use eastwest_mesh::{Protocol, Route};
use eastwest_transport::tls::Talk;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::fault::Fault;
use super::look::{Broken, Look};
use super::mysql;
use super::pod::{Met, judged};

/// Time for the first words of an app.
const WORD: Duration = Duration::from_secs(3);
/// A head of HTTP that is longer tells nothing more.
const LONGEST_HEAD: usize = 16 * 1024;
/// What an answer over HTTP begins with.
const HTTP: &[u8] = b"HTTP/1.";

/// Who stands before the app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sidecar {
    /// Ours, which has let us in.
    Ours,
    /// Another, which may answer in the app's place.
    Other,
}

/// How MySQL is met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Manner {
    /// It is not connected to, where that can be helped.
    Unheard,
    /// Its greeting is heard, and it is left: it counts that.
    Greeting,
    /// By logging in as an account without a password, and out again.
    LogIn(String),
}

/// Speaks to the app itself: asks with HEAD, or hears MySQL's greeting.
pub(super) async fn speak(
    met: Met,
    (route, manner): (&Route, &Manner),
    sidecar: Sidecar,
) -> Result<Look, Broken> {
    let mut talk = Talk::new(met.tcp, met.secured);
    let speaking = async {
        match (route.protocol, manner) {
            (Protocol::Http, _) => ask(&mut talk, route, sidecar).await,
            (_, Manner::LogIn(user)) => mysql::log_in(&mut talk, user).await,
            (_, Manner::Unheard | Manner::Greeting) => mysql::greeted(&mut talk).await,
        }
    };
    let spoken = timeout(WORD, speaking).await;
    // How the app takes that is its own matter.
    let _ = timeout(WORD, talk.end()).await;
    match spoken {
        Ok(Ok(spoken)) => spoken,
        Ok(Err(error)) => Err(judged(&error)),
        Err(_) => Err(Broken::new(
            Fault::AppSilent,
            format!("no whole answer in {WORD:?}"),
        )),
    }
}

async fn ask(
    talk: &mut Talk<TcpStream>,
    route: &Route,
    sidecar: Sidecar,
) -> io::Result<Result<Look, Broken>> {
    let head = format!(
        "HEAD / HTTP/1.1\r\nHost: {}\r\nUser-Agent: eastwest-doctor\r\nConnection: close\r\n\r\n",
        route.alias
    );
    talk.say(head.as_bytes()).await?;
    let mut said = Vec::new();
    while !is_enough(&said, sidecar) {
        let more = talk.hear().await?;
        if more.is_empty() {
            break;
        }
        said.extend(more);
    }
    Ok(match said.as_slice() {
        [] => Err(Broken::new(Fault::AppHungUp, "it ended the connection")),
        said => http(said, sidecar),
    })
}

/// Whether more would tell nothing: the status is whole, and the headers where they say who answers, or this is
/// not HTTP.
fn is_enough(said: &[u8], sidecar: Sidecar) -> bool {
    let begun = said.len().min(HTTP.len());
    let end: &[u8] = match sidecar {
        Sidecar::Ours => b"\n",
        Sidecar::Other => b"\r\n\r\n",
    };
    said.get(..begun) != HTTP.get(..begun)
        || said.len() >= LONGEST_HEAD
        || said.windows(end.len()).any(|bytes| bytes == end)
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
    match said.starts_with(HTTP) {
        true => Ok(Look::fine(format!("HEAD / is answered {status}"))),
        false => Err(Broken::new(Fault::AppNotHttp, begins(said))),
    }
}

/// The first bytes, as a person may read them.
pub(super) fn begins(bytes: &[u8]) -> String {
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
    fn any_answer_over_http_is_one() {
        for sidecar in [Sidecar::Ours, Sidecar::Other] {
            assert!(http(b"HTTP/1.1 503 Service Unavailable\r\n", sidecar).is_ok());
            assert_eq!(fault(http(b"hello\n", sidecar)), Some(Fault::AppNotHttp));
        }
    }

    #[test]
    fn an_answer_is_heard_until_it_tells_who_speaks() {
        let ours = |said: &[u8]| is_enough(said, Sidecar::Ours);
        for pieces in ["", "HT", "HTTP/1.1", "HTTP/1.1 200 O"] {
            assert!(!ours(pieces.as_bytes()), "{pieces}");
        }
        let status = b"HTTP/1.1 200 OK\r\n";
        assert!(ours(status) && !is_enough(status, Sidecar::Other));
        let head = [&status[..], b"server: envoy\r\n\r\n"].concat();
        assert!(is_enough(&head, Sidecar::Other));
        assert!(ours(b"he") && ours(b"HTTPS"));
        assert!(ours(&HTTP.repeat(LONGEST_HEAD)));
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

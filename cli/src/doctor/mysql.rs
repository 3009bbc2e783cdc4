//! MySQL's protocol, as far as it takes to know it and to leave (MySQL's source documentation, "Client/Server
//! Protocol").

use std::io;

use eastwest_transport::tls::Talk;
use tokio::net::TcpStream;

use super::app::begins;
use super::fault::Fault;
use super::look::{Broken, Look};
use super::mysql_error::MySqlError;

/// Greetings and what follows are a few hundred bytes.
const LONGEST: usize = 16 * 1024;

const OK: u8 = 0;
const VERSION: u8 = 10;
const AUTH_SWITCH: u8 = 0xfe;
const ERROR: u8 = 0xff;

/// `CLIENT_LONG_PASSWORD`, `CLIENT_PROTOCOL_41`, `CLIENT_SECURE_CONNECTION`, `CLIENT_PLUGIN_AUTH`.
const CAPABILITIES: u32 = 0x1 | 0x200 | 0x8000 | 0x8_0000;
const LARGEST_PACKET: u32 = 1 << 24;
/// `utf8mb4_general_ci`, which every server knows.
const CHARACTER_SET: u8 = 45;
/// `COM_QUIT`, with its length.
const QUIT: [u8; 5] = [1, 0, 0, 0, 1];

/// What came of a talk, or how the connection broke.
type Spoken = io::Result<Result<Look, Broken>>;

/// Hears the greeting. The server counts a connection that is left so.
pub(super) async fn greeted(talk: &mut Talk<TcpStream>) -> Spoken {
    let greeting = packet(talk).await?;
    Ok(greeting
        .and_then(|greeting| version(&greeting))
        .map(|version| Look::Fine(format!("MySQL greets, version {version}"))))
}

/// Logs in as `user`, who has no password, and leaves with COM_QUIT, which counts nowhere.
pub(super) async fn log_in(talk: &mut Talk<TcpStream>, user: &str) -> Spoken {
    let greeting = match packet(talk).await? {
        Ok(greeting) => greeting,
        Err(broken) => return Ok(Err(broken)),
    };
    let version = match version(&greeting) {
        Ok(version) => version,
        Err(broken) => return Ok(Err(broken)),
    };
    let mut number = 1;
    talk.say(&framed(number, &response(user, plugin(&greeting))))
        .await?;
    loop {
        let answer = match packet(talk).await? {
            Ok(answer) => answer,
            Err(broken) => return Ok(Err(broken)),
        };
        match answer.as_slice() {
            [OK, ..] => {
                talk.say(&QUIT).await?;
                let seen = format!("MySQL {version} let {user} in, who has left again");
                return Ok(Ok(Look::Fine(seen)));
            }
            [AUTH_SWITCH, plugin @ ..] if number == 1 => {
                number += 2;
                // No password is a zero to the one kind of plugin, and nothing to the other.
                let sha2 = begins(plugin).contains("sha2");
                let nothing: &[u8] = if sha2 { &[0] } else { &[] };
                talk.say(&framed(number, nothing)).await?;
            }
            [ERROR, low, high, text @ ..] => {
                let said = MySqlError::of([*low, *high], text);
                return Ok(said.of_login(&version, user));
            }
            other => return Ok(Err(Broken::new(Fault::AppNotMySql, begins(other)))),
        }
    }
}

/// The payload of the next packet: three bytes of its length and its number stand before it.
async fn packet(talk: &mut Talk<TcpStream>) -> io::Result<Result<Vec<u8>, Broken>> {
    let mut bytes = Vec::new();
    loop {
        let said = talk.hear().await?;
        if said.is_empty() {
            let why = format!("it ended the connection after {} bytes", bytes.len());
            return Ok(Err(Broken::new(Fault::AppHungUp, why)));
        }
        bytes.extend(said);
        let Some((&[low, middle, high, _], payload)) = bytes.split_first_chunk() else {
            continue;
        };
        let length = usize::from(low) | usize::from(middle) << 8 | usize::from(high) << 16;
        if length > LONGEST || length < payload.len() {
            return Ok(Err(Broken::new(Fault::AppNotMySql, begins(&bytes))));
        }
        if length == payload.len() {
            return Ok(Ok(payload.to_vec()));
        }
    }
}

/// The server's version, from its greeting; an error in its place is told.
fn version(greeting: &[u8]) -> Result<String, Broken> {
    match greeting {
        [VERSION, rest @ ..] if rest.contains(&0) => {
            let version = rest.split(|byte| *byte == 0).next().unwrap_or_default();
            Ok(begins(version))
        }
        [ERROR, low, high, text @ ..] => {
            let said = MySqlError::of([*low, *high], text);
            Err(Broken::new(Fault::AppRefuses, said))
        }
        other => Err(Broken::new(Fault::AppNotMySql, begins(other))),
    }
}

/// The authentication plugin that the greeting ends with (Protocol::HandshakeV10).
fn plugin(greeting: &[u8]) -> &[u8] {
    let whole = greeting.strip_suffix(&[0]).unwrap_or(greeting);
    whole.rsplit(|byte| *byte == 0).next().unwrap_or_default()
}

/// Protocol::HandshakeResponse41, without a password.
fn response(user: &str, plugin: &[u8]) -> Vec<u8> {
    [
        &CAPABILITIES.to_le_bytes()[..],
        &LARGEST_PACKET.to_le_bytes(),
        &[CHARACTER_SET],
        &[0; 23],
        user.as_bytes(),
        // The end of the name, and the length of no answer.
        &[0, 0],
        plugin,
        &[0],
    ]
    .concat()
}

fn framed(number: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap_or_default();
    let [low, middle, high, _] = length.to_le_bytes();
    [&[low, middle, high, number][..], payload].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_greeting_is_known_by_its_form() {
        assert_eq!(version(b"\x0a8.4.2\0rest"), Ok("8.4.2".to_owned()));
        let blocked = version(b"\xff\x69\x04Host '10.1.1.1' is blocked").unwrap_err();
        assert_eq!(blocked.fault, Fault::AppRefuses);
        assert_eq!(blocked.seen, "error 1129: Host '10.1.1.1' is blocked");
        for other in [&b"\x0a8.4.2"[..], b"", b"hello"] {
            assert_eq!(version(other).unwrap_err().fault, Fault::AppNotMySql);
        }
    }

    #[test]
    fn a_response_has_the_user_no_password_and_the_servers_plugin() {
        let greeting = b"\x0a8.4.2\0 scramble \0caching_sha2_password\0";
        let response = response("doctor", plugin(greeting));
        assert!(response.ends_with(b"doctor\0\0caching_sha2_password\0"));
        let sent = framed(1, &response);
        assert_eq!(sent.get(..4), Some(&[62, 0, 0, 1][..]));
    }
}

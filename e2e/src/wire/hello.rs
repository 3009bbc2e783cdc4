//! What a ClientHello says (RFC 8446, section 4.1.2), written down line by line.
//!
//! A second reader beside the one in `transport`, which looks for the server name and ALPN alone.

use std::fmt::Write;

/// Bytes that are taken from the front. What is not there ends the reading.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let (front, rest) = self.0.split_at_checked(n)?;
        self.0 = rest;
        Some(front)
    }

    /// A number of `n` bytes.
    fn number(&mut self, n: usize) -> Option<usize> {
        let bytes = self.take(n)?;
        Some(
            bytes
                .iter()
                .fold(0, |sum, &byte| sum << 8 | usize::from(byte)),
        )
    }

    /// A vector whose length is a number of `n` bytes.
    fn vector(&mut self, n: usize) -> Option<Self> {
        let length = self.number(n)?;
        self.take(length).map(Self)
    }

    fn numbers(mut self) -> Vec<usize> {
        std::iter::from_fn(|| self.number(2)).collect()
    }
}

/// What is in a record that holds a whole ClientHello; none if that is not what it is. What is random
/// is left out, and so is the order of the extensions, which rustls shuffles.
#[must_use]
pub fn described(record: &[u8]) -> Option<String> {
    let mut bytes = Bytes(record);
    let mut said = String::new();
    let (kind, version) = (bytes.number(1)?, bytes.number(2)?);
    let _ = writeln!(said, "record {kind} version {version:04x}");
    let mut handshake = bytes.vector(2)?;
    let kind = handshake.number(1)?;
    let mut hello = handshake.vector(3)?;
    let version = hello.number(2)?;
    let _ = writeln!(said, "handshake {kind} version {version:04x}");
    hello.take(32)?;
    let _ = writeln!(said, "session id of {} bytes", hello.vector(1)?.0.len());
    let _ = writeln!(said, "cipher suites {}", list(&hello.vector(2)?.numbers()));
    let _ = writeln!(said, "compression {:?}", hello.vector(1)?.0);
    let mut all = hello.vector(2)?;
    let mut extensions = Vec::new();
    while !all.0.is_empty() {
        extensions.push((all.number(2)?, all.vector(2)?));
    }
    extensions.sort_by_key(|(number, _)| *number);
    for (number, content) in extensions {
        let content = extension(number, content)?;
        let _ = writeln!(said, "extension {number} {content}");
    }
    Some(said)
}

/// The extensions by which a hello is told from another (IANA, TLS ExtensionType Values).
fn extension(number: usize, mut content: Bytes<'_>) -> Option<String> {
    Some(match number {
        0 => {
            let mut names = content.vector(2)?;
            let kind = names.number(1)?;
            let name = String::from_utf8_lossy(names.vector(2)?.0).into_owned();
            format!("server_name {kind} {name}{}", more(&names))
        }
        10 => format!("supported_groups {}", list(&content.vector(2)?.numbers())),
        13 => format!(
            "signature_algorithms {}",
            list(&content.vector(2)?.numbers())
        ),
        16 => {
            let mut names = content.vector(2)?;
            let names = std::iter::from_fn(|| names.vector(1));
            let names: Vec<_> = names.map(|name| String::from_utf8_lossy(name.0)).collect();
            format!("alpn {}", names.join(" "))
        }
        43 => format!("supported_versions {}", list(&content.vector(1)?.numbers())),
        51 => {
            let mut shares = content.vector(2)?;
            let shares = std::iter::from_fn(|| Some((shares.number(2)?, shares.vector(2)?)));
            let shares: Vec<_> = shares
                .map(|(group, key)| format!("{group:04x} ({} bytes)", key.0.len()))
                .collect();
            format!("key_share {}", shares.join(" "))
        }
        _ => format!("{:02x?}", content.0),
    })
}

fn more(rest: &Bytes<'_>) -> &'static str {
    if rest.0.is_empty() { "" } else { " and more" }
}

fn list(numbers: &[usize]) -> String {
    let numbers: Vec<_> = numbers.iter().map(|n| format!("{n:04x}")).collect();
    numbers.join(" ")
}

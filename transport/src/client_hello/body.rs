//! The fields of a ClientHello (RFC 8446 section 4.1.2), of which two extensions matter here.

use super::alpn::ProtocolNames;
use super::cursor::Cursor;
use super::record::HANDSHAKE_HEADER;
use super::seen::Seen;
use super::{ClientHello, HelloError, server_name};

pub(super) const LEGACY_VERSION: usize = 2;
pub(super) const RANDOM: usize = 32;
const MAX_SESSION_ID: usize = 32;
const NULL_COMPRESSION: u8 = 0;

const SERVER_NAME: u16 = 0;
const ALPN: u16 = 16;

/// Reads a whole message, handshake header included.
pub(super) fn read(mut message: Cursor<'_>) -> Result<ClientHello, HelloError> {
    message.skip(HANDSHAKE_HEADER + LEGACY_VERSION + RANDOM)?;
    if message.vector_u8()?.len() > MAX_SESSION_ID {
        return Err(HelloError::Malformed("a session id longer than 32 bytes"));
    }
    let suites = message.vector_u16()?.len();
    if suites == 0 || !suites.is_multiple_of(2) {
        return Err(HelloError::Malformed(
            "a cipher suite list that is empty or of odd length",
        ));
    }
    check_compression(message.vector_u8()?)?;
    // TLS 1.2 lets a client leave out the whole block (RFC 5246 section 7.4.1.2).
    if message.is_empty() {
        return Ok(ClientHello::default());
    }
    let extensions = message.vector_u16()?;
    message.expect_end("bytes after the extensions")?;
    read_extensions(extensions)
}

fn check_compression(mut methods: Cursor<'_>) -> Result<(), HelloError> {
    while !methods.is_empty() {
        if methods.u8()? == NULL_COMPRESSION {
            return Ok(());
        }
    }
    Err(HelloError::Malformed(
        "the null compression method is not offered",
    ))
}

fn read_extensions(mut extensions: Cursor<'_>) -> Result<ClientHello, HelloError> {
    let mut hello = ClientHello::default();
    let mut seen = Seen::default();
    while !extensions.is_empty() {
        let kind = extensions.u16()?;
        let extension = extensions.vector_u16()?;
        seen.note(kind)?;
        match kind {
            SERVER_NAME => hello.sni = server_name::read(extension)?,
            ALPN => hello.alpn = ProtocolNames::read(extension)?,
            _ => {}
        }
    }
    Ok(hello)
}

//! Files that have been rotated away and packed, as far as their first bytes tell them.

use std::io;

/// How each begins, its name, and what reads it.
const FORMATS: [(&[u8], &str, &str); 3] = [
    // RFC 1952
    (&[0x1f, 0x8b], "gzip", "zcat"),
    // RFC 8878
    (&[0x28, 0xb5, 0x2f, 0xfd], "zstd", "zstdcat"),
    // tukaani.org/xz/xz-file-format.txt
    (&[0xfd, b'7', b'z', b'X', b'Z', 0], "xz", "xzcat"),
];

/// It is packed in this way.
#[derive(Debug, thiserror::Error)]
#[error("it is compressed ({format}): `{reader} FILE | eastwest logs join -` reads it")]
struct Compressed {
    format: &'static str,
    reader: &'static str,
}

/// # Errors
/// When a file that begins so is compressed.
pub(super) fn refuse(begin: &[u8]) -> io::Result<()> {
    let mut formats = FORMATS.into_iter();
    match formats.find(|(magic, ..)| begin.starts_with(magic)) {
        Some((_, format, reader)) => Err(io::Error::other(Compressed { format, reader })),
        None => Ok(()),
    }
}

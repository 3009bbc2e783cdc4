//! PEM files: the only place that knows how they are read (rustls-pemfile).

use std::fmt;

use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls_pemfile::{Error, Item, read_one_from_slice};
use thiserror::Error;

/// All certificates of a PEM text, in order. Text around and blocks of other kinds are passed over.
///
/// # Errors
/// If there are none, or a block is broken.
pub(super) fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, PemError> {
    let mut found = Contents::default();
    let mut certificates = Vec::new();
    for item in Items(pem) {
        let item = item?;
        found.count(&item);
        if let Item::X509Certificate(der) = item {
            certificates.push(der);
        }
    }
    if certificates.is_empty() {
        return Err(PemError::NoCertificate(found));
    }
    Ok(certificates)
}

/// The one private key of a PEM text, in any of the forms PKCS #8, SEC1 and PKCS #1.
///
/// # Errors
/// If there is none or more than one, or a block is broken.
pub(super) fn private_key(pem: &[u8]) -> Result<PrivateKeyDer<'static>, PemError> {
    let mut found = Contents::default();
    let mut key = None;
    for item in Items(pem) {
        let item = item?;
        found.count(&item);
        key = match item {
            Item::Pkcs8Key(der) => Some(PrivateKeyDer::Pkcs8(der)),
            Item::Sec1Key(der) => Some(PrivateKeyDer::Sec1(der)),
            Item::Pkcs1Key(der) => Some(PrivateKeyDer::Pkcs1(der)),
            _ => key,
        };
    }
    match (key, found.keys) {
        (Some(key), 1) => Ok(key),
        (Some(_), count) => Err(PemError::SeveralKeys(count)),
        (None, _) if is_encrypted(pem) => Err(PemError::EncryptedKey),
        (None, _) => Err(PemError::NoKey(found)),
    }
}

/// Keys under a password say so in their label (PKCS #8) or in a header (the older form).
fn is_encrypted(pem: &[u8]) -> bool {
    let text = String::from_utf8_lossy(pem);
    text.contains("BEGIN ENCRYPTED PRIVATE KEY") || text.contains("Proc-Type: 4,ENCRYPTED")
}

/// The blocks of a PEM text one by one; ends after the first broken one.
struct Items<'a>(&'a [u8]);

impl Iterator for Items<'_> {
    type Item = Result<Item, PemError>;

    fn next(&mut self) -> Option<Self::Item> {
        match read_one_from_slice(self.0) {
            Ok(Some((item, rest))) => {
                self.0 = rest;
                Some(Ok(item))
            }
            Ok(None) => None,
            Err(error) => {
                let encrypted = is_encrypted(self.0);
                self.0 = &[];
                Some(Err(if encrypted {
                    PemError::EncryptedKey
                } else {
                    broken(&error)
                }))
            }
        }
    }
}

fn broken(error: &Error) -> PemError {
    PemError::Broken(match error {
        Error::MissingSectionEnd { end_marker } => {
            let label = String::from_utf8_lossy(end_marker);
            let label = label
                .trim_matches(['-', '\n', '\r'])
                .trim_start_matches("END ");
            format!("the line \"-----END {label}-----\" is missing; was the file cut off?")
        }
        Error::IllegalSectionStart { line } => {
            format!(
                "cannot read the line {:?}",
                String::from_utf8_lossy(line).trim_end()
            )
        }
        Error::Base64Decode(why) => format!("its base64 text is broken: {why}"),
    })
}

/// What a PEM text holds, for messages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Contents {
    certificates: usize,
    keys: usize,
    others: usize,
}

impl Contents {
    fn count(&mut self, item: &Item) {
        let counter = match item {
            Item::X509Certificate(_) => &mut self.certificates,
            Item::Pkcs1Key(_) | Item::Pkcs8Key(_) | Item::Sec1Key(_) => &mut self.keys,
            _ => &mut self.others,
        };
        *counter += 1;
    }
}

impl fmt::Display for Contents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::default() {
            return f.write_str("no PEM block at all");
        }
        write!(
            f,
            "{} certificates, {} private keys, {} other blocks",
            self.certificates, self.keys, self.others
        )
    }
}

/// Why a PEM text is of no use. The message goes on after the name of the file.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PemError {
    /// No certificate in it.
    #[error("holds no certificate (\"-----BEGIN CERTIFICATE-----\"), but {0}")]
    NoCertificate(Contents),
    /// No private key in it.
    #[error("holds no private key (\"-----BEGIN PRIVATE KEY-----\"), but {0}")]
    NoKey(Contents),
    /// It is unclear which of several keys is meant.
    #[error("holds {0} private keys; it must hold exactly one")]
    SeveralKeys(usize),
    /// The key is protected by a password, and nobody is here to type it.
    #[error("holds an encrypted private key; write it without a password")]
    EncryptedKey,
    /// Not well-formed.
    #[error("is broken PEM: {0}")]
    Broken(String),
}

#[cfg(test)]
mod tests;

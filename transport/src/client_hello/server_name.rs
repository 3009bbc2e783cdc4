//! The `server_name` extension (RFC 6066 section 3).

use rustls::pki_types::ServerName;

use super::HelloError;
use super::cursor::Cursor;

const HOST_NAME: u8 = 0;

/// BoringSSL's bound (TLSEXT_MAXLEN_host_name). A valid DNS name has at most 253, which is checked
/// later.
const MAX_HOST_NAME: usize = 255;

/// Reads the one name in it, normalised; `None` for an IP address.
pub(super) fn read(mut extension: Cursor<'_>) -> Result<Option<Box<str>>, HelloError> {
    let mut names = extension.vector_u16()?;
    extension.expect_end("bytes after the list in server_name")?;
    if names.u8()? != HOST_NAME {
        return Err(HelloError::Malformed(
            "a name in server_name that is not a host_name",
        ));
    }
    let host_name = names.vector_u16()?;
    names.expect_end("more than one name in server_name")?;
    if host_name.len() > MAX_HOST_NAME {
        return Err(HelloError::Malformed("a host_name longer than 255 bytes"));
    }
    match host_name.contiguous() {
        Some(bytes) => normalise(bytes),
        None => {
            let mut joined = [0; MAX_HOST_NAME];
            for (slot, byte) in joined.iter_mut().zip(host_name.pieces().flatten()) {
                *slot = *byte;
            }
            normalise(joined.get(..host_name.len()).unwrap_or_default())
        }
    }
}

/// Applies the rules of rustls' own type, so that the two cannot disagree on what a name is.
fn normalise(host_name: &[u8]) -> Result<Option<Box<str>>, HelloError> {
    match ServerName::try_from(host_name) {
        Ok(ServerName::DnsName(name)) => {
            Ok(Some(name.as_ref().to_ascii_lowercase().into_boxed_str()))
        }
        Ok(_) => Ok(None),
        Err(_) if host_name.contains(&b'|') => Err(CLUSTER_NAME),
        Err(_) => Err(HelloError::Malformed(
            "a host_name that is no valid DNS name",
        )),
    }
}

/// `outbound|3306||HOST`, what Istio calls a cluster; `crate::sni` has the form it sends.
const CLUSTER_NAME: HelloError = HelloError::Malformed(
    "a host_name with a '|', which is how Istio names clusters and no DNS name; \
     outbound_.PORT_.SUBSET_.HOST is the form to send",
);

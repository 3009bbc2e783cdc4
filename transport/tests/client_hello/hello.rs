//! Hellos to read: real ones from rustls, and built ones that can be wrong in one place.

use std::sync::Arc;

use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::{ClientConfig, ClientConnection, NamedGroup, RootCertStore};

pub(crate) const SERVER_NAME: u16 = 0;
pub(crate) const SIGNATURE_ALGORITHMS: u16 = 13;
pub(crate) const ALPN: u16 = 16;

pub(crate) const RECORD_HEADER: usize = 5;

/// The first flight of a rustls client that sends a post-quantum key share.
pub(crate) fn post_quantum(name: &str, alpn: &[&str]) -> Vec<u8> {
    let hello = from_rustls(aws_lc_rs::default_provider(), name, alpn);
    let group = u16::from(NamedGroup::X25519MLKEM768).to_be_bytes();
    assert!(
        hello.windows(2).any(|pair| pair == group) && hello.len() > 1400,
        "no X25519MLKEM768"
    );
    hello
}

/// The first flight of a rustls client without one.
pub(crate) fn classic(name: &str, alpn: &[&str]) -> Vec<u8> {
    let mut provider = aws_lc_rs::default_provider();
    provider
        .kx_groups
        .retain(|group| group.name() == NamedGroup::X25519);
    from_rustls(provider, name, alpn)
}

fn from_rustls(provider: CryptoProvider, name: &str, alpn: &[&str]) -> Vec<u8> {
    let mut config = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    config.alpn_protocols = alpn
        .iter()
        .map(|protocol| protocol.as_bytes().to_vec())
        .collect();
    let name = name.to_owned().try_into().unwrap();
    let mut client = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut wire = Vec::new();
    client.write_tls(&mut wire).unwrap();
    wire
}

/// The fields of a hello, each as it goes on the wire.
#[derive(Debug, Clone)]
pub(crate) struct Hello {
    pub(crate) session_id: Vec<u8>,
    pub(crate) cipher_suites: Vec<u8>,
    pub(crate) compression: Vec<u8>,
    /// `None` leaves out the block, length and all.
    pub(crate) extensions: Option<Vec<(u16, Vec<u8>)>>,
    /// Bytes after the last field, inside the message.
    pub(crate) trailing: Vec<u8>,
}

impl Hello {
    /// A small TLS 1.3 hello that any server would read.
    pub(crate) fn new() -> Self {
        Self {
            session_id: vec![7; 32],
            cipher_suites: vec![0x13, 0x01],
            compression: vec![0],
            extensions: Some(vec![(SIGNATURE_ALGORITHMS, vec![0, 2, 4, 3])]),
            trailing: Vec::new(),
        }
    }

    pub(crate) fn with(mut self, kind: u16, body: Vec<u8>) -> Self {
        self.extensions.get_or_insert_default().push((kind, body));
        self
    }

    /// The handshake message with its header.
    pub(crate) fn message(&self) -> Vec<u8> {
        let mut body = vec![3, 3];
        body.extend([9; 32]);
        body.extend(vector_u8(&self.session_id));
        body.extend(vector_u16(&self.cipher_suites));
        body.extend(vector_u8(&self.compression));
        if let Some(extensions) = &self.extensions {
            let block = extensions
                .iter()
                .flat_map(|(kind, body)| [kind.to_be_bytes().to_vec(), vector_u16(body)].concat());
            body.extend(vector_u16(&block.collect::<Vec<_>>()));
        }
        body.extend(&self.trailing);
        let length = u32::try_from(body.len()).unwrap().to_be_bytes();
        [&[1], &length[1..], &body].concat()
    }

    /// The message in one record.
    pub(crate) fn wire(&self) -> Vec<u8> {
        record(22, &self.message())
    }
}

/// The payloads of the records in `wire`, joined.
pub(crate) fn message(mut wire: &[u8]) -> Vec<u8> {
    let mut joined = Vec::new();
    while let Some((header, rest)) = wire.split_first_chunk::<RECORD_HEADER>() {
        let length = usize::from(u16::from_be_bytes([header[3], header[4]]));
        joined.extend(&rest[..length]);
        wire = &rest[length..];
    }
    joined
}

/// A message in records of `size` bytes of payload.
pub(crate) fn in_records_of(size: usize, message: &[u8]) -> Vec<u8> {
    message
        .chunks(size)
        .flat_map(|payload| record(22, payload))
        .collect()
}

pub(crate) fn record(kind: u8, payload: &[u8]) -> Vec<u8> {
    [&[kind, 3, 1], vector_u16(payload).as_slice()].concat()
}

pub(crate) fn vector_u8(bytes: &[u8]) -> Vec<u8> {
    [&[u8::try_from(bytes.len()).unwrap()], bytes].concat()
}

pub(crate) fn vector_u16(bytes: &[u8]) -> Vec<u8> {
    [&u16::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat()
}

/// The body of `server_name` with these entries.
pub(crate) fn server_names(entries: &[(u8, &[u8])]) -> Vec<u8> {
    let list = entries
        .iter()
        .flat_map(|(kind, name)| [vec![*kind], vector_u16(name)].concat());
    vector_u16(&list.collect::<Vec<_>>())
}

/// The body of `server_name` with one host name.
pub(crate) fn host_name(name: &[u8]) -> Vec<u8> {
    server_names(&[(0, name)])
}

/// The body of ALPN with these protocols.
pub(crate) fn protocols(names: &[&[u8]]) -> Vec<u8> {
    vector_u16(
        &names
            .iter()
            .flat_map(|name| vector_u8(name))
            .collect::<Vec<_>>(),
    )
}

//! A session of ours, and the connection of rustls at its other end.

use std::io::Write;
use std::sync::{Arc, LazyLock};

use rustls::crypto::aws_lc_rs::cipher_suite::{
    TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TLS13_AES_128_GCM_SHA256,
};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, Connection, ServerConfig, ServerConnection};
use tokio::io::duplex;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::tls::record::{ContentType, Frame, MOST_PLAINTEXT, Opened, RecordError, Session};
use crate::tls::tests::wire::configs;
use crate::tls::{MinTls, Secured, Side, accept, connect};

type Configs = LazyLock<(Arc<ClientConfig>, Arc<ServerConfig>)>;

static TLS13: Configs = LazyLock::new(|| {
    let (client, mut server) = configs(TLS13_AES_128_GCM_SHA256);
    // What comes behind the handshake would be lost with the wire.
    Arc::make_mut(&mut server).send_tls13_tickets = 0;
    (client, server)
});
static TLS12: Configs = LazyLock::new(|| configs(TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256));

fn configured(version: MinTls) -> (Arc<ClientConfig>, Arc<ServerConfig>) {
    match version {
        MinTls::Tls13 => TLS13.clone(),
        MinTls::Tls12 => TLS12.clone(),
    }
}

fn now<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.unwrap().block_on(future)
}

fn name() -> ServerName<'static> {
    ServerName::try_from("peer").unwrap()
}

/// Two sessions of ours, the client's first.
pub(super) fn both(version: MinTls) -> (Session, Session) {
    let (client, server) = secured(version);
    (client.session, server.session)
}

/// Both ends of a handshake of ours, the client's first.
pub(super) fn secured(version: MinTls) -> (Secured, Secured) {
    let (client, server) = configured(version);
    let (mut near, mut far) = duplex(64 * 1024);
    let (client, server) = now(async {
        tokio::join!(
            connect(client, name(), &mut near),
            accept(server, &mut far, Vec::new())
        )
    });
    (client.unwrap(), server.unwrap())
}

/// A record of any kind with any content.
pub(super) fn record(session: &mut Session, kind: ContentType, content: &[u8]) -> Vec<u8> {
    session.control(kind, content).unwrap().bytes().to_vec()
}

/// Both ends of a connection in memory, after the handshake.
pub(super) struct Peers {
    pub(super) ours: Session,
    pub(super) theirs: Connection,
}

impl Peers {
    /// `side` is ours.
    pub(super) fn meet(side: Side, version: MinTls) -> Self {
        let (client, server) = configured(version);
        let (mut near, mut far) = duplex(64 * 1024);
        match side {
            Side::Client => {
                let acceptor = TlsAcceptor::from(server);
                let (ours, theirs) = now(async {
                    tokio::join!(connect(client, name(), &mut near), acceptor.accept(far))
                });
                let theirs: ServerConnection = theirs.unwrap().into_inner().1;
                Self {
                    ours: ours.unwrap().session,
                    theirs: theirs.into(),
                }
            }
            Side::Server => {
                let connector = TlsConnector::from(client);
                let (ours, theirs) = now(async {
                    tokio::join!(
                        accept(server, &mut far, Vec::new()),
                        connector.connect(name(), near)
                    )
                });
                let theirs: ClientConnection = theirs.unwrap().into_inner().1;
                Self {
                    ours: ours.unwrap().session,
                    theirs: theirs.into(),
                }
            }
        }
    }

    /// What rustls makes of `bytes`, as it goes over the wire.
    pub(super) fn theirs_seal(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut wire = Vec::new();
        let mut left = bytes;
        loop {
            let n = self.theirs.writer().write(left).unwrap();
            left = &left[n..];
            while self.theirs.wants_write() {
                self.theirs.write_tls(&mut wire).unwrap();
            }
            if left.is_empty() {
                return wire;
            }
        }
    }

    /// What we make of `bytes`.
    pub(super) fn ours_seal(&mut self, bytes: &[u8]) -> Result<Vec<u8>, RecordError> {
        let Frame { front, back } = self.ours.frame();
        let mut wire = Vec::new();
        for piece in bytes.chunks(MOST_PLAINTEXT) {
            if let Some(control) = self.ours.before_data()? {
                wire.extend_from_slice(control.bytes());
            }
            let mut record = vec![0; front];
            record.extend_from_slice(piece);
            record.resize(record.len() + back, 0);
            self.ours.seal(&mut record)?;
            wire.extend(record);
        }
        Ok(wire)
    }

    /// What rustls reads of `wire`, and whether it was told of the end.
    pub(super) fn theirs_open(&mut self, mut wire: &[u8]) -> (Vec<u8>, bool) {
        let mut got = Vec::new();
        let mut ended = false;
        while !wire.is_empty() {
            self.theirs.read_tls(&mut wire).unwrap();
            let state = self.theirs.process_new_packets().unwrap();
            ended |= state.peer_has_closed();
            let mut piece = vec![0; state.plaintext_bytes_to_read()];
            std::io::Read::read_exact(&mut self.theirs.reader(), &mut piece).unwrap();
            got.extend(piece);
        }
        (got, ended)
    }

    /// What we read of `wire`, in reads of those lengths, one after the other and again.
    pub(super) fn ours_open(
        &mut self,
        wire: &[u8],
        reads: &[usize],
    ) -> Result<(Vec<u8>, bool), RecordError> {
        let mut got = Vec::new();
        let mut buffer = Vec::new();
        let mut wire = wire;
        for read in reads.iter().cycle() {
            let (bytes, rest) = wire.split_at((*read).clamp(1, wire.len().max(1)).min(wire.len()));
            let last = bytes.is_empty();
            buffer.extend_from_slice(bytes);
            wire = rest;
            loop {
                match self.ours.open(&mut buffer)? {
                    Opened::Partial => break,
                    Opened::Record { plaintext, record } => {
                        got.extend_from_slice(&buffer[plaintext]);
                        buffer.drain(..record);
                    }
                    Opened::End => return Ok((got, true)),
                }
            }
            if last {
                break;
            }
        }
        Ok((got, false))
    }
}

//! Both directions of a TLS connection whose handshake is over.

use std::fmt;
use std::ops::Range;

use rustls::AlertDescription;
use rustls::client::ClientConnectionData;
use rustls::kernel::KernelConnection;
use rustls::server::ServerConnectionData;
use rustls::{ConnectionTrafficSecrets, ExtractedSecrets, SupportedCipherSuite};

use super::handshake_message::{Messages, OUR_KEY_UPDATE, Said};
use super::protection::{Format, Protection};
use super::{ContentType, Frame, MOST_PLAINTEXT, RecordError, RecordsUsedUp};
use crate::tls::peer::Side;

/// Room for one record that is not data: an alert or a `KeyUpdate`.
pub(crate) const CONTROL: usize = 64;
/// Records for which a key must still be good when the next row of data is sealed: the row's, and
/// an alert.
const RESERVE: u64 = 32;
/// Records without data that a peer may send in a row. rustls has the same limit for `KeyUpdate`s;
/// each costs a key, and brings nothing.
const MOST_IDLE_RECORDS: u8 = 32;

/// What is left of rustls: it makes the keys that follow.
enum Kernel {
    Client(KernelConnection<ClientConnectionData>),
    Server(KernelConnection<ServerConnectionData>),
}

/// What a buffer begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Opened {
    /// A record that is not whole.
    Partial,
    /// A record of `record` bytes.
    Record {
        /// Where its plaintext lies; empty where it was none of the app's business.
        plaintext: Range<usize>,
        /// Its length.
        record: usize,
    },
    /// The peer's `close_notify`: nothing follows.
    End,
}

/// The keys of a connection, and what its records may mean.
pub(crate) struct Session {
    kernel: Kernel,
    format: Format,
    sealing: Protection,
    opening: Protection,
    /// Records that one key may seal (RFC 8446 section 5.5).
    limit: u64,
    messages: Messages,
    idle_records: u8,
    key_update_due: bool,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("format", &self.format)
            .finish_non_exhaustive()
    }
}

impl Session {
    /// What follows a client's handshake.
    pub(in crate::tls) fn client(
        (secrets, kernel): (ExtractedSecrets, KernelConnection<ClientConnectionData>),
    ) -> Result<Self, RecordError> {
        let suite = kernel.negotiated_cipher_suite();
        Self::new(Kernel::Client(kernel), suite, secrets)
    }

    /// What follows a server's handshake.
    pub(in crate::tls) fn server(
        (secrets, kernel): (ExtractedSecrets, KernelConnection<ServerConnectionData>),
    ) -> Result<Self, RecordError> {
        let suite = kernel.negotiated_cipher_suite();
        Self::new(Kernel::Server(kernel), suite, secrets)
    }

    fn new(
        kernel: Kernel,
        suite: SupportedCipherSuite,
        secrets: ExtractedSecrets,
    ) -> Result<Self, RecordError> {
        let format = Format::of(suite.version().version).ok_or(RecordError::NoKey)?;
        let limit = match suite {
            SupportedCipherSuite::Tls12(suite) => suite.common.confidentiality_limit,
            SupportedCipherSuite::Tls13(suite) => suite.common.confidentiality_limit,
        };
        Ok(Self {
            kernel,
            format,
            sealing: Protection::new(format, secrets.tx)?,
            opening: Protection::new(format, secrets.rx)?,
            limit,
            messages: Messages::default(),
            idle_records: 0,
            key_update_due: false,
        })
    }

    /// The room that a record needs around its plaintext.
    pub(crate) const fn frame(&self) -> Frame {
        self.format.frame()
    }

    /// Opens the record that `bytes` begin with, where it lies. After an error the connection is over.
    pub(crate) fn open(&mut self, bytes: &mut [u8]) -> Result<Opened, RecordError> {
        let Some(record) = self.opening.length(bytes)? else {
            return Ok(Opened::Partial);
        };
        let Some(whole) = bytes.get_mut(..record) else {
            return Ok(Opened::Partial);
        };
        let (kind, plaintext) = self.opening.open(whole)?;
        let content = whole.get(plaintext.clone()).unwrap_or_default();
        if kind != ContentType::Handshake && !self.messages.is_whole() {
            return Err(RecordError::Broken(
                "another record within a handshake message",
            ));
        }
        if kind == ContentType::Data && !content.is_empty() {
            self.idle_records = 0;
            return Ok(Opened::Record { plaintext, record });
        }
        let said = match kind {
            ContentType::Data => Said::Nothing,
            ContentType::Handshake => self.messages.read(content, self.format, self.side())?,
            ContentType::Alert if self.ends(content)? => return Ok(Opened::End),
            ContentType::Alert => Said::Nothing,
        };
        self.idle_records += 1;
        if self.idle_records > MOST_IDLE_RECORDS {
            return Err(RecordError::Broken("too many records without data"));
        }
        if let Said::KeyUpdate { asks } = said {
            let next = self.next(Direction::Opening)?;
            self.opening = Protection::new(self.format, next)?;
            self.key_update_due |= asks;
        }
        let plaintext = 0..0;
        Ok(Opened::Record { plaintext, record })
    }

    /// Whether an alert is the peer's end; an error for those that break the connection off.
    fn ends(&self, content: &[u8]) -> Result<bool, RecordError> {
        let [level, description] = *content else {
            return Err(RecordError::Broken("a malformed alert"));
        };
        match (AlertDescription::from(description), self.format, level) {
            (AlertDescription::CloseNotify, ..) => Ok(true),
            // Not an error (RFC 8446 section 6.1); close_notify follows.
            (AlertDescription::UserCanceled, ..) => Ok(false),
            // Only TLS 1.2 has warnings (RFC 5246 section 7.2).
            (_, Format::Tls12, 1) => Ok(false),
            (alert, ..) => Err(RecordError::Alert(alert)),
        }
    }

    fn side(&self) -> Side {
        match self.kernel {
            Kernel::Client(_) => Side::Client,
            Kernel::Server(_) => Side::Server,
        }
    }

    fn next(
        &mut self,
        direction: Direction,
    ) -> Result<(u64, ConnectionTrafficSecrets), RecordError> {
        let next = match (&mut self.kernel, direction) {
            (Kernel::Client(kernel), Direction::Opening) => kernel.update_rx_secret(),
            (Kernel::Client(kernel), Direction::Sealing) => kernel.update_tx_secret(),
            (Kernel::Server(kernel), Direction::Opening) => kernel.update_rx_secret(),
            (Kernel::Server(kernel), Direction::Sealing) => kernel.update_tx_secret(),
        };
        next.map_err(|_| RecordError::NoKey)
    }

    /// What has to be sent before the next data, if anything: a `KeyUpdate`, where the peer asked for
    /// one or our key has sealed enough. To be called before each row of at most 16 records.
    pub(crate) fn before_data(&mut self) -> Result<Option<Control>, RecordError> {
        let spent = self.sealing.records().saturating_add(RESERVE) > self.limit;
        match self.format {
            Format::Tls12 if spent => Err(RecordsUsedUp { limit: self.limit }.into()),
            Format::Tls13 if spent || self.key_update_due => {
                let control = self.control(ContentType::Handshake, &OUR_KEY_UPDATE)?;
                let next = self.next(Direction::Sealing)?;
                self.sealing = Protection::new(self.format, next)?;
                self.key_update_due = false;
                Ok(Some(control))
            }
            _ => Ok(None),
        }
    }

    /// Makes a record of data out of `record`, whose plaintext has the frame's room around it.
    pub(crate) fn seal(&mut self, record: &mut [u8]) -> Result<(), RecordError> {
        let Frame { front, back } = self.frame();
        if record.len() > front + MOST_PLAINTEXT + back {
            return Err(RecordError::TooLarge);
        }
        self.sealing.seal(ContentType::Data, record)
    }

    /// Our end (RFC 8446 section 6.1).
    pub(crate) fn close(&mut self) -> Result<Control, RecordError> {
        const WARNING: u8 = 1;
        let alert = [WARNING, AlertDescription::CloseNotify.into()];
        self.control(ContentType::Alert, &alert)
    }

    /// Why we break the connection off.
    pub(crate) fn alert(&mut self, alert: AlertDescription) -> Result<Control, RecordError> {
        const FATAL: u8 = 2;
        self.control(ContentType::Alert, &[FATAL, alert.into()])
    }

    pub(super) fn control(
        &mut self,
        kind: ContentType,
        content: &[u8],
    ) -> Result<Control, RecordError> {
        let Frame { front, back } = self.frame();
        let mut control = Control {
            bytes: [0; CONTROL],
            length: front + content.len() + back,
        };
        let record = control.bytes.get_mut(..control.length);
        let record = record.ok_or(RecordError::TooLarge)?;
        for (place, byte) in record.iter_mut().skip(front).zip(content) {
            *place = *byte;
        }
        self.sealing.seal(kind, record)?;
        Ok(control)
    }
}

#[derive(Clone, Copy)]
enum Direction {
    Sealing,
    Opening,
}

/// A sealed record that is not data.
pub(crate) struct Control {
    bytes: [u8; CONTROL],
    length: usize,
}

impl Control {
    pub(crate) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

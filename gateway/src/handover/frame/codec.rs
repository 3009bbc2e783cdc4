//! Numbers, texts and addresses as bytes, and back without trusting them.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use super::{HEADER, MOST_BODY, MOST_DESCRIPTORS};

/// The longest text: a server name has 253 bytes; what is refused is said in a sentence or two.
const MOST_TEXT: usize = 1024;

/// A frame that cannot be sent or understood.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum FrameError {
    #[error("it is no gateway that speaks there")]
    NoGateway,
    #[error("a frame of the unknown kind {0}")]
    Unknown(u8),
    #[error("a frame ends before its end")]
    Short,
    #[error("a frame goes on behind its end")]
    Long,
    #[error("a frame of {0} bytes, more than there can be")]
    TooLong(usize),
    #[error("a frame with {0} descriptors, more than there can be")]
    TooManyDescriptors(usize),
    #[error("a frame that says nothing that can be")]
    Malformed,
}

/// The body of a frame in the making.
pub(super) struct Writer(Vec<u8>);

impl Writer {
    pub(super) fn new() -> Self {
        Self(vec![0; HEADER])
    }

    pub(super) fn u8(&mut self, value: u8) {
        self.0.push(value);
    }

    pub(super) fn u16(&mut self, value: u16) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    pub(super) fn u64(&mut self, value: u64) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    /// No more than a frame can have; [`frame`](Self::frame) refuses what is longer.
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        self.0.extend_from_slice(&length.to_le_bytes());
        self.0.extend_from_slice(bytes);
    }

    /// What is too long is cut: it is for people.
    pub(super) fn text(&mut self, text: &str) {
        let (text, _) = text.split_at(boundary(text, MOST_TEXT));
        self.bytes(text.as_bytes());
    }

    pub(super) fn option<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        self.u8(u8::from(value.is_some()));
        if let Some(value) = value {
            write(self, value);
        }
    }

    /// IPv4 as IPv6 has it, so that there is one form.
    pub(super) fn address(&mut self, address: SocketAddr) {
        let (ip, scope) = match address {
            SocketAddr::V4(v4) => (v4.ip().to_ipv6_mapped(), 0),
            SocketAddr::V6(v6) => (*v6.ip(), v6.scope_id()),
        };
        self.0.extend_from_slice(&ip.octets());
        self.u16(address.port());
        self.0.extend_from_slice(&scope.to_le_bytes());
    }

    pub(super) fn frame(mut self, kind: u8, descriptors: usize) -> Result<Vec<u8>, FrameError> {
        let length = self.0.len() - HEADER;
        if length > MOST_BODY {
            return Err(FrameError::TooLong(length));
        }
        if descriptors > MOST_DESCRIPTORS {
            return Err(FrameError::TooManyDescriptors(descriptors));
        }
        let length = u32::try_from(length).map_err(|_| FrameError::TooLong(length))?;
        let [a, b, c, d] = length.to_le_bytes();
        let descriptors = u8::try_from(descriptors).unwrap_or(u8::MAX);
        for (place, byte) in self.0.iter_mut().zip([a, b, c, d, kind, descriptors]) {
            *place = byte;
        }
        Ok(self.0)
    }
}

/// The body of a frame of which nothing is known.
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) const fn new(body: &'a [u8]) -> Self {
        Self(body)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], FrameError> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(FrameError::Short)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], FrameError> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(FrameError::Short)?;
        self.0 = rest;
        Ok(*taken)
    }

    pub(super) fn u8(&mut self) -> Result<u8, FrameError> {
        self.array().map(|[byte]| byte)
    }

    pub(super) fn bool(&mut self) -> Result<bool, FrameError> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(FrameError::Malformed),
        }
    }

    pub(super) fn u16(&mut self) -> Result<u16, FrameError> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64, FrameError> {
        self.array().map(u64::from_le_bytes)
    }

    pub(super) fn bytes(&mut self) -> Result<&'a [u8], FrameError> {
        let length = self.array().map(u32::from_le_bytes)?;
        self.take(usize::try_from(length).map_err(|_| FrameError::Short)?)
    }

    pub(super) fn text(&mut self) -> Result<String, FrameError> {
        let bytes = self.bytes()?;
        let text = str::from_utf8(bytes).map_err(|_| FrameError::Malformed)?;
        if text.len() > MOST_TEXT {
            return Err(FrameError::Malformed);
        }
        Ok(text.to_owned())
    }

    pub(super) fn option<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, FrameError>,
    ) -> Result<Option<T>, FrameError> {
        Ok(match self.bool()? {
            true => Some(read(self)?),
            false => None,
        })
    }

    pub(super) fn address(&mut self) -> Result<SocketAddr, FrameError> {
        let ip = Ipv6Addr::from(self.array::<16>()?);
        let port = self.u16()?;
        let scope = self.array().map(u32::from_le_bytes)?;
        Ok(match ip.to_ipv4_mapped() {
            Some(v4) => SocketAddr::new(IpAddr::V4(v4), port),
            None => std::net::SocketAddrV6::new(ip, port, 0, scope).into(),
        })
    }

    /// Nothing may be left.
    pub(super) const fn end(&self) -> Result<(), FrameError> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(FrameError::Long)
        }
    }
}

/// The last place up to `most` at which a character of `text` begins or ends.
fn boundary(text: &str, most: usize) -> usize {
    let most = most.min(text.len());
    let mut places = (0..=most).rev();
    places.find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

//! One question to one name server and its answer, octet for octet, over UDP or TCP.

use std::{
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
};

use hickory_proto::op::Message;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, UdpSocket},
};

use crate::wire::{self, Header, Question, rcode};

/// A question on its way: the client's octets under an ID of our own.
#[derive(Debug)]
pub(crate) struct Outgoing {
    message: Vec<u8>,
    /// The client's ID, put back into the answer.
    client_id: u16,
}

impl Outgoing {
    /// `None` if the message has no question that answers could be compared with.
    pub(crate) fn new(message: Vec<u8>) -> Option<Self> {
        let client_id = Header::read(&message)?.id;
        Question::read(&message)?;
        Some(Self { message, client_id })
    }

    /// A fresh ID that nobody can foresee; with the kernel's random source port it is what keeps
    /// forged answers out (RFC 5452 section 4).
    fn draw_id(&mut self) {
        wire::set_id(&mut self.message, Message::query().metadata.id);
    }

    /// The question as it was last sent.
    pub(crate) fn message(&self) -> &[u8] {
        &self.message
    }

    pub(crate) fn client_id(&self) -> u16 {
        self.client_id
    }

    /// Asks over UDP from a socket of its own. Datagrams that do not answer this question are
    /// passed over: someone may be guessing. An answer longer than `limit` comes out longer than
    /// `limit` too, though not whole.
    pub(crate) async fn ask_udp(
        &mut self,
        server: SocketAddr,
        limit: usize,
    ) -> io::Result<Vec<u8>> {
        self.draw_id();
        let any: SocketAddr = match server {
            SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        let socket = UdpSocket::bind(any).await?;
        // Connected: the kernel drops what comes from elsewhere and tells of ICMP errors.
        socket.connect(server).await?;
        socket.send(&self.message).await?;
        let mut answer = Vec::with_capacity(limit.saturating_add(1));
        loop {
            answer.clear();
            socket.recv_buf(&mut answer).await?;
            if self.is_answered_by(&answer) {
                return Ok(self.for_client(answer));
            }
            tracing::debug!(%server, octets = answer.len(), "datagram does not answer the question");
        }
    }

    /// Asks over a TCP connection of its own (RFC 7766).
    pub(crate) async fn ask_tcp(&mut self, server: SocketAddr) -> io::Result<Vec<u8>> {
        self.draw_id();
        let length = u16::try_from(self.message.len()).map_err(io::Error::other)?;
        let mut framed = length.to_be_bytes().to_vec();
        framed.extend_from_slice(&self.message);
        let mut stream = TcpStream::connect(server).await?;
        stream.write_all(&framed).await?;
        let mut answer = vec![0; usize::from(stream.read_u16().await?)];
        stream.read_exact(&mut answer).await?;
        if !self.is_answered_by(&answer) {
            let garbage = "what came back does not answer the question";
            return Err(io::Error::new(io::ErrorKind::InvalidData, garbage));
        }
        Ok(self.for_client(answer))
    }

    /// The ID and the question must be ours. A server that failed may leave the question out.
    pub(crate) fn is_answered_by(&self, answer: &[u8]) -> bool {
        let (Some(sent), Some(got)) = (Header::read(&self.message), Header::read(answer)) else {
            return false;
        };
        if got.id != sent.id || !got.is_response() || got.opcode() != sent.opcode() {
            return false;
        }
        match (Question::read(&self.message), Question::read(answer)) {
            (Some(asked), Some(answered)) if got.questions == 1 => asked.matches(answered),
            _ => got.questions == 0 && !matches!(got.rcode(), rcode::NO_ERROR | rcode::NAME_ERROR),
        }
    }

    pub(crate) fn for_client(&self, mut answer: Vec<u8>) -> Vec<u8> {
        let bare = Header::read(&answer).is_some_and(|header| header.questions == 0);
        if bare && answer.len() == wire::HEADER {
            // Clients wait on for an answer that has their question in it.
            answer = wire::with_question(&answer, &self.message);
        }
        wire::set_id(&mut answer, self.client_id);
        answer
    }
}

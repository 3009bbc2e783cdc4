//! Frames and descriptors over a Unix socket (`SCM_RIGHTS`, unix(7)).

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::net::Shutdown;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};

use super::frame::{Frame, FrameError, HEADER, MOST_BODY, MOST_DESCRIPTORS};

/// Room for the descriptors of one frame.
const CONTROL: usize = rustix::cmsg_space!(ScmRights(MOST_DESCRIPTORS));

/// Why two gateways do not understand each other.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ChannelError {
    #[error("the other gateway is gone")]
    Gone,
    #[error("the other gateway says nothing for {0:?}")]
    Silent(Duration),
    #[error(transparent)]
    Io(io::Error),
    #[error(transparent)]
    Frame(#[from] FrameError),
}

impl From<io::Error> for ChannelError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset => Self::Gone,
            _ => Self::Io(error),
        }
    }
}

/// The end of a conversation; reads and writes wait.
#[derive(Debug)]
pub(super) struct Channel {
    stream: UnixStream,
    patience: Duration,
}

/// A frame, and those of its descriptors that could be had: fewer than it came with where this process
/// may not have more of them.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) frame: Frame,
    pub(super) descriptors: Vec<OwnedFd>,
}

impl Channel {
    /// Over a connected socket. Whoever says nothing, or takes nothing, for as long as `patience` is
    /// given up.
    pub(super) fn new(stream: UnixStream, patience: Duration) -> io::Result<Self> {
        stream.set_nonblocking(false)?;
        let mut channel = Self { stream, patience };
        channel.set_patience(patience)?;
        channel.stream.set_write_timeout(Some(patience))?;
        Ok(channel)
    }

    /// How long to wait for what comes next.
    pub(super) fn set_patience(&mut self, patience: Duration) -> io::Result<()> {
        self.patience = patience;
        self.stream.set_read_timeout(Some(patience))
    }

    /// For whoever has to [`close`](Self::close) it while another waits for a word.
    pub(super) fn line(&self) -> io::Result<UnixStream> {
        self.stream.try_clone()
    }

    /// Nothing more is said: not by this end, and not by the other one from when this returns. What it
    /// has said before can still be received.
    pub(super) fn close(&self) {
        // A socket whose other end is gone is closed already.
        let _ = self.stream.shutdown(Shutdown::Both);
    }

    /// Says something, and gives duplicates of descriptors.
    pub(super) fn send(
        &self,
        frame: &Frame,
        descriptors: &[BorrowedFd<'_>],
    ) -> Result<(), ChannelError> {
        let bytes = frame.encode(descriptors.len())?;
        let mut space = [MaybeUninit::uninit(); CONTROL];
        let mut control = SendAncillaryBuffer::new(&mut space);
        if !descriptors.is_empty() {
            control.push(SendAncillaryMessage::ScmRights(descriptors));
        }
        let mut left = bytes.as_slice();
        while !left.is_empty() {
            match sendmsg(
                &self.stream,
                &[IoSlice::new(left)],
                &mut control,
                SendFlags::NOSIGNAL,
            ) {
                Ok(sent) => left = left.get(sent..).unwrap_or_default(),
                Err(Errno::INTR) => continue,
                Err(Errno::AGAIN) => return Err(ChannelError::Silent(self.patience)),
                Err(error) => return Err(io::Error::from(error).into()),
            }
            // They went with the first byte.
            control.clear();
        }
        Ok(())
    }

    /// What the other end says next.
    pub(super) fn receive(&self) -> Result<Received, ChannelError> {
        let mut descriptors = Vec::new();
        let mut header = [0; HEADER];
        self.fill(&mut header, &mut descriptors)?;
        let [a, b, c, d, kind, count] = header;
        let length = u32::from_le_bytes([a, b, c, d]) as usize;
        if length > MOST_BODY {
            return Err(FrameError::TooLong(length).into());
        }
        let count = usize::from(count);
        if count > MOST_DESCRIPTORS {
            return Err(FrameError::TooManyDescriptors(count).into());
        }
        let mut body = vec![0; length];
        self.fill(&mut body, &mut descriptors)?;
        descriptors.truncate(count);
        let frame = Frame::decode(kind, &body)?;
        Ok(Received { frame, descriptors })
    }

    /// The same, for what decides something: if it does not come in time, nothing more is said, so that
    /// it cannot come later either. What it has said until then is there: a short frame comes whole.
    pub(super) fn receive_decision(&self) -> Result<Received, ChannelError> {
        match self.receive() {
            Err(ChannelError::Silent(_)) => {
                self.close();
                self.receive()
            }
            received => received,
        }
    }

    /// Fills `room` to its end.
    fn fill(
        &self,
        mut room: &mut [u8],
        descriptors: &mut Vec<OwnedFd>,
    ) -> Result<(), ChannelError> {
        while !room.is_empty() {
            let mut space = [MaybeUninit::uninit(); CONTROL];
            let mut control = RecvAncillaryBuffer::new(&mut space);
            let received = match recvmsg(
                &self.stream,
                &mut [IoSliceMut::new(room)],
                &mut control,
                RecvFlags::CMSG_CLOEXEC,
            ) {
                Ok(received) => received,
                Err(Errno::INTR) => continue,
                Err(Errno::AGAIN) => return Err(ChannelError::Silent(self.patience)),
                Err(error) => return Err(io::Error::from(error).into()),
            };
            for message in control.drain() {
                if let RecvAncillaryMessage::ScmRights(rights) = message {
                    descriptors.extend(rights);
                }
            }
            if received.bytes == 0 {
                return Err(ChannelError::Gone);
            }
            let (_, rest) = room.split_at_mut(received.bytes.min(room.len()));
            room = rest;
        }
        Ok(())
    }
}

impl AsFd for Channel {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

#[cfg(test)]
mod tests;

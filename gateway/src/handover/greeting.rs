//! Who comes to a gateway, before it is heard: whoever says nothing keeps no other out.

use std::io;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::{RecvFlags, recv};
use tokio::time::{sleep, timeout};

use super::channel::ChannelError;
use super::frame::HEADER;
use super::place::caller;
use super::{HandoverError, PATIENCE};

/// How many may be on the point of saying who they are: more than the kernel lets wait behind them, so
/// that a successor is heard beside those who say nothing.
pub(super) const GREETINGS: usize = 256;
/// As much as is looked at of what is said first; who one is takes a fraction of it.
const LOOKED_AT: usize = 1024;
/// How often it is looked whether the rest has come.
const LOOK: Duration = Duration::from_millis(10);

/// The caller, once it has said all of its first word. Nothing has been read yet.
///
/// # Errors
/// When it does not in time, is gone, or is another user's.
pub(super) async fn greeted(stream: tokio::net::UnixStream) -> Result<UnixStream, HandoverError> {
    if !caller(&stream)?.is_ours() {
        let who = "a process of another user came".to_owned();
        return Err(HandoverError::Refused(who));
    }
    let saying = async {
        stream.readable().await?;
        while !has_said(&stream)? {
            sleep(LOOK).await;
        }
        Ok::<_, HandoverError>(())
    };
    let said = timeout(PATIENCE, saying).await;
    said.map_err(|_| ChannelError::Silent(PATIENCE))??;
    Ok(stream.into_std()?)
}

/// Whether a whole frame can be read.
fn has_said(stream: &tokio::net::UnixStream) -> Result<bool, ChannelError> {
    let mut said = [0; LOOKED_AT];
    let flags = RecvFlags::PEEK | RecvFlags::DONTWAIT;
    match recv(stream, &mut said, flags) {
        Ok((_, 0)) => Err(ChannelError::Gone),
        Ok((_, there)) => Ok(there >= first_frame(&said, there)),
        Err(Errno::AGAIN | Errno::INTR) => Ok(false),
        Err(error) => Err(io::Error::from(error).into()),
    }
}

/// How long the first frame is, of which `there` bytes are there. What is longer than any that says who
/// one is need not be whole to be refused.
fn first_frame(said: &[u8; LOOKED_AT], there: usize) -> usize {
    let [a, b, c, d, ..] = *said;
    match there {
        0..HEADER => HEADER,
        _ => (u32::from_le_bytes([a, b, c, d]) as usize)
            .saturating_add(HEADER)
            .min(LOOKED_AT),
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;
    use tokio::net::UnixStream;

    use super::*;

    fn hello() -> Vec<u8> {
        super::super::hello("").encode(0).unwrap()
    }

    #[tokio::test]
    async fn whoever_has_said_who_he_is_is_heard() {
        let (here, mut there) = UnixStream::pair().unwrap();
        let hello = hello();
        let (half, rest) = hello.split_at(hello.len() / 2);
        there.write_all(half).await.unwrap();
        let greeting = tokio::spawn(greeted(here));
        sleep(5 * LOOK).await;
        assert!(!greeting.is_finished());
        there.write_all(rest).await.unwrap();
        greeting.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn whoever_says_too_much_is_not_waited_for() {
        let (here, mut there) = UnixStream::pair().unwrap();
        there.write_all(&[0xff; LOOKED_AT]).await.unwrap();
        greeted(here).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_says_nothing_whole_or_leaves_is_not_heard() {
        for said in [&[][..], &hello()[..3]] {
            let (here, mut there) = UnixStream::pair().unwrap();
            there.write_all(said).await.unwrap();
            let error = greeted(here).await.unwrap_err();
            let silent = HandoverError::Channel(ChannelError::Silent(PATIENCE));
            assert_eq!(error.to_string(), silent.to_string());
        }
        let (here, there) = UnixStream::pair().unwrap();
        drop(there);
        let error = greeted(here).await.unwrap_err();
        assert_eq!(error.to_string(), ChannelError::Gone.to_string());
    }
}

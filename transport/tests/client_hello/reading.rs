//! Reading from a stream that gives what it likes, when it likes.

use std::pin::Pin;
use std::task::{Context, Poll};

use eastwest_transport::client_hello::{HelloError, MAX_CLIENT_HELLO, ReadHelloError, read};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, ReadBuf};

use crate::hello::{self, Hello};

const NAME: &str = "db-pxc-0.db-pxc.pxc.svc.cluster.local";

/// Gives a byte at a time.
struct Trickle<'a>(&'a [u8]);

impl AsyncRead for Trickle<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        if let Some((byte, rest)) = self.0.split_first() {
            buf.put_slice(&[*byte]);
            self.0 = rest;
        }
        Poll::Ready(Ok(()))
    }
}

#[tokio::test]
async fn a_hello_in_two_segments_cut_anywhere_is_read_and_kept() {
    let wire = hello::post_quantum(NAME, &["istio"]);
    for at in 0..=wire.len() {
        let (first, second) = wire.split_at(at);
        let mut buf = Vec::new();
        let hello = read(&mut first.chain(second), &mut buf).await.unwrap();
        assert_eq!(hello.sni(), Some(NAME), "cut at {at}");
        assert_eq!(buf, wire, "cut at {at}");
    }
}

#[tokio::test]
async fn a_hello_byte_by_byte_in_one_byte_records_is_read() {
    let wire = hello::in_records_of(1, &hello::message(&hello::post_quantum(NAME, &["istio"])));
    let mut buf = Vec::new();
    let hello = read(&mut Trickle(&wire), &mut buf).await.unwrap();
    assert_eq!(hello.sni(), Some(NAME));
    assert_eq!(buf, wire);
}

#[tokio::test]
async fn what_follows_the_hello_is_kept_too() {
    let wire = [hello::classic(NAME, &[]), hello::record(20, &[1])].concat();
    let mut buf = Vec::new();
    read(&mut wire.as_slice(), &mut buf).await.unwrap();
    assert_eq!(buf, wire);
}

#[tokio::test]
async fn a_post_quantum_hello_takes_one_buffer_of_2_kib() {
    let wire = hello::post_quantum(NAME, &["istio"]);
    let mut buf = Vec::new();
    read(&mut wire.as_slice(), &mut buf).await.unwrap();
    assert_eq!(buf.capacity(), 2048);
}

#[tokio::test]
async fn an_announced_length_takes_no_memory_before_its_bytes_come() {
    let (mut client, mut server) = tokio::io::duplex(64);
    client
        .write_all(&[22, 3, 1, 0x3f, 0xfb, 1, 0, 0x3f, 0xf7])
        .await
        .unwrap();
    let mut buf = Vec::new();
    tokio::select! {
        biased;
        read = read(&mut server, &mut buf) => panic!("{read:?}"),
        () = std::future::ready(()) => {}
    }
    assert_eq!((buf.len(), buf.capacity()), (9, 2048));
}

#[tokio::test]
async fn the_buffer_never_grows_over_the_limit() {
    let empty = Hello::new().with(1, vec![]).wire().len();
    let wire = Hello::new()
        .with(1, vec![0; MAX_CLIENT_HELLO - empty])
        .wire();
    let flood = [wire, vec![0; MAX_CLIENT_HELLO]].concat();
    let mut buf = Vec::new();
    read(&mut flood.as_slice(), &mut buf).await.unwrap();
    assert_eq!(
        (buf.len(), buf.capacity()),
        (MAX_CLIENT_HELLO, MAX_CLIENT_HELLO)
    );
}

#[tokio::test]
async fn a_buffer_of_the_caller_grows_to_the_limit_and_not_over_it() {
    let empty = Hello::new().with(1, vec![]).wire().len();
    let wire = Hello::new()
        .with(1, vec![0; MAX_CLIENT_HELLO - empty])
        .wire();
    let mut buf = Vec::with_capacity(10_000);
    read(&mut wire.as_slice(), &mut buf).await.unwrap();
    assert_eq!(buf.capacity(), MAX_CLIENT_HELLO);
}

#[tokio::test]
async fn a_larger_buffer_of_the_caller_is_not_filled_over_the_limit() {
    let flood = [hello::classic(NAME, &[]), vec![0; 4 * MAX_CLIENT_HELLO]].concat();
    let mut buf = Vec::with_capacity(4 * MAX_CLIENT_HELLO);
    read(&mut flood.as_slice(), &mut buf).await.unwrap();
    assert!(buf.len() <= MAX_CLIENT_HELLO, "{} bytes", buf.len());
}

#[tokio::test]
async fn a_read_that_was_dropped_goes_on_where_it_was() {
    let wire = hello::post_quantum(NAME, &["istio"]);
    let (mut client, mut server) = tokio::io::duplex(4096);
    let mut buf = Vec::new();
    for piece in wire.chunks(wire.len().div_ceil(3)).take(2) {
        client.write_all(piece).await.unwrap();
        tokio::select! {
            biased;
            read = read(&mut server, &mut buf) => panic!("{read:?}"),
            () = std::future::ready(()) => {}
        }
    }
    client.write_all(&wire[buf.len()..]).await.unwrap();
    assert_eq!(read(&mut server, &mut buf).await.unwrap().sni(), Some(NAME));
    assert_eq!(buf, wire);
}

#[tokio::test]
async fn a_close_says_after_how_many_bytes() {
    let wire = hello::classic(NAME, &[]);
    for length in [0, 1, 5, 100] {
        let closed = read(&mut &wire[..length], &mut Vec::new())
            .await
            .unwrap_err();
        assert!(
            matches!(closed, ReadHelloError::Closed { read } if read == length),
            "{closed}"
        );
    }
}

#[tokio::test]
async fn another_protocol_is_refused_while_the_client_waits() {
    let (mut client, mut server) = tokio::io::duplex(64);
    client.write_all(b"G").await.unwrap();
    let refused = read(&mut server, &mut Vec::new()).await.unwrap_err();
    assert!(
        matches!(refused, ReadHelloError::Hello(HelloError::NotTls)),
        "{refused}"
    );
}

//! The client that wants to get in, and what it says.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use eastwest::clusters::Pod;
use rustls::{ClientConfig, ClientConnection, RootCertStore};

use crate::besiegers::REQUEST;

/// The most that one visit may take before it counts as shut out.
const PATIENCE: Duration = Duration::from_secs(20);

/// What somebody says first who wants to go to this pod.
///
/// # Errors
/// When the pod has no name that TLS knows.
pub(crate) fn client_hello(pod: &Pod) -> anyhow::Result<Vec<u8>> {
    let mut config = ClientConfig::builder()
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    config.alpn_protocols = vec![b"istio".to_vec()];
    let sni = format!("outbound_.{}_._.{}", pod.port, pod.dns_name());
    let mut client = ClientConnection::new(Arc::new(config), sni.try_into()?)?;
    let mut hello = Vec::new();
    client.write_tls(&mut hello)?;
    Ok(hello)
}

/// So many requests on one connection: the time of each, in milliseconds.
///
/// # Errors
/// When one has no answer.
pub(crate) fn requests(alias: SocketAddr, n: usize) -> anyhow::Result<Vec<f64>> {
    let mut stream = TcpStream::connect(alias)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut request = || {
        let begun = Instant::now();
        stream.write_all(REQUEST)?;
        let read = stream.read(&mut [0; 1024]).context("stalled")?;
        ensure!(read > 0, "a live connection was closed");
        Ok(begun.elapsed().as_secs_f64() * 1e3)
    };
    request()?;
    (0..n).map(|_| request()).collect()
}

/// So many connections, one after the other: the time of each to its first byte, in milliseconds.
///
/// # Errors
/// When one is shut out.
pub(crate) fn visits(alias: SocketAddr, n: usize) -> anyhow::Result<Vec<f64>> {
    (0..n)
        .map(|_| {
            let begun = Instant::now();
            let mut stream = TcpStream::connect(alias)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            stream.write_all(REQUEST)?;
            let read = stream.read(&mut [0; 1024]).context("shut out")?;
            ensure!(read > 0, "a visit was closed");
            Ok(begun.elapsed().as_secs_f64() * 1e3)
        })
        .collect()
}

//! A client that presents whatever it is told to: any server name, protocols and certificate.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};

use super::tls::{AnyServer, certificate, provider};

/// A server that says nothing fails the test instead of holding it for ever.
const PATIENCE: Duration = Duration::from_secs(20);

/// What is presented. Nothing of it unless it is said.
#[derive(Default)]
struct Presented<'a> {
    sni: Option<&'a str>,
    alpn: Vec<Vec<u8>>,
    identity: Option<&'a Path>,
    plain: bool,
}

/// Dials, and prints the first line that comes, or else what the server did.
pub(crate) fn present(address: &str, args: &[&str]) -> io::Result<()> {
    let mut presented = Presented::default();
    for arg in args {
        match arg.split_once('=') {
            Some(("sni", name)) => presented.sni = Some(name),
            Some(("alpn", names)) => {
                let names = names.split(',');
                presented.alpn = names.map(|name| name.as_bytes().to_vec()).collect();
            }
            Some(("identity", dir)) => presented.identity = Some(Path::new(dir)),
            _ if *arg == "plain" => presented.plain = true,
            _ => return Err(io::Error::other(format!("what is {arg}?"))),
        }
    }
    let stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let came = if presented.plain {
        plain(stream)
    } else {
        tls(stream, presented)
    };
    let came = came.unwrap_or_else(|error| error.to_string());
    writeln!(io::stdout(), "{}", serde_json::to_string(&came)?)
}

fn plain(mut stream: TcpStream) -> io::Result<String> {
    stream.write_all(b"GET / HTTP/1.1\r\nHost: app\r\n\r\n")?;
    let mut came = Vec::new();
    stream.read_to_end(&mut came)?;
    Ok(match came.len() {
        0 => "closed".to_owned(),
        _ => String::from_utf8_lossy(&came).into_owned(),
    })
}

fn tls(stream: TcpStream, presented: Presented<'_>) -> io::Result<String> {
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AnyServer));
    let mut config = match presented.identity {
        Some(dir) => builder.with_client_cert_resolver(Arc::new(certificate(dir)?)),
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = presented.alpn;
    config.enable_sni = presented.sni.is_some();
    let name = presented.sni.unwrap_or("nobody").to_owned();
    let name = ServerName::try_from(name).map_err(io::Error::other)?;
    let connection = ClientConnection::new(Arc::new(config), name).map_err(io::Error::other)?;
    let mut line = String::new();
    match BufReader::new(StreamOwned::new(connection, stream)).read_line(&mut line) {
        Ok(0) => Ok("closed".to_owned()),
        Ok(_) => Ok(line.trim().to_owned()),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok("closed".to_owned()),
        Err(error) => Err(error),
    }
}

//! A peer that speaks Istio's TCP metadata exchange: where `istio-peer-exchange` is negotiated, each
//! side puts a frame before its first byte and takes one off the other's
//! (`contrib/istio/filters/network/metadata_exchange` of Envoy).

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;

use eastwest_e2e::wire::PAYLOAD;
use rustls::pki_types::ServerName;
use rustls::server::{Accepted, Acceptor};
use rustls::{ClientConfig, ClientConnection, ServerConfig, StreamOwned};

use super::app::say;
use super::tls::{AnyServer, certificate, provider};

const PROTOCOL: &[u8] = b"istio-peer-exchange";
const MAGIC: [u8; 4] = [0x3d, 0x23, 0x04, 0x67];
const STRUCT: &str = "type.googleapis.com/google.protobuf.Struct";

/// One field of a protobuf message, of bytes that are fewer than 128.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let length = u8::try_from(bytes.len()).unwrap_or(0);
    [&[number << 3 | 2, length], bytes].concat()
}

/// Magic, length, and a `google.protobuf.Any` with a `Struct` that has the node's name in it.
fn frame() -> Vec<u8> {
    let name = field(3, b"sidecar~192.0.2.1~peer.demo");
    let entry = [field(1, b"x-envoy-peer-metadata-id"), field(2, &name)].concat();
    let any = [field(1, STRUCT.as_bytes()), field(2, &field(1, &entry))].concat();
    let length = u32::try_from(any.len()).unwrap_or(0).to_be_bytes();
    [&MAGIC[..], &length, &any].concat()
}

/// Takes the other side's frame off. Whoever negotiates and sends something else is refused.
fn take_frame(reader: &mut impl Read) -> io::Result<()> {
    let mut head = [0; 8];
    reader.read_exact(&mut head)?;
    let [m0, m1, m2, m3, l0, l1, l2, l3] = head;
    if [m0, m1, m2, m3] != MAGIC {
        return Err(io::Error::other(format!("no frame, but {head:?}")));
    }
    let length = u64::from(u32::from_be_bytes([l0, l1, l2, l3]));
    io::copy(&mut reader.take(length), &mut io::sink()).map(drop)
}

/// Serves until killed: greets and echoes, after a frame where that was negotiated.
pub(crate) fn serve(address: &str, name: &str, identity: &str) -> io::Result<()> {
    let listener = TcpListener::bind(address)?;
    say(&format!("listening on {}", listener.local_addr()?));
    loop {
        let (stream, _) = listener.accept()?;
        if let Err(error) = one(stream, name, Path::new(identity)) {
            say(&format!("failed: {error}"));
        }
    }
}

fn one(mut stream: TcpStream, name: &str, identity: &Path) -> io::Result<()> {
    let hello = accepted(&mut stream)?;
    let offered: Vec<_> = hello.client_hello().alpn().into_iter().flatten().collect();
    let names: Vec<_> = offered
        .iter()
        .map(|name| String::from_utf8_lossy(name))
        .collect();
    say(&format!("offered: {}", names.join(",")));
    // As Envoy, and unlike rustls, goes on without a protocol where none is common.
    let chosen = offered.contains(&PROTOCOL).then(|| PROTOCOL.to_vec());
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(certificate(identity)?));
    config.alpn_protocols = chosen.iter().cloned().collect();
    let connection = hello
        .into_connection(Arc::new(config))
        .map_err(|(error, _)| io::Error::other(error))?;
    let mut stream = StreamOwned::new(connection, stream);
    if chosen.is_some() {
        stream.write_all(&frame())?;
    }
    writeln!(stream, "hello from {name}")?;
    let mut reader = BufReader::new(stream);
    if chosen.is_some() {
        take_frame(&mut reader)?;
    }
    // What a caller of ours says first is how to go on; this app knows one way.
    reader.read_line(&mut String::new())?;
    let mut bytes = vec![0; PAYLOAD];
    reader.read_exact(&mut bytes)?;
    reader.get_mut().write_all(&bytes)?;
    io::copy(&mut reader, &mut io::sink())?;
    let mut stream = reader.into_inner();
    stream.conn.send_close_notify();
    stream.flush()
}

fn accepted(stream: &mut TcpStream) -> io::Result<Accepted> {
    let mut acceptor = Acceptor::default();
    loop {
        if acceptor.read_tls(stream)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        match acceptor.accept() {
            Ok(None) => {}
            Ok(Some(accepted)) => return Ok(accepted),
            Err((error, _)) => return Err(io::Error::other(error)),
        }
    }
}

/// Offers the exchange, and prints what was negotiated and the first line that came.
pub(crate) fn call(address: &str, sni: &str, identity: &str) -> io::Result<()> {
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AnyServer))
        .with_client_cert_resolver(Arc::new(certificate(Path::new(identity))?));
    config.alpn_protocols = vec![PROTOCOL.to_vec(), b"istio".to_vec()];
    let name = ServerName::try_from(sni.to_owned()).map_err(io::Error::other)?;
    let connection = ClientConnection::new(Arc::new(config), name).map_err(io::Error::other)?;
    let mut stream = StreamOwned::new(connection, TcpStream::connect(address)?);
    while stream.conn.is_handshaking() {
        stream.conn.complete_io(&mut stream.sock)?;
    }
    let negotiated = stream.conn.alpn_protocol().map(<[u8]>::to_vec);
    let exchanges = negotiated.as_deref() == Some(PROTOCOL);
    if exchanges {
        stream.write_all(&frame())?;
    }
    stream.write_all(b"echo\nthe first words\n")?;
    let mut reader = BufReader::new(stream);
    let (mut greeting, mut echo) = (String::new(), String::new());
    reader.read_line(&mut greeting)?;
    reader.read_line(&mut echo)?;
    let negotiated =
        String::from_utf8_lossy(negotiated.as_deref().unwrap_or(b"nothing")).into_owned();
    let came = [negotiated.as_str(), greeting.trim(), echo.trim()].join(", ");
    writeln!(io::stdout(), "{}", serde_json::to_string(&came)?)
}

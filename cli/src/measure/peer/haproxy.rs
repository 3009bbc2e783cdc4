//! HAProxy: a gateway by server names, and the two ends of a tunnel.

use std::net::SocketAddr;

use crate::measure::keys::Files;

/// The fastest cipher where the CPU has AES, and the first choice of Envoy; OpenSSL's would be another.
pub const AES_128: &str = "TLS_AES_128_GCM_SHA256";
/// Enough for 256 streams to be spliced at a time.
const PIPES: u64 = 512;

/// What makes HAProxy faster than it is as installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tuning {
    /// Nothing.
    Defaults,
    /// `tune.bufsize 65536`.
    Buffers,
    /// `option splice-auto`.
    Splice,
    /// The same, with `tune.pipesize` of 1 MiB.
    SplicePipes,
    /// `splice-request` and `splice-response` with such pipes: what `splice-auto` does to a stream
    /// that it has seen to be fast, it does to all from the start.
    SpliceAlways,
}

/// TLS with this server name is passed on to one address.
#[must_use]
pub fn gateway(listens: SocketAddr, name: &str, pod: SocketAddr) -> String {
    format!(
        "\
frontend gateway
  bind {listens}
  tcp-request inspect-delay 5s
  tcp-request content accept if {{ req.ssl_hello_type 1 }} {{ req.ssl_sni -m str {name} }}
  tcp-request content reject
  default_backend pod
backend pod
  server pod {pod}
"
    )
}

/// Plain TCP in, TLS out: with this server name, which the server's certificate has to have.
#[must_use]
pub fn client_end(listens: SocketAddr, far: SocketAddr, name: &str, files: &Files) -> String {
    format!(
        "\
frontend app
  bind {listens}
  default_backend far
backend far
  server far {far} ssl crt {} ca-file {} verify required verifyhost {name} sni str({name}) \
no-ssl-reuse ssl-min-ver TLSv1.3 ciphersuites {AES_128}
",
        files.both.display(),
        files.roots.display(),
    )
}

/// TLS in, plain TCP out.
#[must_use]
pub fn server_end(listens: SocketAddr, app: SocketAddr, files: &Files) -> String {
    format!(
        "\
frontend pod
  bind {listens} ssl crt {} ca-file {} verify required no-tls-tickets ssl-min-ver TLSv1.3 ciphersuites {AES_128}
  default_backend app
backend app
  server app {app}
",
        files.both.display(),
        files.roots.display(),
    )
}

/// What all of them have: a thread or more, no log, no session kept from one TLS connection to the next;
/// as many connections as so many descriptors carry.
#[must_use]
pub fn head(tuning: Tuning, threads: u16, descriptors: u64) -> String {
    // Two descriptors a connection and two a pipe, and some for itself.
    let descriptors = descriptors.saturating_sub(100 + 2 * PIPES);
    let connections = (descriptors / 2).min(20_000);
    let (global, defaults) = match tuning {
        Tuning::Defaults => ("", ""),
        Tuning::Buffers => ("  tune.bufsize 65536\n", ""),
        Tuning::Splice => ("", "  option splice-auto\n"),
        Tuning::SplicePipes => ("  tune.pipesize 1048576\n", "  option splice-auto\n"),
        Tuning::SpliceAlways => (
            "  tune.pipesize 1048576\n",
            "  option splice-request\n  option splice-response\n",
        ),
    };
    format!(
        "\
global
  nbthread {threads}
  maxconn {connections}
  maxpipes {PIPES}
  tune.ssl.cachesize 0
{global}defaults
  mode tcp
  maxconn {connections}
  retries 0
  timeout connect 10s
  timeout client 1h
  timeout server 1h
{defaults}"
    )
}

//! What a gateway is asked: a ClientHello, and the server name in it.

use std::sync::Arc;

use eastwest_mesh::{Capture, Exports, Hostname, Options, Source, load};
use rustls::{ClientConfig, ClientConnection, RootCertStore};

/// A server name as our shim sends it.
pub const SNI: &str = "outbound_.3306_._.db-pxc-7.db-pxc.pxc.svc.cluster.local";

/// An alias, as an app looks it up.
pub const ALIAS: &str = "src-db-pxc-7.pxc.svc.cluster.local";

/// As our shim sends it: post-quantum key share, ALPN `istio`.
///
/// # Errors
/// When rustls makes none.
pub fn client_hello() -> anyhow::Result<Vec<u8>> {
    let mut config = ClientConfig::builder()
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    config.alpn_protocols = vec![b"istio".to_vec()];
    let mut client = ClientConnection::new(Arc::new(config), SNI.try_into()?)?;
    let mut bytes = Vec::new();
    client.write_tls(&mut bytes)?;
    Ok(bytes)
}

/// The name of a pod that is exported.
fn exported(number: usize) -> String {
    format!("db-pxc-{number}.db-pxc.pxc.svc.cluster.local")
}

/// Exports of so many exact names; the one to ask for stands in their middle.
///
/// # Errors
/// When the names are none.
pub fn exports(names: usize) -> anyhow::Result<(Exports, Hostname)> {
    let mut text = "apiVersion: networking.istio.io/v1\nkind: Gateway\n\
                    metadata: {name: exports, namespace: istio-system}\nspec:\n  servers:\n  \
                    - port: {number: 15443, name: tls, protocol: TLS}\n    \
                    tls: {mode: AUTO_PASSTHROUGH}\n    hosts:\n"
        .to_owned();
    for number in 0..names {
        text += &format!("    - {}\n", exported(number));
    }
    let options = Options {
        cluster_domain: "cluster.local".parse()?,
        capture: Capture::Redirect,
    };
    let name = "gateway.yaml".to_owned();
    let mesh = load(&[Source { name, text }], &options);
    Ok((mesh.exports, exported(names / 2).parse()?))
}

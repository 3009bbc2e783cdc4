//! Any records that a peer can seal, in any order and any split: they are opened or refused. The
//! functions that this holds to it are named by whoever includes it.
use std::cell::RefCell;
use std::sync::{Arc, LazyLock};

use super::{Secured, accept, connect};
use rustls::pki_types::{PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, ServerConfig};

type Configs = [(Arc<ClientConfig>, Arc<ServerConfig>); 2];

static CONFIGS: LazyLock<Configs> = LazyLock::new(|| {
    let made = rcgen::generate_simple_self_signed(["peer".to_owned()]).expect("a certificate");
    let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).expect("a root");
    [&rustls::version::TLS12, &rustls::version::TLS13].map(|version| {
        let provider = || Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut client = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(&[version])
            .expect("a version")
            .with_root_certificates(roots.clone())
            .with_no_client_auth();
        client.enable_secret_extraction = true;
        let mut server = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&[version])
            .expect("a version")
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key.clone_key())
            .expect("a key");
        server.enable_secret_extraction = true;
        server.send_tls13_tickets = 0;
        (Arc::new(client), Arc::new(server))
    })
});

thread_local! {
    /// Pairs that still agree on their keys: a handshake takes a thousand times as long as a record.
    static PAIRS: RefCell<[Option<(Secured, Secured)>; 2]> = const { RefCell::new([None, None]) };
}

fn meet(version: usize) -> (Secured, Secured) {
    let (client, server) = CONFIGS[version].clone();
    let (mut near, mut far) = tokio::io::duplex(64 * 1024);
    let name = ServerName::try_from("peer").expect("a name");
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let (client, server) = runtime.expect("a runtime").block_on(async {
        tokio::join!(
            connect(client, name, &mut near),
            accept(server, &mut far, Vec::new())
        )
    });
    (client.expect("a client"), server.expect("a server"))
}

/// `bytes` are the version, then records: kind, length, content.
pub(crate) fn check(bytes: &[u8]) {
    let Some((version, mut rest)) = bytes.split_first() else {
        return;
    };
    let version = usize::from(version & 1);
    PAIRS.with_borrow_mut(|pairs| {
        let (mut client, mut server) = pairs[version].take().unwrap_or_else(|| meet(version));
        let mut agree = true;
        while let [kind, length, tail @ ..] = rest {
            let (content, tail) = tail.split_at(usize::from(*length).min(tail.len()));
            rest = tail;
            let sealed = server.seal_anything(20 + kind % 5, content);
            let Some(sealed) = sealed else { continue };
            if !client.open_anything(&sealed) {
                agree = false;
                break;
            }
        }
        if agree {
            pairs[version] = Some((client, server));
        }
    });
}

//! Mode `vip` beside a server that owns the port: the server wins.

use std::io::ErrorKind;

use super::*;

/// What the pod's server and the shim have to do to each other's port, at the most.
const MOMENTS: Duration = Duration::from_secs(10);

/// A pod with an alias at this address, and its shim.
struct Pod {
    shim: Shim,
    dns: SocketAddr,
    alias: SocketAddr,
    _files: (TempDir, TempDir),
}

impl Pod {
    fn start(alias: SocketAddr, more: &[&str]) -> Self {
        let manifests = tempfile::tempdir().unwrap();
        fs::write(manifests.path().join("aliases.yaml"), service_entry(alias)).unwrap();
        let identity = demo();
        let mut shim = Shim::start_with(manifests.path(), &identity, more);
        let dns = shim.address("dns");
        shim.wait_for("ready");
        Self {
            shim,
            dns,
            alias,
            _files: (manifests, identity),
        }
    }

    fn is_answered(&self) -> bool {
        response_code(self.dns) == NOERROR
    }

    fn becomes(&self, served: bool) {
        let deadline = Instant::now() + MOMENTS;
        while self.is_answered() != served {
            assert!(Instant::now() < deadline, "served: {}", !served);
            std::thread::sleep(Duration::from_millis(10));
        }
        assert_eq!(TcpStream::connect(self.alias).is_ok(), served);
    }

    /// For long enough to see a mistake.
    fn stays_away(&self) {
        for _ in 0..40 {
            assert!(!self.is_answered());
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// A port that nobody has, at an address that only one test has.
fn free(alias: &str) -> SocketAddr {
    let (_listener, address) = taken(alias);
    address
}

/// As mysqld does: on all addresses, with SO_REUSEADDR; not again if that fails.
fn server(at: &str, port: u16) -> TcpListener {
    TcpListener::bind((at, port)).unwrap_or_else(|error| panic!("{at}:{port}: {error}"))
}

#[test]
fn a_server_that_owns_the_port_finds_it_free_at_any_time() {
    let alias = free("127.77.0.2");
    let port = alias.port();
    let mut pod = Pod::start(alias, &["--own-port", &port.to_string()]);
    // It has not started yet.
    pod.stays_away();
    for all in ["0.0.0.0", "::"] {
        let wildcard = server(all, port);
        pod.shim
            .wait_for("of all addresses: use --mode port or redirect");
        pod.stays_away();
        drop(wildcard);
        let own = [server("127.0.0.1", port), server("127.0.0.2", port)];
        pod.becomes(true);
        let app = TcpStream::connect(alias).unwrap();
        drop(own);
        pod.becomes(false);
        drop(app);
    }
    // After a crash it may want all addresses, and the shim may have connections.
    let own = server("127.0.0.1", port);
    pod.becomes(true);
    let _app = TcpStream::connect(alias).unwrap();
    drop(own);
    std::thread::sleep(Duration::from_millis(500));
    server("0.0.0.0", port);
}

#[test]
fn a_port_that_is_found_taken_on_all_addresses_is_left_to_its_server() {
    let alias = free("127.77.0.3");
    let wildcard = server("0.0.0.0", alias.port());
    let mut pod = Pod::start(alias, &[]);
    drop(wildcard);
    pod.shim.wait_for("does not listen yet");
    pod.stays_away();
    let refused = TcpStream::connect(alias).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    let _own = server("127.0.0.1", alias.port());
    pod.becomes(true);
}

/// In mode `redirect` nothing is bound at the aliases' addresses, so that no server is in the way.
#[test]
fn a_redirected_alias_stays_answered_beside_a_server_of_its_port() {
    let port = free("127.0.0.1").port();
    let alias = SocketAddr::new([240, 240, 77, 7].into(), port);
    let outbound = free("127.0.0.1").port().to_string();
    let redirect = [
        "--mode",
        "redirect",
        "--outbound-port",
        &outbound,
        "--own-port",
        &port.to_string(),
    ];
    let pod = Pod::start(alias, &redirect);
    assert!(pod.is_answered());
    let _mysqld = server("0.0.0.0", port);
    for _ in 0..100 {
        assert!(pod.is_answered());
        std::thread::sleep(Duration::from_millis(10));
    }
}

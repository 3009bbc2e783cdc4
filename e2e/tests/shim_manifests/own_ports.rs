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

#[test]
fn a_server_that_starts_before_an_alias_is_asked_for_has_its_port_without_a_flag() {
    for (all, alias) in [("0.0.0.0", "127.77.0.4"), ("::", "127.77.0.5")] {
        let alias = free(alias);
        let mut pod = Pod::start(alias, &[]);
        let wildcard = server(all, alias.port());
        assert!(!pod.is_answered(), "its address is the server's");
        pod.shim
            .wait_for("of all addresses: use --mode port or redirect");
        drop(wildcard);
        pod.stays_away();
        let own = server("127.0.0.1", alias.port());
        pod.becomes(true);
        // It is known for a server by now, and may want all addresses next.
        drop(own);
        pod.becomes(false);
        server(all, alias.port());
    }
}

#[test]
fn an_alias_that_is_asked_for_in_a_pod_without_a_server_is_listened_on_before_it_is_answered() {
    let alias = free("127.77.0.6");
    let mut pod = Pod::start(alias, &[]);
    let refused = TcpStream::connect(alias).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    assert!(pod.is_answered());
    TcpStream::connect(alias).unwrap();
    pod.shim.wait_for("an alias is asked for");
    // A server that comes later is not one that follows an alias.
    assert!(pod.is_answered());
}

#[test]
fn a_pod_that_is_said_to_have_no_server_has_its_aliases_listened_on_at_the_start() {
    let alias = free("127.77.0.7");
    let _pod = Pod::start(alias, &["--own-port", "none"]);
    TcpStream::connect(alias).unwrap();
}

#[test]
fn where_others_answer_the_aliases_the_shim_warns_of_the_ports_that_it_takes() {
    let alias = free("127.77.0.8");
    let manifests = tempfile::tempdir().unwrap();
    fs::write(manifests.path().join("aliases.yaml"), service_entry(alias)).unwrap();
    let identity = demo();
    let mut shim = Shim::start_without_dns(manifests.path(), &identity, &[]);
    let warned = shim.wait_for("CANNOT START");
    let port = alias.port();
    assert!(
        warned.contains(&format!("--own-port {port} if there is one")) && warned.contains(ALIAS),
        "{warned}"
    );
    shim.wait_for("ready");
    TcpStream::connect(alias).unwrap();
    for choice in ["none", &port.to_string()] {
        drop(shim);
        shim = Shim::start_without_dns(manifests.path(), &identity, &["--own-port", choice]);
        shim.wait_for("ready");
        assert!(!shim.log.iter().any(|line| line.contains("CANNOT START")));
    }
}

#[test]
fn an_alias_at_a_port_of_the_shims_own_is_not_blamed_on_another() {
    let alias = free("127.77.0.10");
    let manifests = tempfile::tempdir().unwrap();
    fs::write(manifests.path().join("aliases.yaml"), service_entry(alias)).unwrap();
    let identity = demo();
    let probes = format!("0.0.0.0:{}", alias.port());
    let flags = ["--ready-address", &probes, "--own-port", "none"];
    let mut shim = Shim::start_bare(manifests.path(), &identity, &flags);
    let said = shim.wait_for("is the shim's own");
    assert!(said.contains("--ready-address"), "{said}");
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

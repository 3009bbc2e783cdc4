//! What a DestinationRule says of the connections of an alias.

use std::num::NonZeroU32;
use std::time::Duration;

use eastwest_mesh::{Capture, Mesh, Severity, TcpKeepalive};

use super::{ALIAS, destination_rule, errors, lines, load_files, only_route, service_entry};

#[test]
fn a_rule_gives_the_time_to_connect_and_a_wrong_one_takes_the_alias_down() {
    let with = |timeout: &str| {
        let rule = format!("connectionPool: {{tcp: {{connectTimeout: {timeout}}}}}");
        let rule = destination_rule(ALIAS, &rule);
        load_files(&[&rule, &service_entry("db-0", "")], Capture::Vip)
    };
    let mesh = with("250ms");
    assert_eq!(lines(&mesh, Severity::Warning), [""; 0]);
    let expected = Some(Duration::from_millis(250));
    assert_eq!(only_route(&mesh).connection_pool.connect_timeout, expected);
    for timeout in ["5", "'5'", "0s", "soon"] {
        let mesh = with(timeout);
        assert_eq!((mesh.routes.len(), mesh.down.len()), (0, 1), "{timeout}");
        assert!(errors(&mesh)[0].contains("EW005"), "{:?}", errors(&mesh));
    }
}

#[test]
fn a_rule_limits_the_connections_of_an_alias() {
    let with = |most: &str| {
        let rule = format!("connectionPool: {{tcp: {{maxConnections: {most}}}}}");
        let rule = destination_rule(ALIAS, &rule);
        load_files(&[&rule, &service_entry("db-0", "")], Capture::Vip)
    };
    for (most, expected) in [("7", NonZeroU32::new(7)), ("0", None)] {
        let mesh = with(most);
        assert_eq!(lines(&mesh, Severity::Warning), [""; 0]);
        assert_eq!(only_route(&mesh).connection_pool.max_connections, expected);
    }
    for most in ["-1", "many", "5000000000"] {
        let mesh = with(most);
        assert_eq!((mesh.routes.len(), mesh.down.len()), (0, 1), "{most}");
        assert!(errors(&mesh)[0].contains("EW005"), "{:?}", errors(&mesh));
    }
}

#[test]
fn a_rule_gives_the_times_of_keepalive_in_what_the_kernel_takes() {
    let with = |keepalive: &str| {
        let rule = format!("connectionPool: {{tcp: {{tcpKeepalive: {{{keepalive}}}}}}}");
        let rule = destination_rule(ALIAS, &rule);
        load_files(&[&rule, &service_entry("db-0", "")], Capture::Vip)
    };
    let read = |mesh: &Mesh| only_route(mesh).connection_pool.keepalive.unwrap();
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    let short = with("time: 10500ms, interval: 2s, probes: 4");
    assert_eq!(lines(&short, Severity::Warning), [""; 0]);
    let expected = TcpKeepalive {
        time: seconds(11),
        interval: seconds(2),
        probes: NonZeroU32::new(4),
    };
    assert_eq!(read(&short), expected);
    assert_eq!(read(&with("probes: 0")), TcpKeepalive::default());

    let long = with("time: 24h, interval: 10ms, probes: 500");
    let expected = TcpKeepalive {
        time: seconds(32_767),
        interval: seconds(1),
        probes: NonZeroU32::new(127),
    };
    assert_eq!(read(&long), expected);
    let warned = lines(&long, Severity::Warning);
    assert!(
        warned[0].contains("EW408") && warned[0].contains("32894 s"),
        "{warned:?}"
    );

    let mesh = with("time: soon");
    assert!(errors(&mesh)[0].contains("EW005"), "{:?}", errors(&mesh));
}

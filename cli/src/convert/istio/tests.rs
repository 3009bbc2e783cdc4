use eastwest_mesh::Capture;

use super::aliases::Alias;
use super::line::{self, Place};
use super::{RouteErrors, called, callers};

mod random;

fn domain() -> eastwest_mesh::Hostname {
    "cluster.local".parse().unwrap()
}

fn read(lines: &[&str]) -> Result<Vec<Alias>, RouteErrors> {
    let lines = (1..).zip(lines);
    let lines: Vec<_> = lines
        .map(|(number, line)| (Place::line("r", number), (*line).to_owned()))
        .collect();
    Alias::all(&line::read(&lines)?, "default", &domain())
}

/// What is wrong with lines.
fn wrong(lines: &[&str]) -> Vec<String> {
    match read(lines) {
        Ok(_) => Vec::new(),
        Err(RouteErrors(errors)) => errors.iter().map(ToString::to_string).collect(),
    }
}

const REMOTE: &str = "db-0.db.pxc.svc.cluster.local:3306";

#[test]
fn every_bad_line_is_told_with_its_column_and_field() {
    let long = "a.".repeat(120);
    for (line, told) in [
        ("a.b", "r:1:1: route: there is no =, as in"),
        (" a.b = c.d.svc.x:1", "r:1:8: route: there is no @, as in"),
        (
            "a.b=c.d.svc.x@g",
            "r:1:5: route: there is no port behind the remote host",
        ),
        (
            "a..b=c.d.svc.x:1@g.x",
            "r:1:1: alias: \"a..b\" is no DNS name: it has an empty label",
        ),
        (
            "*.b=c.d.svc.x:1@g.x",
            "r:1:1: alias: \"*.b\" is no DNS name: it is a wildcard",
        ),
        (
            "a_b.c=c.d.svc.x:1@g.x",
            "r:1:1: alias: \"a_b.c\" is no name of a pod or Service",
        ),
        ("a=c.d.svc.x:1@g.x", "r:1:1: alias: it needs a domain"),
        (
            "a.b=10.0.0.1:1@g.x",
            "r:1:5: remote host: \"10.0.0.1\" is no DNS name",
        ),
        (
            "a.b=c.d:1@g.x",
            "r:1:5: remote host: c.d is not of the form",
        ),
        (
            "a.b=c.d.svc.x:0@g.x",
            "r:1:15: port: \"0\" is no port: it is a number from 1",
        ),
        ("a.b=c.d.svc.x:+1@g.x", "r:1:15: port: \"+1\" is no port"),
        (
            "é.b=c.d.svc.x:1@",
            "r:1:1: alias: \"é.b\" is no DNS name: it has the character",
        ),
        (
            "a.b=c.d.svc.x:1@",
            "r:1:17: gateway: \"\" is no DNS name: it is empty",
        ),
        (
            "a.b=c.d.svc.x:1@g.x,",
            "r:1:21: gateway: \"\" is no DNS name: it is empty",
        ),
        (
            "a.b=c.d.svc.x:1@g.x, g.x:15443",
            "r:1:22: gateway: g.x:15443 is there twice",
        ),
        ("a.b=c.d.svc.x:1@g.x:x", "r:1:21: gateway: \"x\" is no port"),
        (
            "a.b=c.d.svc.x:1@::1",
            "r:1:17: gateway: \"::1\" is no gateway: an IPv6 address is",
        ),
        (
            "a.b=c.d.svc.x:1@[::1",
            "r:1:17: gateway: \"[::1\" is no DNS name",
        ),
        (
            "a.b=c.d.svc.x:1@[x]:1",
            "r:1:17: gateway: \"[x]\" is no gateway: in '[' and ']'",
        ),
        (
            "a.b=c.d.svc.x:1@[::1]1",
            "r:1:17: gateway: \"[::1]1\" is no gateway: a ':' and a port",
        ),
        (
            "a.b=c.d.svc.x:1@0.0.0.0",
            "r:1:17: gateway: \"0.0.0.0\" is no gateway: it is nobody's",
        ),
        (
            &format!("{long}b=c.d.svc.x:1@g.x"),
            "r:1:1: alias: the server name outbound_.1_._.",
        ),
    ] {
        let found = wrong(&[line]);
        assert_eq!(found.len(), 1, "{line}: {found:?}");
        assert!(found[0].starts_with(told), "{line}: {found:?}");
    }
}

#[test]
fn all_bad_lines_are_told_at_once_and_comments_count_for_nothing() {
    let found = wrong(&[
        "# a",
        "",
        "  ",
        "x # y=z",
        "a.b=c.d.svc.x:1@g.x # fine",
        "y",
    ]);
    assert_eq!(found.len(), 2);
    assert!(found[0].starts_with("r:4:1: route") && found[1].starts_with("r:6:1: route"));
}

#[test]
fn routes_that_contradict_each_other_are_told() {
    let first = format!("src-db-0.pxc.svc.cluster.local={REMOTE}@g.x");
    let other = |change: &dyn Fn(&str) -> String| wrong(&[&first, &change(&first)]);
    let found = other(&str::to_owned);
    assert!(found[0].starts_with("r:2:62: port: src-db-0.pxc.svc.cluster.local:3306 is there"));
    let found = other(&|line| line.replace("=db-0", "=db-1"));
    assert!(found[0].contains("remote host: src-db-0.pxc.svc.cluster.local leads to db-0"));
    let found = other(&|line| line.replace("3306@g.x", "1@h.x"));
    assert!(found[0].contains("gateway: src-db-0.pxc.svc.cluster.local has other gateways"));
    let found = wrong(&[
        &format!("a.b={REMOTE}@g.x"),
        &format!("a.b={}@g.x", REMOTE.replace("3306", "1")),
    ]);
    assert!(
        found[0].contains("src-db-0.pxc.svc.cluster.local"),
        "{found:?}"
    );
}

#[test]
fn the_convention_needs_no_rule_and_another_alias_is_given_the_name_that_is_known_there() {
    let aliases = read(&[
        &format!("src-db-0.pxc.svc.cluster.local={REMOTE}@10.0.0.1"),
        &format!("orders.shop.svc.cluster.local={REMOTE}@gw.example"),
    ])
    .unwrap();
    let text = callers::write(&aliases);
    assert_eq!(text.matches("kind: ServiceEntry").count(), 2);
    assert_eq!(text.matches("kind: DestinationRule").count(), 1);
    assert_eq!(
        text.matches("eastwest.dev/remote-host: db-0.db.pxc")
            .count(),
        1
    );
    let sni = "sni: outbound_.3306_._.src-db-0.pxc.svc.cluster.local\n";
    assert_eq!(text.matches(sni).count(), 1);
    assert!(text.contains("resolution: STATIC") && text.contains("resolution: DNS"));
    assert_eq!(
        called::write(&aliases).matches("kind: Service\n").count(),
        1
    );
}

/// Two names with one computed address: the second gets another.
#[test]
fn addresses_are_never_shared() {
    let lines: Vec<_> = (0..2000)
        .map(|n| format!("src-db-{n}.pxc.svc.cluster.local=db-{n}.db.pxc.svc.cluster.local:1@g.x"))
        .collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let aliases = read(&lines).unwrap();
    let addresses: std::collections::HashSet<_> =
        aliases.iter().map(|alias| alias.address).collect();
    assert_eq!(addresses.len(), 2000);
    let moved = |alias: &&Alias| {
        eastwest_mesh::virtual_ip::computed(&alias.host, Capture::Redirect) != alias.address
    };
    assert!(
        aliases.iter().any(|alias| moved(&alias)),
        "no two names clash"
    );
}

//! What is in the configurations of HAProxy and nginx. That they do it is tested in `e2e`.

use super::{ALIAS, convert_in, entry, folder, gateway, said, status};

fn lines(text: &str) -> Vec<&str> {
    text.lines().map(str::trim).collect()
}

#[test]
fn flags_and_the_gateways_port_are_heeded() {
    let text = gateway("AUTO_PASSTHROUGH", &format!("[{ALIAS}]")).replace("15443", "8443");
    let folder = folder(&[("a/g.yaml", &text), ("b/e.yaml", &entry(ALIAS, 3306))]);
    let plain = |to| said(&convert_in(folder.path(), &[to, "a", "b"]));
    assert!(lines(&plain("haproxy")).contains(&"bind 0.0.0.0:8443"));
    assert!(lines(&plain("haproxy")).contains(&"parse-resolv-conf"));
    assert!(plain("nginx").contains("listen 0.0.0.0:8443 "));
    assert!(plain("nginx").contains("resolver kube-dns.kube-system.svc.cluster.local "));
    let elsewhere = "convert with --name-server";
    assert!(plain("nginx").contains(elsewhere));
    let flags = [
        "--listen",
        "[::]:15443",
        "--name-server",
        "10.96.0.10",
        "--name-server",
        "[fd00::a]:5353",
    ];
    let with = |to| {
        let args: Vec<_> = [to, "a", "b"].into_iter().chain(flags).collect();
        said(&convert_in(folder.path(), &args))
    };
    let haproxy = with("haproxy");
    for line in [
        "bind [::]:15443 v4v6",
        "nameserver dns0 10.96.0.10:53",
        "nameserver dns1 [fd00::a]:5353",
    ] {
        assert!(lines(&haproxy).contains(&line), "{haproxy}");
    }
    assert!(with("nginx").contains("listen [::]:15443 ipv6only=off "));
    assert!(!with("nginx").contains(elsewhere));
    assert!(with("nginx").contains("resolver 10.96.0.10:53 [fd00::a]:5353 "));
}

#[test]
fn plain_names_need_no_alpn() {
    let folder = folder(&[
        ("a/g.yaml", &gateway("PASSTHROUGH", &format!("[{ALIAS}]"))),
        ("b/e.yaml", &entry(ALIAS, 3306)),
    ]);
    let haproxy = said(&convert_in(folder.path(), &["haproxy", "a", "b"]));
    assert!(!haproxy.contains("istio_alpn"), "{haproxy}");
    assert!(lines(&haproxy).contains(
        &"tcp-request content set-var(sess.pod) str(db-0.db.pxc.svc.cluster.local) if to_1"
    ));
    let nginx = said(&convert_in(folder.path(), &["nginx", "a", "b"]));
    let (_, plain) = nginx.split_once("$plain_name {").unwrap();
    assert!(plain.contains(&format!("{ALIAS} db-0.db.pxc.svc.cluster.local:15444;")));
}

#[test]
fn nothing_to_let_through_is_a_configuration_that_refuses_all() {
    let folder = folder(&[
        (
            "a/g.yaml",
            &gateway("AUTO_PASSTHROUGH", "['*.other.svc.cluster.local']"),
        ),
        ("b/e.yaml", &entry(ALIAS, 3306)),
    ]);
    let output = convert_in(folder.path(), &["haproxy", "a", "b"]);
    assert_eq!(status(&output), 0);
    assert!(
        !said(&output).contains("set-var(sess.pod)"),
        "{}",
        said(&output)
    );
}

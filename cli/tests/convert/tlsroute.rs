//! What is in TLSRoutes, and what can't be.

use super::{ALIAS, complained, convert_in, entry, folder, gateway, said, status};

const POD: &str = "db-0.db.pxc.svc.cluster.local";

fn routes(files: &[(&str, &str)], more: &[&str]) -> (i32, String, String) {
    let folder = folder(files);
    let args: Vec<_> = ["tlsroute", "--gateway-class", "eg", "."]
        .into_iter()
        .chain(more.iter().copied())
        .collect();
    let output = convert_in(folder.path(), &args);
    (status(&output), said(&output), complained(&output))
}

#[test]
fn a_route_has_the_plain_names_and_a_service_of_its_own_for_the_pod() {
    let exports = gateway("PASSTHROUGH", &format!("[{ALIAS}]"));
    let files = [("a/g.yaml", &*exports), ("b/e.yaml", &entry(ALIAS, 3306))];
    let (status, text, told) = routes(&files, &["--gateway", "edge/tls", "--pods", "eastwest"]);
    assert_eq!((status, told.as_str()), (0, ""));
    for part in [
        "  name: tls\n  namespace: edge\n",
        "            values: [pxc]\n",
        &format!("  - {POD}\n"),
        &format!("  - {ALIAS}\n"),
        "    - name: eastwest-db-0\n      port: 15444\n",
        "    statefulset.kubernetes.io/pod-name: db-0\n",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("ALPN"), "PASSTHROUGH asks for none: {text}");
}

#[test]
fn an_alpn_that_is_no_longer_asked_for_is_said() {
    let exports = gateway("AUTO_PASSTHROUGH", &format!("[{ALIAS}]"));
    let files = [("a/g.yaml", &*exports), ("b/e.yaml", &entry(ALIAS, 3306))];
    let (status, text, told) = routes(&files, &["--pods", "istio"]);
    assert_eq!(status, 0);
    assert!(
        told.contains("a/g.yaml:8:13: warning: AUTO_PASSTHROUGH lets only"),
        "{told}"
    );
    assert!(text.contains("unless PeerAuthentication is") && text.contains("      port: 3306\n"));
}

#[test]
fn what_a_route_cannot_say_is_left_out() {
    let all = gateway("AUTO_PASSTHROUGH", "['*.pxc.svc.cluster.local']");
    let (status, _, told) = routes(&[("a/g.yaml", &all)], &[]);
    assert_eq!(status, 1);
    assert_eq!(
        told.matches("a/g.yaml:8:13: error: this is left out")
            .count(),
        1,
        "{told}"
    );
    // Two ports of one pod.
    let entries = format!("{}---\n{}", entry(ALIAS, 3306), entry(ALIAS, 33060));
    let files = [("a/g.yaml", &*all), ("b/e.yaml", &entries)];
    let (status, text, told) = routes(&files, &[]);
    assert_eq!(status, 1);
    assert!(told.contains("the ports 3306, 33060 of"), "{told}");
    assert_eq!(text.matches("kind: TLSRoute\nmetadata").count(), 1);
    let (status, text, told) = routes(&files, &["--pods", "istio"]);
    assert_eq!(status, 1);
    assert!(told.contains("port 33060 of db-0.db.pxc"), "{told}");
    assert_eq!(text.matches("kind: TLSRoute\nmetadata").count(), 1);
}

//! Hosts of a Gateway that have the form NAMESPACE/HOST.

use eastwest_mesh::Severity;

use super::{lines, load_text};

#[test]
fn a_namespace_in_front_of_a_host_narrows_nothing_and_a_warning_says_so() {
    for (host, fix) in [
        ("pxc/*", "write *.pxc.svc.CLUSTER-DOMAIN"),
        (
            "./*",
            "take the prefix out, and write the namespace into the name",
        ),
        (
            "/*",
            "take the prefix out, and write the namespace into the name",
        ),
        ("pxc/*.pxc.svc.cluster.local", "take the prefix out"),
    ] {
        let said = prefix_warnings(host);
        assert_eq!(said.len(), 1, "{host}: {said:?}");
        assert!(said[0].ends_with(&format!("fix: {fix}")), "{said:?}");
    }
    assert_eq!(prefix_warnings("*/*.pxc.svc.cluster.local"), [""; 0]);
    assert_eq!(prefix_warnings("*.pxc.svc.cluster.local"), [""; 0]);
}

fn prefix_warnings(host: &str) -> Vec<String> {
    let mesh = load_text(&format!(
        "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {{name: g}}\nspec:\n  \
         servers:\n  - port: {{number: 15443, name: tls, protocol: TLS}}\n    \
         tls: {{mode: AUTO_PASSTHROUGH}}\n    hosts: ['{host}']\n"
    ));
    let warnings = lines(&mesh, Severity::Warning).into_iter();
    warnings
        .filter(|line| line.contains("a prefix narrows nothing"))
        .collect()
}

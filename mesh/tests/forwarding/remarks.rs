//! What is not the same afterwards is said.

use eastwest_mesh::Severity;
use eastwest_mesh::forwarding::Pods;

use super::{ALIAS, between, documents, entry, gateway, remarks};

fn warnings(cluster: &str) -> Vec<String> {
    let found = between(cluster, &[&entry(ALIAS, None)], Pods::Shim);
    remarks(&found, Severity::Warning)
}

fn errors(cluster: &str, caller: &str) -> Vec<String> {
    let found = between(cluster, &[caller], Pods::Shim);
    remarks(&found, Severity::Error)
}

#[test]
fn a_server_that_ends_tls_is_left_out() {
    let cluster = format!(
        "{}  - port: {{number: 443, name: https, protocol: HTTPS}}\n\
         \x20   tls: {{mode: SIMPLE, credentialName: x}}\n    hosts: ['*']\n",
        gateway(&format!("[{ALIAS}]"))
    );
    let warnings = warnings(&cluster);
    assert!(
        warnings[0].starts_with("a.yaml:9:5: warning: this server is left out"),
        "{warnings:?}"
    );
}

#[test]
fn servers_at_other_ports_and_other_gateways_become_one_and_that_is_said() {
    let one = gateway(&format!("[{ALIAS}]"));
    let other = one
        .replace("auto-passthrough", "other")
        .replace("15443", "8443");
    let warnings_of = warnings(&documents(&[one.clone(), other]));
    assert!(
        warnings_of[0].contains("this server is at port 8443, and another at 15443"),
        "{warnings_of:?}"
    );
    let other = one
        .replace("auto-passthrough", "other")
        .replace("spec:", "spec:\n  selector: {istio: x}");
    let warnings_of = warnings(&documents(&[one, other]));
    assert!(warnings_of[0].contains("for another gateway than the one at a.yaml:1:1"));
}

#[test]
fn virtual_services_and_the_gateway_api_are_left_out() {
    let cluster = documents(&[
        gateway(&format!("[{ALIAS}]")),
        format!(
            "apiVersion: networking.istio.io/v1\nkind: VirtualService\n\
             metadata: {{name: v, namespace: pxc}}\nspec: {{hosts: [{ALIAS}]}}\n"
        ),
        "apiVersion: gateway.networking.k8s.io/v1\nkind: TLSRoute\n\
         metadata: {name: t, namespace: pxc}\nspec: {}\n"
            .to_owned(),
    ]);
    let warnings = warnings(&cluster);
    assert!(
        warnings[0].starts_with("a.yaml:10:1: warning: this VirtualService"),
        "{warnings:?}"
    );
    assert!(warnings[1].contains("[EW902]"), "{warnings:?}");
}

#[test]
fn what_cannot_be_read_is_an_error_on_either_side() {
    let broken = gateway("['*.*']");
    let found = errors(&broken, &entry(ALIAS, None));
    assert!(
        found[0].starts_with("a.yaml:1:1: error: this Gateway is left out"),
        "{found:?}"
    );
    assert!(
        found[1].starts_with("a.yaml:8:13: error: [EW305]"),
        "{found:?}"
    );
    let caller = entry(ALIAS, None).replace("3306", "0");
    let found = errors(&gateway(&format!("[{ALIAS}]")), &caller);
    assert!(
        found[0].starts_with("b.yaml:8:20: error: [EW005]"),
        "{found:?}"
    );
}

#[test]
fn one_host_that_cannot_be_read_takes_the_whole_gateway_with_it() {
    let broken = gateway(&format!("['*.*', {ALIAS}, '*.pxc.svc.cluster.local']"));
    let found = between(&broken, &[&entry(ALIAS, None)], Pods::Shim);
    assert!(found.is_empty(), "{found:?}");
    let told = remarks(&found, Severity::Error);
    assert!(told[0].contains("and its 2 readable hosts"), "{told:?}");
}

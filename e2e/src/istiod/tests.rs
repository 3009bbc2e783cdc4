use std::net::{IpAddr, Ipv4Addr};

use serde_json::{Value, json};

use super::{AppProtocol, Objects, PeerMode, Pod, passed};

const IP: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 71, 0, 10));

fn object(kind: &str, name: &str, spec: &Value) -> Value {
    json!({ "kind": kind, "metadata": { "name": name, "namespace": "demo" }, "spec": spec })
}

fn read(objects: &[Value]) -> Objects {
    Objects::read(objects).unwrap()
}

fn entry(endpoint: &Value) -> Value {
    let spec = json!({
        "hosts": ["src-db-0.demo.svc.cluster.local"],
        "location": "MESH_INTERNAL",
        "resolution": "STATIC",
        "ports": [{ "number": 3306, "name": "mysql", "protocol": "TCP" }],
        "endpoints": [endpoint],
    });
    object("ServiceEntry", "src-db-0", &spec)
}

fn rule(tls: &Value) -> Value {
    let spec = json!({
        "host": "src-db-0.demo.svc.cluster.local",
        "trafficPolicy": { "tls": tls },
    });
    object("DestinationRule", "src-db-0", &spec)
}

fn service(selector: &Value, port: &Value) -> Value {
    let spec = json!({ "selector": selector, "ports": [port] });
    object("Service", "src-db-0", &spec)
}

fn gateway(host: &str) -> Value {
    let spec = json!({
        "selector": { "istio": "eastwestgateway" },
        "servers": [{
            "port": { "number": 15443, "name": "tls", "protocol": "TLS" },
            "tls": { "mode": "AUTO_PASSTHROUGH" },
            "hosts": [host],
        }],
    });
    object("Gateway", "exports", &spec)
}

fn set(labels: &Value) -> Value {
    let container = json!({ "ports": [{ "name": "mtls-in", "containerPort": 15444 }] });
    let template = json!({
        "metadata": { "labels": labels },
        "spec": { "containers": [container] },
    });
    object(
        "StatefulSet",
        "db",
        &json!({ "replicas": 1, "template": template }),
    )
}

#[test]
fn what_is_not_known_is_refused() {
    let mut exported = entry(&json!({ "address": "172.21.0.3" }));
    exported["spec"]["exportTo"] = json!(["."]);
    let simple = rule(&json!({ "mode": "SIMPLE" }));
    let other = object("VirtualService", "a", &json!({}));
    for object in [exported, simple, other] {
        assert!(
            Objects::read(std::slice::from_ref(&object)).is_err(),
            "{object}"
        );
    }
    let mut wide = rule(&json!({ "mode": "ISTIO_MUTUAL" }));
    wide["spec"]["host"] = json!("*.demo.svc.cluster.local");
    let plain = entry(&json!({ "address": "172.21.0.3" }));
    assert!(read(&[plain.clone(), wide]).outbounds().is_err());
    assert!(passed(&read(&[plain]), &labels(), &[]).is_err());
}

#[test]
fn a_label_an_account_or_a_rule_makes_a_client_speak_tls() {
    let bare = json!({ "address": "172.21.0.3", "ports": { "mysql": 15443 } });
    let with = |key: &str, value: Value| {
        let mut endpoint = bare.clone();
        endpoint[key] = value;
        entry(&endpoint)
    };
    let tls = |objects: &[Value]| {
        let outbound = read(objects).outbounds().unwrap().remove(0);
        assert_eq!(outbound.endpoint.to_string(), "172.21.0.3:15443");
        outbound.tls.map(|tls| (tls.sni, tls.identities))
    };
    let sni = "outbound_.3306_._.src-db-0.demo.svc.cluster.local".to_owned();
    let account = "spiffe://cluster.local/ns/demo/sa/db".to_owned();
    let mode = |mode: &str| json!({ "security.istio.io/tlsMode": mode });
    assert_eq!(tls(&[entry(&bare)]), None);
    let anybody = Some((sni.clone(), Vec::new()));
    assert_eq!(tls(&[with("labels", mode("istio"))]), anybody);
    assert_eq!(tls(&[with("labels", mode("disabled"))]), None);
    let named = with("serviceAccount", json!("db"));
    assert_eq!(
        tls(std::slice::from_ref(&named)),
        Some((sni, vec![account]))
    );
    assert_eq!(tls(&[named, rule(&json!({ "mode": "DISABLE" }))]), None);
    let by_rule =
        json!({ "mode": "ISTIO_MUTUAL", "sni": "a.b", "subjectAltNames": ["spiffe://c"] });
    let expected = Some(("a.b".to_owned(), vec!["spiffe://c".to_owned()]));
    assert_eq!(tls(&[entry(&bare), rule(&by_rule)]), expected);
}

fn labels() -> std::collections::BTreeMap<String, String> {
    [("istio".to_owned(), "eastwestgateway".to_owned())].into()
}

#[test]
fn a_gateway_passes_to_the_selected_pods_that_speak_tls_and_are_exported() {
    let own = json!({ "statefulset.kubernetes.io/pod-name": "db-0" });
    let named = json!({ "name": "tcp-mysql", "port": 3306, "targetPort": "mtls-in" });
    let moved = set(&json!({ "security.istio.io/tlsMode": "istio" }));
    let to = |objects: &[Value]| {
        let objects = read(objects);
        let pod = objects.pod("demo", "db-0", IP).unwrap();
        let passed = passed(&objects, &labels(), &[pod]).unwrap();
        let pods = passed.into_iter().map(|passed| (passed.sni, passed.pods));
        pods.collect::<Vec<_>>()
    };
    let sni = "outbound_.3306_._.src-db-0.demo.svc.cluster.local".to_owned();
    let address = "10.71.0.10:15444".parse().unwrap();
    let exact = gateway("src-db-0.demo.svc.cluster.local");
    let whole = vec![(sni.clone(), vec![address])];
    let (all, wide) = (service(&own, &named), gateway("*.local"));
    assert_eq!(to(&[all.clone(), exact, moved.clone()]), whole);
    assert_eq!(to(&[all.clone(), wide.clone(), moved.clone()]), whole);
    let nobody = vec![(sni, Vec::new())];
    let plain = set(&json!({}));
    assert_eq!(to(&[all.clone(), wide.clone(), plain]), nobody);
    let other = service(&json!({ "app": "other" }), &named);
    assert_eq!(to(&[other, wide.clone(), moved.clone()]), nobody);
    let elsewhere = gateway("*.pxc.svc.cluster.local");
    assert_eq!(to(&[all.clone(), elsewhere, moved.clone()]), []);
    let mut inner = wide;
    inner["spec"]["selector"] = json!({ "istio": "ingressgateway" });
    assert_eq!(to(&[all, inner, moved]), []);
}

#[test]
fn policies_hold_for_the_pods_that_they_select() {
    let own = json!({ "statefulset.kubernetes.io/pod-name": "db-0" });
    let port = json!({ "name": "db", "port": 3306, "appProtocol": "http" });
    let strict = object(
        "PeerAuthentication",
        "default",
        &json!({ "mtls": { "mode": "STRICT" } }),
    );
    let rule = json!({
        "from": [{ "source": { "principals": ["cluster.local/ns/demo/*"] } }],
        "to": [{ "operation": { "ports": ["3306"] } }],
    });
    let allow = |selector: Value| {
        let spec = json!({ "selector": selector, "action": "ALLOW", "rules": [rule] });
        object("AuthorizationPolicy", "callers", &spec)
    };
    let pod = Pod::injected("demo", "db-0", IP);
    let service = service(&own, &port);
    let open = read(std::slice::from_ref(&service))
        .inbound(&pod, 3306)
        .unwrap();
    assert_eq!(
        (open.protocol, open.mode),
        (AppProtocol::Http, PeerMode::Permissive)
    );
    assert!(open.allowed.is_none());
    let other = allow(json!({ "matchLabels": { "app": "other" } }));
    let closed = [service.clone(), strict, other];
    let closed = read(&closed).inbound(&pod, 3306).unwrap();
    assert_eq!(closed.mode, PeerMode::Strict);
    assert!(closed.allowed.is_none());
    let selected = read(&[service, allow(json!({ "matchLabels": own }))]);
    let allowed = selected.inbound(&pod, 3306).unwrap().allowed.unwrap();
    assert_eq!(allowed[0].identities, ["spiffe://cluster.local/ns/demo/*"]);
    assert_eq!(allowed[0].ports, [3306]);
}

//! What `eastwest convert` writes, carried out by a real HAProxy and a real nginx in place of the
//! gateway, between our shims.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

use std::ffi::OsStr;
use std::num::NonZeroU16;
use std::path::Path;
use std::time::{Duration, Instant};

use eastwest::clusters::{Capture, Clusters, HELLO, Layout, Pod, SECRET};
use eastwest::stage::zone::Zone;
use eastwest_e2e::CountedClusters;
use eastwest_e2e::proxy::Proxy;
use eastwest_mesh::{Capture as Reach, Dialect, Exports, Options, Source, load};

const PEER: &str = env!("CARGO_BIN_EXE_wire-peer");
/// Longer than a proxy remembers an address and waits for one that is gone.
const PATIENCE: Duration = Duration::from_secs(20);

/// Both clusters, with a proxy that the demo's manifests have been converted for.
fn clusters_with(proxy: Proxy, callers_too: bool) -> CountedClusters {
    let mut clusters = CountedClusters::prepare(Layout::Stage).unwrap();
    clusters.start_dns().unwrap();
    for pod in HELLO.iter().chain([&SECRET]) {
        clusters.start_hello_pod(pod).unwrap();
    }
    let manifests = clusters.manifests();
    let (a, b) = (manifests.cluster_a(), manifests.cluster_b());
    let folders = [a.as_os_str(), b.as_os_str()];
    let given = if callers_too {
        &folders[..]
    } else {
        &folders[..1]
    };
    let text = proxy.converted(given).unwrap();
    proxy.start(&mut clusters, &text).unwrap();
    clusters
        .start_outbound_shim("b-app", ("demo", "app"), Capture::Vip)
        .unwrap();
    clusters
}

fn said(clusters: &Clusters, pod: &Pod) -> Option<String> {
    let visit = clusters.visit("b-app", &pod.alias(), pod.port);
    visit.unwrap().answer
}

fn assert_each_alias_reaches_its_pod(clusters: &Clusters) {
    for pod in &HELLO {
        let said = said(clusters, pod).unwrap();
        let hello = format!("hello from {},", pod.name);
        assert!(said.starts_with(&hello), "{said}");
    }
    assert_eq!(said(clusters, &SECRET), None);
}

/// What comes of a ClientHello without a certificate.
fn presented(clusters: &Clusters, args: &[&str]) -> String {
    let host = clusters.host("b-app").unwrap();
    let mut command = host.command(OsStr::new(PEER));
    let to = clusters.layout().gateway().to_string();
    let output = command.args(["present", &to]).args(args).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// The proxy closes, and a pod's shim, which it lets through to, sends an alert.
fn is_let_through(clusters: &Clusters, args: &[&str]) -> bool {
    let came = presented(clusters, args);
    let refused = came == "\"closed\"" || came.contains("reset by peer");
    assert!(refused || came.contains("fatal alert"), "{args:?}: {came}");
    !refused
}

fn is_routed(clusters: &Clusters, sni: &str) -> bool {
    is_let_through(clusters, &[&format!("sni={sni}"), "alpn=istio"])
}

fn assert_judges_as_the_gateway_does(clusters: &Clusters) {
    let sni = "sni=outbound_.8080_._.hello-0.hello.demo.svc.cluster.local";
    let upper = "sni=OUTBOUND_.8080_._.HELLO-0.hello.demo.svc.cluster.local";
    let alias = "sni=outbound_.8080_._.src-hello-0.demo.svc.cluster.local";
    for args in [
        [sni, "alpn=istio-peer-exchange,istio"],
        [sni, "alpn=h2,istio-http/1.1"],
        [upper, "alpn=istio"],
        [alias, "alpn=istio"],
    ] {
        assert!(is_let_through(clusters, &args), "{args:?}");
    }
    let plain = "sni=hello-0.hello.demo.svc.cluster.local";
    let secret = "sni=outbound_.8080_._.secret-0.secret.vault.svc.cluster.local";
    for args in [
        &[sni][..],
        &[sni, "alpn=h2,http/1.1"],
        &[sni, "alpn=ISTIO"],
        &[sni, "alpn=istio-http/2"],
        &["alpn=istio"],
        &[plain, "alpn=istio"],
        &[secret, "alpn=istio"],
        &["plain"],
    ] {
        assert!(!is_let_through(clusters, args), "{args:?}");
    }
}

/// With the callers' files: server names one by one.
#[test]
fn known_names_reach_their_pods_and_no_others_do() {
    for proxy in Proxy::BOTH {
        let clusters = clusters_with(proxy, true);
        assert_each_alias_reaches_its_pod(&clusters);
        assert_judges_as_the_gateway_does(&clusters);
        let other_port = "outbound_.9090_._.hello-0.hello.demo.svc.cluster.local";
        assert!(!is_routed(&clusters, other_port), "{proxy:?}");
    }
}

/// Without them: whatever has the form of a wildcard, just as the gateway that would be asked.
#[test]
fn wildcards_let_through_what_the_gateway_does() {
    for proxy in Proxy::BOTH {
        let clusters = clusters_with(proxy, false);
        assert_each_alias_reaches_its_pod(&clusters);
        assert_judges_as_the_gateway_does(&clusters);
        let file = clusters.manifests().cluster_a().join("gateway.yaml");
        let exports = exports(std::fs::read_to_string(file).unwrap());
        for (port, host) in [
            (8080, "hello-1.hello.demo.svc.cluster.local"),
            (9090, "hello-1.hello.demo.svc.cluster.local"),
            (8080, "src-hello-2.demo.svc.cluster.local"),
            (8080, "src-hello-2.vault.svc.cluster.local"),
            (8080, "src-secret-0.vault.svc.cluster.local"),
            (8080, "demo.svc.cluster.local"),
            (8080, "hello-1.hello.demo.svc.cluster.local.example.com"),
            (8080, "hello-1.hello.xdemo.svc.cluster.local"),
        ] {
            let there = exports.target(Dialect::Istio, host, NonZeroU16::new(port));
            let here = is_routed(&clusters, &format!("outbound_.{port}_._.{host}"));
            assert_eq!(here, there.is_ok(), "{proxy:?}: {port} {host}");
        }
    }
}

/// As our gateway understands a manifest.
fn exports(text: String) -> Exports {
    let name = "gateway.yaml".to_owned();
    let options = Options {
        cluster_domain: "cluster.local".parse().unwrap(),
        capture: Reach::Elsewhere,
    };
    load(&[Source { name, text }], &options).exports
}

fn gateway(mode: &str, hosts: &str) -> String {
    format!(
        "apiVersion: networking.istio.io/v1\nkind: Gateway\n\
         metadata: {{name: g, namespace: istio-system}}\nspec:\n  servers:\n\
         \x20 - port: {{number: 15443, name: tls, protocol: TLS}}\n\
         \x20   tls: {{mode: {mode}}}\n    hosts: ['{hosts}']\n"
    )
}

/// Everything of this has an address, so that only the entry decides.
const NAMES: [(Dialect, &str); 6] = [
    (Dialect::Istio, "hello-1.hello.demo.svc.cluster.local"),
    (Dialect::Istio, "src-hello-1.demo.svc.cluster.local"),
    (Dialect::Istio, "src-secret-0.vault.svc.cluster.local"),
    (Dialect::Plain, "hello-1.hello.demo.svc.cluster.local"),
    (Dialect::Plain, "src-hello-1.demo.svc.cluster.local"),
    (Dialect::Plain, "secret-0.secret.vault.svc.cluster.local"),
];

#[test]
fn every_form_of_an_entry_lets_through_what_the_gateway_does() {
    let mut clusters = CountedClusters::prepare(Layout::Stage).unwrap();
    clusters.start_dns().unwrap();
    for pod in [&HELLO[1], &SECRET] {
        clusters.start_hello_pod(pod).unwrap();
    }
    for (mode, hosts) in [
        ("AUTO_PASSTHROUGH", "*.local"),
        ("AUTO_PASSTHROUGH", "*.hello.demo.svc.cluster.local"),
        ("AUTO_PASSTHROUGH", "src-hello-1.demo.svc.cluster.local"),
        ("PASSTHROUGH", "*"),
        ("PASSTHROUGH", "*.vault.svc.cluster.local"),
        ("PASSTHROUGH", "hello-1.hello.demo.svc.cluster.local"),
    ] {
        let text = gateway(mode, hosts);
        let manifest = clusters.dir().join("gateway.yaml");
        std::fs::write(&manifest, &text).unwrap();
        let exports = exports(text);
        for proxy in Proxy::BOTH {
            let configuration = proxy.converted(&[manifest.as_os_str()]).unwrap();
            proxy.start(&mut clusters, &configuration).unwrap();
            for (dialect, host) in NAMES {
                let port = NonZeroU16::new(8080).filter(|_| dialect == Dialect::Istio);
                let there = exports.target(dialect, host, port).is_ok();
                let here = match dialect {
                    Dialect::Istio => is_routed(&clusters, &format!("outbound_.8080_._.{host}")),
                    Dialect::Plain => is_let_through(&clusters, &[&format!("sni={host}")]),
                };
                assert_eq!(here, there, "{proxy:?}: {mode} {hosts}: {dialect:?} {host}");
            }
            clusters.stop("proxy");
        }
    }
}

/// No address is remembered for long: a pod that comes back elsewhere is found.
#[test]
fn a_pod_that_has_moved_is_found() {
    for proxy in Proxy::BOTH {
        let mut clusters = clusters_with(proxy, true);
        let pod = &HELLO[0];
        assert!(said(&clusters, pod).is_some(), "{proxy:?}");
        let to = "10.71.0.110/24".parse().unwrap();
        clusters.move_hello_pod(pod, to).unwrap();
        let moved = Instant::now();
        while said(&clusters, pod).is_none() {
            assert!(moved.elapsed() < PATIENCE, "{proxy:?}");
        }
    }
}

/// The files of the reference under stock Istio: a Service for each pod, dialled at the app's port.
#[test]
fn with_istios_sidecars_the_pods_services_are_dialled() {
    let deploy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/istio");
    let args = [
        OsStr::new("--pods"),
        OsStr::new("istio"),
        deploy.as_os_str(),
    ];
    for proxy in Proxy::BOTH {
        let mut clusters = CountedClusters::prepare(Layout::Stage).unwrap();
        let (running, absent) = (&HELLO[0], &HELLO[1]);
        let services = [running, absent].iter().try_fold(Zone::new(), |zone, pod| {
            zone.with(&pod.alias(), clusters.layout().pod(pod), 5)
        });
        clusters.write_zone(&services.unwrap()).unwrap();
        clusters.start_dns().unwrap();
        // The app itself, where a sidecar would be: what it answers is no TLS.
        clusters.start_hello_pod(running).unwrap();
        let text = proxy.converted(&args).unwrap();
        proxy.start(&mut clusters, &text).unwrap();
        let came = |pod: &Pod| {
            let sni = format!("sni=outbound_.{}_._.{}", pod.port, pod.alias());
            presented(&clusters, &[&sni, "alpn=istio"])
        };
        assert!(
            came(running).contains("corrupt message"),
            "{}",
            came(running)
        );
        assert_eq!(came(absent), "\"closed\"", "{proxy:?}");
    }
}

/// nginx does not start where its tables are too small for the names.
#[test]
fn many_long_names_are_taken() {
    let clusters = CountedClusters::prepare(Layout::Stage).unwrap();
    let mut text = gateway("AUTO_PASSTHROUGH", "*.svc.cluster.local");
    let namespace = "n".repeat(60);
    for number in 0..3000 {
        let name = format!("{}-{number}.{}", "x".repeat(50), "s".repeat(60));
        text += &format!(
            "---\napiVersion: networking.istio.io/v1\nkind: ServiceEntry\n\
             metadata: {{name: e{number}, namespace: a}}\nspec:\n\
             \x20 hosts: [{name}.{namespace}.svc.cluster.local]\n\
             \x20 ports: [{{number: 3306, name: tcp}}]\n"
        );
    }
    let manifests = clusters.dir().join("a.yaml");
    std::fs::write(&manifests, text).unwrap();
    for proxy in Proxy::BOTH {
        let text = proxy.converted(&[manifests.as_os_str()]).unwrap();
        assert_eq!(text.matches("outbound_.3306_._.xxx").count(), 3000);
        let said = proxy.checked(&clusters, &text).unwrap();
        assert!(!said.to_lowercase().contains("warn"), "{said}");
    }
}

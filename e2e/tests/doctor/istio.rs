//! Istio's parts on the way: a real Envoy as the gateway, as the pod's sidecar, as both.

use std::time::Duration;

use eastwest::certs::valid_for;
use eastwest_e2e::envoy::MaxTls;
use eastwest_e2e::wire::{By, Caller, Place, Wire};

use crate::examined::{Question, ask};

/// About one alias, with the files and the certificate of a caller's shim.
fn about<'a>(wire: &'a Wire, alias: &str, caller: &Caller) -> Question<'a> {
    let mounted = wire.clusters.dir().join("mounts");
    ask(&wire.clusters, &[alias, "--outside"])
        .on(caller.host)
        .manifests(&mounted.join(caller.program(By::Ours)))
        .identity(&wire.keys.client(caller))
}

#[test]
fn a_way_through_envoys_is_walked_as_far_as_they_tell() {
    let mut wire = Wire::prepare(env!("CARGO_BIN_EXE_wire-peer")).unwrap();
    let hello = [Place::HELLO_OURS, Place::HELLO_ENVOY];
    let source = Place::SOURCE_ENVOY;
    for place in [hello[0], hello[1], source] {
        wire.start_app(&place).unwrap();
        wire.start_server(&place, &[], MaxTls::Tls13).unwrap();
    }
    for caller in [Caller::APP, Caller::REPLICA] {
        wire.start_client(&caller, By::Ours, &[], MaxTls::Tls13)
            .unwrap();
    }
    let stranger = wire.clusters.dir().join("stranger");
    let id = "spiffe://cluster.local/ns/demo/sa/stranger";
    let hour = valid_for(Duration::from_secs(3600));
    wire.keys.stranger(&stranger, id, hour).unwrap();
    for gateway in [By::Ours, By::Envoy] {
        wire.start_gateway(gateway).unwrap();
        for place in &hello {
            let of_app = || about(&wire, &place.alias(), &Caller::APP);
            of_app().is_healthy();
            of_app()
                .identity(&stranger)
                .finds("identity-not-allowed", "a");
        }
        // Whoever speaks first here is no MySQL. That is heard even by those who may not call: an Envoy
        // judges them by their first byte.
        about(&wire, &source.alias(), &Caller::REPLICA)
            .identity(&stranger)
            .finds("app-not-mysql", "a");
    }
    // The last one was Istio's, which says nothing of what it does not export.
    let secret = "src-secret-0.vault.svc.cluster.local";
    about(&wire, secret, &Caller::REPLICA).finds("gateway-hung-up", "a");
}

#[test]
fn a_pod_that_speaks_only_tls_1_2() {
    let mut wire = Wire::prepare(env!("CARGO_BIN_EXE_wire-peer")).unwrap();
    let place = Place::HELLO_ENVOY;
    wire.start_app(&place).unwrap();
    wire.start_server(&place, &[], MaxTls::Tls12).unwrap();
    wire.start_client(&Caller::APP, By::Ours, &[], MaxTls::Tls13)
        .unwrap();
    wire.start_gateway(By::Ours).unwrap();
    about(&wire, &place.alias(), &Caller::APP).finds("tls-version", "a");
}

#[test]
fn a_sidecar_that_wants_another_trust_domain() {
    let mut wire = Wire::prepare(env!("CARGO_BIN_EXE_wire-peer")).unwrap();
    let place = Place::HELLO_ENVOY;
    wire.start_app(&place).unwrap();
    wire.start_server(&place, &[], MaxTls::Tls13).unwrap();
    wire.start_client(&Caller::APP, By::Ours, &[], MaxTls::Tls13)
        .unwrap();
    wire.start_gateway(By::Ours).unwrap();
    // By the root that both have, and of a mesh that the sidecar does not let in.
    let ours = wire.clusters.dir().join("elsewhere");
    let id = "spiffe://elsewhere/ns/demo/sa/app";
    let hour = valid_for(Duration::from_secs(3600));
    wire.keys.stranger(&ours, id, hour).unwrap();
    let names_the_pod = format!(
        "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\n\
         metadata: {{name: src-hello-1, namespace: demo}}\n\
         spec:\n  hosts: [{}]\n  location: MESH_INTERNAL\n  resolution: STATIC\n  \
         ports: [{{number: 8080, name: http, protocol: HTTP}}]\n  \
         subjectAltNames: [\"spiffe://cluster.local/ns/demo/sa/hello\"]\n  \
         endpoints: [{{address: {}, ports: {{http: 15443}}}}]\n",
        place.alias(),
        wire.clusters.layout().gateway().ip()
    );
    let file = wire.clusters.dir().join("names-the-pod.yaml");
    std::fs::write(&file, names_the_pod).unwrap();
    about(&wire, &place.alias(), &Caller::APP)
        .manifests(&file)
        .identity(&ours)
        .finds("identity-refused", "a");
}

//! What is rendered says the same as the manifests under `deploy/kubernetes`, which were run.

use serde_json::Value;

use super::{objects, render_in, top};

const ALIASES: &str = "deploy/kubernetes/pxc/aliases/service-entries.yaml";

fn documents(file: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(top().join("deploy/kubernetes").join(file)).unwrap();
    // kubectl reads YAML 1.1, where this is octal; the reader here has 1.2.
    serde_saphyr::from_multiple(&text.replace(" 0440", " 288")).unwrap()
}

#[test]
fn a_database_gets_the_sidecars_and_volumes_of_the_folder() {
    for mode in ["port", "redirect"] {
        let rendered = objects(&render_in(&top(), &[mode, "-f", ALIASES, "--snippet"]));
        let kustomization = documents(&format!("pxc/replica-{mode}/kustomization.yaml"));
        let patches = kustomization[0]["patches"].as_array().unwrap();
        let steps: Vec<Value> = patches
            .iter()
            .filter(|patch| patch["target"]["kind"] == "PerconaXtraDBCluster")
            .flat_map(|patch| {
                serde_saphyr::from_str::<Vec<Value>>(patch["patch"].as_str().unwrap()).unwrap()
            })
            .collect();
        for part in ["sidecars", "sidecarVolumes"] {
            let path = format!("/spec/pxc/{part}");
            let mut added = steps.iter().filter(|step| step["path"] == *path);
            let by_hand = &added.next().unwrap()["value"];
            assert_eq!(rendered[0]["spec"]["pxc"][part], *by_hand, "{mode}: {part}");
        }
    }
}

#[test]
fn an_ordinary_pod_gets_the_shim_and_the_names_of_the_folder() {
    let aliases = "deploy/kubernetes/hello/client/aliases/service-entries.yaml";
    let rendered = objects(&render_in(&top(), &["vip", "-f", aliases, "--snippet"]));
    let mut spec = rendered[0]["spec"].clone();
    // The pod by hand says it once, for all its containers.
    let security = spec["initContainers"][0]["securityContext"].as_object_mut();
    let profile = security.unwrap().remove("seccompProfile").unwrap();
    let objects = documents("hello/client/client.yaml");
    let deployments = objects
        .iter()
        .filter(|object| object["kind"] == "Deployment");
    let pods: Vec<_> = deployments
        .map(|object| &object["spec"]["template"]["spec"])
        .collect();
    assert_eq!(pods.len(), 1);
    for part in ["initContainers", "dnsPolicy", "dnsConfig", "volumes"] {
        assert_eq!(spec[part], pods[0][part], "{part}");
    }
    let security = &pods[0]["securityContext"];
    assert_eq!(profile, security["seccompProfile"]);
    for part in ["fsGroup", "sysctls"] {
        assert_eq!(spec["securityContext"][part], security[part], "{part}");
    }
}

#[test]
fn the_egress_is_that_of_the_folder() {
    let labels = "app.kubernetes.io/component=pxc,app.kubernetes.io/instance=db";
    let args = ["service", "-f", ALIASES, "--from-labels", labels];
    let rendered = objects(&render_in(&top(), &args));
    let by_hand = [
        documents("pxc/replica-service/egress.yaml"),
        documents("pxc/replica-service/services.yaml"),
    ];
    let mut compared = 0;
    for object in by_hand.concat() {
        let same = |other: &&Value| {
            other["kind"] == object["kind"]
                && other["metadata"]["name"] == object["metadata"]["name"]
        };
        let found = rendered.iter().find(same).unwrap();
        assert_eq!(comparable(found), comparable(&object));
        compared += 1;
    }
    // All but the ConfigMap, which Kustomize makes of the file.
    assert_eq!(compared, rendered.len() - 1);
}

/// Without what may be called otherwise: a Service's port has the ServiceEntry's own name by hand, and
/// the egress's ports for the aliases may have their names.
fn comparable(object: &Value) -> Value {
    let mut object = object.clone();
    if object["kind"] == "Deployment" {
        let container = &mut object["spec"]["template"]["spec"]["containers"][0];
        for port in container["ports"].as_array_mut().unwrap() {
            if port["name"]
                .as_str()
                .is_some_and(|name| name.starts_with("src-"))
            {
                port.as_object_mut().unwrap().remove("name");
            }
        }
    }
    if object["kind"] == "Service" {
        for port in object["spec"]["ports"].as_array_mut().unwrap() {
            port.as_object_mut().unwrap().remove("name");
        }
    }
    object
}

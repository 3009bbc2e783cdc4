//! Whole outputs, as files to look at. `deploy/check.sh` holds their objects against schemas.
//!
//! After a change: `EASTWEST_GOLDEN=write cargo test -p eastwest --test render golden`.

use std::path::Path;

use serde_json::json;

use super::{entry_of, object, objects, render_in, said, status, top, with_stdin};

const PXC: &str = "deploy/demo/cluster-b/pxc.yaml";
const HELLO: &str = "deploy/demo/cluster-b/hello.yaml";

const OUTPUTS: [(&str, &[&str]); 6] = [
    (
        "service.yaml",
        &[
            "service",
            "-f",
            "deploy/demo/cluster-b",
            "--from-labels",
            "app.kubernetes.io/component=pxc,app.kubernetes.io/instance=db",
        ],
    ),
    ("port.yaml", &["port", "-f", PXC]),
    ("redirect.yaml", &["redirect", "-f", PXC]),
    (
        "redirect-pod.yaml",
        &["redirect", "--for", "pod", "-f", HELLO],
    ),
    ("vip.yaml", &["vip", "-f", HELLO]),
    (
        "service-from-namespace.yaml",
        &["service", "-f", PXC, "--from-namespace", "shop"],
    ),
];

#[test]
fn outputs_are_as_they_were() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/render/golden");
    for (file, args) in OUTPUTS {
        let output = render_in(&top(), args);
        assert_eq!(status(&output), 0, "{file}: {output:?}");
        let path = folder.join(file);
        if std::env::var_os("EASTWEST_GOLDEN").is_some() {
            std::fs::write(&path, &output.stdout).unwrap();
        }
        let before = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            before == said(&output),
            "{} is not what `eastwest render {}` prints",
            path.display(),
            args.join(" ")
        );
        let objects = objects(&output);
        assert!(!objects.is_empty(), "{file}");
        for object in objects {
            assert!(object["kind"].is_string(), "{file}: {object}");
        }
    }
}

/// The shim finds in the ConfigMap what the user's file says, byte for byte.
#[test]
fn the_config_map_holds_the_file() {
    for (_, args) in OUTPUTS.iter().filter(|(_, args)| args.contains(&PXC)) {
        let objects = objects(&render_in(&top(), args));
        let map = object(&objects, ("ConfigMap", "eastwest-aliases"));
        let text = std::fs::read_to_string(top().join(PXC)).unwrap();
        assert_eq!(map["data"], json!({"pxc.yaml": text}), "{args:?}");
    }
}

#[test]
fn a_replica_has_every_source_at_the_port_of_its_mode() {
    for (mode, port) in [("port", 13306), ("redirect", 3306)] {
        let snippets = objects(&render_in(&top(), &[mode, "-f", PXC, "--snippet"]));
        let pxc = &snippets[0]["spec"]["pxc"];
        let sources = &pxc["replicationChannels"][0]["sourcesList"];
        let host = |pod: u8| format!("src-db-pxc-{pod}.pxc.svc.cluster.local");
        assert_eq!(
            *sources,
            json!([
                {"host": host(0), "port": port, "weight": 100},
                {"host": host(1), "port": port, "weight": 90},
                {"host": host(2), "port": port, "weight": 80},
            ])
        );
    }
}

/// Kubernetes takes no port's name that has `--`, is there twice, or is longer than 15.
#[test]
fn ports_of_the_egress_are_called_what_kubernetes_takes() {
    let hosts = ["a--b", "metrics", "status-port", "src-db-0"];
    let entries = hosts.map(|name| {
        let host = format!("{name}.pxc.svc.cluster.local");
        entry_of(&host, "db-0.db.pxc.svc.cluster.local")
    });
    let args = ["render", "service", "-f", "-", "--from-namespace", "pxc"];
    let output = with_stdin(&args, &entries.join("---\n"));
    assert_eq!(status(&output), 0, "{output:?}");
    let objects = objects(&output);
    let deployment = object(&objects, ("Deployment", "eastwest-egress"));
    let container = &deployment["spec"]["template"]["spec"]["containers"][0];
    let ports = container["ports"].as_array().unwrap();
    assert_eq!(ports.len(), hosts.len() + 2);
    let names: Vec<_> = ports
        .iter()
        .filter_map(|port| port["name"].as_str())
        .collect();
    assert_eq!(names, ["metrics", "status-port"]);
}

/// Whoever pastes the pod's part has to know that it reaches his own volumes.
#[test]
fn a_pods_part_says_what_its_group_does() {
    for args in [&["vip"][..], &["redirect", "--for", "pod"]] {
        let output = render_in(&top(), &[args, &["-f", HELLO]].concat());
        let text = said(&output).replace("\n# ", " ");
        assert!(text.contains("fsGroup: 1337"), "{text}");
        assert!(
            text.contains("a pod that has an fsGroup keeps its own"),
            "{text}"
        );
    }
}

/// Nothing may do more than it needs, in any mode.
#[test]
fn only_the_capture_step_has_a_uid_or_a_capability_to_lose() {
    let mut seen = 0;
    for args in [
        &["port", "-f", PXC][..],
        &["redirect", "-f", PXC],
        &["redirect", "--for", "pod", "-f", PXC],
        &["vip", "-f", PXC],
    ] {
        let snippets = objects(&render_in(&top(), &[args, &["--snippet"]].concat()));
        let spec = &snippets[0]["spec"];
        let containers = [&spec["pxc"]["sidecars"], &spec["initContainers"]];
        for container in containers
            .iter()
            .filter_map(|list| list.as_array())
            .flatten()
        {
            let security = &container["securityContext"];
            let (uid, capabilities) = match container["name"].as_str() {
                Some("capture") => (0, json!({"drop": ["ALL"], "add": ["NET_ADMIN"]})),
                _ => (1337, json!({"drop": ["ALL"]})),
            };
            assert_eq!(security["runAsUser"], uid, "{args:?}");
            assert_eq!(security["capabilities"], capabilities, "{args:?}");
            assert_eq!(security["readOnlyRootFilesystem"], true, "{args:?}");
            assert_eq!(security["allowPrivilegeEscalation"], false, "{args:?}");
            seen += 1;
        }
    }
    assert_eq!(seen, 6);
}

//! The images, as a cluster's nodes have them: unpacked, and run by a container runtime.
//!
//! The programs in them are built quickly rather than well: their sizes are upper bounds.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod bundle;

use std::fs;
use std::path::Path;

use bundle::{Bundle, built, folder_size};
use serde_json::Value;

const PROGRAMS: [&str; 4] = [
    "eastwest-gateway",
    "eastwest-resolver",
    "eastwest-shim",
    "eastwest",
];

/// What is asked of each image, in bytes, as it is kept and sent: packed.
const MOST: u64 = 15_000_000;

/// This machine, as images name it.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => panic!("no images are made on {other}"),
    }
}

#[test]
fn an_image_holds_a_program_and_its_bill_of_materials_and_nothing_else() {
    for program in PROGRAMS {
        let bundle = Bundle::unpack(program);
        let mut files = bundle.files();
        files.sort();
        assert_eq!(
            files,
            [
                format!("usr/bin/{program}"),
                format!("usr/share/sbom/{program}.cdx.json")
            ]
        );
    }
}

#[test]
fn an_image_is_under_15_mb() {
    for program in PROGRAMS {
        let size = folder_size(&built().join(program).join("blobs"));
        assert!(size < MOST, "{program}: {size} bytes");
    }
}

#[test]
fn an_image_runs_its_program_as_a_user_that_is_not_root() {
    for program in PROGRAMS {
        let bundle = Bundle::unpack(program);
        let process = &bundle.config()["process"];
        assert_eq!(
            process["args"],
            serde_json::json!([format!("/usr/bin/{program}")])
        );
        assert_eq!(process["user"]["uid"], 1337);
        assert_eq!(process["user"]["gid"], 1337);
    }
}

#[test]
fn an_image_says_what_it_is() {
    for program in PROGRAMS {
        let image = fs::read(built().join(program).join("index.json")).unwrap();
        let index: Value = serde_json::from_slice(&image).unwrap();
        let manifest = bundle::blob(program, &index["manifests"][0]["digest"]);
        let config = bundle::blob(program, &manifest["config"]["digest"]);
        assert_eq!(config["os"], "linux");
        assert_eq!(config["architecture"], architecture());
        let labels = &config["config"]["Labels"];
        for (label, value) in [
            ("title", program),
            ("version", env!("CARGO_PKG_VERSION")),
            ("licenses", "Apache-2.0"),
        ] {
            assert_eq!(labels[format!("org.opencontainers.image.{label}")], value);
        }
        assert!(labels["org.opencontainers.image.revision"].is_string());
    }
}

#[test]
fn a_bill_of_materials_names_the_crates_of_its_program() {
    for program in PROGRAMS {
        let bill = fs::read_to_string(built().join(format!("{program}.cdx.json"))).unwrap();
        // Nor where it was built.
        assert!(!bill.contains("/tmp/"), "{program}");
        let bill: Value = serde_json::from_str(&bill).unwrap();
        assert_eq!(bill["bomFormat"], "CycloneDX");
        assert_eq!(bill["metadata"]["component"]["name"], program);
        let components = bill["components"].as_array().unwrap();
        for needed in ["tokio", "rustls", "hickory-resolver"] {
            let component = components.iter().find(|c| c["name"] == needed).unwrap();
            let purl = component["purl"].as_str().unwrap();
            assert!(purl.starts_with(&format!("pkg:cargo/{needed}@")), "{purl}");
        }
    }
}

/// As a node runs them under Pod Security's `restricted`: no capability, no new privileges, a root that
/// nobody can write to.
#[test]
fn each_server_serves_from_its_image_without_any_privilege_and_ends_in_order() {
    let deploy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/demo");
    let certificates = bundle::certificates();
    let identity = certificates.path().join("cluster-b/demo/app");
    let (a, b) = (deploy.join("cluster-a"), deploy.join("cluster-b"));
    // A kubelet gives each container the name servers of its pod.
    let names = certificates.path().join("resolv.conf");
    fs::write(&names, "nameserver 127.0.0.1\n").unwrap();
    let gateway: &[&str] = &["--listen=127.0.0.1:0"];
    let resolver: &[&str] = &["--listen=127.0.0.1:0", "--upstream=127.0.0.1:9"];
    let shim: &[&str] = &["--identity=/identity", "--mode=vip"];
    let own: &[&str] = &[];
    for (program, command, manifests, flags) in [
        ("eastwest-gateway", own, &a, gateway),
        ("eastwest-resolver", own, &b, resolver),
        ("eastwest-shim", own, &b, shim),
        // As the pods of deploy/mixed run it.
        ("eastwest", &["eastwest", "gateway"], &a, gateway),
        ("eastwest", &["eastwest", "shim"], &b, shim),
    ] {
        let mounts: [(&Path, _); 3] = [
            (manifests, "/manifests"),
            (&identity, "/identity"),
            (&names, "/etc/resolv.conf"),
        ];
        let mut run = Bundle::unpack(program).run(&mounts, command, flags);
        run.says("sandbox: no_new_privs, seccomp");
        run.says("readiness: ready");
        let status = run.terminate();
        assert!(status.success(), "{program}: {status}\n{}", run.said());
    }
}

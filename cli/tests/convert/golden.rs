//! Whole outputs, as files to look at. `deploy/check.sh` holds those for Kubernetes against schemas.
//!
//! After a change: `EASTWEST_GOLDEN=write cargo test -p eastwest --test convert golden`.

use std::path::Path;

use super::{convert_in, said, status, top};

const ROUTES: &str = "cli/tests/convert/golden/routes.txt";

const OUTPUTS: [(&str, &[&str]); 9] = [
    ("demo.haproxy.cfg", &["haproxy", "deploy/demo"]),
    ("demo.nginx.conf", &["nginx", "deploy/demo"]),
    (
        "wildcards.haproxy.cfg",
        &["haproxy", "deploy/demo/cluster-a"],
    ),
    ("wildcards.nginx.conf", &["nginx", "deploy/demo/cluster-a"]),
    (
        "istio.haproxy.cfg",
        &["haproxy", "--pods", "istio", "deploy/istio"],
    ),
    (
        "istio.tlsroute.yaml",
        &[
            "tlsroute",
            "--gateway-class",
            "eg",
            "--pods",
            "istio",
            "deploy/istio",
        ],
    ),
    (
        "demo.tlsroute.yaml",
        &["tlsroute", "--gateway-class", "eg", "deploy/demo"],
    ),
    ("calling.yaml", &["istio", "-f", ROUTES]),
    (
        "called.yaml",
        &["istio", "-f", ROUTES, "--cluster", "called"],
    ),
];

#[test]
fn outputs_are_as_they_were() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/convert/golden");
    for (file, args) in OUTPUTS {
        let output = convert_in(&top(), args);
        assert_eq!(status(&output), 0, "{file}: {output:?}");
        let path = folder.join(file);
        if std::env::var_os("EASTWEST_GOLDEN").is_some() {
            std::fs::write(&path, &output.stdout).unwrap();
        }
        let before = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            before == said(&output),
            "{} is not what `eastwest convert {}` prints",
            path.display(),
            args.join(" ")
        );
    }
}

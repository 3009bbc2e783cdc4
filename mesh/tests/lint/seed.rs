//! The manifests of the demo that people have: every fault of theirs, with its line and its fix.

use std::path::Path;

use eastwest_mesh::Source;
use eastwest_mesh::lint::{Lint, View, lint};

use super::{in_istio, mended, options, source};

fn seed() -> Vec<Source> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/seed");
    let files = std::fs::read_dir(folder).unwrap();
    let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    files.sort();
    let read = |path: &std::path::PathBuf| {
        let name = path.file_name().unwrap().to_str().unwrap();
        source(name, &std::fs::read_to_string(path).unwrap())
    };
    files.iter().map(read).collect()
}

/// The same, as people have them who write one key a line.
fn expanded(alias: &str, namespace: &str, port: u16, name: &str, protocol: &str) -> Source {
    let text = format!(
        "apiVersion: networking.istio.io/v1beta1\nkind: ServiceEntry\nmetadata:\n  \
         name: src-{alias}\n  namespace: {namespace}\nspec:\n  hosts:\n  \
         - \"src-{alias}.{namespace}.svc.cluster.local\"\n  location: MESH_INTERNAL\n  ports:\n  \
         - number: {port}\n    name: {name}\n    protocol: {protocol}\n  resolution: STATIC\n  \
         endpoints:\n  - address: \"172.21.0.3\"            # the east-west gateway\n    ports:\n      \
         {name}: 15443\n    labels:\n      service: {alias}       # has no effect on routing\n"
    );
    source(&format!("src-{alias}.yaml"), &text)
}

fn expanded_seed() -> Vec<Source> {
    let hello = (0..3).map(|i| expanded(&format!("hello-{i}"), "demo", 8080, "http", "HTTP"));
    let pxc = (0..3).map(|i| expanded(&format!("db-pxc-{i}"), "pxc", 3306, "mysql", "TCP"));
    hello.chain(pxc).collect()
}

/// `EW102 src-hello-0.yaml:10` of each finding about a file.
fn places(lints: &[Lint], file: &str) -> Vec<String> {
    let of_file = lints
        .iter()
        .filter(|lint| &*lint.finding.origin.file == file);
    of_file
        .map(|lint| format!("{} {}", lint.finding.code, lint.finding.origin.line))
        .collect()
}

#[test]
fn every_fault_of_the_table_is_found_at_its_line_with_a_fix() {
    let found = in_istio(&seed());
    assert_eq!(
        places(&found, "src-hello-0.yaml"),
        ["EW101 5", "EW106 5", "EW102 10"]
    );
    assert_eq!(
        places(&found, "src-db-pxc-1.yaml"),
        ["EW101 5", "EW103 5", "EW106 5", "EW102 10"]
    );
    assert_eq!(places(&found, "cross-network-gateway.yaml"), ["EW104 9"]);
    assert_eq!(places(&found, "demo-gateway.yaml"), [""; 0]);
    assert_eq!(found.len(), 3 * 3 + 3 * 4 + 1);
    assert!(found.iter().all(|lint| lint.finding.fix.is_some()));
}

#[test]
fn the_same_faults_are_found_with_one_key_a_line() {
    let gateways = seed().into_iter();
    let gateways = gateways.filter(|file| file.name.ends_with("gateway.yaml"));
    let found = in_istio(&gateways.chain(expanded_seed()).collect::<Vec<_>>());
    assert_eq!(
        places(&found, "src-hello-0.yaml"),
        ["EW101 8", "EW106 8", "EW102 16"]
    );
    assert_eq!(
        places(&found, "src-db-pxc-2.yaml"),
        ["EW101 8", "EW103 8", "EW106 8", "EW102 16"]
    );
}

#[test]
fn what_can_be_mended_in_one_way_is_mended_and_nothing_else_changes() {
    for files in [seed(), expanded_seed()] {
        let mended = mended(&files);
        let left = in_istio(&mended);
        assert!(left.iter().all(|lint| lint.edit().is_none()), "{left:#?}");
        let codes: Vec<_> = left.iter().map(|lint| lint.finding.code.id()).collect();
        assert!(
            codes
                .iter()
                .all(|code| ["EW101", "EW104", "EW106"].contains(code)),
            "{codes:?}"
        );
        for (before, after) in files.iter().zip(&mended) {
            let mut added = after.text.clone();
            for (old, new) in [
                ("security.istio.io/tlsMode: istio, ", ""),
                ("      security.istio.io/tlsMode: istio\n", ""),
            ] {
                added = added.replace(old, new);
            }
            let without = |line: &&str| !line.starts_with("  addresses: [240.240.");
            let rest: Vec<_> = added.lines().filter(without).collect();
            assert_eq!(rest, before.text.lines().collect::<Vec<_>>());
        }
    }
}

#[test]
fn the_added_addresses_are_all_different() {
    let mended = mended(&seed());
    let lines = mended.iter().flat_map(|file| file.text.lines());
    let mut added: Vec<_> = lines
        .filter(|line| line.starts_with("  addresses"))
        .collect();
    added.sort_unstable();
    added.dedup();
    assert_eq!(added.len(), 3, "{added:?}");
}

#[test]
fn a_service_for_each_pod_in_the_other_cluster_mends_the_rest() {
    let (gateways, entries): (Vec<_>, Vec<_>) = mended(&seed())
        .into_iter()
        .partition(|file| file.name.ends_with("gateway.yaml"));
    let service = |pod: &str, namespace: &str, port: u16| {
        format!(
            "apiVersion: v1\nkind: Service\nmetadata: {{name: src-{pod}, namespace: {namespace}}}\n\
             spec:\n  selector: {{statefulset.kubernetes.io/pod-name: {pod}}}\n  ports: [{{port: {port}}}]\n"
        )
    };
    let mut far = gateways;
    for i in 0..3 {
        far.push(source(
            &format!("hello-{i}"),
            &service(&format!("hello-{i}"), "demo", 8080),
        ));
        far.push(source(
            &format!("pxc-{i}"),
            &service(&format!("db-pxc-{i}"), "pxc", 3306),
        ));
    }
    let left = lint(&[entries, far], &options(View::Istio));
    let codes: Vec<_> = left.iter().map(|lint| lint.finding.code.id()).collect();
    assert_eq!(codes, ["EW104"], "narrowing is for people");
}

/// The demo's manifests keep the faults on purpose, as they are those that people have.
#[test]
fn the_demo_is_clean_for_eastwest_and_faulty_for_istio() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/demo");
    let cluster = |name: &str| {
        let files = std::fs::read_dir(folder.join(name)).unwrap();
        let mut paths: Vec<_> = files.map(|file| file.unwrap().path()).collect();
        paths.sort();
        let read = |path: &std::path::PathBuf| {
            source(
                &path.display().to_string(),
                &std::fs::read_to_string(path).unwrap(),
            )
        };
        paths.iter().map(read).collect::<Vec<_>>()
    };
    let clusters = [cluster("cluster-a"), cluster("cluster-b")];
    let ids = |view| {
        let found = lint(&clusters, &options(view));
        let mut ids: Vec<_> = found.iter().map(|lint| lint.finding.code.id()).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    };
    assert_eq!(
        ids(View::Eastwest),
        ["EW903", "EW921"],
        "notes: the selector is passed over, and no far end's account is named"
    );
    assert_eq!(ids(View::Istio), ["EW101", "EW102", "EW103", "EW106"]);
}

//! Nobody says with which files: no flag, and no shim that tells its own.

use std::time::{Duration, Instant};

use eastwest::clusters::{Clusters, HELLO};
use eastwest_e2e::hello;
use serde_json::Value;

use crate::examined::changed;
use crate::gateway::Frozen;

/// What it says in the app's pod, by these arguments and variables of ours alone.
fn says(
    clusters: &Clusters,
    args: &[&str],
    variables: &[(&str, &str)],
) -> (Option<i32>, Value, String) {
    let mut doctor = clusters.eastwest_on("b-app").unwrap();
    doctor.arg("doctor").args(args).args(["-o", "json"]);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("EASTWEST_") {
            doctor.env_remove(name);
        }
    }
    doctor.envs(variables.iter().copied());
    let output = doctor.output().unwrap();
    let said = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), said, err)
}

/// The outcomes of the first route's hops.
fn outcomes(said: &Value) -> Vec<[&str; 2]> {
    let steps = said.pointer("/routes/0/steps").unwrap().as_array().unwrap();
    let each = steps.iter();
    each.map(|step| ["step", "outcome"].map(|name| step[name].as_str().unwrap()))
        .collect()
}

#[track_caller]
fn is_the_shims_fault(told: &(Option<i32>, Value, String)) {
    is_of_the_shim("shim-not-running", told);
}

#[track_caller]
fn is_of_the_shim(code: &str, (status, said, err): &(Option<i32>, Value, String)) {
    assert_eq!(*status, Some(1), "{said:#} {err}");
    let fault = said.pointer("/routes/0/fault").unwrap();
    assert_eq!(fault["code"], code, "{said:#}");
    assert_eq!(fault["cluster"], "b");
    assert!(
        fault["next"].as_str().unwrap().starts_with("kubectl -n "),
        "{fault}"
    );
}

#[test]
fn a_shim_that_does_not_run_is_what_is_wrong() {
    let mut clusters = hello().unwrap();
    clusters.stop("b-app-shim");
    let alias = HELLO[0].alias();
    for args in [vec![alias.as_str()], vec!["--all"]] {
        let told = says(&clusters, &args, &[]);
        is_the_shims_fault(&told);
        assert_eq!(
            outcomes(&told.1),
            [
                ["manifests", "skipped"],
                ["certificate", "skipped"],
                ["shim", "broken"],
            ]
        );
    }
    // It may come back.
    let begun = Instant::now();
    is_the_shims_fault(&says(&clusters, &[&alias, "--wait", "3s"], &[]));
    assert!(begun.elapsed() > Duration::from_secs(1));
}

#[test]
fn a_shim_that_hangs_is_what_is_wrong() {
    let mut clusters = hello().unwrap();
    let _frozen = Frozen::program(&mut clusters, "b-app-shim");
    is_of_the_shim("shim-hangs", &says(&clusters, &["--all"], &[]));
}

#[test]
fn the_environment_names_the_files_of_a_shim_that_does_not_run() {
    let mut clusters = hello().unwrap();
    clusters.stop("b-app-shim");
    let manifests = clusters.manifests().cluster_b();
    let identity = clusters.certificates().workload("cluster-b", "demo", "app");
    let identity = identity.unwrap();
    let variables = [
        ("EASTWEST_MANIFESTS", manifests.to_str().unwrap()),
        ("EASTWEST_IDENTITY", identity.to_str().unwrap()),
    ];
    let told = says(&clusters, &["src-hello-0"], &variables);
    is_the_shims_fault(&told);
    assert_eq!(
        outcomes(&told.1),
        [
            ["manifests", "ok"],
            ["certificate", "ok"],
            ["shim", "broken"],
        ]
    );
    assert_eq!(told.1["routes"][0]["alias"], HELLO[0].alias());
}

#[test]
fn an_alias_that_is_down_is_that_whatever_the_shim_does() {
    let mut clusters = hello().unwrap();
    clusters.stop("b-app-shim");
    let file = changed(&clusters, &[("number: 8080", "number: 70000")]);
    let file = file.to_str().unwrap();
    let (status, said, err) = says(&clusters, &["src-hello-0", "-f", file], &[]);
    assert_eq!(status, Some(1), "{said:#} {err}");
    let code = said.pointer("/routes/0/fault/code").unwrap();
    assert_eq!(code, "alias-down", "{said:#}");
    // Beside a file that can't be read an alias that is not there may be in it, and may come.
    std::fs::write(file, "kind: ServiceEntry\nmetadata: {name: src-db-0\n").unwrap();
    let begun = Instant::now();
    let args = ["src-hello-0", "-f", file, "--wait", "3s"];
    let (status, _, err) = says(&clusters, &args, &[]);
    assert_eq!(status, Some(2), "{err}");
    assert!(err.contains("what could not be read may hold it"), "{err}");
    assert!(begun.elapsed() > Duration::from_secs(1));
}

#[test]
fn a_shim_is_asked_where_the_environment_says() {
    let clusters = hello().unwrap();
    let at = |address| [("EASTWEST_ADMIN_ADDRESS", address)];
    let (status, said, err) = says(&clusters, &["src-hello-0"], &at(""));
    assert_eq!(status, Some(0), "{said:#} {err}");
    // The shim runs, and tells nothing of its files.
    for address in ["127.0.0.1:1", "off"] {
        let (status, _, err) = says(&clusters, &["src-hello-0"], &at(address));
        assert_eq!(status, Some(2), "{err}");
        let told = format!("no shim tells at {address} (--admin)");
        assert!(
            err.contains(&told) && err.contains("EASTWEST_MANIFESTS"),
            "{err}"
        );
    }
}

#[test]
fn a_readiness_port_that_the_system_has_chosen_is_the_one_that_is_asked() {
    let mut clusters = hello().unwrap();
    clusters.stop("b-app-shim");
    let identity = clusters.certificates().workload("cluster-b", "demo", "app");
    let [resolver, dns] = [clusters.layout().resolver(), clusters.layout().dns_b()];
    let mut shim = clusters.eastwest_on("b-app").unwrap();
    shim.args(["shim", "--ready-address", "127.0.0.1:0", "--manifests"]);
    shim.arg(clusters.manifests().cluster_b());
    shim.arg("--identity").arg(identity.unwrap());
    shim.args(["--dns-listen", &resolver.to_string()]);
    shim.args(["--dns-upstream", &dns.to_string()]);
    shim.args(["--log-format", "json"]);
    let ready = |printed: &str| printed.contains("\"message\":\"ready\"");
    clusters.start("b-app-shim", shim, ready).unwrap();
    let (status, said, err) = says(&clusters, &["src-hello-0"], &[]);
    assert_eq!(status, Some(0), "{said:#} {err}");
    let steps = said.pointer("/routes/0/steps").unwrap().as_array().unwrap();
    let shim = steps.iter().find(|step| step["step"] == "shim").unwrap();
    let seen = shim["seen"].as_str().unwrap();
    let asked = seen.strip_prefix("ready at 127.0.0.1:");
    assert!(asked.is_some_and(|port| port != "15021"), "{seen}");
}

#[test]
fn a_setting_that_can_not_be_read_is_told() {
    let clusters = hello().unwrap();
    let manifests = clusters.manifests().cluster_b();
    let identity = clusters.certificates().workload("cluster-b", "demo", "app");
    let identity = identity.unwrap();
    let variables = [
        ("EASTWEST_ADMIN_ADDRESS", "off"),
        ("EASTWEST_MANIFESTS", manifests.to_str().unwrap()),
        ("EASTWEST_IDENTITY", identity.to_str().unwrap()),
        ("EASTWEST_MODE", "tunnel"),
    ];
    let (_, said, err) = says(&clusters, &["src-hello-0"], &variables);
    let note = said
        .pointer("/notes/0")
        .unwrap_or_else(|| panic!("{said:#} {err}"));
    let note = note.as_str().unwrap();
    assert!(note.starts_with("EASTWEST_MODE is `tunnel`, "), "{note}");
}

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

/// The app's shim with these flags beside those that it needs in any case.
fn restart_shim(clusters: &mut Clusters, flags: &[&str]) {
    clusters.stop("b-app-shim");
    let [resolver, dns] = [clusters.layout().resolver(), clusters.layout().dns_b()];
    let mut shim = clusters.eastwest_on("b-app").unwrap();
    shim.args(["shim", "--manifests"]);
    shim.arg(clusters.manifests().cluster_b()).args(flags);
    shim.args(["--dns-listen", &resolver.to_string()]);
    shim.args(["--dns-upstream", &dns.to_string()]);
    shim.args(["--log-format", "json"]);
    let ready = |printed: &str| printed.contains("\"message\":\"ready\"");
    clusters.start("b-app-shim", shim, ready).unwrap();
}

#[test]
fn a_certificate_that_is_in_files_of_any_name_is_found_as_the_shim_has_it() {
    let mut clusters = hello().unwrap();
    let identity = clusters.certificates().workload("cluster-b", "demo", "app");
    let identity = identity.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let files = [
        ("cert", "cert-chain.pem"),
        ("key", "key.pem"),
        ("roots", "root-cert.pem"),
    ];
    let files = files.map(|(flag, known)| {
        let file = folder.path().join(flag).join("of-the-app");
        std::fs::create_dir(folder.path().join(flag)).unwrap();
        std::fs::copy(identity.join(known), &file).unwrap();
        (flag, file.to_str().unwrap().to_owned())
    });
    let flags = files
        .clone()
        .map(|(flag, file)| [format!("--{flag}"), file]);
    let flags: Vec<&str> = flags.as_flattened().iter().map(String::as_str).collect();
    restart_shim(&mut clusters, &flags);
    let (status, said, err) = says(&clusters, &["src-hello-0"], &[]);
    assert_eq!(status, Some(0), "{said:#} {err}");
    // Where the shim does not tell, flags and variables of the same names do.
    let off = ("EASTWEST_ADMIN_ADDRESS", "off");
    let manifests = clusters.manifests().cluster_b();
    let manifests = manifests.to_str().unwrap();
    let (status, _, err) = says(&clusters, &["src-hello-0", "-f", manifests], &[off]);
    assert_eq!(status, Some(2), "{err}");
    assert!(
        err.contains("or --cert, --key and --roots each file"),
        "{err}"
    );
    let by_flag = [&["src-hello-0", "-f", manifests], &flags[..]].concat();
    let names = ["EASTWEST_CERT", "EASTWEST_KEY", "EASTWEST_ROOTS"];
    let by_variable = names.iter().zip(&files);
    let by_variable = by_variable.map(|(name, (_, file))| (*name, file.as_str()));
    let by_variable: Vec<_> = by_variable
        .chain([off, ("EASTWEST_MANIFESTS", manifests)])
        .collect();
    for (args, variables) in [(by_flag, vec![off]), (vec!["src-hello-0"], by_variable)] {
        let (status, said, err) = says(&clusters, &args, &variables);
        assert_eq!(status, Some(0), "{said:#} {err}");
    }
    // What is to be looked at are these files.
    std::fs::remove_file(&files[1].1).unwrap();
    let (_, said, _) = says(&clusters, &["src-hello-0"], &[]);
    let fault = said.pointer("/routes/0/fault").unwrap();
    assert_eq!(fault["code"], "certificate-missing", "{said:#}");
    let listed = files.map(|(_, file)| file).join(" ");
    assert_eq!(fault["next"], format!("ls -lL {listed}"));
}

#[test]
fn a_readiness_port_that_the_system_has_chosen_is_the_one_that_is_asked() {
    let mut clusters = hello().unwrap();
    let identity = clusters.certificates().workload("cluster-b", "demo", "app");
    let identity = identity.unwrap();
    let flags = ["--ready-address", "127.0.0.1:0", "--identity"];
    let flags = [&flags[..], &[identity.to_str().unwrap()]].concat();
    restart_shim(&mut clusters, &flags);
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

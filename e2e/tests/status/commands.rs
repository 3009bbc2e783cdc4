//! `eastwest status`, `routes`, `conns`, `certs show` and `drain` on the servers of the path.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Output, Stdio};

use eastwest::clusters::{Capture, HELLO, Layout};
use eastwest::leftovers::Guarded;
use eastwest_e2e::{CountedClusters, hello};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use super::{alias_route, open_visit, status_once};

/// What `eastwest` says on the host of the app.
pub(super) fn eastwest(clusters: &CountedClusters, args: &[&str]) -> (i32, String, String) {
    on(clusters, "b-app", args)
}

pub(super) fn on(clusters: &CountedClusters, host: &str, args: &[&str]) -> (i32, String, String) {
    let mut command = clusters.eastwest_on(host).unwrap();
    let Output {
        status,
        stdout,
        stderr,
    } = Guarded::output(command.args(args)).unwrap();
    let [out, err] = [stdout, stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    // Nothing here is a terminal.
    assert!(
        !out.contains('\x1b') && !err.contains('\x1b'),
        "{args:?}: {out}{err}"
    );
    (status.code().unwrap(), out, err)
}

#[test]
fn status_tells_the_errors_of_the_manifests_that_are_in_force() {
    let mut clusters = CountedClusters::prepare(Layout::Stage).unwrap();
    let wrong = clusters.manifests().cluster_b().join("wrong.yaml");
    let kind = "apiVersion: networking.istio.io/v1\nkind: ServiceEntri\n";
    fs::write(&wrong, kind).unwrap();
    clusters
        .start_outbound_shim("b-app", ("demo", "app"), Capture::Vip)
        .unwrap();
    let (code, out, _) = eastwest(&clusters, &["status"]);
    // No route is down.
    assert_eq!(code, 4, "{out}");
    let first = format!("{}:1:1: error[EW003]", wrong.display());
    for said in [": ready, up ", "MANIFESTS    3 errors, and what", &first] {
        assert!(out.contains(said), "{said:?} in {out}");
    }
    fs::write(&wrong, "# nothing\n").unwrap();
    status_once(&mut clusters, "b-app-shim", |told| {
        told["manifests"]["errors_total"] == 0
    });
    let (code, out, _) = eastwest(&clusters, &["status"]);
    assert_eq!(code, 0, "{out}");
    assert!(!out.contains("MANIFESTS"), "{out}");
}

#[test]
fn status_says_how_a_server_does_and_ends_accordingly() {
    let mut clusters = hello().unwrap();
    let pod = &HELLO[0];
    assert!(
        clusters
            .visit("b-app", &pod.alias(), pod.port)
            .unwrap()
            .answer
            .is_some()
    );
    let (code, out, _) = eastwest(&clusters, &["status"]);
    assert_eq!(code, 0, "{out}");
    for said in [
        "eastwest-shim ",
        ": ready, up ",
        "listens      admin at 127.0.0.1:15000",
        "certificate  workload spiffe://cluster.local/ns/demo/sa/app: valid, ",
        "connections  0 open, 1 since the start; ",
        "last reload  none",
    ] {
        assert!(out.contains(said), "{said:?} in {out}");
    }
    let (code, out, _) = eastwest(&clusters, &["status", "-o", "json"]);
    let told: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (code, &told["schema"], &told["state"]),
        (0, &json!(1), &json!("ready"))
    );
    let (code, out, _) = on(&clusters, "gateway", &["status"]);
    assert!(code == 0 && out.starts_with("eastwest-gateway "), "{out}");

    clusters.stop("gateway");
    assert!(
        clusters
            .visit("b-app", &pod.alias(), pod.port)
            .unwrap()
            .answer
            .is_none()
    );
    let (code, out, _) = eastwest(&clusters, &["status"]);
    assert_eq!(code, 4, "{out}");
    assert!(
        out.contains(&format!("  DOWN         {}: gateway ", alias_route())),
        "{out}"
    );
    let (code, out, _) = eastwest(&clusters, &["routes", "src-hello-0"]);
    assert_eq!(code, 4, "{out}");
    // Nobody has come for the others, but they lead through the same gateway.
    let (code, out, _) = eastwest(&clusters, &["routes", "src-hello-1"]);
    assert_eq!(code, 4, "{out}");
}

#[test]
fn who_is_asked_at_a_wrong_address_is_told_what_to_do() {
    let clusters = hello().unwrap();
    let app = format!("{}:{}", clusters.layout().pod(&HELLO[0]), HELLO[0].port);
    for (host, admin, said) in [
        (
            "b-app",
            "127.0.0.1:15021",
            "probes are answered (--ready-address)",
        ),
        (
            "b-app",
            "127.0.0.1:15020",
            "Prometheus is answered (--metrics-address)",
        ),
        ("b-app", "127.0.0.1:1", "nothing listens at 127.0.0.1:1: "),
        (
            "hello-0",
            app.as_str(),
            "is no admin port of a server of eastwest; it may be the app",
        ),
    ] {
        for command in ["status", "routes", "conns", "drain"] {
            let (code, out, err) = on(&clusters, host, &[command, "--admin", admin]);
            assert_eq!((code, out.as_str()), (1, ""), "{err}");
            assert!(err.contains(said), "{command} --admin {admin}: {err}");
        }
    }
    let (code, _, err) = eastwest(&clusters, &["status", "--admin", "off"]);
    assert!(code == 2 && err.contains("as in 127.0.0.1:15000"), "{err}");
    let mut by_variable = clusters.eastwest_on("b-app").unwrap();
    by_variable
        .arg("status")
        .env("EASTWEST_ADMIN_ADDRESS", "127.0.0.1:1");
    let said = Guarded::output(&mut by_variable).unwrap().stderr;
    assert!(String::from_utf8(said).unwrap().contains("127.0.0.1:1: "));
}

#[test]
fn routes_are_found_by_name_and_explained_by_file_and_line() {
    let clusters = hello().unwrap();
    let (code, out, _) = eastwest(&clusters, &["routes"]);
    assert_eq!(code, 0, "{out}");
    for pod in &HELLO {
        let of_pod = |line: &&str| line.contains(&format!("{}:{}", pod.alias(), pod.port));
        let row = out.lines().find(of_pod).unwrap();
        assert!(row.trim_start().starts_with("unknown "), "{row}");
    }
    let (code, out, _) = eastwest(&clusters, &["routes", "src-hello-1", "--explain"]);
    assert_eq!(code, 0, "{out}");
    let manifest = clusters.manifests().cluster_b().join("hello.yaml");
    let text = fs::read_to_string(&manifest).unwrap();
    let host = text
        .lines()
        .position(|line| line.contains(&HELLO[1].alias()))
        .unwrap()
        + 1;
    let place = format!("{}:{host}:", manifest.display());
    let alias = format!(
        "the alias {} is a host of the ServiceEntry at {place}",
        HELLO[1].alias()
    );
    assert!(out.contains(&alias), "{alias} in {out}");
    for said in [
        "is dialled at port 15443, by the endpoint at ",
        "apps find it at ",
        "the far end must be ",
    ] {
        assert!(out.contains(said), "{said} in {out}");
    }
    assert!(!out.contains(&HELLO[0].alias()), "{out}");
    let (code, out, _) = eastwest(&clusters, &["routes", "src-hello-2", "-o", "json"]);
    let routes: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, routes.as_array().unwrap().len()), (0, 1));
    let (code, _, err) = eastwest(&clusters, &["routes", "src-helo-1"]);
    assert_eq!(code, 2);
    assert!(err.contains("; did you mean src-hello-1."), "{err}");
}

#[test]
fn conns_shows_who_talks_and_goes_on_until_somebody_has_seen_enough() {
    let mut clusters = hello().unwrap();
    let app = open_visit(&clusters);
    status_once(&mut clusters, "hello-0-shim", |told| {
        told["connections"]["rows"][0]["state"] == "relaying"
    });
    let (code, out, _) = eastwest(&clusters, &["conns"]);
    assert_eq!(code, 0);
    let row = out.lines().last().unwrap();
    let whole = [
        alias_route().as_str(),
        "spiffe://cluster.local/ns/demo/sa/hello",
        "16 B",
        "0 B",
        "relaying",
    ]
    .iter()
    .all(|cell| row.contains(cell));
    assert!(whole && out.starts_with("1 open at "), "{out}");
    let (_, out, _) = on(&clusters, "hello-0", &["conns", "-o", "json"]);
    let told: Value = serde_json::from_str(&out).unwrap();
    let row = &told["rows"][0];
    assert_eq!(row["identity"], "spiffe://cluster.local/ns/demo/sa/app");
    assert_eq!(row["bytes_per_second_to_upstream"], 0.0);

    // One table after the other where it is read by a program.
    let mut command = clusters.eastwest_on("b-app").unwrap();
    command.args(["conns", "--watch"]).stdout(Stdio::piped());
    let mut watching = Guarded::spawn(&mut command).unwrap();
    let mut lines = BufReader::new(watching.stdout.take().unwrap()).lines();
    let heads = lines
        .by_ref()
        .map_while(Result::ok)
        .filter(|line| line.starts_with("1 open at "));
    assert_eq!(heads.take(3).count(), 3);
    let process = Pid::from_raw(watching.id().cast_signed()).unwrap();
    kill_process(process, Signal::INT).unwrap();
    let rest: Vec<_> = lines.map_while(Result::ok).collect();
    assert_eq!(watching.wait().unwrap().code(), Some(0), "{rest:?}");

    // An object a line, and nothing else.
    let mut command = clusters.eastwest_on("b-app").unwrap();
    command.args(["conns", "--watch", "-o", "json"]);
    let mut watching = Guarded::spawn(command.stdout(Stdio::piped())).unwrap();
    let lines = BufReader::new(watching.stdout.take().unwrap()).lines();
    for line in lines.take(3) {
        let told: Value = serde_json::from_str(&line.unwrap()).unwrap();
        assert_eq!(told["open"], 1, "{told}");
    }
    drop(watching);
    drop(app);
}

#[test]
fn a_resolver_tells_of_its_names() {
    let mut clusters = hello().unwrap();
    clusters.stop("b-app-shim");
    clusters.start_resolver("b-app", Capture::Vip).unwrap();
    let (code, out, err) = eastwest(&clusters, &["status", "--admin", "127.0.0.2:15000"]);
    assert_eq!(code, 0, "{out}{err}");
    let names = out.lines().find(|line| line.contains("  names ")).unwrap();
    assert!(
        names.contains(" aliases are answered; others are asked of "),
        "{names}"
    );
    let (code, out, _) = eastwest(&clusters, &["routes", "--admin", "127.0.0.2:15000"]);
    assert_eq!((code, out.lines().count()), (0, 1), "{out}");
}

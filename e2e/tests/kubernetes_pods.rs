//! The containers of `deploy/kubernetes`, run as their manifests say: user, groups, capabilities, arguments,
//! environment, mounts and sysctls, with the probes and ports that stand there.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

use std::ffi::OsString;
use std::iter::once;
use std::path::Path;
use std::process::Command;

use eastwest::mysql::Flavor;
use eastwest::stage::ThisMachine;
use eastwest_e2e::rendered::printed;
use eastwest_e2e::{eastwest, installed};
use serde_json::json;

/// What a module of `deploy/check` prints, when it is given the program and finds nothing wrong.
fn checked(module: &str, more: Option<String>) -> String {
    let args = once(eastwest().into_os_string()).chain(more.map(OsString::from));
    String::from_utf8(printed(module, args).unwrap()).unwrap()
}

/// How a real server is started, with an empty data directory in this folder; none on a day without.
fn mysql(folder: &Path, test: &str) -> Option<String> {
    let mysql = installed(Flavor::MySql, test)?;
    let datadir = folder.join("empty");
    mysql.create_datadir(&datadir).unwrap();
    let words = |command: Command| -> Vec<String> {
        once(command.get_program())
            .chain(command.get_args())
            .map(|word| word.to_string_lossy().into_owned())
            .collect()
    };
    let server = words(mysql.server_command(&ThisMachine));
    let client = words(mysql.client_command(&ThisMachine));
    Some(json!({"server": server, "client": client, "datadir": datadir}).to_string())
}

/// The gateway, hello and its client, the source, a replica in modes redirect and port, and in mode
/// service, where the databases have nothing of ours, the egress; the resolver. And all of them once
/// more with the components for IPv6, asked at an address of it.
#[test]
fn each_container_of_ours_starts_as_its_manifest_says_and_answers_its_probes() {
    assert_eq!(checked("check.containers", None), "16 pods\n");
}

/// Each path, with certificates from each source, and with the components for IPv6: in pods that have both
/// families, and in those that have no other.
fn setups() -> impl Iterator<Item = String> {
    let paths = ["hello, vip", "pxc, redirect", "pxc, port", "pxc, service"];
    paths.into_iter().flat_map(|path| {
        let ways = [
            "secrets",
            "csi-driver-spiffe",
            "istiod",
            "IPv6",
            "IPv6 alone",
        ];
        ways.map(|with| format!("{path}, {with}"))
    })
}

#[test]
fn in_each_set_up_each_alias_leads_to_its_pod_and_to_nobody_without_the_shim() {
    let folder = tempfile::tempdir().unwrap();
    let mysql = mysql(
        folder.path(),
        "in_each_set_up_each_alias_leads_to_its_pod_and_to_nobody_without_the_shim",
    );
    let with_databases = mysql.is_some();
    let walks = checked("check.walk", mysql);
    let walked = |name: &String| {
        let rows = if with_databases && name.starts_with("pxc") {
            ", rows to the replica"
        } else {
            ""
        };
        let line =
            format!("{name}: each alias led to its pod{rows}, and to nobody without the shim");
        walks.lines().any(|walk| walk.starts_with(&line))
    };
    let missing: Vec<String> = setups().filter(|name| !walked(name)).collect();
    assert_eq!(missing, [""; 0], "{walks}");
}

//! The manifests that users of the Istio demo have, byte for byte: as they are a real Envoy does not
//! route them, and as `eastwest lint --fix` leaves them it does.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use eastwest_e2e::eastwest;
use eastwest_e2e::envoy::MaxTls;
use eastwest_e2e::rendered;
use eastwest_e2e::wire::{By, Caller, Istio, Mode, PAYLOAD, Place, Talk, Wire};
use serde_json::Value;
use tempfile::TempDir;

/// An alias without `addresses` gets one from Istio, of this range.
const ALLOCATED: [u8; 4] = [240, 240, 0, 1];

/// How people have the files.
#[derive(Clone, Copy)]
enum Kept {
    /// A folder for each cluster.
    Apart,
    /// All in one folder.
    Together,
}

/// The seed's files, copied as they are.
struct Seed {
    dir: TempDir,
    kept: Kept,
}

impl Seed {
    fn copied(kept: Kept) -> Self {
        let seed = Self {
            dir: tempfile::tempdir().unwrap(),
            kept,
        };
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../mesh/tests/seed");
        let files = yaml(&from);
        assert_eq!(files.len(), 8);
        for file in files {
            let folder = match is_alias(&file) {
                true => seed.cluster_b(),
                false => seed.cluster_a(),
            };
            fs::create_dir_all(&folder).unwrap();
            fs::copy(&file, folder.join(file.file_name().unwrap())).unwrap();
        }
        seed
    }

    fn cluster_a(&self) -> PathBuf {
        match self.kept {
            Kept::Apart => self.dir.path().join("cluster-a"),
            Kept::Together => self.dir.path().to_owned(),
        }
    }

    fn cluster_b(&self) -> PathBuf {
        match self.kept {
            Kept::Apart => self.dir.path().join("cluster-b"),
            Kept::Together => self.dir.path().to_owned(),
        }
    }

    fn lint(&self, args: &[&str]) -> Output {
        let mut command = Command::new(eastwest());
        command.arg("lint").args(args).arg(self.dir.path());
        command.output().unwrap()
    }

    /// What is applied to cluster A: the Gateways, and what is new.
    fn applied_to_a(&self) -> Vec<Value> {
        let mut files = yaml(&self.cluster_a());
        files.retain(|file| !is_alias(file));
        let below = self.cluster_a().join("gateway-cluster");
        if below.is_dir() {
            files.extend(yaml(&below));
        }
        read(&files)
    }

    /// What is applied to cluster B: the aliases.
    fn applied_to_b(&self) -> Vec<Value> {
        let mut files = yaml(&self.cluster_b());
        files.retain(|file| is_alias(file));
        assert_eq!(files.len(), 6);
        read(&files)
    }
}

fn is_alias(file: &Path) -> bool {
    file.file_name()
        .unwrap()
        .to_str()
        .unwrap()
        .starts_with("src-")
}

fn yaml(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|kind| kind == "yaml"));
    files.sort();
    files
}

fn read(files: &[PathBuf]) -> Vec<Value> {
    rendered::objects(files)
        .unwrap()
        .into_values()
        .flatten()
        .collect()
}

/// Starts what differs: the gateway, and the sidecars of the callers.
fn start(wire: &mut Wire, cluster_a: &[Value], cluster_b: &[Value]) {
    wire.istio = Istio::of(cluster_a, cluster_b, &Place::ISTIO).unwrap();
    wire.start_gateway(By::Envoy).unwrap();
    for caller in [Caller::APP, Caller::REPLICA] {
        wire.start_client(&caller, By::Envoy, &[], MaxTls::Tls13)
            .unwrap();
    }
}

fn talk(wire: &Wire, place: &Place) -> Talk {
    let allocated = SocketAddr::from((ALLOCATED, place.port));
    let to = wire.dialled(place, By::Envoy).unwrap_or(allocated);
    let mode = if place.port == 3306 {
        Mode::Echo
    } else {
        Mode::Http
    };
    wire.talk_to(&Caller::of(place.port), &place.alias(), to, mode)
        .unwrap()
}

/// The same without one of the changes.
fn without_addresses(entries: &[Value]) -> Vec<Value> {
    let mut entries = entries.to_vec();
    for entry in &mut entries {
        entry["spec"].as_object_mut().unwrap().remove("addresses");
    }
    entries
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// What is applied to cluster A and to cluster B.
type Applied = (Vec<Value>, Vec<Value>);

/// Before and after `--fix`, which leaves nothing but a warning.
fn fixed(kept: Kept) -> [Applied; 2] {
    let seed = Seed::copied(kept);
    assert_eq!(seed.lint(&[]).status.code(), Some(1));
    let before = (seed.applied_to_a(), seed.applied_to_b());
    let fixed = seed.lint(&["--fix"]);
    assert_eq!(fixed.status.code(), Some(0), "{}", text(&fixed.stdout));
    let after = seed.lint(&["-o", "json"]);
    assert_eq!(after.status.code(), Some(0));
    let found: Value = serde_json::from_slice(&after.stdout).unwrap();
    assert_eq!((&found["errors"], &found["notes"]), (&0.into(), &0.into()));
    let findings = found["findings"].as_array().unwrap();
    let left: Vec<_> = findings.iter().map(|finding| &finding["code"]).collect();
    assert_eq!(left, ["EW104"], "what a Gateway is to export people say");
    [before, (seed.applied_to_a(), seed.applied_to_b())]
}

/// The six pods with their apps and sidecars.
fn pods((cluster_a, cluster_b): &Applied) -> Wire {
    let istio = Istio::of(cluster_a, cluster_b, &Place::ISTIO).unwrap();
    let mut wire = Wire::under(env!("CARGO_BIN_EXE_wire-peer"), istio).unwrap();
    for place in Place::ISTIO {
        wire.start_app(&place).unwrap();
        wire.start_server(&place, &[], MaxTls::Tls13).unwrap();
    }
    wire
}

#[test]
fn what_fix_leaves_passes_and_a_real_envoy_routes_it() {
    for kept in [Kept::Apart, Kept::Together] {
        let [_, after] = fixed(kept);
        let mut wire = pods(&after);
        start(&mut wire, &after.0, &after.1);
        for place in Place::ISTIO {
            let talk = talk(&wire, &place);
            let hello = format!("hello from {}", place.pod);
            assert_eq!(talk.greeting.trim(), hello, "{talk:?}");
            assert_eq!((talk.received, talk.same), (PAYLOAD, true), "{talk:?}");
        }
    }
}

/// Each change of `--fix` is needed, or the test above would show nothing.
#[test]
fn without_any_one_of_the_changes_a_real_envoy_does_not_route() {
    let [before, after] = fixed(Kept::Apart);
    let mut wire = pods(&after);
    for cluster_b in [&before.1, &after.1] {
        start(&mut wire, &before.0, cluster_b);
        for place in Place::ISTIO {
            let talk = talk(&wire, &place);
            let greeted = talk.greeting.contains("hello from");
            assert!(!greeted && !talk.same, "{}: {talk:?}", place.pod);
        }
    }
    start(&mut wire, &after.0, &before.1);
    let plain = talk(&wire, &Place::ISTIO[0]);
    assert!(plain.greeting.contains(" 503 "), "{plain:?}");
    start(&mut wire, &after.0, &without_addresses(&after.1));
    let wrong = talk(&wire, &Place::ISTIO[5]);
    assert_eq!(
        wrong.greeting, "hello from db-pxc-0\n",
        "the first has the listener"
    );
}

//! No fault without a test that makes it, and no test of a fault that is not one.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use eastwest::doctor::Fault;

/// What a doctor has to tell apart at least, as those say it who have to find it at night, and by which
/// codes it does.
const TOLD_APART: [(&str, &[&str]); 28] = [
    ("alias unknown to DNS", &["dns-unknown"]),
    ("alias answered by somebody else", &["dns-other-answer"]),
    ("virtual IP not captured", &["vip-not-captured"]),
    ("shim not running", &["shim-not-running"]),
    ("shim without a valid certificate", &["shim-certificate"]),
    ("certificate expired", &["certificate-expired"]),
    ("certificate not yet valid", &["certificate-not-yet-valid"]),
    ("wrong root", &["certificate-other-root"]),
    ("key that doesn't match", &["key-mismatch"]),
    (
        "gateway name not resolving",
        &["gateway-name-unknown", "gateway-name-failed"],
    ),
    ("gateway port closed", &["gateway-refused"]),
    ("gateway port filtered", &["gateway-filtered"]),
    (
        "gateway port speaking something else",
        &["gateway-not-tls", "gateway-ends-tls"],
    ),
    ("SNI not exported", &["not-exported", "rule-not-exported"]),
    ("ALPN refused", &["alpn-refused"]),
    (
        "pod name not resolving in A",
        &["pod-name-unknown", "pod-name-failed"],
    ),
    ("pod refusing", &["pod-refused"]),
    ("pod timing out", &["pod-timeout"]),
    ("no inbound shim in the pod", &["no-inbound-shim"]),
    ("pod's certificate from another root", &["pod-other-root"]),
    (
        "pod's certificate of another trust domain",
        &["pod-other-trust-domain"],
    ),
    (
        "pod's certificate of another service account",
        &["pod-other-account"],
    ),
    (
        "our identity not on the pod's list",
        &["identity-not-allowed"],
    ),
    (
        "the app's port not on the inbound list",
        &["port-not-served"],
    ),
    ("app down", &["app-down"]),
    ("app up but not MySQL", &["app-not-mysql"]),
    ("clock skew", &["clock-skew"]),
    (
        "MTU black hole",
        &[
            "mtu-black-hole",
            "mtu-black-hole-pod",
            "mtu-black-hole-back",
        ],
    ),
];

/// What no program of ours, and none of Istio's, can be brought to do: its name is given by a test of the
/// tool's own, in that file.
const ELSEWHERE: [(Fault, &str); 2] = [
    (
        // Our shim does not start with a certificate of which it can't be said whose it is.
        Fault::PodCertificateUnusable,
        "cli/src/doctor/pod/tests.rs",
    ),
    (
        // It would have to hang between the end of the handshake and its first word.
        Fault::ShimSilent,
        "cli/src/doctor/pod/tests.rs",
    ),
];

const FINDS: &str = ".finds(\"";

/// Which tests find a fault in which cluster, by what stands in the files of this folder.
fn found() -> BTreeMap<(String, String), BTreeSet<String>> {
    let mut found: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/doctor");
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let module = path.file_stem().unwrap().to_string_lossy().into_owned();
        if module == "faults" {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        for test in text.split("#[test]\n").skip(1) {
            // A function ends where a brace is in the first column.
            let body = test.split("\n}\n").next().unwrap();
            let name = body.strip_prefix("fn ").unwrap().split('(').next().unwrap();
            for said in body.split(FINDS).skip(1) {
                let mut words = said.split('"');
                let (code, between, cluster) = (words.next(), words.next(), words.next());
                assert_eq!(between, Some(", "), "{module}::{name}");
                let key = (code.unwrap().to_owned(), cluster.unwrap().to_owned());
                found
                    .entry(key)
                    .or_default()
                    .insert(format!("{module}::{name}"));
            }
        }
    }
    found
}

#[test]
fn every_fault_has_a_test_that_makes_it_and_finds_it_in_its_cluster() {
    let found = found();
    let elsewhere = |fault: &Fault| ELSEWHERE.iter().find(|(other, _)| other == fault);
    for fault in Fault::ALL {
        let key = (fault.code().to_owned(), fault.place().code().to_owned());
        match (elsewhere(fault), found.contains_key(&key)) {
            (None, true) => {}
            (None, false) => panic!("no test here makes {fault:?} and finds it in {}", key.1),
            (Some(_), true) => panic!("{fault:?} is made here: it is not for ELSEWHERE"),
            (Some((_, file)), false) => {
                let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
                let tests = fs::read_to_string(path).unwrap();
                assert!(
                    tests.contains(&format!("Fault::{fault:?}")),
                    "{file}: {fault:?}"
                );
            }
        }
    }
    let known = |(code, cluster): &(String, String)| {
        let mut all = Fault::ALL.iter();
        all.any(|fault| fault.code() == code && fault.place().code() == cluster)
    };
    let unknown: Vec<_> = found.keys().filter(|key| !known(key)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    assert!(
        found.len() + ELSEWHERE.len() == Fault::ALL.len(),
        "{found:#?}"
    );
}

#[test]
fn what_has_to_be_told_apart_has_names_of_its_own() {
    let tested: BTreeSet<String> = found().into_keys().map(|(code, _)| code).collect();
    let mut taken = BTreeMap::new();
    for (words, codes) in TOLD_APART {
        assert!(!codes.is_empty());
        for code in codes {
            assert!(tested.contains(*code), "{words}: {code}");
            assert_eq!(taken.insert(*code, words), None, "{code} stands for two");
        }
    }
}

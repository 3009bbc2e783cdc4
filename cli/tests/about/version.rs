//! Which program it is, told by each in the same way.

use eastwest_daemon::Build;
use serde_json::Value;

use crate::program::{eastwest, said};

#[test]
fn programs_are_told_all_of_it() {
    let said_of_json: Value = serde_json::from_str(&said(&["version", "--json"])).unwrap();
    let by_output: Value = serde_json::from_str(&said(&["version", "-o", "json"])).unwrap();
    assert_eq!(said_of_json, by_output);
    let lock = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.lock");
    let lock = std::fs::read_to_string(lock).unwrap();
    for (field, library) in [("library", "rustls"), ("cryptography", "aws-lc-rs")] {
        let told = said_of_json["tls"][field].as_str().unwrap();
        let version = told.strip_prefix(&format!("{library} ")).unwrap();
        let locked = format!("name = \"{library}\"\nversion = \"{version}\"\n");
        assert!(lock.contains(&locked), "{told}");
    }
    assert_eq!(said_of_json["program"], "eastwest");
    assert_eq!(said_of_json["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(said_of_json["rustc"], Build::THIS.rustc);
    assert_eq!(said_of_json["target"], Build::THIS.target);
    assert!(said_of_json["tls"]["aes_in_hardware"].is_boolean());
    assert_eq!(said_of_json["tls"]["key_exchanges"][0], "X25519MLKEM768");
    let features = said_of_json["features"].as_array().unwrap();
    // The program is built as this test is.
    assert_eq!(
        features.contains(&Value::from("debug-assertions")),
        cfg!(debug_assertions),
        "{features:?}"
    );
    assert_eq!(
        eastwest(&["version", "--json", "-o", "text"]).status.code(),
        Some(2)
    );
}

#[test]
fn the_cpu_is_asked_as_the_kernel_knows_it() {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap();
    let features = cpu.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        ["flags", "Features"]
            .contains(&name.trim())
            .then_some(value)
    });
    let features: Vec<&str> = features.unwrap().split_whitespace().collect();
    let both = ["pclmulqdq", "pmull"].map(|multiplies| features.contains(&multiplies));
    let aes = features.contains(&"aes") && both.contains(&true);
    let told: Value = serde_json::from_str(&said(&["version", "--json"])).unwrap();
    assert_eq!(told["tls"]["aes_in_hardware"], aes);
    let words = said(&["version"]);
    assert_eq!(
        words.contains("by instructions of this CPU"),
        aes,
        "{words}"
    );
}

#[test]
fn every_program_answers_in_the_same_form() {
    for (words, name) in [
        (vec![], "eastwest"),
        (vec!["gateway"], "eastwest-gateway"),
        (vec!["resolver"], "eastwest-resolver"),
        (vec!["shim"], "eastwest-shim"),
        (
            vec!["shim", "capture", "keep"],
            "eastwest-shim capture keep",
        ),
    ] {
        let asked = |flag| said(&[words.as_slice(), &[flag]].concat());
        assert_eq!(asked("--version"), format!("{name} {}\n", Build::LINE));
        assert_eq!(asked("-V"), format!("{name} {}\n", Build::THIS.version));
    }
}

//! The command as scripts see it: its variables and its status.

use std::process::{Command, Output};

use rustix::thread::{CapabilitySet, remove_capability_from_bounding_set};

use crate::own_namespace::alone;
use crate::pod::{POD_IPS, capture, pod, try_capture};

fn run(flags: &[&str], variables: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_eastwest-shim"))
        .arg("capture")
        .args(flags)
        .envs(variables.iter().copied())
        .output()
        .unwrap()
}

fn status(flags: &[&str]) -> Option<i32> {
    run(flags, &[]).status.code()
}

#[test]
fn what_is_the_matter_is_told_by_the_status() {
    alone(async || {
        pod().await;
        assert_eq!(status(&["check"]), Some(1));
        assert_eq!(status(&["lay"]), Some(0));
        assert_eq!(status(&["check"]), Some(0));
        assert_eq!(status(&["check", "--dns"]), Some(1));
        for wrong in [
            &["lay", "--range", "10.99.0.0/16"][..],
            &["lay", "--dns", "--dns-port", "15001"],
            &["check", "--dns", "--outbound-port", "15053"],
            &["lay", "--rage"],
        ] {
            assert_eq!(status(wrong), Some(2), "{wrong:?}");
        }
        assert_eq!(status(&["check"]), Some(0), "nothing has been laid since");
        remove_capability_from_bounding_set(CapabilitySet::NET_ADMIN).unwrap();
        assert_eq!(status(&["lay"]), Some(1));
        assert_eq!(status(&["remove"]), Some(1));
        assert_eq!(status(&["check"]), Some(3));
    });
}

#[test]
fn the_variables_of_keep_are_those_of_lay_and_check() {
    alone(async || {
        pod().await;
        let laid = run(
            &["lay"],
            &[("EASTWEST_DNS", "true"), ("EASTWEST_MODE", "redirect")],
        );
        let said = String::from_utf8_lossy(&laid.stdout);
        assert!(said.contains("udp dport 53 redirect to :15053"), "{said}");
        assert_eq!(status(&["check"]), Some(1));
        let same = run(&["check"], &[("EASTWEST_DNS", "true")]);
        assert_eq!(same.status.code(), Some(0));
        let bad = run(&["lay"], &[("EASTWEST_RANGE", "bad")]);
        assert_eq!(bad.status.code(), Some(2));
        let said = String::from_utf8_lossy(&bad.stderr);
        assert!(said.contains("EASTWEST_RANGE"), "{said}");
        let typed = run(
            &["lay", "--range", "240.240.0.0/16"],
            &[("EASTWEST_RANGE", "bad")],
        );
        assert_eq!(typed.status.code(), Some(0));
    });
}

#[test]
fn a_range_of_the_pods_own_network_is_refused_or_told() {
    alone(async || {
        pod().await;
        for range in ["10.99.0.0/16", "fd99::/32"] {
            let error = try_capture(&format!("lay --range {range}")).0.unwrap_err();
            let error = error.to_string();
            let own = POD_IPS.iter().any(|own| error.contains(own));
            assert!(own && error.contains(range), "{error}");
        }
        // Its neighbours, and not itself.
        let flags = "--range 240.240.0.0/16,10.99.0.128/25";
        let (_, output) = capture(&format!("lay {flags}"));
        assert!(
            output.contains("problem: 10.99.0.128/25 shares addresses"),
            "{output}"
        );
        let (code, output) = capture(&format!("check {flags}"));
        assert_eq!(code, std::process::ExitCode::FAILURE);
        assert!(
            output.contains("problem: 10.99.0.128/25 shares addresses"),
            "{output}"
        );
    });
}

//! The rules as `nft` sees them, where it is installed.

use std::io::{ErrorKind, Write};
use std::process::{Command, ExitCode, Stdio};

use crate::own_namespace::{alone, skip};
use crate::pod::{capture, pod};

/// What `nft ARGS < INPUT` prints. `None`, and said so, if it is not installed.
pub(crate) fn nft(args: &[&str], input: &str) -> Option<String> {
    // Not always in an ordinary user's PATH.
    for program in ["nft", "/usr/sbin/nft"] {
        let child = Command::new(program)
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let mut child = match child {
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            child => child.unwrap(),
        };
        child
            .stdin
            .take()
            .unwrap()
            .write_all(input.as_bytes())
            .unwrap();
        let output = child.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        assert!(
            output.status.success(),
            "nft {args:?}: {}",
            text(output.stderr)
        );
        return Some(text(output.stdout));
    }
    skip(
        "cross-check by nft",
        "`nft` is not installed (package nftables)",
    );
    None
}

#[test]
fn the_words_printed_are_the_rules_laid() {
    alone(async || {
        pod().await;
        let flags = "lay --dns --range 240.240.0.0/16,100.64.0.0/10,fd24:240::/32,fd99:8000::/17";
        let (_, words) = capture(flags);
        let Some(laid) = nft(&["list", "ruleset"], "") else {
            return;
        };
        capture("remove");
        nft(&["-f", "-"], &words);
        assert_eq!(nft(&["list", "ruleset"], ""), Some(laid));
    });
}

#[test]
fn check_sees_a_rule_that_somebody_put_before_ours() {
    alone(async || {
        pod().await;
        capture("lay");
        if nft(&["insert rule inet eastwest capture counter accept"], "").is_some() {
            let (code, output) = capture("check");
            assert_eq!(code, ExitCode::FAILURE);
            assert_eq!(
                output,
                "problem: chain capture: unexpected rule `[counter immediate] \
                 (not of a shape eastwest lays)`\n"
            );
        }
    });
}

#[test]
fn check_sees_a_table_put_to_sleep() {
    alone(async || {
        pod().await;
        capture("lay");
        if nft(&["add table inet eastwest { flags dormant; }"], "").is_some() {
            let (code, output) = capture("check");
            assert_eq!(code, ExitCode::FAILURE);
            assert!(
                output.contains("table inet eastwest is dormant"),
                "{output}"
            );
        }
    });
}

//! Laying, checking and removing, as read back from the kernel.

use std::process::ExitCode;

use eastwest_shim::capture::{
    Action, Condition, DEFAULT_RANGES, Rule, Ruleset, ShimUid, VirtualRange, installed, lay,
};

use crate::own_namespace::alone;
use crate::pod::{capture, pod, try_capture};

/// The rules of `lay` without flags.
fn usual() -> Ruleset {
    let ranges: Vec<VirtualRange> = DEFAULT_RANGES.map(|r| r.parse().unwrap()).to_vec();
    Ruleset::new(&ranges, 15001.try_into().unwrap(), ShimUid::Own(1337))
}

/// What `check` says after `tamper` had its way with the usual rules.
fn check_after(tamper: impl FnOnce(&mut Ruleset)) -> String {
    let mut ruleset = usual();
    tamper(&mut ruleset);
    lay(&ruleset).unwrap();
    let (code, output) = capture("check");
    assert_eq!(code, ExitCode::FAILURE, "{output}");
    output
}

#[test]
fn rules_just_laid_pass_the_check() {
    alone(async || {
        pod().await;
        capture("lay");
        let (code, output) = capture("check");
        assert_eq!(output, "ok: table inet eastwest is as it should be\n");
        assert_eq!(code, ExitCode::SUCCESS);
    });
}

#[test]
fn rules_with_every_flag_pass_the_check_with_the_same_flags() {
    alone(async || {
        pod().await;
        let flags = "--range 240.240.0.0/16,100.64.0.0/10,fd99:8000::/17,240.1.2.3/32 \
                     --outbound-port 15101 --shim-uid none";
        let dns = "--dns --dns-port 5353";
        capture(&format!("lay {dns}"));
        let (code, output) = capture(&format!("check {dns}"));
        assert_eq!(code, ExitCode::SUCCESS, "{output}");
        assert_eq!(capture("check").0, ExitCode::FAILURE);
        capture(&format!("lay {flags}"));
        let (code, output) = capture(&format!("check {flags}"));
        assert_eq!(code, ExitCode::SUCCESS, "{output}");
    });
}

#[test]
fn laying_twice_is_the_same() {
    alone(async || {
        pod().await;
        let first = (capture("lay"), installed().unwrap());
        let second = (capture("lay"), installed().unwrap());
        assert!(first.1.is_some());
        assert_eq!(first, second);
    });
}

#[test]
fn laying_replaces_whatever_an_older_version_left() {
    alone(async || {
        pod().await;
        let mut older = usual();
        older.chains[0].name = "of-an-older-version".to_owned();
        lay(&older).unwrap();
        capture("lay");
        let (code, output) = capture("check");
        assert_eq!(code, ExitCode::SUCCESS, "{output}");
    });
}

/// Flags for this many ranges.
fn ranges(count: u8) -> String {
    let ranges: Vec<String> = (0..count).map(|n| format!("240.{n}.0.0/16")).collect();
    format!("--range {}", ranges.join(","))
}

#[test]
fn many_ranges_are_laid_in_one_go() {
    alone(async || {
        pod().await;
        capture(&format!("lay {}", ranges(100)));
        let (code, output) = capture(&format!("check {}", ranges(100)));
        assert_eq!(code, ExitCode::SUCCESS, "{output}");
    });
}

#[test]
fn too_many_ranges_are_refused_in_words() {
    alone(async || {
        pod().await;
        let error = try_capture(&format!("lay {}", ranges(255)))
            .0
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("too many ranges for one transaction"),
            "{error}"
        );
    });
}

#[test]
fn a_refused_rule_changes_nothing_and_is_named() {
    alone(async || {
        pod().await;
        capture("lay");
        let before = installed().unwrap();
        let mut ruleset = usual();
        // A redirect is for NAT chains only.
        let redirect = Action::Redirect(15001.try_into().unwrap());
        ruleset.chains[1].rules.push(Rule {
            conditions: vec![Condition::Tcp],
            action: redirect,
        });
        let error = lay(&ruleset).unwrap_err().to_string();
        assert!(
            error.contains("`meta l4proto tcp redirect to :15001`"),
            "{error}"
        );
        assert_eq!(installed().unwrap(), before);
    });
}

#[test]
fn check_says_that_nothing_is_laid() {
    alone(async || {
        pod().await;
        let (code, output) = capture("check");
        assert_eq!(
            output,
            "problem: table inet eastwest is not there: nothing is redirected or guarded\n"
        );
        assert_eq!(code, ExitCode::FAILURE);
    });
}

#[test]
fn check_names_a_redirect_to_another_port() {
    alone(async || {
        pod().await;
        let output = check_after(|rules| {
            rules.chains[0].rules[1].action = Action::Redirect(3306.try_into().unwrap());
        });
        assert_eq!(
            output,
            "problem: chain capture: missing rule `ip daddr 240.240.0.0/16 meta l4proto tcp \
             redirect to :15001`\n\
             problem: chain capture: unexpected rule `ip daddr 240.240.0.0/16 meta l4proto tcp \
             redirect to :3306`\n"
        );
    });
}

#[test]
fn check_names_a_missing_guard() {
    alone(async || {
        pod().await;
        let output = check_after(|rules| drop(rules.chains.pop()));
        assert_eq!(output, "problem: chain guard: missing\n");
    });
}

#[test]
fn check_names_a_chain_that_runs_too_late() {
    alone(async || {
        pod().await;
        let output = check_after(|rules| rules.chains[0].attachment.priority = 50);
        assert!(
            output.contains("chain capture: is attached as `type nat hook output priority 50"),
            "{output}"
        );
    });
}

#[test]
fn check_in_json_holds_the_same() {
    alone(async || {
        pod().await;
        lay(&Ruleset { chains: Vec::new() }).unwrap();
        let (code, output) = capture("check -o json");
        let answer: serde_json::Value = serde_json::from_str(&output).unwrap();
        assert_eq!(answer["ok"], false);
        assert_eq!(answer["problems"][0], "chain capture: missing");
        assert_eq!(code, ExitCode::FAILURE);
    });
}

#[test]
fn remove_leaves_nothing() {
    alone(async || {
        pod().await;
        capture("lay");
        let (code, output) = capture("remove");
        assert_eq!(
            (code, output.as_str()),
            (ExitCode::SUCCESS, "removed: table inet eastwest\n")
        );
        assert_eq!(installed().unwrap(), None);
    });
}

#[test]
fn remove_is_content_where_there_is_nothing() {
    alone(async || {
        pod().await;
        let (code, output) = capture("remove");
        assert_eq!(code, ExitCode::SUCCESS);
        assert_eq!(
            output,
            "nothing to remove: there is no table inet eastwest\n"
        );
    });
}

//! What the exit status and the two outputs say.

use super::{ALIAS, complained, convert_in, entry, folder, gateway, said, status, with_stdin};

#[test]
fn what_is_left_out_is_said_with_its_place_and_by_the_status() {
    let broken = gateway("AUTO_PASSTHROUGH", "['*.*']").replace("name: g,", "name: h,");
    let folder = folder(&[
        (
            "a/gateway.yaml",
            &gateway("AUTO_PASSTHROUGH", "['*.pxc.svc.cluster.local']"),
        ),
        ("a/broken.yaml", &broken),
        ("b/entry.yaml", &entry(ALIAS, 3306)),
    ]);
    let output = convert_in(folder.path(), &["haproxy", "a", "b"]);
    assert_eq!(status(&output), 1);
    let told = "a/broken.yaml:8:13: error: [EW305]";
    assert!(
        complained(&output).contains(told),
        "{}",
        complained(&output)
    );
    assert!(said(&output).contains(&format!("# - {told}")));
    assert!(said(&output).contains(&format!("outbound_.3306_._.{ALIAS}")));
    std::fs::remove_file(folder.path().join("a/broken.yaml")).unwrap();
    assert_eq!(
        status(&convert_in(folder.path(), &["haproxy", "a", "b"])),
        0
    );
}

#[test]
fn with_wrong_usage_nothing_is_said() {
    let folder = folder(&[
        ("b/entry.yaml", &entry(ALIAS, 3306)),
        (
            "routes.txt",
            &format!("{ALIAS}=db-0.db.pxc.svc.cluster.local:3306@g.x\nnonsense\n"),
        ),
    ]);
    for (args, told) in [
        (&["haproxy", "missing"][..], "missing can't be read"),
        (&["haproxy", "b"], "there is nothing to convert"),
        (&["istio", "-f", "missing"], "missing can't be read"),
        (
            &["istio", "-f", "routes.txt"],
            "routes.txt:2:1: route: there is no =",
        ),
        (&["istio", "x=y"], "argument 1:3: route: there is no @"),
        (
            &["istio", "routes.txt"],
            "routes.txt is a file and no route: to read the routes in it, write -f routes.txt",
        ),
        (&["istio"], "required"),
        (&["tlsroute", "b"], "--gateway-class"),
        (
            &["tlsroute", "--gateway-class", "x", "--gateway", "y", "b"],
            "NAMESPACE/NAME",
        ),
        (&["nothing"], "unrecognized subcommand"),
    ] {
        let output = convert_in(folder.path(), args);
        assert_eq!(status(&output), 2, "{args:?}");
        assert_eq!(said(&output), "", "{args:?}");
        assert!(
            complained(&output).contains(told),
            "{args:?}: {}",
            complained(&output)
        );
    }
}

/// As a person has them: what can't be read is most often why there is nothing.
#[test]
fn where_there_is_nothing_to_convert_what_is_wrong_is_said_first() {
    let hosts: Vec<_> = (0..5)
        .map(|pod| format!("src-db-{pod}.pxc.svc.cluster.local"))
        .collect();
    let hosts = format!("[{}, '*.*']", hosts.join(", "));
    let folder = folder(&[
        ("a/broken.yaml", "kind: [Gateway\n"),
        (
            "b/typo.yaml",
            &gateway("AUTO_PASTHROUGH", &format!("[{ALIAS}]")),
        ),
        ("c/host.yaml", &gateway("AUTO_PASSTHROUGH", &hosts)),
        ("d/entry.yaml", &entry(ALIAS, 3306)),
    ]);
    for (of, told) in [
        ("a", &["a/broken.yaml:1:7: error: [EW001]"][..]),
        (
            "b",
            &[
                "b/typo.yaml:1:1: error: this Gateway is left out for the errors in it",
                "b/typo.yaml:7:17: error: [EW005]",
            ],
        ),
        (
            "c",
            &[
                "c/host.yaml:1:1: error: this Gateway is left out for the errors in it, and its 5 readable hosts",
                "c/host.yaml:8:173: error: [EW305]",
            ],
        ),
    ] {
        let output = convert_in(folder.path(), &["haproxy", of, "d"]);
        assert_eq!(status(&output), 2, "{of}");
        assert_eq!(said(&output), "");
        let complained = complained(&output);
        let mut lines = complained.lines();
        for told in told {
            let line = lines.next().unwrap_or_default();
            assert!(line.starts_with(told), "{told}: {complained}");
        }
        let last = lines.next().unwrap_or_default();
        assert!(
            last.starts_with("eastwest convert: no Gateway in these files"),
            "{complained}"
        );
        assert_eq!(lines.next(), None, "{complained}");
    }
}

#[test]
fn who_takes_tls_in_the_pods_is_said_and_where_it_is_assumed_also_to_the_person() {
    let folder = folder(&[
        (
            "a/g.yaml",
            &gateway("AUTO_PASSTHROUGH", &format!("[{ALIAS}]")),
        ),
        ("b/e.yaml", &entry(ALIAS, 3306)),
    ]);
    for to in [
        &["haproxy"][..],
        &["nginx"],
        &["tlsroute", "--gateway-class", "eg"],
    ] {
        let with = |more: &[&str]| convert_in(folder.path(), &[to, &["a", "b"], more].concat());
        let output = with(&[]);
        assert!(
            complained(&output).contains("--pods is not given"),
            "{to:?}"
        );
        assert!(
            said(&output).contains("# Pods are dialled at 15444"),
            "{to:?}"
        );
        let given = with(&["--pods", "eastwest"]);
        assert_eq!(said(&given), said(&output));
        assert!(
            !complained(&given).contains("--pods is not given"),
            "{to:?}"
        );
        let istio = with(&["--pods", "istio"]);
        assert!(
            said(&istio).contains("# Pods are dialled at the app's own port"),
            "{to:?}"
        );
        assert!(
            !complained(&istio).contains("--pods is not given"),
            "{to:?}"
        );
    }
}

#[test]
fn both_kinds_of_input_are_read_from_standard_input() {
    let all = format!(
        "{}---\n{}",
        gateway("AUTO_PASSTHROUGH", "['*.pxc.svc.cluster.local']"),
        entry(ALIAS, 3306)
    );
    let output = with_stdin(&["convert", "nginx", "-"], &all);
    assert_eq!(status(&output), 0, "{output:?}");
    assert!(said(&output).contains("# allowed at <stdin>:8:13"));
    let route = format!("{ALIAS}=db-0.db.pxc.svc.cluster.local:3306@g.x\n");
    let output = with_stdin(&["convert", "istio", "-"], &route);
    assert_eq!(status(&output), 0, "{output:?}");
    assert!(said(&output).contains(&format!("  hosts:\n  - {ALIAS}\n")));
    let output = with_stdin(&["convert", "istio", "-"], "x\n");
    assert!(complained(&output).contains("<stdin>:1:1: route"));
}

#[test]
fn of_clusters_that_call_each_other_the_callers_are_named() {
    let both = format!(
        "{}---\n{}",
        gateway("AUTO_PASSTHROUGH", "['*.pxc.svc.cluster.local']"),
        entry(ALIAS, 3306)
    );
    let folder = folder(&[("a/all.yaml", &both), ("b/all.yaml", &both)]);
    let output = convert_in(folder.path(), &["haproxy", "a", "b"]);
    assert_eq!(status(&output), 2);
    assert!(
        complained(&output).contains("--callers"),
        "{}",
        complained(&output)
    );
    let output = convert_in(folder.path(), &["haproxy", "a", "--callers", "b"]);
    assert_eq!(status(&output), 0, "{output:?}");
    assert!(
        said(&output).contains("# b/all.yaml:14:11"),
        "{}",
        said(&output)
    );
}

/// A file's name is a person's own, and becomes a comment.
#[test]
fn a_file_name_with_a_line_break_adds_no_line() {
    let name = "a/x\n    bind :1\n.yaml";
    let text = gateway("AUTO_PASSTHROUGH", "['*.pxc.svc.cluster.local']");
    let folder = folder(&[(name, &text), ("b/e.yaml", &entry(ALIAS, 3306))]);
    for to in ["haproxy", "nginx"] {
        let output = convert_in(folder.path(), &[to, "a", "b"]);
        let lines = said(&output);
        assert!(
            !lines.lines().any(|line| line.trim() == "bind :1"),
            "{lines}"
        );
    }
}

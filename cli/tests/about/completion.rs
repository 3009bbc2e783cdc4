//! Completion, as bash does it.

use std::process::Command;

use crate::program::{commands, flags, help, said};

/// What bash offers for the last of these words, which may be half of one.
fn offered(program: &str, line: &[&str]) -> Vec<String> {
    let script = said(&["completion", "bash", "--program", program]);
    // As bash's own completion calls it (bash(1), "Programmable Completion").
    let run = r#"
        set -u
        eval "$SCRIPT"
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=${#COMP_LINE}
        function=$(complete -p "$1")
        [[ $function =~ -F\ ([^ ]+) ]]
        COMPREPLY=()
        "${BASH_REMATCH[1]}" "$1" "${@: -1}" "${@: -2:1}"
        printf '%s\n' "${COMPREPLY[@]}""#;
    let mut bash = Command::new("bash");
    bash.args(["--norc", "-c", run, "bash", program]).args(line);
    let output = bash.env("SCRIPT", script).output().unwrap();
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && err.is_empty(), "{line:?}: {err}");
    let words = String::from_utf8(output.stdout).unwrap();
    words.split_whitespace().map(str::to_owned).collect()
}

#[test]
fn the_script_is_one_that_bash_can_read() {
    for program in [
        "eastwest",
        "eastwest-gateway",
        "eastwest-resolver",
        "eastwest-shim",
    ] {
        let script = said(&["completion", "bash", "--program", program]);
        let mut bash = Command::new("bash");
        let output = bash.args(["-n", "-c", &script]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        assert!(output.stderr.is_empty(), "{output:?}");
    }
}

#[test]
fn commands_flags_and_values_are_completed() {
    assert_eq!(offered("eastwest", &["doc"]), ["doctor"]);
    assert_eq!(
        offered("eastwest", &["doctor", "--mysql"]),
        ["--mysql-user"]
    );
    assert_eq!(
        offered("eastwest", &["doctor", "--mode", "re"]),
        ["redirect"]
    );
    assert_eq!(offered("eastwest", &["certs", "wor"]), ["workload"]);
    // The servers' own flags, within the tool and without it.
    assert_eq!(offered("eastwest", &["gateway", "--hand"]), ["--handover"]);
    assert_eq!(offered("eastwest-gateway", &["--hand"]), ["--handover"]);
    assert_eq!(
        offered("eastwest-shim", &["capture", "keep", "--ev"]),
        ["--every"]
    );
    // What the program runs of itself is for nobody to type.
    assert!(offered("eastwest", &["stage"]).is_empty());
    assert!(offered("eastwest", &["doctor", "--mark"]).is_empty());
    assert!(offered("eastwest", &["explain", "--mark"]).is_empty());
}

#[test]
fn every_flag_of_every_command_is_offered() {
    for words in commands() {
        let mut line: Vec<&str> = words.iter().map(String::as_str).collect();
        line.push("--");
        let offered = offered("eastwest", &line);
        for flag in flags(&help(&words)) {
            assert!(
                offered.contains(&format!("--{flag}")),
                "{words:?}: --{flag}"
            );
        }
    }
}

#[test]
fn the_other_shells_have_scripts_of_their_own() {
    for (shell, part) in [
        ("zsh", "#compdef eastwest"),
        ("fish", "complete -c eastwest"),
        ("elvish", "edit:completion:arg-completer[eastwest]"),
        ("powershell", "Register-ArgumentCompleter"),
    ] {
        let script = said(&["completion", shell]);
        assert!(script.contains(part), "{shell}");
        assert!(script.contains("mysql-user"), "{shell}");
        assert!(!script.contains("stage-holder"), "{shell}");
    }
}

use std::io::Write;
use std::net::SocketAddr;

use clap::Parser;

use super::*;
use crate::duration::HumanDuration;

mod refusals;

#[derive(Debug, Parser)]
#[command(name = "probe", version, args_conflicts_with_subcommands = true)]
struct Args {
    #[arg(long, required = true)]
    listen: Option<SocketAddr>,
    #[arg(long, default_value = "20s")]
    drain_grace: HumanDuration,
    #[arg(long)]
    upstream: Vec<String>,
    #[arg(long, conflicts_with = "upstream")]
    offline: bool,
    #[arg(long)]
    config: Option<std::path::PathBuf>,
    #[command(subcommand)]
    command: Option<Sub>,
}

#[derive(Debug, clap::Subcommand)]
enum Sub {
    Rules {
        #[arg(long, default_value_t = 15001)]
        to_port: u16,
        rest: Vec<String>,
    },
}

/// A settings file with this text.
fn file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

fn parse_with(
    words: &[&str],
    env: &[(&str, &str)],
    text: Option<&str>,
) -> Result<Parsed<Args>, String> {
    let file = text.map(file);
    let mut argv: Vec<OsString> = ["probe"].iter().chain(words).map(OsString::from).collect();
    if let Some(file) = &file {
        argv.extend(["--config".into(), file.path().into()]);
    }
    let env = env
        .iter()
        .map(|(name, value)| (OsString::from(name), OsString::from(value)));
    let name = |file: &tempfile::NamedTempFile| file.path().display().to_string();
    let short = |message: String| match &file {
        Some(file) => message.replace(&name(file), "FILE"),
        None => message,
    };
    match parse::<Args>(&argv, env) {
        Ok(mut parsed) => {
            for setting in parsed.effective.values_mut() {
                setting.from = short(std::mem::take(&mut setting.from));
            }
            Ok(parsed)
        }
        Err(error) => Err(short(error.to_string())),
    }
}

const LISTEN: &str = "--listen=127.0.0.1:1";

fn grace(words: &[&str], env: &[(&str, &str)], text: Option<&str>) -> (String, String) {
    let words = [&[LISTEN], words].concat();
    let parsed = parse_with(&words, env, text).unwrap();
    (
        parsed.args.drain_grace.to_string(),
        parsed.effective["drain-grace"].from.clone(),
    )
}

#[test]
fn a_flag_wins_over_the_variable_the_variable_over_the_file_the_file_over_the_default() {
    let env = [("EASTWEST_DRAIN_GRACE", "2s")];
    let text = Some("drain-grace: 3s\n");
    let pair = |value: &str, from: &str| (value.to_owned(), from.to_owned());
    assert_eq!(
        grace(&["--drain-grace", "1s"], &env, text),
        pair("1s", "flag")
    );
    assert_eq!(grace(&[], &env, text), pair("2s", "EASTWEST_DRAIN_GRACE"));
    assert_eq!(grace(&[], &[], text), pair("3s", "FILE:1:14"));
    assert_eq!(grace(&[], &[], None), pair("20s", "default"));
}

#[test]
fn a_required_flag_may_come_from_the_variable_or_the_file() {
    let port = |parsed: Parsed<Args>| parsed.args.listen.unwrap().port();
    let env = [("EASTWEST_LISTEN", "127.0.0.1:7")];
    assert_eq!(port(parse_with(&[], &env, None).unwrap()), 7);
    assert_eq!(
        port(parse_with(&[], &[], Some("listen: 127.0.0.1:8")).unwrap()),
        8
    );
    let missing = parse_with(&[], &[], None).unwrap_err();
    assert!(
        missing.contains("required") && missing.contains("--listen"),
        "{missing}"
    );
}

#[test]
fn a_repeatable_flag_takes_a_list_and_is_replaced_as_a_whole() {
    let text = Some("upstream:\n- a\n- b\n");
    let upstreams = |words: &[&str], env: &[(&str, &str)]| {
        parse_with(&[&[LISTEN], words].concat(), env, text)
            .unwrap()
            .args
            .upstream
    };
    assert_eq!(upstreams(&[], &[]), ["a", "b"]);
    assert_eq!(
        upstreams(&[], &[("EASTWEST_UPSTREAM", "c, d,")]),
        ["c", "d"]
    );
    assert_eq!(upstreams(&["--upstream=e"], &[]), ["e"]);
}

#[test]
fn a_flag_without_a_value_takes_true_or_false_elsewhere() {
    let offline = |value: &str| {
        parse_with(&[LISTEN], &[("EASTWEST_OFFLINE", value)], None).map(|p| p.args.offline)
    };
    assert_eq!(offline("1"), Ok(true));
    assert_eq!(offline("false"), Ok(false));
    let message = offline("perhaps").unwrap_err();
    assert!(
        message.starts_with("EASTWEST_OFFLINE: ") && message.contains("true or false"),
        "{message}"
    );
    let message = parse_with(&[LISTEN], &[], Some("offline: perhaps")).unwrap_err();
    assert_eq!(
        message,
        "FILE:1:10: `offline` takes true or false, but this is `perhaps`"
    );
}

#[test]
fn an_empty_variable_counts_as_not_set() {
    assert_eq!(
        grace(&[], &[("EASTWEST_DRAIN_GRACE", "")], None).1,
        "default"
    );
}

#[test]
fn an_empty_file_sets_nothing() {
    for text in ["", "\n", "# nothing\n", "---\n"] {
        assert_eq!(grace(&[], &[], Some(text)).1, "default", "{text:?}");
    }
}

#[test]
fn a_subcommand_has_its_own_settings_and_is_not_disturbed_by_the_servers() {
    let env = [
        ("EASTWEST_TO_PORT", "9"),
        ("EASTWEST_LISTEN", "127.0.0.1:7"),
    ];
    let parsed = parse_with(&["rules", "--", "-x"], &env, None).unwrap();
    let Some(Sub::Rules { to_port, rest }) = parsed.args.command else {
        panic!("no subcommand")
    };
    assert_eq!((to_port, rest), (9, vec!["-x".to_owned()]));
    assert_eq!(parsed.args.listen, None);
    assert_eq!(parsed.warnings, Vec::<String>::new());
}

#[test]
fn help_names_the_variable_of_every_flag_and_the_exit_statuses() {
    let help = parse_with(&["--help"], &[], None).unwrap_err();
    for word in [
        "EASTWEST_DRAIN_GRACE",
        "EASTWEST_LISTEN",
        "Exit status:",
        "78",
        "SIGTERM",
    ] {
        assert!(help.contains(word), "no {word} in:\n{help}");
    }
}

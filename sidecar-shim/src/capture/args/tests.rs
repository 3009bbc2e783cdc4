use clap::Parser;

use super::*;

#[derive(Debug, Parser)]
struct Command {
    #[command(flatten)]
    capture: CaptureArgs,
}

fn lay(flags: &[&str]) -> Result<Ruleset, String> {
    let argv = ["capture", "lay"].iter().chain(flags);
    match Command::try_parse_from(argv)
        .map_err(|error| error.to_string())?
        .capture
        .command
    {
        CaptureCommand::Lay(args) => args.rules.ruleset().map_err(|error| error.to_string()),
        other => Err(format!("{other:?}")),
    }
}

#[test]
fn lays_both_default_ranges_to_port_15001() {
    assert_eq!(
        lay(&[]).unwrap().to_string(),
        "table inet eastwest {\n\
         \tchain capture {\n\
         \t\ttype nat hook output priority -100; policy accept;\n\
         \t\tmeta skuid 1337 return\n\
         \t\tip daddr 240.240.0.0/16 meta l4proto tcp redirect to :15001\n\
         \t\tip6 daddr fd24:240::/32 meta l4proto tcp redirect to :15001\n\
         \t}\n\
         \n\
         \tchain guard {\n\
         \t\ttype filter hook output priority 0; policy accept;\n\
         \t\tct direction reply return\n\
         \t\tip daddr 240.240.0.0/16 meta l4proto tcp reject with tcp reset\n\
         \t\tip daddr 240.240.0.0/16 reject with icmpx port-unreachable\n\
         \t\tip6 daddr fd24:240::/32 meta l4proto tcp reject with tcp reset\n\
         \t\tip6 daddr fd24:240::/32 reject with icmpx port-unreachable\n\
         \t}\n\
         }"
    );
}

#[test]
fn takes_several_ranges_in_place_of_the_default_ones() {
    let words = lay(&[
        "--range",
        "10.250.0.0/16,10.251.0.0/16",
        "--range",
        "fd99::/64",
    ])
    .unwrap()
    .to_string();
    for range in [
        "ip daddr 10.250.0.0/16",
        "ip daddr 10.251.0.0/16",
        "ip6 daddr fd99::/64",
    ] {
        assert!(words.contains(range), "{words}");
    }
    assert!(!words.contains("240.240"), "{words}");
}

#[test]
fn leaves_the_uid_rule_out_for_none() {
    assert!(
        !lay(&["--shim-uid", "none"])
            .unwrap()
            .to_string()
            .contains("skuid")
    );
}

#[test]
fn refuses_a_uid_that_is_none() {
    for uid in ["-1", "4294967295", "root"] {
        let flag = format!("--shim-uid={uid}");
        assert!(lay(&[&flag]).unwrap_err().contains("not a uid"), "{uid}");
    }
}

#[test]
fn names_the_range_meant_where_host_bits_are_set() {
    let error = lay(&["--range", "240.240.0.5/16"]).unwrap_err();
    assert!(error.contains("did you mean 240.240.0.0/16?"), "{error}");
}

#[test]
fn questions_to_name_servers_come_last_and_not_those_of_the_shim() {
    let words = lay(&["--dns", "--dns-port", "5353"]).unwrap().to_string();
    let (_, after) = words.split_once("meta skuid 1337 return\n").unwrap();
    assert!(
        after.contains(
            "tcp redirect to :15001\n\
             \t\tudp dport 53 redirect to :5353\n\
             \t\ttcp dport 53 redirect to :5353\n\
             \t}\n"
        ),
        "{words}"
    );
}

#[test]
fn a_resolver_that_would_ask_itself_is_refused() {
    let error = lay(&["--dns", "--shim-uid", "none"]).unwrap_err();
    assert!(error.contains("--dns needs a --shim-uid"), "{error}");
}

#[test]
fn questions_and_connections_to_one_port_are_refused() {
    for flags in [
        &["--dns", "--dns-port", "15001"][..],
        &["--dns", "--outbound-port", "15053"],
        &["--dns", "--dns-port", "9", "--outbound-port", "9"],
    ] {
        let error = lay(flags).unwrap_err();
        assert!(error.contains("cannot come to one port"), "{error}");
    }
    // Without questions there is one kind of them.
    assert!(lay(&["--outbound-port", "15053"]).is_ok());
}

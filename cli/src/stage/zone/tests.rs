use std::net::{IpAddr, Ipv4Addr};

use super::{Answer, Family, Zone, lower_name};

const POD: &str = "hello-0.hello.demo.svc.cluster.local";
const POD_ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 71, 0, 10));

fn zone() -> Zone {
    format!("# pods\n{POD} A 10.71.0.10 5 # the first\n\n")
        .parse()
        .expect("a well-formed zone")
}

fn ask(name: &str, family: Family) -> Answer {
    let name = lower_name(name).expect("a DNS name");
    zone().look_up(&name, family)
}

fn mistake(text: &str) -> String {
    text.parse::<Zone>()
        .map_or_else(|e| e.to_string(), |_| String::new())
}

#[test]
fn a_name_has_its_addresses() {
    assert_eq!(
        ask(POD, Family::V4),
        Answer::Addresses(vec![(POD_ADDRESS, 5)])
    );
}

#[test]
fn names_are_found_in_any_case_and_with_a_final_dot() {
    let shouted = format!("{}.", POD.to_uppercase());
    assert_eq!(ask(&shouted, Family::V4), ask(POD, Family::V4));
}

#[test]
fn a_name_without_the_family_exists_without_data() {
    assert_eq!(ask(POD, Family::V6), Answer::NoData);
    assert_eq!(ask(POD, Family::Other), Answer::NoData);
}

#[test]
fn a_name_above_others_exists_without_data() {
    assert_eq!(
        ask("hello.demo.svc.cluster.local", Family::V4),
        Answer::NoData
    );
}

#[test]
fn other_names_do_not_exist() {
    assert_eq!(
        ask("src-hello-0.demo.svc.cluster.local", Family::V4),
        Answer::NoSuchName
    );
    assert_eq!(ask(&format!("{POD}.demo"), Family::V4), Answer::NoSuchName);
}

#[test]
fn what_is_written_reads_back() {
    let zone = zone();
    let again: Zone = zone.to_string().parse().expect("reads what it wrote");
    assert_eq!(again, zone);
}

#[test]
fn a_bad_line_is_named_with_its_number() {
    let shape = "but a line is NAME A|AAAA ADDRESS TTL";
    assert_eq!(
        mistake("\nname A 10.0.0.1"),
        format!("line 2: 3 words, {shape}")
    );
    assert_eq!(
        mistake("name A ::1 5"),
        format!(r#"line 1: "::1" is not an address of type "A", {shape}"#)
    );
    assert_eq!(
        mistake("name A 10.0.0.1 soon"),
        format!(
            r#"line 1: "soon" is not a time to live in seconds (invalid digit found in string), {shape}"#
        )
    );
}

#[test]
fn replacing_a_file_leaves_nothing_beside_it() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().join("zone");
    zone().write(&path).expect("writes");
    Zone::new().write(&path).expect("writes again");
    assert_eq!(std::fs::read_to_string(&path).expect("reads"), "");
    let files = std::fs::read_dir(directory.path()).expect("lists").count();
    assert_eq!(files, 1);
}

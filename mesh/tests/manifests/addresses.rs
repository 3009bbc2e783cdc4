//! One address or more for each alias, and never one for two.

use std::net::IpAddr;

use eastwest_mesh::{Capture, Hostname, Severity, Source, load_redirected, virtual_ip};
use proptest::prelude::*;

use super::{errors, lines, load_files, only_route, options, service_entry};

pub(super) fn alias(pod: &str) -> Hostname {
    format!("src-{pod}.pxc.svc.cluster.local").parse().unwrap()
}

pub(super) fn computed(pod: &str, capture: Capture) -> String {
    virtual_ip::computed(&alias(pod), capture).to_string()
}

fn addresses(texts: &[&str], capture: Capture) -> Vec<String> {
    let mesh = load_files(texts, capture);
    only_route(&mesh)
        .virtual_ips
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn without_a_word_the_address_is_computed_from_the_name() {
    for capture in [Capture::Vip, Capture::Redirect] {
        let entry = service_entry("db-0", "");
        assert_eq!(addresses(&[&entry], capture), [computed("db-0", capture)]);
    }
}

#[test]
fn written_addresses_are_taken_and_a_range_of_one_is_an_address() {
    let entry = service_entry(
        "db-0",
        "addresses: [240.240.2.3, 240.240.8.7/32, 'fd24:240::7', 'fd24:240::8/128']",
    );
    assert_eq!(
        addresses(&[&entry], Capture::Redirect),
        ["240.240.2.3", "240.240.8.7", "fd24:240::7", "fd24:240::8"]
    );
}

#[test]
fn with_vip_an_address_that_needs_privileges_is_replaced_and_a_note_says_so() {
    let entry = service_entry("db-0", "addresses: [240.240.2.3]");
    assert_eq!(
        addresses(&[&entry], Capture::Vip),
        [computed("db-0", Capture::Vip)]
    );
    let notes = lines(&load_files(&[&entry], Capture::Vip), Severity::Note);
    assert!(
        notes[0].starts_with("a.yaml:9:15: note[EW911]: "),
        "{notes:?}"
    );
    let both = service_entry("db-0", "addresses: [240.240.2.3, 127.0.7.7]");
    assert_eq!(addresses(&[&both], Capture::Vip), ["127.0.7.7"]);
}

/// 127/8 is never redirected, and what is outside of the ranges leaves the pod in clear.
#[test]
fn with_redirect_an_address_that_is_not_redirected_takes_its_alias_down() {
    for (address, says) in [
        ("127.0.1.5", "a loopback address"),
        ("'::ffff:127.0.1.5'", "a loopback address"),
        ("10.9.8.7", "would leave the pod in clear"),
        ("240.241.0.1", "would leave the pod in clear"),
        ("'2001:2::7'", "would leave the pod in clear"),
    ] {
        let bad = service_entry("db-0", &format!("addresses: [240.240.2.3, {address}]"));
        let mesh = load_files(&[&bad, &service_entry("db-1", "")], Capture::Redirect);
        assert_eq!(only_route(&mesh).alias, alias("db-1"), "{address}");
        assert_eq!(mesh.down[0].alias, alias("db-0"));
        assert!(
            mesh.down[0].reason.contains(says),
            "{}",
            mesh.down[0].reason
        );
        let errors = errors(&mesh);
        assert!(
            errors[0].starts_with("a.yaml:9:28: error[EW911]: "),
            "{errors:?}"
        );
    }
}

#[test]
fn other_ranges_can_be_redirected() {
    let source = |text: String| Source {
        name: "a.yaml".into(),
        text,
    };
    let ranges = ["10.9.0.0/16".parse().unwrap()];
    let served = |text: String| {
        let mesh = load_redirected(&[source(text)], &options(Capture::Redirect), &ranges);
        mesh.routes.len()
    };
    assert_eq!(served(service_entry("db-0", "addresses: [10.9.8.7]")), 1);
    assert_eq!(served(service_entry("db-0", "addresses: [240.240.2.3]")), 0);
    assert_eq!(served(service_entry("db-0", "")), 0, "computed");
}

#[test]
fn istios_allocation_is_left_out_where_it_is_not_redirected() {
    let entry = service_entry("db-0", "")
        + "status:\n  addresses: [{value: '2001:2::5'}, {value: 240.240.0.5}, {value: 127.0.0.9}]\n";
    assert_eq!(addresses(&[&entry], Capture::Redirect), ["240.240.0.5"]);
}

#[test]
fn an_address_of_no_single_host_is_never_used_however_it_is_written() {
    for address in [
        "0.0.0.0",
        "::ffff:0.0.0.0",
        "::",
        "::ffff:224.0.0.1",
        "127.0.0.1",
        "::1",
    ] {
        for capture in [Capture::Vip, Capture::Redirect] {
            let written = service_entry("db-0", &format!("addresses: ['{address}']"));
            let mesh = load_files(&[&written], capture);
            assert_eq!((mesh.routes.len(), mesh.down.len()), (0, 1), "{address}");
            let status = format!("status:\n  addresses: [{{value: '{address}'}}]\n");
            let entry = service_entry("db-0", "") + &status;
            assert_eq!(addresses(&[&entry], capture), [computed("db-0", capture)]);
            let warnings = lines(&load_files(&[&entry], capture), Severity::Warning);
            assert!(
                warnings
                    .iter()
                    .any(|line| line.contains("status.addresses has ")),
                "{warnings:?}"
            );
        }
    }
}

#[test]
fn istios_allocation_is_taken_for_its_host_if_nothing_is_written() {
    let status = "status:\n  addresses:\n  - {value: 240.240.0.9, host: other.pxc.svc.cluster.local}\n  \
                  - {value: 240.240.0.5, host: src-db-0.pxc.svc.cluster.local}\n  - {value: 'fd24:240::5'}\n";
    let entry = service_entry("db-0", "") + status;
    assert_eq!(
        addresses(&[&entry], Capture::Redirect),
        ["240.240.0.5", "fd24:240::5"]
    );
    let written = service_entry("db-0", "addresses: [240.240.2.3]") + status;
    assert_eq!(addresses(&[&written], Capture::Redirect), ["240.240.2.3"]);
}

#[test]
fn all_ports_of_an_alias_have_its_one_address() {
    let one = service_entry("db-0", "");
    let two = service_entry("db-0", "addresses: [240.240.2.3]")
        .replace("name: src-db-0", "name: admin")
        .replace("3306", "33062");
    let mesh = load_files(&[&one, &two], Capture::Redirect);
    let expected: IpAddr = "240.240.2.3".parse().unwrap();
    assert_eq!(mesh.routes.len(), 2);
    for route in &mesh.routes {
        assert_eq!(route.virtual_ips, [expected], "{}", route.port);
    }
    assert_eq!(
        mesh.aliases().get(alias("db-0").as_str()),
        Some(&[expected][..])
    );
}

proptest! {
    #[test]
    fn addresses_do_not_depend_on_the_order_of_files_or_on_other_aliases(
        order in Just((0..12).collect::<Vec<_>>()).prop_shuffle(),
        left_out in 0..12_usize,
    ) {
        let texts: Vec<_> = order
            .iter()
            .filter(|&&i| i != left_out)
            .map(|i| service_entry(&format!("db-{i}"), ""))
            .collect();
        let texts: Vec<_> = texts.iter().map(String::as_str).collect();
        let mesh = load_files(&texts, Capture::Vip);
        prop_assert_eq!(mesh.routes.len(), 11);
        for route in &mesh.routes {
            let expected = virtual_ip::computed(&route.alias, Capture::Vip);
            prop_assert_eq!(&route.virtual_ips, &[IpAddr::from(expected)]);
        }
    }
}

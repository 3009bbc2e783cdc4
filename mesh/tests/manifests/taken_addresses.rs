//! Two aliases that want one address: which of them has it, whatever the order of their files.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use eastwest_mesh::{Capture, Hostname, Severity};
use proptest::prelude::*;

use super::addresses::{alias, computed};
use super::{errors, load_files, only_route, service_entry};

/// Whichever came first in the files would be led to after a restart, and the other before it.
#[test]
fn of_two_aliases_with_one_address_none_is_served_and_the_line_to_add_is_given() {
    let one = service_entry("db-0", "addresses: [240.240.2.3]");
    let two = service_entry("db-1", "addresses: [240.240.2.3]");
    let mesh = load_files(&[&one, &two], Capture::Redirect);
    assert_eq!(mesh.routes.len(), 0, "{:?}", mesh.routes);
    assert_eq!(
        errors(&mesh)[1..],
        [format!(
            "b.yaml:9:15: error[EW109]: ServiceEntry pxc/src-db-1: alias src-db-1.pxc.svc.cluster.local \
             has the address 240.240.2.3, and so has alias src-db-0.pxc.svc.cluster.local at \
             a.yaml:5:11; an address leads to one alias only, so src-db-1.pxc.svc.cluster.local is \
             not served; fix: write addresses: [{}] under the spec of src-db-1.pxc.svc.cluster.local",
            computed("db-1", Capture::Redirect)
        )]
    );
    let [first, second] = mesh.down.as_slice() else {
        panic!("{:?}", mesh.down)
    };
    assert_eq!((&first.alias, first.port), (&alias("db-0"), None));
    assert_eq!((&second.alias, second.port), (&alias("db-1"), None));
}

#[test]
fn a_written_address_comes_before_an_allocated_one_and_that_before_a_computed_one() {
    let address = computed("db-0", Capture::Redirect);
    let by_name = service_entry("db-0", "");
    let by_istio =
        service_entry("db-1", "") + &format!("status: {{addresses: [{{value: {address}}}]}}\n");
    let by_hand = service_entry("db-2", &format!("addresses: [{address}]"));
    for (served, files) in [
        ("db-2", vec![&by_name, &by_istio, &by_hand]),
        ("db-2", vec![&by_name, &by_hand]),
        ("db-2", vec![&by_istio, &by_hand]),
        ("db-1", vec![&by_name, &by_istio]),
    ] {
        let forward: Vec<&str> = files.iter().map(|text| text.as_str()).collect();
        let backward: Vec<&str> = forward.iter().rev().copied().collect();
        for files in [forward, backward] {
            let mesh = load_files(&files, Capture::Redirect);
            assert_eq!(only_route(&mesh).alias, alias(served));
            assert_eq!(mesh.down.len(), files.len() - 1);
        }
    }
}

/// An alias of two addresses that lost one of them could be reached at the other, and then, after a
/// restart with another file, at none.
#[test]
fn an_alias_with_one_taken_address_of_two_is_not_served_at_the_other() {
    let both = service_entry("db-0", "addresses: [240.240.2.3, 240.240.2.4]");
    let one = service_entry("db-1", "addresses: [240.240.2.4]");
    let mesh = load_files(&[&both, &one], Capture::Redirect);
    assert_eq!(mesh.routes.len(), 0, "{:?}", mesh.routes);
}

#[test]
fn the_line_to_add_mends_it() {
    let taken = computed("db-1", Capture::Vip);
    let one = service_entry("db-0", &format!("addresses: [{taken}]"));
    let mesh = load_files(&[&one, &service_entry("db-1", "")], Capture::Vip);
    let fix = mesh
        .findings
        .iter()
        .find_map(|f| f.fix.clone().filter(|_| f.severity == Severity::Error));
    let line = fix.unwrap().replace("write ", "");
    let (line, _) = line.split_once(" under").unwrap();
    let mended = load_files(&[&one, &service_entry("db-1", line)], Capture::Vip);
    assert_eq!(errors(&mended), [""; 0]);
    assert_eq!(mended.routes.len(), 2);
}

#[test]
fn two_hosts_of_one_service_entry_cannot_share_its_address() {
    let hosts = "[src-db-0.pxc.svc.cluster.local, src-db-1.pxc.svc.cluster.local]";
    let entry = service_entry("db-0", "addresses: [240.240.2.3]")
        .replace("[src-db-0.pxc.svc.cluster.local]", hosts);
    let mesh = load_files(&[&entry], Capture::Redirect);
    assert_eq!(mesh.routes.len(), 0, "{:?}", mesh.routes);
    assert_eq!(errors(&mesh).len(), 2);
}

/// Where an alias has its addresses from. There are few of them, so that many are alike.
#[derive(Clone, Debug)]
enum Given {
    Name,
    Istio(Vec<u8>),
    Hand(Vec<u8>),
    /// The one that follows from the name of another alias.
    NameOf(usize),
}

fn given() -> impl Strategy<Value = Given> {
    let few = || prop::collection::vec(0..5_u8, 1..3);
    prop_oneof![
        2 => Just(Given::Name),
        2 => few().prop_map(Given::Istio),
        2 => few().prop_map(Given::Hand),
        1 => (0..8_usize).prop_map(Given::NameOf),
    ]
}

/// One ServiceEntry: of one of a few aliases, so that some are defined several times, by one of two
/// gateways.
#[derive(Clone, Debug)]
struct Entry {
    pod: usize,
    given: Given,
    gateway: u8,
}

fn entry(pods: usize) -> impl Strategy<Value = Entry> {
    let parts = (0..pods, given(), 1..3_u8);
    parts.prop_map(|(pod, given, gateway)| Entry {
        pod,
        given,
        gateway,
    })
}

impl Entry {
    /// Objects of one name are another matter.
    fn text(&self, number: usize) -> String {
        let list = |hosts: &[u8], before: &str, behind: &str| {
            let hosts = hosts.iter().map(|n| n + 1);
            let ips: Vec<_> = hosts
                .map(|n| format!("{before}240.240.0.{n}{behind}"))
                .collect();
            ips.join(", ")
        };
        let pod = format!("db-{}", self.pod);
        let text = match &self.given {
            Given::Name => service_entry(&pod, ""),
            Given::Hand(hosts) => {
                service_entry(&pod, &format!("addresses: [{}]", list(hosts, "", "")))
            }
            Given::Istio(hosts) => {
                let values = list(hosts, "{value: ", "}");
                service_entry(&pod, "") + &format!("status: {{addresses: [{values}]}}\n")
            }
            Given::NameOf(other) => {
                let address = computed(&format!("db-{other}"), Capture::Redirect);
                service_entry(&pod, &format!("addresses: [{address}]"))
            }
        };
        text.replace(
            &format!("name: src-{pod},"),
            &format!("name: entry-{number},"),
        )
        .replace("10.0.0.1", &format!("10.0.0.{}", self.gateway))
    }
}

fn texts(entries: &[Entry]) -> Vec<String> {
    let numbered = entries.iter().enumerate();
    numbered.map(|(number, entry)| entry.text(number)).collect()
}

/// Which alias is reached at which address, and by which gateways.
type Reached = BTreeMap<IpAddr, (Hostname, String)>;

/// That, and which aliases are not served.
fn told(texts: &[&str]) -> (Reached, BTreeSet<Hostname>) {
    let mesh = load_files(texts, Capture::Redirect);
    let mut reached = Reached::new();
    for route in &mesh.routes {
        let far_end = (route.alias.clone(), format!("{:?}", route.gateways));
        for ip in &route.virtual_ips {
            let before = reached.insert(*ip, far_end.clone());
            assert_eq!(before, None, "{ip} is of two");
        }
    }
    let down = mesh.down.iter().map(|down| down.alias.clone());
    (reached, down.collect())
}

proptest! {
    #[test]
    fn whatever_is_alike_the_order_of_files_changes_nothing(
        (entries, order) in prop::collection::vec(entry(5), 1..8).prop_flat_map(|entries| {
            let order: Vec<usize> = (0..entries.len()).collect();
            (Just(entries), Just(order).prop_shuffle())
        }),
    ) {
        let texts = texts(&entries);
        let in_order: Vec<&str> = texts.iter().map(String::as_str).collect();
        let shuffled: Vec<&str> = order.iter().map(|&i| in_order[i]).collect();
        prop_assert_eq!(told(&in_order), told(&shuffled));
    }

    /// A file that is added takes addresses away, and leads none of them elsewhere, unless it is by the
    /// better claim of the file's own alias.
    #[test]
    fn an_added_file_leads_no_address_of_one_alias_to_another_that_was_there(
        entries in prop::collection::vec(entry(5), 2..8),
    ) {
        let texts = texts(&entries);
        let all: Vec<&str> = texts.iter().map(String::as_str).collect();
        // It comes before the others.
        let added = alias(&format!("db-{}", entries[0].pod));
        let (before, _) = told(&all[1..]);
        let (after, _) = told(&all);
        for (ip, far_end) in after {
            let kept = before.get(&ip).is_none_or(|earlier| *earlier == far_end);
            prop_assert!(far_end.0 == added || kept, "{ip} leads to {far_end:?}");
        }
    }
}

/// Whichever came first in the files would be led to.
#[test]
fn an_alias_that_two_files_lead_to_different_gateways_is_not_served() {
    let one = service_entry("db-0", "");
    let two = one
        .replace("name: src-db-0", "name: other")
        .replace("10.0.0.1", "10.0.0.2");
    for files in [[&one, &two], [&two, &one]] {
        let mesh = load_files(&files.map(String::as_str), Capture::Vip);
        assert_eq!(mesh.routes.len(), 0, "{:?}", mesh.routes);
        assert_eq!(mesh.down.len(), 2);
        let said = errors(&mesh);
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(said[0].contains("EW108"), "{said:?}");
        assert!(said[0].contains("the two differ"), "{said:?}");
    }
    let same = one.replace("name: src-db-0", "name: other");
    let mesh = load_files(&[&one, &same], Capture::Vip);
    assert_eq!(only_route(&mesh).alias, alias("db-0"));
    assert!(
        errors(&mesh)[0].contains("this one is not served"),
        "{:?}",
        errors(&mesh)
    );
}

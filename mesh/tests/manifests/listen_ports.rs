//! The port at which each port of an alias reaches the shim, mode by mode.

use std::num::NonZeroU16;

use eastwest_mesh::{Capture, Mesh, service_port};

use super::{ALIAS, errors, load_files, only_route, service_entry};

const PORT: Capture = Capture::Port(NonZeroU16::new(10_000).unwrap());

fn port(number: u16) -> NonZeroU16 {
    number.try_into().unwrap()
}

fn listen_ports(mesh: &Mesh) -> Vec<(u16, u16)> {
    let ports = |route: &eastwest_mesh::Route| (route.port.get(), route.listen_port.get());
    mesh.routes.iter().map(ports).collect()
}

fn with_service_port(entry: &str, written: &str) -> String {
    entry.replacen(
        "namespace: pxc",
        &format!("namespace: pxc, annotations: {{eastwest.dev/service-port: {written:?}}}"),
        1,
    )
}

/// Two ports in place of the one of `service_entry`.
fn two_ports(entry: &str, second: u16) -> String {
    entry.replacen(
        "protocol: TCP}]",
        &format!("protocol: TCP}}, {{number: {second}, name: tcp-second, protocol: TCP}}]"),
        1,
    )
}

#[test]
fn with_vip_and_redirect_it_is_the_port_itself() {
    for capture in [Capture::Vip, Capture::Redirect, Capture::Elsewhere] {
        let mesh = load_files(&[&service_entry("db-0", "")], capture);
        assert_eq!(listen_ports(&mesh), [(3306, 3306)]);
    }
}

#[test]
fn with_port_it_is_so_much_higher_and_the_address_is_that_of_vip() {
    let entry = service_entry("db-0", "");
    let (shifted, vip) = (
        load_files(&[&entry], PORT),
        load_files(&[&entry], Capture::Vip),
    );
    assert_eq!(listen_ports(&shifted), [(3306, 13306)]);
    assert_eq!(
        only_route(&shifted).virtual_ips,
        only_route(&vip).virtual_ips
    );
    assert_eq!(only_route(&shifted).sni, only_route(&vip).sni);
}

#[test]
fn with_port_a_sum_that_is_no_port_takes_that_port_down_alone() {
    let entry = two_ports(&service_entry("db-0", ""), 55_536);
    let mesh = load_files(&[&entry], PORT);
    assert_eq!(listen_ports(&mesh), [(3306, 13306)]);
    assert_eq!(mesh.down[0].port, Some(port(55_536)));
    let said = errors(&mesh);
    assert!(
        said[0].contains("EW919") && said[0].contains("55536 + 10000, which is no port"),
        "{said:?}"
    );
    assert!(said[0].contains("--port-offset"), "{said:?}");
}

/// Whoever dials 13306 may mean the alias's own port 13306.
#[test]
fn with_port_a_sum_that_is_a_port_of_the_alias_is_refused() {
    let entry = two_ports(&service_entry("db-0", ""), 13_306);
    let mesh = load_files(&[&entry, &service_entry("db-1", "")], PORT);
    assert_eq!(listen_ports(&mesh), [(13_306, 23_306), (3306, 13_306)]);
    assert!(
        mesh.down[0].reason.contains("a port of src-db-0"),
        "{mesh:?}"
    );
}

#[test]
fn with_service_it_is_computed_and_the_alias_has_no_address() {
    let mesh = load_files(
        &[&service_entry("db-0", "addresses: [240.240.2.3]")],
        Capture::Service,
    );
    let route = only_route(&mesh);
    let alias = ALIAS.parse().unwrap();
    assert_eq!(
        route.listen_port,
        service_port::computed(&alias, port(3306))
    );
    assert!(route.virtual_ips.is_empty());
}

#[test]
fn with_service_the_order_of_the_files_changes_nothing() {
    let entries: Vec<String> = (0..5)
        .map(|n| service_entry(&format!("db-{n}"), ""))
        .collect();
    let sorted = |texts: Vec<&str>| {
        let mesh = load_files(&texts, Capture::Service);
        let mut ports: Vec<_> = mesh
            .routes
            .iter()
            .map(|r| (r.alias.to_string(), r.listen_port))
            .collect();
        ports.sort();
        ports
    };
    let forward = sorted(entries.iter().map(String::as_str).collect());
    let backward = sorted(entries.iter().rev().map(String::as_str).collect());
    assert_eq!(forward, backward);
    assert_eq!(forward.len(), 5);
}

#[test]
fn a_written_service_port_is_taken() {
    for (written, expected) in [
        ("24000", [(3306, 24_000)]),
        ("3306=24001", [(3306, 24_001)]),
        ("src-db-0.pxc.svc.cluster.local:3306=1024", [(3306, 1024)]),
    ] {
        let entry = with_service_port(&service_entry("db-0", ""), written);
        let mesh = load_files(&[&entry], Capture::Service);
        assert_eq!(
            listen_ports(&mesh),
            expected,
            "{written}: {:?}",
            mesh.findings
        );
        let vip = load_files(&[&entry], Capture::Vip);
        assert_eq!(listen_ports(&vip), [(3306, 3306)]);
    }
}

#[test]
fn each_of_several_ports_can_have_its_own() {
    let entry = two_ports(&service_entry("db-0", ""), 33_060);
    let entry = with_service_port(&entry, "3306=24000, 33060=24001");
    let mesh = load_files(&[&entry], Capture::Service);
    assert_eq!(listen_ports(&mesh), [(3306, 24_000), (33_060, 24_001)]);
}

#[test]
fn a_service_port_that_means_nothing_takes_the_alias_down() {
    for written in [
        "80",
        "65536",
        "mysql",
        "3307=24000",
        "src-db-1.pxc.svc.cluster.local:3306=24000",
    ] {
        let entry = with_service_port(&service_entry("db-0", ""), written);
        let mesh = load_files(&[&entry], Capture::Service);
        assert!(mesh.routes.is_empty(), "{written}");
        assert!(
            errors(&mesh)[0].contains("EW901"),
            "{written}: {:?}",
            errors(&mesh)
        );
    }
}

/// Whichever came first in the files would be led to after a restart, and the other before it.
#[test]
fn of_two_with_one_service_port_none_is_served_and_the_line_to_add_mends_it() {
    let taken = |pod| with_service_port(&service_entry(pod, ""), "24000");
    let mesh = load_files(&[&taken("db-0"), &taken("db-1")], Capture::Service);
    assert!(mesh.routes.is_empty(), "{:?}", mesh.routes);
    let said = &errors(&mesh)[1];
    for part in [
        "EW918",
        "src-db-1.pxc",
        "src-db-0.pxc",
        "a.yaml:",
        "has the service port 24000",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let (_, line) = said.split_once("eastwest.dev/service-port: \"").unwrap();
    let (free, _) = line.split_once('"').unwrap();
    let mended = with_service_port(&service_entry("db-1", ""), free);
    let mesh = load_files(&[&taken("db-0"), &mended], Capture::Service);
    assert_eq!(mesh.routes.len(), 2, "{:?}", mesh.findings);
}

#[test]
fn a_written_service_port_comes_before_a_computed_one_in_any_order() {
    let computed = service_entry("db-0", "");
    let port = service_port::computed(&ALIAS.parse().unwrap(), port(3306));
    let written = with_service_port(&service_entry("db-1", ""), &port.to_string());
    for files in [[&computed, &written], [&written, &computed]] {
        let mesh = load_files(&files.map(String::as_str), Capture::Service);
        let route = only_route(&mesh);
        assert_eq!(route.alias.as_str(), "src-db-1.pxc.svc.cluster.local");
        assert_eq!(route.listen_port, port);
        assert!(errors(&mesh)[0].contains("src-db-0"), "{:?}", mesh.findings);
    }
}

#[test]
fn in_other_modes_a_taken_service_port_is_a_note() {
    let taken = |pod| with_service_port(&service_entry(pod, ""), "24000");
    let mesh = load_files(&[&taken("db-0"), &taken("db-1")], Capture::Vip);
    assert_eq!(mesh.routes.len(), 2);
    assert!(errors(&mesh).is_empty(), "{:?}", mesh.findings);
    assert!(
        mesh.findings
            .iter()
            .any(|f| f.to_string().contains("note[EW918]"))
    );
}

/// Whoever follows both lines at once must not be where he was.
#[test]
fn what_is_proposed_for_taken_service_ports_is_free_of_each_other_and_one_alias_keeps_its_own() {
    let taken = |pod: usize| with_service_port(&service_entry(&format!("db-{pod}"), ""), "24000");
    let entries: Vec<_> = (0..4).map(taken).collect();
    let texts: Vec<_> = entries.iter().rev().map(String::as_str).collect();
    let mesh = load_files(&texts, Capture::Service);
    assert!(mesh.routes.is_empty(), "{:?}", mesh.routes);
    let said = errors(&mesh);
    assert_eq!(said.len(), 4, "{said:?}");
    let proposed = |pod: usize| {
        let about = format!("on the ServiceEntry of src-db-{pod}.pxc");
        let line = said.iter().find(|line| line.contains(&about))?;
        let (_, rest) = line.split_once("eastwest.dev/service-port: \"")?;
        rest.split('"').next()
    };
    assert_eq!(proposed(0), None, "the first by name keeps its port");
    assert!(
        said.iter()
            .any(|line| line.contains("src-db-0.pxc.svc.cluster.local keeps this"))
    );
    let mended: Vec<_> = (0..4)
        .map(|pod| {
            let entry = service_entry(&format!("db-{pod}"), "");
            with_service_port(&entry, proposed(pod).unwrap_or("24000"))
        })
        .collect();
    let texts: Vec<_> = mended.iter().map(String::as_str).collect();
    let mesh = load_files(&texts, Capture::Service);
    assert_eq!(mesh.routes.len(), 4, "{:?}", mesh.findings);
}

#[test]
fn a_port_that_the_shim_has_for_itself_is_refused_where_it_would_be_listened_on() {
    let at = |port: u16| {
        service_entry("db-0", "").replacen("number: 3306", &format!("number: {port}"), 1)
    };
    let written = |port: &str| with_service_port(&service_entry("db-0", ""), port);
    let shifted = |by: u16| Capture::Port(by.try_into().unwrap());
    for (entry, capture, fix) in [
        (at(15_020), Capture::Vip, "mode port or redirect"),
        (at(15_021), Capture::Vip, "mode port or redirect"),
        (at(3306), shifted(11_714), "--port-offset"),
        (written("15020"), Capture::Service, "service-port"),
        (written("15021"), Capture::Service, "service-port"),
        (written("15000"), Capture::Service, "service-port"),
    ] {
        let mesh = load_files(&[&entry], capture);
        assert!(mesh.routes.is_empty(), "{capture:?}: {entry}");
        assert_eq!(mesh.down.len(), 1);
        let said = errors(&mesh).join("\n");
        assert!(said.contains("EW920") && said.contains(fix), "{said}");
    }
    for (entry, capture) in [
        (at(15_021), Capture::Redirect),
        (at(15_021), shifted(10_000)),
        (at(15_021), Capture::Service),
        (at(15_000), Capture::Vip),
        (written("15021"), Capture::Vip),
    ] {
        let mesh = load_files(&[&entry], capture);
        assert_eq!(mesh.routes.len(), 1, "{capture:?}: {:?}", mesh.findings);
    }
    let mesh = load_files(&[&at(15_021)], Capture::Redirect);
    let note = |found: &eastwest_mesh::Finding| found.to_string().contains("note[EW920]");
    assert!(mesh.findings.iter().any(note), "{:?}", mesh.findings);
}

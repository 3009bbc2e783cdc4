//! The page of each code: its example gives the code, and the mended one does not.

use eastwest_mesh::{Code, CodePage, Within, code_pages};

use super::{codes, lint_text};

/// What an example is a part of, as a user would have the rest of it.
const ENTRY: [&str; 5] = [
    "hosts: [src-db-0.pxc.svc.cluster.local]",
    "location: MESH_INTERNAL",
    "ports: [{number: 3306, name: mysql, protocol: TCP}]",
    "resolution: STATIC",
    "endpoints: [{address: 10.0.0.1, ports: {mysql: 15443}, serviceAccount: db}]",
];
const GATEWAY: [&str; 1] = ["selector: {istio: eastwestgateway}"];
const RULE: [&str; 1] = ["host: src-db-0.pxc.svc.cluster.local"];
const POLICY: [&str; 0] = [];

fn object(kind: &str, group: &str, spec: &[&str], example: &str) -> String {
    let key = |line: &str| line.split_once(':').map(|(key, _)| key.to_owned());
    let given: Vec<_> = example.lines().filter_map(key).collect();
    let rest = spec
        .iter()
        .filter(|line| !given.contains(&key(line).unwrap()));
    let lines: String = rest
        .copied()
        .chain(example.lines())
        .map(|line| format!("  {line}\n"))
        .collect();
    format!(
        "apiVersion: {group}.istio.io/v1\nkind: {kind}\nmetadata: {{name: one, namespace: pxc}}\n\
         spec:\n{lines}"
    )
}

pub(super) fn whole(within: Within, example: &str) -> String {
    match within {
        Within::File => example.to_owned(),
        Within::ServiceEntry => object("ServiceEntry", "networking", &ENTRY, example),
        Within::Gateway => object("Gateway", "networking", &GATEWAY, example),
        Within::DestinationRule => format!(
            "{}---\n{}",
            object("DestinationRule", "networking", &RULE, example),
            object("ServiceEntry", "networking", &ENTRY, "")
        ),
        Within::AuthorizationPolicy => object("AuthorizationPolicy", "security", &POLICY, example),
    }
}

#[test]
fn every_code_has_one_page_and_they_are_in_order() {
    let paged: Vec<Code> = code_pages().map(|page| page.code).collect();
    assert_eq!(paged, Code::ALL);
}

#[test]
fn each_example_gives_its_code_and_its_mended_form_does_not() {
    let mut wrong = Vec::new();
    for CodePage { code, example, .. } in code_pages() {
        let faulty = whole(example.within, example.wrong);
        let mended = whole(example.within, example.right);
        if !codes(&lint_text(&faulty)).contains(code) {
            wrong.push(format!(
                "{code} is not found in\n{faulty}{:#?}",
                lint_text(&faulty)
            ));
        }
        if codes(&lint_text(&mended)).contains(code) {
            wrong.push(format!("{code} is found in\n{mended}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_finding_has_its_place_and_no_page_is_empty() {
    for page in code_pages() {
        for text in [page.title, page.happens, page.fix] {
            assert!(!text.is_empty(), "{}", page.code);
        }
        for lint in lint_text(&whole(page.example.within, page.example.wrong)) {
            assert!(lint.finding.origin.line >= 1, "{lint:?}");
        }
    }
}

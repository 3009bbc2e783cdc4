//! Who may be at the far end of an alias.

use eastwest_mesh::{Capture, Severity};

use super::{
    ALIAS, allows, destination_rule, errors, lines, load_files, load_text, service_entry,
    with_annotation,
};

#[test]
fn a_service_account_of_an_endpoint_is_in_the_namespace_of_its_service_entry() {
    let entry = service_entry("db-0", "");
    assert!(allows(&[&entry], "cluster.local", "/ns/pxc/sa/db"));
    assert!(!allows(&[&entry], "cluster.local", "/ns/pxc/sa/other"));
}

#[test]
fn without_any_word_the_far_end_is_an_account_of_the_remote_hosts_namespace() {
    let plain = service_entry("db-0", "").replace(", serviceAccount: db", "");
    let entry = with_annotation(&plain, "other-1.other.prod.svc.cluster.local");
    assert!(allows(&[&entry], "cluster.local", "/ns/prod/sa/any"));
    assert!(!allows(&[&entry], "cluster.local", "/ns/pxc/sa/any"));
    assert!(!allows(&[&entry], "other.domain", "/ns/prod/sa/any"));
}

#[test]
fn the_namespace_is_read_from_a_host_of_another_cluster_domain_too() {
    let plain = service_entry("db-0", "").replace(", serviceAccount: db", "");
    let entry = with_annotation(&plain, "db-0.db.prod.svc.east.example");
    assert!(allows(&[&entry], "cluster.local", "/ns/prod/sa/any"));
}

#[test]
fn subject_alt_names_add_to_accounts_and_those_of_a_rule_replace_both() {
    let entry = service_entry("db-0", "subjectAltNames: ['spiffe://far/ns/a/sa/b']");
    assert!(allows(&[&entry], "far", "/ns/a/sa/b"));
    assert!(allows(&[&entry], "cluster.local", "/ns/pxc/sa/db"));
    let policy = "tls: {mode: ISTIO_MUTUAL, subjectAltNames: ['spiffe://far/ns/c/sa/d']}";
    let rule = destination_rule(ALIAS, policy);
    assert!(allows(&[&entry, &rule], "far", "/ns/c/sa/d"));
    assert!(!allows(&[&entry, &rule], "far", "/ns/a/sa/b"));
    assert!(!allows(&[&entry, &rule], "cluster.local", "/ns/pxc/sa/db"));
}

#[test]
fn a_remote_host_without_a_namespace_needs_a_word_about_who_is_there() {
    let plain = service_entry("db-0", "").replace(", serviceAccount: db", "");
    let entry = with_annotation(&plain, "db.example.com");
    let mesh = load_text(&entry);
    assert_eq!((mesh.routes.len(), mesh.down.len()), (0, 1));
    assert!(
        errors(&mesh)[0].contains("fix: add subjectAltNames"),
        "{:?}",
        errors(&mesh)
    );
    let named = with_annotation(&service_entry("db-0", ""), "db.example.com");
    assert_eq!(load_text(&named).routes.len(), 1);
}

#[test]
fn the_pods_name_is_asked_of_the_certificate_where_an_annotation_says_so() {
    let asked = |value: &str| {
        let plain = service_entry("db-0", "");
        let annotation =
            format!("namespace: pxc, annotations: {{eastwest.dev/verify-pod-name: {value}}}");
        load_text(&plain.replace("namespace: pxc", &annotation))
    };
    let name = |value| {
        let mesh = asked(value);
        assert!(errors(&mesh).is_empty(), "{:?}", errors(&mesh));
        mesh.routes[0]
            .certificate_name
            .as_ref()
            .map(ToString::to_string)
    };
    assert_eq!(
        name("\"true\"").as_deref(),
        Some("db-0.db.pxc.svc.cluster.local")
    );
    assert_eq!(name("\"false\""), None);
    // Somebody wanted it: not to check would be worse than to be down.
    let mesh = asked("\"yes\"");
    assert!(mesh.routes.is_empty(), "{:?}", mesh.routes);
    assert!(
        errors(&mesh)[0].contains("verify-pod-name"),
        "{:?}",
        errors(&mesh)
    );
}

#[test]
fn where_any_account_of_a_namespace_will_do_a_note_says_so_once() {
    let open = |pod: &str| service_entry(pod, "").replace(", serviceAccount: db", "");
    let notes = |texts: &[&str], capture| {
        let mesh = load_files(texts, capture);
        let told = lines(&mesh, Severity::Note).into_iter();
        told.filter(|line| line.contains("EW921"))
            .collect::<Vec<_>>()
    };
    let texts = [&open("db-0"), &open("db-1"), &service_entry("db-2", "")];
    let texts = texts.map(String::as_str);
    let said = notes(&texts, Capture::Vip);
    let [note] = said.as_slice() else {
        panic!("{said:?}");
    };
    assert!(
        note.contains("src-db-0.pxc.svc.cluster.local and of 1 more")
            && note.contains("any account of namespace pxc"),
        "{note}"
    );
    assert!(notes(&texts[2..], Capture::Vip).is_empty());
    assert!(
        notes(&texts, Capture::Elsewhere).is_empty(),
        "a gateway dials no far end"
    );
}

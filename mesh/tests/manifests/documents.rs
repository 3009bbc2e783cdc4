//! Files of several documents and objects, and what they share.

use eastwest_mesh::Capture;

use super::{errors, load_files, load_text, only_route, service_entry};

#[test]
fn a_document_with_broken_syntax_leaves_the_others_of_its_file() {
    let (one, two) = (service_entry("db-0", ""), service_entry("db-1", ""));
    let text = format!("{one}---\nspec: [1, 2\n---\n{two}");
    let mesh = load_text(&text);
    assert_eq!(mesh.routes.len(), 2);
    let errors = errors(&mesh);
    assert_eq!(errors.len(), 1);
    assert!(
        errors[0].starts_with("a.yaml:10:7: error[EW001]: this document is not YAML: "),
        "{errors:?}"
    );
}

#[test]
fn places_count_from_the_start_of_the_file_whatever_comes_before() {
    let text = format!(
        "# a comment\r\n---\r\n# another\r\n--- # and one\n{}",
        service_entry("db-0", "ttl: 5")
    );
    let errors = errors(&load_text(&text));
    assert!(
        errors[0].starts_with("a.yaml:13:3: error[EW004]: "),
        "{errors:?}"
    );
}

#[test]
fn each_item_of_a_list_is_an_object_with_its_own_place() {
    let item = |pod: &str, more: &str| -> String {
        let text = service_entry(pod, more);
        let indented = text
            .lines()
            .map(|line| format!("  {line}\n"))
            .collect::<String>();
        indented.replacen("  ", "- ", 1)
    };
    let text = format!(
        "apiVersion: v1\nkind: List\nitems:\n{}{}",
        item("db-0", "ttl: 5"),
        item("db-1", "")
    );
    let mesh = load_text(&text);
    assert_eq!(mesh.routes.len(), 1);
    assert!(errors(&mesh)[0].starts_with("a.yaml:12:5: error[EW004]: ServiceEntry pxc/src-db-0: "));
}

#[test]
fn a_key_given_twice_is_an_error_at_the_second() {
    let errors = errors(&load_text(&service_entry(
        "db-0",
        "exportTo: [.]\nexportTo: ['*']",
    )));
    assert!(
        errors[0].starts_with("a.yaml:10:3: error[EW001]: "),
        "{errors:?}"
    );
    assert!(errors[0].contains("duplicate"), "{errors:?}");
}

#[test]
fn null_is_the_same_as_absent_as_in_the_kubernetes_api() {
    let nulls = "addresses:\nsubjectAltNames: ~\nexportTo: null\nlocation:\nworkloadSelector:";
    let mesh = load_text(&service_entry("db-0", nulls));
    assert_eq!(errors(&mesh), [""; 0]);
    assert_eq!(mesh.routes.len(), 1);
}

#[test]
fn a_second_object_of_the_same_name_does_not_count() {
    let one = service_entry("db-0", "");
    let two = one.replace("10.0.0.1", "10.0.0.2");
    let mesh = load_files(&[&one, &two], Capture::Vip);
    assert_eq!(only_route(&mesh).gateways[0].to_string(), "10.0.0.1:15443");
    assert_eq!(
        errors(&mesh),
        [
            "b.yaml:1:1: error[EW006]: ServiceEntry pxc/src-db-0: is defined already at a.yaml:1:1, and \
             only that one counts; fix: take one of the two out"
        ]
    );
}

#[test]
fn findings_come_in_the_order_of_the_files() {
    let wrong = service_entry("db-0", "ttl: 5");
    let mesh = load_files(&[&wrong, "x: [", &wrong], Capture::Vip);
    let files: Vec<_> = mesh
        .findings
        .iter()
        .map(|f| f.origin.file.to_string())
        .collect();
    assert!(files.is_sorted(), "{files:?}");
}

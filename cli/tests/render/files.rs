//! Which files are in the ConfigMap, and as what.

use serde_json::{Value, json};

use super::{
    ALIAS, complained, entry, folder, object, objects, render_in, said, status, with_stdin,
};

/// The files of the ConfigMap that comes of these.
fn data(files: &[(&str, &str)]) -> Value {
    let folder = folder(files);
    let paths: Vec<_> = files.iter().map(|(path, _)| *path).collect();
    let output = render_in(folder.path(), &[&["port", "-f"], &paths[..]].concat());
    assert_eq!(status(&output), 0, "{}", complained(&output));
    let objects = objects(&output);
    object(&objects, ("ConfigMap", "eastwest-aliases"))["data"].clone()
}

#[test]
fn files_of_one_name_never_replace_each_other() {
    let texts = [0, 1, 2, 3].map(|pod| entry(&format!("src-db-{pod}.pxc.svc.cluster.local")));
    let [first, second, third, fourth] = &texts;
    let data = data(&[
        ("2-x.yaml", first),
        ("b/x.yaml", second),
        ("c/x.yaml", third),
        ("d/2-x.yaml", fourth),
    ]);
    let expected = json!({
        "2-x.yaml": first,
        "x.yaml": second,
        "3-x.yaml": third,
        "3-2-x.yaml": fourth,
    });
    assert_eq!(data, expected);
}

/// kubectl's YAML 1.1 ends a line where the reader of the shim does not.
#[test]
fn a_file_never_leaves_its_place_in_the_config_map() {
    for separator in ['\u{85}', '\u{2028}', '\u{2029}'] {
        let text = format!("# note{separator}data: {{evil.yaml: x}}\n{}", entry(ALIAS));
        let output = with_stdin(&["render", "vip", "-f", "-"], &text);
        assert_eq!(status(&output), 0, "{}", complained(&output));
        assert!(!said(&output).contains(separator), "{}", said(&output));
        let objects = objects(&output);
        let map = object(&objects, ("ConfigMap", "eastwest-aliases"));
        assert_eq!(map["data"], json!({"stdin.yaml": text}));
    }
}

#[test]
fn a_secret_is_found_however_it_is_written() {
    for secret in [
        "kind: \"Secret\"",
        "kind:\n  Secret",
        "kind: !!str Secret",
        "{kind:                                                  Secret}",
        "\"kin\\u0064\": Secret",
        "kind: SecretList\nitems: []",
    ] {
        let text = format!("{}---\napiVersion: v1\n{secret}\n", entry(ALIAS));
        let text = text.replace("apiVersion: v1\n{", "{apiVersion: v1, ");
        let output = with_stdin(&["render", "port", "-f", "-"], &text);
        assert_eq!(status(&output), 2, "{secret}: {}", said(&output));
        assert_eq!(said(&output), "", "{secret}");
        let told = "<stdin> has a Secret";
        assert!(
            complained(&output).contains(told),
            "{}",
            complained(&output)
        );
    }
}

#[test]
fn what_may_be_a_secret_is_named_with_its_place() {
    for (other, place) in [
        ("apiVersion: v1\nKind: Secret\ndata: {a: b}", "11:1"),
        ("kind: Pod\ndata: [", "12:7"),
    ] {
        let text = format!("{}---\n{other}\n", entry(ALIAS));
        let output = with_stdin(&["render", "port", "-f", "-"], &text);
        assert_eq!(status(&output), 2, "{other}: {}", said(&output));
        assert_eq!(said(&output), "", "{other}");
        let told =
            format!("<stdin>:{place}: no object of a known kind, so that it may be a Secret");
        assert!(
            complained(&output).contains(&told),
            "{}",
            complained(&output)
        );
    }
}

#[test]
fn a_comment_is_no_secret_and_a_rule_is_there_however_it_is_written() {
    let alias = format!("# no kind: Secret\n# kind: Secret\n{}", entry(ALIAS));
    let rule = format!(
        "apiVersion: networking.istio.io/v1\nkind:\n  DestinationRule\nmetadata: {{name: db, namespace: pxc}}\n\
         spec: {{host: {ALIAS}, trafficPolicy: {{tls: {{mode: ISTIO_MUTUAL}}}}}}\n"
    );
    let service = "apiVersion: v1\nkind: Service # no kind: DestinationRule\nmetadata: {name: a}\n";
    let data = data(&[
        ("alias.yaml", &alias),
        ("rule.yaml", &rule),
        ("service.yaml", service),
    ]);
    assert_eq!(data, json!({"alias.yaml": alias, "rule.yaml": rule}));
}

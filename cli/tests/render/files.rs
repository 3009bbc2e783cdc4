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

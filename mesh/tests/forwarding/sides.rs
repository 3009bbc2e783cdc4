//! Which folder is whose.

use eastwest_mesh::Source;
use eastwest_mesh::forwarding::{Sides, SidesError, sides};

use super::{ALIAS, entry, gateway, service, source};

fn folder(name: &str, texts: &[&str]) -> Vec<Source> {
    let file = |(number, text): (usize, &&str)| source(&format!("{name}/{number}.yaml"), text);
    (0..).zip(texts).map(file).collect()
}

fn sorted(folders: Vec<Vec<Source>>) -> Result<Sides, SidesError> {
    sides(folders, &"cluster.local".parse().unwrap())
}

fn exports() -> String {
    gateway("['*.pxc.svc.cluster.local']")
}

#[test]
fn folders_with_aliases_call_and_all_others_are_called() {
    let folders = vec![
        folder("a", &[&exports()]),
        folder("b", &[&entry(ALIAS, None)]),
        folder("a/services", &[&service("db", 3306)]),
        folder("c", &[&entry(ALIAS, None)]),
    ];
    let sides = sorted(folders.clone()).unwrap();
    assert_eq!(sides.callers, [folders[1].clone(), folders[3].clone()]);
    assert_eq!(
        sides.gateway,
        [folders[0].clone(), folders[2].clone()].concat()
    );
}

#[test]
fn a_folder_with_both_is_both() {
    let both = folder("all", &[&exports(), &entry(ALIAS, None)]);
    let sides = sorted(vec![both.clone()]).unwrap();
    assert_eq!(sides.gateway, both);
    assert_eq!(sides.callers, [both]);
}

#[test]
fn of_two_clusters_that_call_each_other_nobody_can_tell_which_is_meant() {
    let both = |name| folder(name, &[&exports(), &entry(ALIAS, None)]);
    let error = sorted(vec![both("a"), both("b")]).unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("a/0.yaml") && text.contains("--callers"),
        "{text}"
    );
}

#[test]
fn without_a_gateway_there_is_nothing_to_convert() {
    let folders = vec![folder("b", &[&entry(ALIAS, None)])];
    assert_eq!(sorted(folders), Err(SidesError::NoGateway));
    assert_eq!(sorted(Vec::new()), Err(SidesError::NoGateway));
}

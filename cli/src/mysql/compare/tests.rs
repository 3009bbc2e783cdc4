use super::rows::Row;
use super::tables::{Column, Table};
use super::*;

fn row(key: &str, digest: &str) -> Row {
    Row {
        key: key.into(),
        digest: digest.into(),
    }
}

fn difference(source: &[Row], replica: &[Row]) -> String {
    rows::same("`w`.`t`", source, replica)
        .unwrap_err()
        .to_string()
}

#[test]
fn the_same_rows_are_the_same() {
    let rows = [row("1", "a"), row("2", "b")];
    assert_eq!(rows::same("t", &rows, &rows), Ok(()));
}

#[test]
fn a_row_that_did_not_arrive_is_named() {
    let source = [row("1", "a"), row("2", "b"), row("3", "c")];
    let replica = [row("1", "a"), row("3", "c")];
    assert_eq!(
        difference(&source, &replica),
        "table `w`.`t`: row 2 is only on the source"
    );
}

#[test]
fn a_last_row_that_did_not_arrive_is_named() {
    let source = [row("1", "a"), row("2", "b")];
    assert_eq!(
        difference(&source, &source[..1]),
        "table `w`.`t`: row 2 is only on the source"
    );
}

#[test]
fn a_row_that_the_source_does_not_have_is_named() {
    let replica = [row("1", "a"), row("2", "b")];
    assert_eq!(
        difference(&replica[1..], &replica),
        "table `w`.`t`: row 1 is only on the replica"
    );
}

#[test]
fn a_changed_row_is_named() {
    let (source, replica) = ([row("1", "a")], [row("1", "b")]);
    assert_eq!(
        difference(&source, &replica),
        "table `w`.`t`: row 1 has other values on the replica"
    );
}

#[test]
fn a_row_that_is_there_twice_on_one_side_is_a_difference() {
    let twice = [row("a", "a"), row("a", "a")];
    assert!(rows::same("t", &twice, &twice[..1]).is_err());
}

fn table(name: &str, kind: &str) -> Table {
    let column = Column {
        name: "`id`".into(),
        kind: kind.into(),
        in_primary_key: true,
    };
    Table {
        name: name.into(),
        columns: vec![column],
    }
}

#[test]
fn a_missing_table_is_named_on_either_side() {
    let (one, two) = (table("`w`.`a`", "int"), table("`w`.`b`", "int"));
    let both = [one.clone(), two];
    let error = tables::same(&both, std::slice::from_ref(&one))
        .unwrap_err()
        .to_string();
    assert_eq!(error, "table `w`.`b` is only on the source");
    let error = tables::same(&[one], &both).unwrap_err().to_string();
    assert_eq!(error, "table `w`.`b` is only on the replica");
}

#[test]
fn other_columns_are_shown() {
    let error = tables::same(&[table("t", "int")], &[table("t", "bigint")]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "table t has columns (`id` int PRIMARY KEY) on the source, \
         (`id` bigint PRIMARY KEY) on the replica"
    );
}

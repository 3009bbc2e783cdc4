use super::*;

/// The texts of the documents and the lines in front of each.
fn cut(text: &str) -> Vec<(&str, u32)> {
    let documents = documents(text).into_iter();
    documents
        .map(|document| (document.text, document.lines_before))
        .collect()
}

fn tree(text: &str) -> Node {
    match documents(text).as_slice() {
        [document] => parse(*document).unwrap(),
        documents => panic!("one document, not {}", documents.len()),
    }
}

#[test]
fn a_file_is_cut_at_markers_which_stay_with_what_follows() {
    assert_eq!(
        cut("a: 1\n--- # second\nb: 2\n...\n---\nc: 3"),
        [("a: 1\n", 0), ("--- # second\nb: 2\n", 1), ("---\nc: 3", 4)]
    );
}

#[test]
fn documents_of_comments_directives_and_nothing_are_left_out() {
    assert_eq!(
        cut("# a comment\n\n---\n%YAML 1.2\n---\n  # another\n...\n"),
        []
    );
    assert_eq!(cut(""), []);
    assert_eq!(cut("\u{feff}"), []);
}

#[test]
fn a_marker_ends_a_document_even_inside_a_block_of_text() {
    assert_eq!(cut("a: |\n  x\n---\nb: 1\n").len(), 2);
}

#[test]
fn dashes_that_are_no_marker_cut_nothing() {
    for text in ["---a: 1\n", " ---\na: 1\n", "a: 1 ---\n", "----\n"] {
        assert_eq!(cut(text).len(), 1, "{text:?}");
    }
}

#[test]
fn content_on_the_markers_own_line_counts() {
    assert_eq!(
        cut("--- {a: 1}\n--- x"),
        [("--- {a: 1}\n", 0), ("--- x", 1)]
    );
    let node = tree("--- {a: 1}\n");
    assert_eq!(
        node.get("a").map(|a| a.mark),
        Some(Mark { line: 1, column: 9 })
    );
}

#[test]
fn keys_and_values_know_their_places() {
    let node = tree("---\n# x\na:\n  - {b: c}\n");
    let [a] = node.entries() else {
        panic!("{node:?}")
    };
    assert_eq!(a.mark, Mark { line: 3, column: 1 });
    let Value::List(items) = &a.node.value else {
        panic!("{a:?}")
    };
    let [b] = items[0].entries() else {
        panic!("{items:?}")
    };
    assert_eq!(b.mark, Mark { line: 4, column: 6 });
    assert_eq!(b.node.mark, Mark { line: 4, column: 9 });
}

#[test]
fn columns_count_characters_not_bytes() {
    let node = tree("é: [ü, x]\n");
    let Value::List(items) = &node.entries()[0].node.value else {
        panic!("{node:?}")
    };
    assert_eq!(items[1].mark, Mark { line: 1, column: 8 });
}

#[test]
fn plain_values_have_the_types_of_the_core_schema_and_quotes_make_texts() {
    for (text, value) in [
        ("a: 1", Value::Integer(1)),
        ("a: -1", Value::Integer(-1)),
        ("a: 1.5", Value::Float(1.5)),
        ("a: true", Value::Bool(true)),
        ("a: '1'", Value::Text("1".into())),
        ("a: x y", Value::Text("x y".into())),
        ("a: >-\n  x\n  y", Value::Text("x y".into())),
        ("a:", Value::Null),
        ("a: ~", Value::Null),
    ] {
        assert_eq!(
            tree(text).get("a").map(|a| &a.value),
            Some(&value),
            "{text}"
        );
    }
}

#[test]
fn a_syntax_error_has_its_place_in_the_file() {
    let documents = documents("a: 1\n---\nb: [1, 2\n");
    let error = parse(documents[1]).unwrap_err();
    assert_eq!(error.mark, Mark { line: 3, column: 4 });
}

#[test]
fn a_value_behind_an_alias_has_the_place_where_it_is_written() {
    let node = tree("a: &x [1]\nb: *x\n");
    let Some(Value::List(items)) = node.get("b").map(|b| &b.value) else {
        panic!("{node:?}")
    };
    assert_eq!(items[0].mark, Mark { line: 1, column: 8 });
}

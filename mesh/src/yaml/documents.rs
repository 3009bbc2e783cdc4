//! Cutting a file into YAML documents without parsing it.

/// A document and the number of lines in front of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Document<'a> {
    pub(crate) text: &'a str,
    pub(crate) lines_before: u32,
}

/// The documents of `text` that hold more than comments and directives.
///
/// `---` and `...` at the start of a line end a document wherever they stand, even inside a block
/// scalar (YAML 1.2.2, rule 206 `c-forbidden`), so no parser is needed to find them.
pub(crate) fn documents(text: &str) -> Vec<Document<'_>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut found = Vec::new();
    let (mut start, mut first_line) = (0, 0_u32);
    let (mut position, mut line) = (0, 0_u32);
    for row in text.split_inclusive('\n') {
        if is_marker(row, "---") || is_marker(row, "...") {
            found.push((start, position, first_line));
            (start, first_line) = (position, line);
        }
        position += row.len();
        line = line.saturating_add(1);
    }
    found.push((start, position, first_line));
    found
        .into_iter()
        .filter_map(|(start, end, lines_before)| {
            let text = text.get(start..end)?;
            has_content(text).then_some(Document { text, lines_before })
        })
        .collect()
}

fn is_marker(row: &str, marker: &str) -> bool {
    after_marker(row, marker).is_some()
}

fn after_marker<'a>(row: &'a str, marker: &str) -> Option<&'a str> {
    let rest = row.strip_prefix(marker)?;
    (rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n'])).then_some(rest)
}

fn has_content(document: &str) -> bool {
    document.lines().any(|line| {
        let rest = after_marker(line, "---")
            .or_else(|| after_marker(line, "..."))
            .unwrap_or(line);
        let rest = rest.trim();
        !(rest.is_empty() || rest.starts_with('#') || line.starts_with('%'))
    })
}

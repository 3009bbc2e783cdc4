//! Lines for people: the place, the finding, the line of the file, and the fix.

use std::collections::HashMap;
use std::io::{self, Write};

use eastwest_mesh::Severity;
use eastwest_mesh::lint::Lint;

use crate::colours::Colours;
use crate::lint::mend::Change;
use crate::manifests::Manifests;

/// How much of a line of a file is shown: what fits beside its number on most terminals.
const WIDTH: usize = 100;

/// How many lines changes may add at one place: the keys of an endpoint or of a spec.
const ADDED_TOGETHER: usize = 3;

pub(in crate::lint) fn text(
    out: &mut impl Write,
    manifests: &Manifests,
    found: &[Lint],
    colours: Colours,
) -> io::Result<()> {
    let mut lines: HashMap<&str, Vec<&str>> = HashMap::new();
    for lint in found {
        let file = &*lint.finding.origin.file;
        let of_file = || manifests.text(file).unwrap_or_default().lines().collect();
        let lines = lines.entry(file).or_insert_with(of_file);
        finding(out, lines, lint, colours)?;
    }
    let count = |severity| {
        let of = found
            .iter()
            .filter(|lint| lint.finding.severity == severity);
        of.count()
    };
    let files = plural(manifests.files().count(), "file");
    if found.is_empty() {
        return writeln!(out, "nothing found in {files}");
    }
    let mendable = found.iter().filter(|lint| lint.mend.is_some()).count();
    let hint = match mendable {
        0 => String::new(),
        some => format!("; --fix mends {some} of them"),
    };
    writeln!(
        out,
        "{}, {}, {} in {files}{hint}",
        plural(count(Severity::Error), "error"),
        plural(count(Severity::Warning), "warning"),
        plural(count(Severity::Note), "note"),
    )
}

fn plural(count: usize, what: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {what}{ending}")
}

fn finding(out: &mut impl Write, lines: &[&str], lint: &Lint, colours: Colours) -> io::Result<()> {
    let finding = &lint.finding;
    let kind = format!("{}[{}]", finding.severity, finding.code);
    writeln!(
        out,
        "{}: {}: {}",
        colours.bold(&printable(&finding.origin.to_string())),
        colours.severity(finding.severity, &kind),
        finding.message
    )?;
    let number = finding.origin.line.to_string();
    let margin = " ".repeat(number.len().max(4));
    let line = lines.get(finding.origin.line as usize - 1);
    if let Some(line) = line {
        let (shown, caret) = excerpt(line, finding.origin.column as usize - 1);
        let bar = colours.faint("|");
        writeln!(out, "{number:>width$} {bar} {shown}", width = margin.len())?;
        let caret = colours.severity(finding.severity, &format!("{:caret$}^", ""));
        writeln!(out, "{margin} {bar} {caret}")?;
    }
    if let Some(fix) = &finding.fix {
        let by_hand = if lint.mend.is_some() { " (--fix)" } else { "" };
        writeln!(out, "{margin} = fix: {fix}{by_hand}")?;
    }
    writeln!(out)
}

/// The part of a line around a column, and how far that column is into it.
fn excerpt(line: &str, column: usize) -> (String, usize) {
    let line = printable(line);
    let skipped = column.saturating_sub(WIDTH * 3 / 4);
    let shown = line.chars().skip(skipped).take(WIDTH).collect();
    (shown, column - skipped)
}

/// A file may hold anything, and a terminal obeys some of it.
fn printable(text: &str) -> String {
    let shown = |c: char| match c {
        '\t' => ' ',
        c if c.is_control() => '\u{fffd}',
        c => c,
    };
    text.chars().map(shown).collect()
}

/// What `--fix` has changed: the lines that are gone and those that are new.
pub(in crate::lint) fn changes(
    out: &mut impl Write,
    changes: &[Change],
    colours: Colours,
) -> io::Result<()> {
    for change in changes {
        let (before, what) = match &change.before {
            Some(before) => (before.as_str(), "changed"),
            None => (
                "",
                "new; apply it in the cluster of the gateway, and in no other",
            ),
        };
        writeln!(out, "{}: {what}", colours.bold(&printable(&change.file)))?;
        let mut old = before.lines().peekable();
        let new: Vec<&str> = change.after.lines().collect();
        // Changes add lines or alter them: an old line that does not come back soon was altered.
        for (at, line) in new.iter().enumerate() {
            if old.next_if_eq(line).is_some() {
                continue;
            }
            let number = at + 1;
            let near = new.iter().skip(number).take(ADDED_TOGETHER);
            let replaced = old
                .peek()
                .is_some_and(|old| !near.clone().any(|new| new == old));
            if let Some(gone) = old.next_if(|_| replaced) {
                let gone = colours.removed(&format!("- {}", printable(gone)));
                writeln!(out, "{number:>4} {gone}")?;
            }
            let added = colours.added(&format!("+ {}", printable(line)));
            writeln!(out, "{number:>4} {added}")?;
        }
        writeln!(out)?;
    }
    Ok(())
}

//! Comments. File names come from a person's disk, and may hold anything: a comment is one line.

use std::fmt::Write;

use eastwest_mesh::forwarding::{Name, Remark, Target};
use eastwest_mesh::{Dialect, Origin, Severity};

/// How long a line of a comment becomes, where words allow it.
const WIDTH: usize = 100;

/// A line of a terminal, or of a file. U+2028 and U+2029 end a line of YAML 1.1, which kubectl reads.
pub(crate) fn one_line(text: &str) -> String {
    let shown = |c: char| match c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') {
        true => '\u{fffd}',
        false => c,
    };
    text.chars().map(shown).collect()
}

/// Words in lines that begin with `# `; those of a point (`- `) are under its first word.
pub(crate) fn wrapped(out: &mut String, text: &str) {
    let hanging = if text.starts_with("- ") { "#  " } else { "#" };
    let mut line = "#".to_owned();
    for word in one_line(text).split(' ') {
        let length = line.chars().count() + 1 + word.chars().count();
        if length > WIDTH && line.len() > hanging.len() {
            let _ = writeln!(out, "{line}");
            line = hanging.to_owned();
        }
        line.push(' ');
        line.push_str(word);
    }
    let _ = writeln!(out, "{line}");
}

/// The names of one form that lead to a target, by `write`, under comments that say where the entry
/// that allows them is, and where each comes from if that is not where the one before it does.
pub(super) fn names(
    out: &mut String,
    margin: &str,
    (target, dialect): (&Target, Dialect),
    write: impl Fn(&mut String, &Name),
) {
    let place = |origin: &Origin| one_line(&origin.to_string());
    let _ = writeln!(out, "\n{margin}# allowed at {}", place(&target.allowed));
    let mut last = None;
    for name in target.names.iter().filter(|name| name.dialect == dialect) {
        if last.replace(&name.origin) != Some(&name.origin) {
            let _ = writeln!(out, "{margin}# {}", place(&name.origin));
        }
        write(out, name);
    }
}

/// What the whole output is: paragraphs, and the files that it comes from.
pub(super) fn heading(out: &mut String, about: &[&str], files: &[String]) {
    for paragraph in about {
        wrapped(out, paragraph);
        let _ = writeln!(out, "#");
    }
    let _ = writeln!(out, "# From:");
    for file in files {
        let _ = writeln!(out, "#   {}", one_line(file));
    }
}

/// What is not the same as before; nothing if all is.
pub(super) fn differences(out: &mut String, general: &[&str], remarks: &[Remark]) {
    let special = remarks
        .iter()
        .filter(|remark| remark.severity != Severity::Note);
    let special: Vec<String> = special.map(ToString::to_string).collect();
    if general.is_empty() && special.is_empty() {
        return;
    }
    let _ = writeln!(out, "#");
    let _ = writeln!(out, "# What is not the same:");
    let general = general.iter().map(|text| (*text).to_owned());
    for text in general.chain(special) {
        wrapped(out, &format!("- {text}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_never_ends_a_comment() {
        let mut out = String::new();
        heading(
            &mut out,
            &["What\nit is."],
            &["a\nfrontend evil\r\n\u{85}\u{2028}\u{2029}.yaml".to_owned()],
        );
        let lines = |c: char| "\n\r\u{85}\u{2028}\u{2029}".contains(c);
        let lines: Vec<_> = out.trim_end().split(lines).collect();
        assert!(lines.iter().all(|line| line.starts_with('#')), "{out}");
        assert_eq!(lines.len(), 4);
    }

    #[test]
    fn long_comments_are_wrapped_between_words() {
        let mut out = String::new();
        wrapped(&mut out, &["word"; 60].join(" "));
        assert!(out.lines().count() > 2);
        assert!(
            out.lines()
                .all(|line| line.starts_with("# w") && line.len() <= WIDTH)
        );
    }
}

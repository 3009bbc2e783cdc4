//! docs/lint-codes.md

use std::fmt::Write;

use eastwest_mesh::code_pages;

use super::{part, side};

/// What stands above the codes.
const HEAD: &str = "\
# Codes of findings

`eastwest lint` and the logs of the servers name what they find by these codes. A code keeps its
meaning from version to version, and is never used for something else. `eastwest explain CODE` prints
one of the sections below. Who minds a finding stands behind its title: `istio` is stock Istio,
`eastwest` is the servers of this project.

This page is generated: `cargo run -- explain --markdown > docs/lint-codes.md`.
";

/// The whole page.
pub(super) fn all() -> String {
    let mut page = HEAD.to_owned();
    page.push_str("\n| Code | Who minds it | What is wrong |\n|---|---|---|\n");
    for one in code_pages() {
        let (code, anchor) = (one.code, one.code.id().to_lowercase());
        let _ = writeln!(
            page,
            "| [{code}](#{anchor}) | {} | {} |",
            side(code),
            one.title
        );
    }
    for one in code_pages() {
        let _ = write!(
            page,
            "\n## {}\n\n**{}** ({}). {}\n\nFix: {}.\n",
            one.code,
            capital(one.title),
            side(one.code),
            one.happens,
            one.fix
        );
        for (what, text) in [("Wrong", one.example.wrong), ("Right", one.example.right)] {
            let part = part(one.example.within);
            let _ = write!(
                page,
                "\n{what}{part}:\n\n```yaml\n{}\n```\n",
                text.trim_end()
            );
        }
    }
    page
}

fn capital(title: &str) -> String {
    let mut chars = title.chars();
    let first = chars.next().map(|first| first.to_uppercase().to_string());
    first.unwrap_or_default() + chars.as_str()
}

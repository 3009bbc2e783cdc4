//! One object for scripts. Fields are added from version to version and never change their meaning.

use std::io::{self, Write};

use eastwest_mesh::Severity;
use eastwest_mesh::lint::Lint;
use serde_json::json;

use crate::lint::mend::Change;
use crate::manifests::Manifests;

pub(in crate::lint) fn json(
    out: &mut impl Write,
    manifests: &Manifests,
    found: &[Lint],
    changes: &[Change],
) -> io::Result<()> {
    let count = |severity| {
        let of = found
            .iter()
            .filter(|lint| lint.finding.severity == severity);
        of.count()
    };
    let finding = |lint: &Lint| {
        let finding = &lint.finding;
        json!({
            "code": finding.code,
            "severity": finding.severity,
            "file": *finding.origin.file,
            "line": finding.origin.line,
            "column": finding.origin.column,
            "message": finding.message,
            "fix": finding.fix,
            "fixable": lint.mend.is_some(),
        })
    };
    let changed = |new: bool| {
        let those = changes
            .iter()
            .filter(|change| change.before.is_none() == new);
        those.map(|change| &change.file).collect::<Vec<_>>()
    };
    let all = json!({
        "version": 1,
        "files": manifests.files().count(),
        "errors": count(Severity::Error),
        "warnings": count(Severity::Warning),
        "notes": count(Severity::Note),
        "changed": changed(false),
        "created": changed(true),
        "findings": found.iter().map(finding).collect::<Vec<_>>(),
    });
    serde_json::to_writer_pretty(&mut *out, &all)?;
    writeln!(out)
}

//! SARIF 2.1.0 (OASIS), as code scanning services read it.

use std::io::{self, Write};

use eastwest_mesh::Severity;
use eastwest_mesh::lint::Lint;
use serde_json::{Value, json};

use crate::manifests::STDIN;

pub(in crate::lint) fn sarif(out: &mut impl Write, found: &[Lint]) -> io::Result<()> {
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "eastwest lint",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules(),
            }},
            "columnKind": "unicodeCodePoints",
            "results": found.iter().map(result).collect::<Vec<_>>(),
        }],
    });
    serde_json::to_writer_pretty(&mut *out, &log)?;
    writeln!(out)
}

fn rules() -> Vec<Value> {
    let rule = |page: &eastwest_mesh::CodePage| {
        json!({
            "id": page.code,
            "shortDescription": {"text": page.title},
            "fullDescription": {"text": page.happens},
            "help": {"text": page.fix},
        })
    };
    eastwest_mesh::code_pages().map(rule).collect()
}

fn result(lint: &Lint) -> Value {
    let finding = &lint.finding;
    let message = match &finding.fix {
        Some(fix) => format!("{}; fix: {fix}", finding.message),
        None => finding.message.clone(),
    };
    json!({
        "ruleId": finding.code,
        "level": match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        },
        "message": {"text": message},
        "locations": [{"physicalLocation": {
            "artifactLocation": {"uri": uri(&finding.origin.file)},
            "region": {
                "startLine": finding.origin.line,
                "startColumn": finding.origin.column,
            },
        }}],
    })
}

/// A path as a relative reference, or as a file URI where it is absolute (RFC 3986, RFC 8089).
fn uri(file: &str) -> String {
    if file == STDIN {
        return "stdin".to_owned();
    }
    let file = file.strip_prefix("./").unwrap_or(file);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    let encoded: String = file
        .bytes()
        .map(|byte| match plain(byte) {
            true => char::from(byte).to_string(),
            false => format!("%{byte:02X}"),
        })
        .collect();
    match encoded.starts_with('/') {
        true => format!("file://{encoded}"),
        false => encoded,
    }
}

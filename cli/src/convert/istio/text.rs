//! Parts of objects that several kinds have.

use std::fmt::Write;

use crate::convert::yaml::Text;

/// The lines down to `spec:`.
pub(super) fn begin(
    out: &mut String,
    api_version: &str,
    kind: &str,
    (namespace, name): (&str, &str),
    annotation: Option<(&str, &str)>,
) {
    let _ = writeln!(
        out,
        "---\napiVersion: {api_version}\nkind: {kind}\nmetadata:"
    );
    let _ = writeln!(
        out,
        "  name: {}\n  namespace: {}",
        Text(name),
        Text(namespace)
    );
    if let Some((key, value)) = annotation {
        let _ = writeln!(out, "  annotations:\n    {key}: {}", Text(value));
    }
    out.push_str("spec:\n");
}

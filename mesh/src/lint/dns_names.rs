//! What istiod takes for a name (`pkg/config/labels`, `pkg/config/validation`).

/// Longest label (RFC 1123 section 2.1, as Kubernetes reads it).
const MAX_LABEL: usize = 63;
/// Longest name (`labels.IsDNS1123Label` and `CheckDNS1123Preconditions`).
const MAX_NAME: usize = 255;

/// `[a-zA-Z0-9]` at both ends, `-` inside: `labels.IsDNS1123Label`.
pub(super) fn is_label(text: &str) -> bool {
    let inside = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    !text.is_empty()
        && text.len() <= MAX_LABEL
        && text.bytes().all(inside)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// Why istiod refuses a name that may begin with a wildcard.
pub(super) fn wrong_with(host: &str) -> Option<String> {
    let name = host.strip_suffix('.').unwrap_or(host);
    if name.is_empty() || name.len() > MAX_NAME {
        return Some(format!(
            "it has {} characters, and 1 to {MAX_NAME} may be there",
            name.len()
        ));
    }
    let (first, rest) = name.split_once('.').unwrap_or((name, ""));
    let first_is_wrong = first != "*" && !is_label(behind_star(first));
    let labels = rest.split('.').filter(|_| name.contains('.'));
    let wrong = std::iter::once(first)
        .filter(|_| first_is_wrong)
        .chain(labels.filter(|label| !is_label(label)))
        .next()?;
    Some(match wrong.contains('*') {
        true => "a '*' may only begin its first label".to_owned(),
        false => format!("its label {wrong:?} has more than letters, digits and '-' inside"),
    })
}

/// `x` of `*x` and of `*-x`.
fn behind_star(label: &str) -> &str {
    let partial = label.strip_prefix("*-").or_else(|| label.strip_prefix('*'));
    partial.unwrap_or(label)
}

/// `*x.y`, which Istio takes and matches with less than people expect.
pub(super) fn is_partial_wildcard(host: &str) -> bool {
    host.starts_with('*') && host != "*" && !host.starts_with("*.")
}

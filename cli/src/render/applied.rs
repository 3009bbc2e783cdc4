//! What `kubectl apply` can take: it keeps the whole object in an annotation, unless the server applies it.

use serde_json::Value;

/// The bytes of all annotations of an object, names and values (`TotalAnnotationSizeLimitB` of Kubernetes).
const ANNOTATIONS_LIMIT: usize = 256 << 10;
/// The annotation's name, and what else kubectl writes into the copy: empty annotations, an end of line.
const BESIDES: usize =
    "kubectl.kubernetes.io/last-applied-configuration\"annotations\":{},\n".len();

/// The object's kind and name, and the bytes of its annotation, if these are too many.
pub(super) fn too_large(object: &Value) -> Option<String> {
    let copy = object.to_string();
    // Go's JSON writes these as \u and four digits.
    let escaped: usize = copy
        .chars()
        .filter(|c| matches!(c, '<' | '>' | '&' | '\u{2028}' | '\u{2029}'))
        .map(|c| 6 - c.len_utf8())
        .sum();
    let bytes = copy.len() + escaped + BESIDES;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (bytes > ANNOTATIONS_LIMIT).then(|| {
        format!(
            "{} {}: `kubectl apply` keeps a copy in an annotation, here {bytes} bytes, and {ANNOTATIONS_LIMIT} are \
             allowed: use `kubectl apply --server-side`, or give fewer files",
            text(&object["kind"]),
            text(&object["metadata"]["name"]),
        )
    })
}

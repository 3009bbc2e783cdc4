//! Any text: it is a SPIFFE ID exactly where the standard's grammar, read byte by byte, says so; a
//! reader of URIs finds the same parts in it, and the manifests' reader of IDs the same workload.

use eastwest_mesh::{Principal, SpiffePattern};
use eastwest_transport::spiffe::SpiffeId;

pub(crate) fn check(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let id = match text.parse::<SpiffeId>() {
        Ok(id) => id,
        Err(error) => {
            assert!(!is_in_grammar(bytes), "{error}");
            // A character that is escaped takes ten bytes.
            assert!(error.to_string().len() < 2_500, "{error}");
            return;
        }
    };
    assert!(is_in_grammar(bytes), "{id}");
    assert_eq!(id.as_str(), text);
    assert_eq!(format!("spiffe://{}{}", id.trust_domain(), id.path()), text);

    let uri: http::Uri = text.parse().unwrap();
    assert_eq!(uri.scheme_str(), Some("spiffe"));
    assert_eq!(uri.authority().unwrap().as_str(), id.trust_domain());
    assert_eq!((uri.path(), uri.query()), (id.path(), None));

    let principal = Principal {
        trust_domain: id.trust_domain(),
        path: id.path(),
    };
    assert_eq!(id.namespace(), principal.namespace());
    assert_eq!(id.service_account(), principal.service_account());
    let pattern: SpiffePattern = text.parse().unwrap();
    assert!(!pattern.has_wildcard() && pattern.matches(id.trust_domain(), id.path()));
    if let (Some(namespace), Some(account)) = (id.namespace(), id.service_account()) {
        let again = SpiffeId::for_service_account(id.trust_domain(), namespace, account);
        assert_eq!(again, Ok(id));
    }
}

/// SPIFFE-ID sections 2.1 to 2.3, of an ID with a path.
fn is_in_grammar(id: &[u8]) -> bool {
    let Some(rest) = id.strip_prefix(b"spiffe://") else {
        return false;
    };
    let lower = |byte: &u8| b"abcdefghijklmnopqrstuvwxyz0123456789.-_".contains(byte);
    let any = |byte: &u8| lower(&byte.to_ascii_lowercase());
    let mut parts = rest.split(|&byte| byte == b'/');
    let domain = parts.next().unwrap_or_default();
    let segments: Vec<_> = parts.collect();
    id.len() <= 2048
        && (1..=255).contains(&domain.len())
        && domain.iter().all(lower)
        && !segments.is_empty()
        && segments.iter().all(|segment| {
            !segment.is_empty() && ![&b"."[..], b".."].contains(segment) && segment.iter().all(any)
        })
}

//! The part of a URL behind the question mark.

/// The value of `name` in a query such as `level=info%2Caccess%3Ddebug`, decoded (RFC 3986 section
/// 2.1). A percent sign that no two hex digits follow stands for itself.
pub(super) fn value(query: Option<&str>, name: &str) -> Option<String> {
    let pairs = query?.split('&').filter_map(|pair| pair.split_once('='));
    pairs
        .filter(|(key, _)| *key == name)
        .map(|(_, value)| decode(value))
        .next()
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let hex = after.split_at_checked(2).and_then(|(digits, after)| {
            let digits = std::str::from_utf8(digits).ok()?;
            Some((u8::from_str_radix(digits, 16).ok()?, after))
        });
        (rest, _) = match (first, hex) {
            (b'%', Some((byte, after))) => (after, bytes.push(byte)),
            _ => (after, bytes.push(first)),
        };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_and_decodes_a_value() {
        let level = |query| value(Some(query), "level");
        assert_eq!(level("level=debug").as_deref(), Some("debug"));
        assert_eq!(
            level("a=b&level=info,x=debug").as_deref(),
            Some("info,x=debug")
        );
        assert_eq!(
            level("level=info%2Cx%3Ddebug").as_deref(),
            Some("info,x=debug")
        );
        assert_eq!(level("level=100%&x=1").as_deref(), Some("100%"));
        assert_eq!(level("levels=debug"), None);
        assert_eq!(value(None, "level"), None);
    }
}

//! Which form of an answer a client asks for (RFC 9110, section 12.5.1).

use hyper::header::ACCEPT;
use hyper::http::request::Parts;

/// All Accept headers of a request, as one.
pub(crate) fn of(head: &Parts) -> String {
    let values = head.headers.get_all(ACCEPT).iter();
    let values: Vec<_> = values.filter_map(|value| value.to_str().ok()).collect();
    values.join(",")
}

/// Whether `kind` is named, and not after text/plain. What only a wildcard takes is not preferred: curl sends
/// one.
pub(crate) fn prefers(accept: &str, kind: &str) -> bool {
    let wanted = quality(accept, kind);
    wanted > 0.0 && wanted >= quality(accept, "text/plain")
}

/// The largest q of a kind that is named; 0, which is a refusal, for one that is not.
fn quality(accept: &str, wanted: &str) -> f32 {
    let of_kind = accept.split(',').filter_map(|range| {
        let mut parts = range.split(';').map(str::trim);
        let kind = parts.next()?;
        kind.eq_ignore_ascii_case(wanted).then(|| {
            let quality = parts.find_map(|part| part.strip_prefix("q="));
            quality.map_or(1.0, |q| q.parse::<f32>().unwrap_or(0.0))
        })
    });
    of_kind.fold(0.0_f32, f32::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_prefers_html_and_curl_does_not() {
        let html = |accept| prefers(accept, "text/html");
        let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8";
        assert!(html(browser));
        assert!(html("text/plain;q=0.5, Text/HTML"));
        for other in [
            "",
            "*/*",
            "text/*",
            "text/plain, text/html;q=0.9",
            "text/html;q=0",
            "text/html;q=many",
        ] {
            assert!(!html(other), "{other}");
        }
    }
}

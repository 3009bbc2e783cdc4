//! The live page at `/`, for browsers: one HTML file that is in the program and draws `/status.json`.

use bytes::Bytes;
use http_body_util::Full;
use hyper::Response;
use hyper::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, REFERRER_POLICY, VARY,
    X_CONTENT_TYPE_OPTIONS,
};
use hyper::http::request::Parts;

use crate::http::{Reply, accept};

#[cfg(test)]
mod tests;

/// The whole of it. Style and script are each one element, so that each has one hash in [`POLICY`].
const PAGE: &str = concat!(
    include_str!("page/top.html"),
    "<style>",
    include_str!("page/style.css"),
    "</style>\n",
    include_str!("page/body.html"),
    "<script>",
    include_str!("page/script/format.js"),
    include_str!("page/script/dom.js"),
    include_str!("page/script/table.js"),
    include_str!("page/script/rates.js"),
    include_str!("page/script/picture.js"),
    include_str!("page/script/paths.js"),
    include_str!("page/script/tables.js"),
    include_str!("page/script/process.js"),
    include_str!("page/script/live.js"),
    "</script>\n</html>\n",
);

/// Content-Security-Policy: nothing but this script, this style and this origin's answers. A string can't
/// become markup either (Trusted Types). A test works the hashes out.
const POLICY: &str = include_str!("page/policy.txt");

/// Whether the client is one that shows pages.
pub(super) fn is_wanted(head: &Parts) -> bool {
    accept::prefers(&accept::of(head), "text/html")
}

/// The page.
pub(super) fn reply() -> Reply {
    let mut reply = Response::new(Full::new(Bytes::from_static(PAGE.as_bytes())));
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, POLICY.trim_ascii()),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        // The next version of the program has another one.
        (CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in headers {
        reply
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    varying(reply)
}

/// Says that another client may be answered otherwise.
pub(super) fn varying(mut reply: Reply) -> Reply {
    reply
        .headers_mut()
        .insert(VARY, HeaderValue::from_static("Accept"));
    reply
}

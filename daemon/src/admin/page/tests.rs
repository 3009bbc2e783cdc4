use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::Request;

use super::*;

fn inside(tag: &str) -> &'static str {
    let (_, rest) = PAGE.split_once(&format!("<{tag}>")).unwrap();
    let (inside, _) = rest.split_once(&format!("</{tag}>")).unwrap();
    inside
}

fn hash(tag: &str) -> String {
    let digest = digest(&SHA256, inside(tag).as_bytes());
    format!("'sha256-{}'", STANDARD.encode(digest))
}

/// `EASTWEST_GOLDEN=write` writes what has changed.
#[test]
fn the_policy_lets_this_script_and_this_style_through_and_nothing_else() {
    let policy = format!(
        "default-src 'none'; script-src {}; style-src {}; connect-src 'self'; img-src data:; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
         require-trusted-types-for 'script'; trusted-types 'none'\n",
        hash("script"),
        hash("style")
    );
    if std::env::var_os("EASTWEST_GOLDEN").is_some_and(|word| word == "write") {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/src/admin/page/policy.txt");
        std::fs::write(file, &policy).unwrap();
        return;
    }
    assert_eq!(
        POLICY, policy,
        "the page has changed: EASTWEST_GOLDEN=write cargo test -p eastwest-daemon policy"
    );
}

#[test]
fn the_page_is_whole_in_itself() {
    for tag in ["style", "script"] {
        assert_eq!(PAGE.matches(&format!("<{tag}")).count(), 1, "{tag}");
    }
    // No handler in markup, which the policy would refuse, and nothing from elsewhere.
    for forbidden in [
        " onclick=",
        " onload=",
        " style=",
        "src=",
        "https:",
        "innerHTML",
        "eval(",
    ] {
        assert!(!PAGE.contains(forbidden), "{forbidden}");
    }
    let addresses: Vec<_> = PAGE
        .match_indices("http:")
        .map(|(at, _)| &PAGE[at..])
        .collect();
    assert!(
        addresses
            .iter()
            .all(|at| at.starts_with("http://www.w3.org/2000/svg")),
        "only the name of SVG is an address"
    );
}

#[test]
fn it_is_served_with_its_policy_to_who_prefers_html() {
    let request = |accept: &str| {
        let request = Request::builder().header("accept", accept).body(());
        request.unwrap().into_parts().0
    };
    assert!(is_wanted(&request("text/html,*/*;q=0.8")));
    assert!(!is_wanted(&request("*/*")));
    let reply = reply();
    let header = |name: &str| reply.headers()[name].to_str().unwrap();
    assert_eq!(header("content-type"), "text/html; charset=utf-8");
    assert_eq!(header("vary"), "Accept");
    assert!(
        header("content-security-policy").starts_with("default-src 'none'; script-src 'sha256-")
    );
}

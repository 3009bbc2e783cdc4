//! Whether a request was meant for this process: the name that the client knows it by.
//!
//! A web page can have its own name point to an address that only the reader's machine reaches, and then read
//! from there as from itself (DNS rebinding). The browser tells the name, and it is one that somebody could
//! register; nobody calls a pod so.

use std::net::IpAddr;

use hyper::HeaderMap;
use hyper::header::HOST;
use hyper::http::uri::Authority;

/// Ends of names that public DNS does not have: RFC 6761, RFC 6762 (and Kubernetes' `cluster.local`), ICANN's
/// private one, and what is below a cluster's Services when its domain is left out.
const PRIVATE: [&str; 4] = ["localhost", "local", "internal", "svc"];

/// Takes an address, a name without a dot, or a private one; the error is what was asked for instead. A request
/// without a name is no browser's.
pub(super) fn check(headers: &HeaderMap) -> Result<(), String> {
    for value in headers.get_all(HOST) {
        let given = String::from_utf8_lossy(value.as_bytes());
        let ours = given
            .parse::<Authority>()
            .is_ok_and(|authority| is_ours(authority.host()));
        if !ours {
            return Err(given.escape_debug().to_string());
        }
    }
    Ok(())
}

/// What such a client is told.
pub(super) fn refusal(name: &str) -> String {
    format!(
        "{name} is a name that a web page could have: call by IP address, as localhost, or with the header \
         Host: localhost"
    )
}

fn is_ours(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    if bare.parse::<IpAddr>().is_ok() {
        return true;
    }
    let name = host.strip_suffix('.').unwrap_or(host);
    match name.rsplit_once('.') {
        None => true,
        Some((_, last)) => PRIVATE.iter().any(|end| last.eq_ignore_ascii_case(end)),
    }
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    fn taken(host: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_str(host).unwrap());
        check(&headers).is_ok()
    }

    #[test]
    fn addresses_and_private_names_are_taken() {
        for host in [
            "127.0.0.1:15000",
            "10.71.0.10",
            "[::1]:15000",
            "localhost:8080",
            "db.localhost",
            "db-pxc-0",
            "db-pxc-0.db-pxc.pxc.svc.cluster.local:15000",
            "gateway.istio-system.svc.",
            "ip-10-0-0-1.eu-west-1.compute.internal",
        ] {
            assert!(taken(host), "{host}");
        }
        assert!(check(&HeaderMap::new()).is_ok());
    }

    #[test]
    fn a_name_that_anybody_can_register_is_not() {
        for host in [
            "evil.example:15000",
            "evil.example.",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "local@evil.example",
            "a b",
            "",
        ] {
            assert!(!taken(host), "{host}");
        }
    }

    #[test]
    fn each_of_several_names_counts() {
        let mut headers = HeaderMap::new();
        headers.append(HOST, HeaderValue::from_static("localhost"));
        headers.append(HOST, HeaderValue::from_static("evil.example"));
        assert_eq!(check(&headers), Err("evil.example".to_owned()));
    }
}

use hyper::Request;

use super::*;
use crate::shutdown::Phase;

/// The status of a call from this address, and the process it was made to.
fn call(method: &str, path: &str, peer: &str) -> (StatusCode, Context) {
    let context = Context::new();
    let calls = AdminCalls::new(context.clone(), None);
    let request = Request::builder()
        .method(method)
        .uri(path)
        .body(())
        .unwrap();
    let reply = answer(&calls, &request.into_parts().0, peer.parse().unwrap());
    (reply.status(), context)
}

#[test]
fn calls_that_change_something_are_taken_from_loopback_only() {
    for path in ["/quitquitquit", "/drain", "/reload", "/logging?level=trace"] {
        for peer in [
            "10.0.0.7:40000",
            "[2001:db8::7]:40000",
            "[::ffff:10.0.0.7]:40000",
        ] {
            let (status, context) = call("POST", path, peer);
            assert_eq!(status, StatusCode::FORBIDDEN, "{path} from {peer}");
            assert_eq!(context.shutdown.phase(), Phase::Running);
            assert!(!context.reload_requests().has_changed().unwrap());
        }
    }
    for peer in ["127.0.0.1:40000", "[::1]:40000", "[::ffff:127.0.0.1]:40000"] {
        assert_eq!(call("POST", "/drain", peer).0, StatusCode::OK, "{peer}");
    }
}

#[test]
fn reading_is_not_limited_to_loopback() {
    assert_eq!(
        call("GET", "/config_dump", "10.0.0.7:40000").0,
        StatusCode::OK
    );
}

#[test]
fn other_methods_are_refused() {
    assert_eq!(
        call("DELETE", "/routes", "127.0.0.1:1").0,
        StatusCode::METHOD_NOT_ALLOWED
    );
}

#[test]
fn without_control_of_the_log_the_call_says_so() {
    assert_eq!(
        call("GET", "/logging", "127.0.0.1:1").0,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        call("POST", "/logging?level=info", "127.0.0.1:1").0,
        StatusCode::NOT_FOUND
    );
}

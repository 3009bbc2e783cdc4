use http_body_util::BodyExt;
use hyper::Request;
use serde_json::Value;

use super::*;
use crate::access_log::{Ended, Weight};
use crate::connections::{ConnectionGuard, ConnectionInfo, Direction};
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

fn opened(context: &Context, port: u16) -> ConnectionGuard {
    context.connections.open(ConnectionInfo {
        direction: Direction::Inbound,
        peer: ([127, 0, 0, 1], port).into(),
        bytes: Default::default(),
    })
}

async fn got(context: &Context, path: &str) -> (StatusCode, Vec<u8>) {
    let calls = AdminCalls::new(context.clone(), None);
    let request = Request::builder().uri(path).body(()).unwrap();
    let peer = ([127, 0, 0, 1], 1).into();
    let reply = answer(&calls, &request.into_parts().0, peer);
    let status = reply.status();
    let body = reply.into_body().collect().await.unwrap();
    (status, body.to_bytes().to_vec())
}

#[tokio::test]
async fn the_history_has_who_ended_and_who_lives() {
    let context = Context::new();
    let _lives = opened(&context, 1);
    for (port, weight) in [(2, Weight::Failure), (3, Weight::Noise)] {
        opened(&context, port).end(&Ended {
            reason: "hello_timeout",
            error: None,
            weight,
        });
    }
    let shown = async |path| {
        let (_, body) = got(&context, path).await;
        serde_json::from_slice::<Value>(&body).unwrap()
    };
    let history = shown("/history.json").await;
    assert_eq!(history["capacity"], 1000);
    assert_eq!(history["recorded"], 1, "noise is not recorded: {history:#}");
    let timelines = history["timelines"].as_array().unwrap();
    assert_eq!(timelines.len(), 2, "{history:#}");
    assert_eq!(timelines[0]["peer"], "127.0.0.1:2");
    assert_eq!(timelines[0]["reason"], "hello_timeout");
    assert!(timelines[0]["milliseconds"]["end"].as_f64() > Some(0.0));
    for step in ["dns", "connect", "hello", "handshake", "last_byte"] {
        let taken = timelines[0]["milliseconds"].get(step);
        assert_eq!(taken, Some(&Value::Null));
    }
    assert!(timelines[0]["ended"].as_str().unwrap().ends_with('Z'));
    assert_eq!(timelines[1]["ended"], Value::Null);
    let one = shown("/history.json?limit=1").await;
    assert_eq!(one["timelines"], Value::from(&timelines[..1]));
    let many = got(&context, "/history.json?limit=many").await;
    assert_eq!(many.0, StatusCode::BAD_REQUEST);
    let (_, index) = got(&context, "/").await;
    let index = String::from_utf8(index).unwrap();
    assert!(index.contains("/history.json"), "{index}");
}

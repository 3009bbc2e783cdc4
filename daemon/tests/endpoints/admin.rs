//! The admin calls.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use eastwest_daemon::{ConnectionInfo, Direction};
use serde_json::{Value, json};

use super::client::{ask, get, post};
use super::serve;

#[test]
fn sections_of_the_server_are_shown_alone_and_in_the_dump() {
    let served = serve();
    served
        .context
        .admin
        .section("routes", || json!([{ "alias": "src-hello-0" }]));
    let parse = |answer: (u16, String)| serde_json::from_str::<Value>(&answer.1).unwrap();
    assert_eq!(
        parse(get(served.admin, "/routes"))[0]["alias"],
        "src-hello-0"
    );
    assert_eq!(
        parse(get(served.admin, "/config_dump"))["routes"][0]["alias"],
        "src-hello-0"
    );
    assert_eq!(parse(get(served.admin, "/certs")), json!([]));
    assert!(get(served.admin, "/").1.contains("/routes"));
}

#[test]
fn a_browser_gets_the_page_and_curl_the_list() {
    let served = serve();
    let browser = "Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n";
    let (status, page) = ask(served.admin, "GET", "/", browser);
    assert_eq!(status, 200);
    assert!(page.starts_with("<!doctype html>") && page.ends_with("</html>\n"));
    for accept in ["", "Accept: */*\r\n"] {
        let (status, list) = ask(served.admin, "GET", "/", accept);
        assert_eq!((status, list.starts_with("/ ")), (200, true), "{list}");
    }
}

#[test]
fn a_name_that_a_web_page_could_have_is_refused() {
    let served = serve();
    let asked_as = |host: &str| {
        let mut stream = TcpStream::connect(served.admin).unwrap();
        write!(stream, "GET /connections HTTP/1.1\r\nHost: {host}\r\n\r\n").unwrap();
        let mut answer = String::new();
        std::io::Read::read_to_string(&mut stream, &mut answer).unwrap();
        answer
    };
    let refused = asked_as("evil.example:15000");
    assert!(refused.starts_with("HTTP/1.1 421"), "{refused}");
    assert!(refused.contains("call by IP address"), "{refused}");
    assert!(!refused.contains("shown"), "{refused}");
    assert!(asked_as("localhost:8080").starts_with("HTTP/1.1 200"));
}

#[test]
fn connections_are_counted_and_the_newest_shown() {
    let served = serve();
    let open = |port| {
        let peer = SocketAddr::from(([127, 0, 0, 1], port));
        let info = ConnectionInfo {
            direction: Direction::Inbound,
            peer,
            bytes: Arc::default(),
        };
        served.context.connections.open(info)
    };
    let _guards: Vec<_> = (1..=5).map(open).collect();
    let (_, body) = get(served.admin, "/connections?limit=2");
    let shown: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((&shown["open"], &shown["shown"]), (&json!(5), &json!(2)));
    assert_eq!(shown["connections"][1]["peer"], "127.0.0.1:5");
    assert_eq!(get(served.admin, "/connections?limit=many").0, 400);
    // However many are asked for: the answer is held until it has been read.
    let _more: Vec<_> = (6..=2006).map(open).collect();
    let (_, body) = get(served.admin, "/connections?limit=100000");
    let shown: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        (&shown["open"], &shown["shown"]),
        (&json!(2006), &json!(2000))
    );
}

#[test]
fn a_call_that_changes_something_needs_post_and_no_web_page() {
    let served = serve();
    for path in ["/drain", "/reload", "/quitquitquit"] {
        assert_eq!(get(served.admin, path).0, 405, "{path}");
        let (status, body) = ask(
            served.admin,
            "POST",
            path,
            "Origin: https://evil.example\r\n",
        );
        assert_eq!((status, body.contains("web pages")), (403, true), "{path}");
    }
    assert_eq!(post(served.admin, "/connections").0, 405);
    assert_eq!(post(served.admin, "/nope").0, 404);
    assert!(!served.context.shutdown.is_draining());
}

#[test]
fn a_reload_request_reaches_the_server() {
    let served = serve();
    let requests = served.context.reload_requests();
    assert_eq!(post(served.admin, "/reload").0, 200);
    assert!(requests.has_changed().unwrap());
}

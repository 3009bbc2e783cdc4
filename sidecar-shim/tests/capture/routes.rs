//! Routes to the virtual IPs, without which no rule is ever asked.

use std::io::ErrorKind;
use std::process::ExitCode;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::own_namespace::alone;
use crate::pod::{
    Database, Shim, add_local_route, at, capture, dial, pod, pod_of_ipv6_alone,
    pod_without_default_routes,
};

const V4: &str = "--range 240.240.0.0/16";

#[test]
fn check_notices_a_pod_without_a_route_to_virtual_ips() {
    alone(async || {
        pod_without_default_routes().await;
        capture("lay");
        let error = dial(at("240.240.0.5", 3306)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NetworkUnreachable);
        let (code, output) = capture("check");
        assert_eq!(code, ExitCode::FAILURE);
        assert!(
            output.contains("problem: no route to 240.240.0.0/16"),
            "{output}"
        );
        assert!(
            output.contains("problem: no route to fd24:240::/32"),
            "{output}"
        );
    });
}

#[test]
fn lay_warns_of_it_too() {
    alone(async || {
        pod_without_default_routes().await;
        let (code, output) = capture("lay");
        assert_eq!(code, ExitCode::SUCCESS);
        assert!(
            output.contains("problem: no route to 240.240.0.0/16"),
            "{output}"
        );
    });
}

#[test]
fn a_route_laid_on_request_mends_it() {
    alone(async || {
        pod_without_default_routes().await;
        capture(&format!("lay --route {V4}"));
        let (code, output) = capture(&format!("check {V4}"));
        assert_eq!(code, ExitCode::SUCCESS, "{output}");
        let shim = Shim::listen("127.0.0.1:15001").await;
        let to = at("240.240.0.5", 3306);
        assert_eq!(shim.original_dst_of(to).await, to);
    });
}

#[test]
fn in_a_pod_of_ipv6_alone_a_route_laid_on_request_brings_the_answers_back() {
    alone(async || {
        pod_of_ipv6_alone().await;
        capture(&format!("lay --route {V4}"));
        let shim = Shim::listen("127.0.0.1:15001").await;
        let (mut app, mut far) = shim.take(at("240.240.0.5", 3306)).await;
        far.write_all(b"greeting").await.unwrap();
        let mut said = [0; 8];
        let read = app.read_exact(&mut said);
        tokio::time::timeout(Duration::from_secs(20), read)
            .await
            .expect("what the shim said did not come back")
            .unwrap();
        assert_eq!(&said, b"greeting");
    });
}

#[test]
fn a_route_laid_on_request_fails_closed() {
    alone(async || {
        pod_without_default_routes().await;
        let database = Database::listen();
        capture(&format!("lay --route {V4}"));
        let error = dial(at("240.240.0.5", 3306)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        assert_eq!(database.visitors(), []);
    });
}

#[test]
fn a_route_laid_on_request_never_leads_to_the_pods_own_database() {
    alone(async || {
        pod_without_default_routes().await;
        let database = Database::listen();
        capture(&format!("lay --route {V4}"));
        // As if somebody had flushed all rules.
        eastwest_shim::capture::remove().unwrap();
        let dialling = dial(at("240.240.0.5", 3306));
        assert!(
            tokio::time::timeout(Duration::from_millis(300), dialling)
                .await
                .is_err()
        );
        assert_eq!(database.visitors(), []);
    });
}

#[test]
fn laying_the_route_twice_is_the_same() {
    alone(async || {
        pod_without_default_routes().await;
        let flags = format!("lay --route {V4}");
        assert_eq!(capture(&flags), capture(&flags));
    });
}

#[test]
fn remove_takes_the_route_away_again() {
    alone(async || {
        pod_without_default_routes().await;
        capture(&format!("lay --route {V4}"));
        let (_, output) = capture("remove");
        assert_eq!(
            output,
            "removed: route to 240.240.0.0/16 by lo\nremoved: table inet eastwest\n"
        );
        let error = dial(at("240.240.0.5", 3306)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NetworkUnreachable);
    });
}

#[test]
fn one_family_without_a_route_is_a_note_only() {
    alone(async || {
        pod_without_default_routes().await;
        let (_, output) = capture("lay --route");
        assert!(!output.contains("problem:"), "{output}");
        assert!(
            output.contains("note: no route to fd24:240::/32"),
            "{output}"
        );
        assert_eq!(capture("check").0, ExitCode::SUCCESS);
    });
}

#[test]
fn check_warns_of_a_local_route() {
    alone(async || {
        let network = pod().await;
        capture("lay");
        add_local_route(&network).await;
        let (code, output) = capture("check");
        assert_eq!(code, ExitCode::FAILURE);
        assert!(
            output.contains("problem: 240.240.0.0/16 has a `local` route"),
            "{output}"
        );
    });
}

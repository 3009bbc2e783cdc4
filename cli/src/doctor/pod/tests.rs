//! What each refusal is called.

use eastwest_mesh::{Capture, Options, Source, load};
use eastwest_transport::client_hello;
use eastwest_transport::tls::{PeerPolicy, ServerAlpn, SvidError, accept};
use rustls::AlertDescription;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::time::sleep;

use super::*;
use crate::doctor::gateway::tests::identity;
use crate::doctor::{Step, certificate};

fn refused(fault: PeerFault, claimed: &str) -> Fault {
    let claimed = Some(claimed.parse().unwrap());
    of_refusal(&PeerError { claimed, fault }, "td")
}

#[test]
fn a_pod_that_we_refuse_is_told_by_what_is_wrong_with_it() {
    let now = std::time::SystemTime::now();
    let early = ValidityError::NotYet {
        not_before: now,
        now,
    };
    let late = ValidityError::Expired {
        not_after: now,
        now,
    };
    let not_allowed = PeerFault::NotAllowed(String::new());
    let other_name = PeerFault::OtherName {
        expected: String::new(),
        carried: Vec::new(),
    };
    let ours = "spiffe://td/ns/demo/sa/hello";
    for (fault, claimed, is) in [
        (not_allowed.clone(), ours, Fault::PodOtherAccount),
        (
            not_allowed,
            "spiffe://other/ns/demo/sa/hello",
            Fault::PodOtherTrustDomain,
        ),
        (other_name, ours, Fault::PodOtherName),
        (
            PeerFault::UnknownRoot(String::new()),
            ours,
            Fault::PodOtherRoot,
        ),
        (
            PeerFault::Validity(early),
            ours,
            Fault::PodCertificateNotYetValid,
        ),
        (PeerFault::Issuer(late), ours, Fault::PodCertificateExpired),
        (
            PeerFault::Svid(SvidError::Authority),
            ours,
            Fault::PodCertificateUnusable,
        ),
    ] {
        assert_eq!(refused(fault.clone(), claimed), is, "{fault}");
    }
}

#[test]
fn a_pod_that_refuses_us_is_told_by_its_alert() {
    for (alert, is) in [
        (PeerAlert::NotAllowed, Fault::IdentityNotAllowed),
        (PeerAlert::UnknownRoot, Fault::OurRootUnknown),
        (PeerAlert::Expired, Fault::ClockSkew),
        (
            PeerAlert::BadCertificate(AlertDescription::CertificateUnknown),
            Fault::IdentityRefused,
        ),
        (PeerAlert::TlsVersion, Fault::TlsVersion),
        (
            PeerAlert::Other(AlertDescription::DecodeError),
            Fault::HandshakeBroken,
        ),
    ] {
        assert_eq!(of_alert(alert), is, "{alert}");
    }
}

const ALIAS: &str = "\
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: src-db-0, namespace: pxc}
spec:
  hosts: [src-db-0.pxc.svc.cluster.local]
  location: MESH_INTERNAL
  ports: [{number: 3306, name: mysql, protocol: TCP}]
  resolution: STATIC
  endpoints: [{address: 203.0.113.10, ports: {mysql: 15443}}]
";

/// Whoever is slow to say all of it has said something, in a handshake and to anything else.
#[tokio::test]
async fn half_an_answer_is_no_black_hole() {
    let source = Source {
        name: "a.yaml".to_owned(),
        text: ALIAS.to_owned(),
    };
    let options = Options {
        cluster_domain: "cluster.local".parse().unwrap(),
        capture: Capture::Vip,
    };
    let route = load(&[source], &options).routes.remove(0);
    let (identity, _) = certificate::nobody().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut held = Vec::new();
        loop {
            let (mut tcp, _) = listener.accept().await.unwrap();
            if client_hello::read(&mut tcp, &mut Vec::new()).await.is_ok() {
                tcp.write_all(&[22, 3, 3]).await.unwrap();
            }
            held.push(tcp);
        }
    });
    let wish = (Wish::Word, MinTls::Tls13);
    let broken = meet(&route, &identity, address, wish).await.err().unwrap();
    assert_eq!(broken.fault, Fault::PodSilent);
    assert!(
        broken.seen.starts_with("it says 3 bytes"),
        "{}",
        broken.seen
    );
}

/// What comes of a handshake that ends after so many seconds, and of hearing others, which takes so many more than it
/// takes to doubt.
async fn doubted(shaken: u64, heard: (u64, Heard)) -> Result<(), (Heard, Duration)> {
    let hearing = async {
        sleep(Duration::from_secs(heard.0)).await;
        heard.1
    };
    doubtful(sleep(Duration::from_secs(shaken)), hearing).await
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_ends_while_others_are_heard_has_been_made() {
    let others = Heard::small_ones();
    for (shaken, hearing) in [(1, 1), (3, 1), (5, 4), (6, 4), (6, 5)] {
        assert_eq!(doubted(shaken, (hearing, others)).await, Ok(()));
    }
    // Where nothing is heard the gateway may dial yet.
    assert_eq!(doubted(5, (1, Heard::default())).await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn a_handshake_is_said_to_have_been_waited_for_as_long_as_it_was() {
    let others = Heard::small_ones();
    for (hearing, heard, waited) in [
        (1, others, 4),
        (5, others, 7),
        (1, Heard::default(), 6),
        (5, Heard::default(), 7),
    ] {
        let waited = Duration::from_secs(waited);
        assert_eq!(doubted(60, (hearing, heard)).await, Err((heard, waited)));
    }
    assert_eq!(
        in_tenths(Duration::from_micros(4_099_999)).as_millis(),
        4000
    );
}

#[tokio::test]
async fn a_shim_that_says_no_word_after_the_handshake_has_made_it() {
    let (_dir, identity) = identity();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let config = identity
        .server_config(Arc::new(Anybody), MinTls::Tls13, ServerAlpn::Doctor)
        .unwrap();
    tokio::spawn(async move {
        let (mut tcp, _) = listener.accept().await.unwrap();
        let secured = accept(config, &mut tcp, Vec::new()).await;
        std::future::pending::<()>().await;
        drop((tcp, secured));
    });
    let config = identity.doctor_config(Arc::new(Anybody), MinTls::Tls13);
    let mut tcp = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from("db-0.pxc").unwrap();
    let secured = connect(config.unwrap(), name, &mut tcp).await.unwrap();
    let met = Met {
        tcp,
        secured,
        peer: None,
    };
    let broken = hear(met).await.err().unwrap();
    assert_eq!(broken.fault, Fault::ShimSilent);
    assert_eq!(broken.fault.step(), Step::Identities);
}

#[derive(Debug)]
struct Anybody;

impl PeerPolicy for Anybody {
    fn check(&self, _: &SpiffeId) -> Result<(), String> {
        Ok(())
    }
}

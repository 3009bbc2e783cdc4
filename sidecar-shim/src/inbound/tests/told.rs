//! A caller that asks how the app is.

use eastwest_transport::tls::{PeerAlert, Talk, Verdict, connect, peer_alert};
use rustls::pki_types::ServerName;
use serde_json::Value;

use super::list_changed::Trusting;
use super::*;

/// Nothing comes to the app within this time.
const QUIET: Duration = Duration::from_millis(200);

impl Pod {
    /// What a caller is told that does not want the app.
    async fn tells(&self) -> std::io::Result<Value> {
        let route = self.route(port(&self.app));
        let identity = self.caller.identity.current().unwrap();
        let verdict = Verdict::new(Arc::new(Trusting));
        let config = identity.doctor_config(verdict, MinTls::Tls13).unwrap();
        let mut tcp = TcpStream::connect(self.address).await?;
        let name = ServerName::try_from(route.sni).unwrap();
        let secured = connect(config, name, &mut tcp).await?;
        assert!(secured.is_for_doctor());
        let said = Talk::new(tcp, secured).hear_all(4096).await?;
        Ok(serde_json::from_slice(&said).unwrap())
    }
}

#[tokio::test]
async fn it_is_told_whether_the_app_listens_and_the_app_hears_nothing() {
    let pod = pod(1).await;
    let word = pod.tells().await.unwrap();
    assert_eq!(word["listening"], true, "{word}");
    assert_eq!(word["pod"], "db-pxc-0");
    let app = pod.app.local_addr().unwrap().to_string();
    assert_eq!(word["app"], app.as_str());
    assert!(timeout(QUIET, pod.app.accept()).await.is_err());
    // Nor does it keep its place.
    pod.call().await;
}

#[tokio::test]
async fn who_may_not_call_is_told_nothing() {
    let pod = pod(1).await;
    let others = allowing("spiffe://cluster.local/ns/other/sa/*");
    pod.inbound.allowed.store(Arc::new(others));
    let error = pod.tells().await.unwrap_err();
    assert_eq!(peer_alert(&error), Some(PeerAlert::NotAllowed));
}

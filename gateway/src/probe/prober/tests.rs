use std::fs;

use eastwest_transport::limits::Limits;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, SanType};
use tempfile::TempDir;
use tokio::time::advance;

use super::super::keep_fresh;
use super::*;

/// How long one waits for files to be read, on a machine that does other things too.
const PATIENT: Duration = Duration::from_secs(60);

/// A folder with a certificate for the gateway that ends in so many hours.
struct Folder {
    dir: TempDir,
    root: CertifiedIssuer<'static, KeyPair>,
}

impl Folder {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let dir = TempDir::new().unwrap();
        fs::write(dir.path().join("root-cert.pem"), root.pem()).unwrap();
        let folder = Self { dir, root };
        folder.issue(24);
        folder
    }

    /// The time of its end.
    fn issue(&self, hours: u64) -> SystemTime {
        let mut params = CertificateParams::default();
        let id = "spiffe://cluster.local/ns/istio-system/sa/gateway";
        params.subject_alt_names = vec![SanType::URI(id.try_into().unwrap())];
        let now = SystemTime::now();
        let end = now + Duration::from_secs(hours * 3600);
        params.not_before = (now - Duration::from_secs(60)).into();
        params.not_after = end.into();
        let key = KeyPair::generate().unwrap();
        let leaf = params.signed_by(&key, &self.root).unwrap();
        fs::write(self.dir.path().join("cert-chain.pem"), leaf.pem()).unwrap();
        fs::write(self.dir.path().join("key.pem"), key.serialize_pem()).unwrap();
        end
    }

    fn prober(&self) -> Prober {
        Prober {
            held: Arc::new(Held::open(self.dir.path()).unwrap()),
            read: Mutex::new(Instant::now()),
            allowed: Arc::new(Askers(Vec::new())),
        }
    }
}

/// Its certificate ends then; certificates have whole seconds.
fn ends_at(prober: &Prober, end: SystemTime) -> bool {
    let held = prober.held.identity.load().not_after();
    let apart = held.duration_since(end);
    apart.unwrap_or_else(|error| error.duration()) < Duration::from_secs(2)
}

#[tokio::test(start_paused = true)]
async fn files_are_read_again_though_nobody_asks_but_not_all_the_time() {
    let folder = Folder::new();
    let prober = folder.prober();
    let end = folder.issue(48);
    prober.renew().await;
    assert!(!ends_at(&prober, end), "read a moment ago");
    advance(READ_AGAIN).await;
    prober.renew().await;
    assert!(ends_at(&prober, end));
    assert_eq!(prober.certificates().len(), 2);
    // What is of no use is left alone.
    fs::write(folder.dir.path().join("key.pem"), "").unwrap();
    advance(READ_AGAIN).await;
    prober.renew().await;
    assert!(ends_at(&prober, end));
    let complaint = prober.held.complaint.lock().unwrap().clone();
    assert!(complaint.unwrap().contains("key.pem"));
    let end = folder.issue(72);
    advance(READ_AGAIN).await;
    prober.renew().await;
    assert!(ends_at(&prober, end));
    assert_eq!(*prober.held.complaint.lock().unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn a_gateway_that_runs_looks_by_itself() {
    let folder = Folder::new();
    let mut gateway = crate::serve::tests::gateway(Limits::default());
    Arc::get_mut(&mut gateway).unwrap().prober = Some(Box::new(folder.prober()));
    let told = |gateway: &Gateway| {
        let certificates = gateway.prober.as_ref().unwrap().certificates();
        format!("{certificates:?}")
    };
    let first = told(&gateway);
    let looks = tokio::spawn(keep_fresh(Arc::clone(&gateway)));
    folder.issue(48);
    let began = Instant::now();
    while told(&gateway) == first {
        assert!(began.elapsed() < PATIENT);
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert!(began.elapsed() >= READ_AGAIN, "{:?}", began.elapsed());
    looks.abort();
}

#[tokio::test]
async fn what_was_read_for_somebody_who_has_gone_is_kept() {
    let folder = Folder::new();
    let mut prober = folder.prober();
    let long_ago = Instant::now().checked_sub(READ_AGAIN).unwrap();
    prober.read = Mutex::new(long_ago);
    let end = folder.issue(48);
    {
        let mut asking = prober.renew();
        let began = std::future::poll_fn(|cx| {
            let _ = asking.as_mut().poll(cx);
            std::task::Poll::Ready(())
        });
        began.await;
    }
    let kept = async {
        while !ends_at(&prober, end) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENT, kept).await.unwrap();
}

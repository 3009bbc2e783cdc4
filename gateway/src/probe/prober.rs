//! What this gateway sees of a route, told to `eastwest doctor` in the other cluster.
//!
//! It asks with a server name that no pod has, over mutual TLS that ends here, and only where flags give
//! this process a certificate and a list of who may ask. Nothing of the routes depends on it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex as StdMutex, PoisonError};
use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use arc_swap::ArcSwap;
use eastwest_daemon::HeldCertificate;
use eastwest_mesh::SpiffePattern;
use eastwest_transport::admission::{Leave, Place};
use eastwest_transport::reason::Reason;
use eastwest_transport::spiffe::SpiffeId;
use eastwest_transport::tls::{
    ConfigError, HandshakeError, Identity, IdentityError, IdentityFiles, MinTls, PeerPolicy,
    ServerAlpn, Side, Talk, Verdict, accept_timed,
};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use super::{Answering, Answers, Renewing, Unanswered};
use crate::args::GatewayArgs;
use crate::connection::Greeted;
use crate::route::Route;
use crate::serve::Gateway;

/// Time for the question, and for taking the answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a certificate that was read is used: whoever asks has proved nothing yet, and is not to make this
/// process read files.
const READ_AGAIN: Duration = Duration::from_secs(10);
/// A server name is at most 253 bytes.
const LONGEST_QUESTION: usize = 256;

/// By what it is asked, and by whom.
#[derive(Debug)]
pub(super) struct Prober {
    held: Arc<Held>,
    read: Mutex<Instant>,
    allowed: Arc<Askers>,
}

/// The certificate, and where it comes from.
#[derive(Debug)]
struct Held {
    dir: PathBuf,
    /// As it was read last.
    identity: ArcSwap<Identity>,
    /// What was wrong with the files then: the log has it once.
    complaint: StdMutex<Option<String>>,
}

/// Who may ask.
#[derive(Debug)]
struct Askers(Vec<SpiffePattern>);

impl PeerPolicy for Askers {
    fn check(&self, peer: &SpiffeId) -> Result<(), String> {
        let listed = |pattern: &SpiffePattern| pattern.matches(peer.trust_domain(), peer.path());
        match self.0.iter().any(listed) {
            true => Ok(()),
            false => Err("no --probe-allow has it".to_owned()),
        }
    }
}

/// Why a question had no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum ProbeError {
    #[error("--probe-identity: {0}")]
    Config(#[from] ConfigError),
    #[error("{0}")]
    Handshake(HandshakeError),
    #[error("it was not over in {0:?}")]
    Late(Duration),
    #[error("others waited for the place")]
    Crowded,
    #[error("{0}")]
    Io(#[from] io::Error),
}

impl From<ProbeError> for Unanswered {
    fn from(error: ProbeError) -> Self {
        Self {
            reason: error.reason(),
            said: error.to_string(),
        }
    }
}

impl ProbeError {
    fn reason(&self) -> Reason {
        match self {
            Self::Config(_) => Reason::NoIdentity,
            Self::Handshake(error) => error.into(),
            Self::Late(_) => Reason::HandshakeTimeout,
            Self::Crowded => Reason::CrowdedOut,
            Self::Io(_) => Reason::DownstreamFailed,
        }
    }
}

impl Answers for Prober {
    fn answer<'a>(
        &'a self,
        gateway: &'a Gateway,
        tcp: &'a mut TcpStream,
        greeted: Greeted,
        place: &'a Place,
    ) -> Answering<'a> {
        Box::pin(async move { Ok(self.told(gateway, tcp, greeted, place).await?) })
    }

    fn certificates(&self) -> Vec<HeldCertificate> {
        let identity = self.held.identity.load();
        let all = [("probe", identity.certificate())].into_iter();
        let all = all.chain(identity.root_certificates().map(|root| ("root", root)));
        all.map(|(name, info)| {
            let valid = info.validity.not_before..=info.validity.not_after;
            HeldCertificate::new(name, info.subject, info.file, valid)
        })
        .collect()
    }

    fn renew(&self) -> Renewing<'_> {
        Box::pin(self.read_again())
    }
}

impl Held {
    fn open(dir: &Path) -> Result<Self, IdentityError> {
        Ok(Self {
            dir: dir.to_owned(),
            identity: ArcSwap::from_pointee(load(dir)?),
            complaint: StdMutex::default(),
        })
    }

    /// Files that are of no use leave the old one in its place.
    fn read_again(&self) {
        let complaint = match load(&self.dir) {
            Ok(identity) => {
                self.identity.store(Arc::new(identity));
                None
            }
            Err(error) => Some(error.to_string()),
        };
        let mut before = self
            .complaint
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(error) = &complaint
            && *before != complaint
        {
            tracing::warn!(%error, "--probe-identity: the old one stays in use");
        }
        *before = complaint;
    }
}

impl Prober {
    /// None without the flags.
    ///
    /// # Errors
    /// When the certificate can't be used.
    pub(super) fn new(args: &GatewayArgs) -> anyhow::Result<Option<Self>> {
        let Some(dir) = &args.probe_identity else {
            return Ok(None);
        };
        let held = Held::open(dir).context("--probe-identity")?;
        Ok(Some(Self {
            held: Arc::new(held),
            read: Mutex::new(Instant::now()),
            allowed: Arc::new(Askers(args.probe_allow.clone())),
        }))
    }

    /// The certificate may have been replaced since the last reading.
    async fn read_again(&self) {
        let mut read = self.read.lock().await;
        if read.elapsed() >= READ_AGAIN {
            *read = Instant::now();
            let held = Arc::clone(&self.held);
            // What is read is kept also where nobody waits for it any more.
            let _ = tokio::task::spawn_blocking(move || held.read_again()).await;
        }
    }

    async fn told(
        &self,
        gateway: &Gateway,
        tcp: &mut TcpStream,
        greeted: Greeted,
        place: &Place,
    ) -> Result<(), ProbeError> {
        self.read_again().await;
        let identity = self.held.identity.load_full();
        let verdict = Verdict::new(Arc::clone(&self.allowed) as Arc<_>);
        let policy = Arc::clone(&verdict) as Arc<_>;
        let config = identity.server_config(policy, MinTls::Tls13, ServerAlpn::Doctor)?;
        let accepting = accept_timed(config, &mut *tcp, greeted.into_bytes(), place.clock());
        let accepted = place.within(PATIENCE, accepting).await;
        let secured = accepted
            .map_err(|leave| match leave {
                Leave::Late => ProbeError::Late(PATIENCE),
                Leave::Wanted => ProbeError::Crowded,
            })?
            .map_err(|error| HandshakeError::new(error, Side::Server, &verdict))
            .map_err(ProbeError::Handshake)?;
        place.proved();
        let mut talk = Talk::new(tcp, secured);
        let hearing = timeout(PATIENCE, talk.hear());
        let question = hearing.await.map_err(|_| ProbeError::Late(PATIENCE))??;
        let question = question.get(..LONGEST_QUESTION).unwrap_or(&question);
        let view = gateway.view(String::from_utf8_lossy(question).trim()).await;
        let telling = async {
            talk.say(view.to_string().as_bytes()).await?;
            talk.end().await
        };
        timeout(PATIENCE, telling)
            .await
            .map_err(|_| ProbeError::Late(PATIENCE))??;
        Ok(())
    }
}

impl Gateway {
    /// What is seen of a server name: exported or why not, and what comes of dialling its pod. The pod
    /// is sent nothing.
    async fn view(&self, sni: &str) -> Value {
        let found = Route::of(sni, &self.exports.load());
        let target = match found {
            Ok(route) => route.target,
            Err(refusal) => {
                return json!({
                    "exported": false,
                    "reason": refusal.reason().as_str(),
                    "said": refusal.to_string(),
                });
            }
        };
        let (host, port) = (target.host.as_ref(), target.port.get());
        let deadline = Instant::now() + self.dialling.connect_timeout;
        let shown = format!("{host}:{port}");
        match self.dialling.pods.dial(host, port, deadline).await {
            Ok(dialled) => json!({
                "exported": true,
                "target": shown,
                "reached": dialled.address.to_string(),
            }),
            Err(error) => json!({
                "exported": true,
                "target": shown,
                "reason": error.reason().as_str(),
                "said": error.to_string(),
            }),
        }
    }
}

fn load(dir: &Path) -> Result<Identity, IdentityError> {
    Identity::load(&IdentityFiles::in_dir(dir)?, SystemTime::now())
}

#[cfg(test)]
mod tests;

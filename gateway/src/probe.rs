//! What `eastwest doctor` is told of a route by a gateway that may be asked.
//!
//! That takes mutual TLS, which the gateway has no other use for: the program `eastwest-gateway` is
//! without, and holds no key whatever its flags say. `eastwest gateway` has it.

mod prober;

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use eastwest_daemon::HeldCertificate;
use eastwest_transport::admission::Place;
use eastwest_transport::reason::Reason;
use tokio::net::TcpStream;
use tokio::time::sleep;

use crate::args::GatewayArgs;
use crate::connection::Greeted;
use crate::serve::Gateway;
use prober::Prober;

/// Somebody who answers questions of `eastwest doctor`.
pub(crate) trait Answers: fmt::Debug + Send + Sync {
    /// Takes the connection through a handshake, hears a server name, and says what is seen of it.
    fn answer<'a>(
        &'a self,
        gateway: &'a Gateway,
        tcp: &'a mut TcpStream,
        greeted: Greeted,
        place: &'a Place,
    ) -> Answering<'a>;

    /// What it proves itself with, and holds others against: as it was read last.
    fn certificates(&self) -> Vec<HeldCertificate>;

    /// Reads that again, unless it was read a moment ago.
    fn renew(&self) -> Renewing<'_>;
}

/// Boxed, because it is seldom and large.
pub(crate) type Answering<'a> = Pin<Box<dyn Future<Output = Result<(), Unanswered>> + Send + 'a>>;

/// Boxed for the trait's sake.
pub(crate) type Renewing<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// How often files are looked at though nobody asks: what the status tells of them is not to be older.
const LOOK: Duration = Duration::from_secs(10);

/// Keeps the certificate of whoever answers as its files are, for as long as the process lives.
pub(crate) async fn keep_fresh(gateway: Arc<Gateway>) {
    while let Some(prober) = &gateway.prober {
        prober.renew().await;
        sleep(LOOK).await;
    }
}

/// Why a question had no answer.
#[derive(Debug, thiserror::Error)]
#[error("{said}")]
pub(crate) struct Unanswered {
    pub(crate) reason: Reason,
    pub(crate) said: String,
}

/// By whom questions are answered: `None` where nobody is to.
pub(crate) type Asked = anyhow::Result<Option<Box<dyn Answers>>>;

/// By this process, where its flags give it a certificate.
///
/// # Errors
/// When that can't be used.
pub(crate) fn here(args: &GatewayArgs) -> Asked {
    Ok(Prober::new(args)?.map(|prober| Box::new(prober) as Box<_>))
}

/// By nobody.
///
/// # Errors
/// When the flags want it.
pub(crate) fn nowhere(args: &GatewayArgs) -> Asked {
    anyhow::ensure!(
        args.probe_identity.is_none(),
        "--probe-identity: eastwest-gateway has no TLS of its own, and so holds no key; `eastwest gateway` \
         is the same with it"
    );
    Ok(None)
}

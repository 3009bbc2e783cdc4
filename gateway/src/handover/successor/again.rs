//! A handover that breaks off is begun again.

use std::net::{Shutdown, SocketAddr, TcpListener};
use std::os::unix::net::UnixListener;
use std::sync::Arc;
use std::time::Duration;

use eastwest_daemon::{Context, KeptListener};
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use super::{Found, Frame, Gateway, Met, Old, Outcome, Place, Received};

/// Time until a handover that has broken off is tried again; doubled each time.
const AGAIN: Duration = Duration::from_secs(1);
/// The most that grows to. Each try has a few connections stand still for some milliseconds; and where
/// the old one dies meanwhile, nobody can be met at the place until the next.
const SELDOM: Duration = Duration::from_secs(5);

/// Takes over, as often as it takes: two gateways that both can be succeeded would never be one again.
/// None where this one ends before; for as long as it has connections then, it comes to give them back.
pub(super) async fn take_over(
    place: &Place,
    mut old: Old,
    gateway: &Arc<Gateway>,
    context: &Context,
) -> Option<UnixListener> {
    let process = old.hello.process;
    let mut pause = AGAIN;
    loop {
        match succeed(old, gateway, context).await {
            Outcome::Followed(door) => return Some(door),
            Outcome::GaveBack => {
                // Whoever asks how the gateway does hears it of the one that goes on.
                context.listeners.retire();
                return None;
            }
            Outcome::BrokeOff => {}
        }
        old = loop {
            let shutdown = &context.shutdown;
            if shutdown.is_draining() {
                if shutdown.open() == 0 {
                    return None;
                }
                shutdown
                    .aborted_token()
                    .run_until_cancelled(sleep(AGAIN))
                    .await?;
            } else {
                let stop = shutdown.stop_accepting_token();
                let _ = stop.run_until_cancelled(sleep(pause)).await;
                pause = SELDOM.min(pause * 2);
            }
            let (there, us) = (place.clone(), context.clone());
            match spawn_blocking(move || visit_again(&there, process, &us)).await {
                Ok(Ok(Met::Somebody(old))) => break old,
                Ok(Ok(Met::Nobody(_))) if shutdown.is_draining() => return None,
                Ok(Ok(Met::Nobody(door))) => {
                    tracing::info!(
                        "no gateway answers at {place} any more; this is the one to be succeeded"
                    );
                    return Some(door);
                }
                Ok(Err(error)) => tracing::warn!(
                    again_seconds = pause.as_secs(),
                    "the handover does not go on yet: {error:#}"
                ),
                Err(_) => {}
            }
        };
    }
}

/// One try, where waiting is allowed.
async fn succeed(old: Old, gateway: &Arc<Gateway>, context: &Context) -> Outcome {
    let (this, line) = (Arc::clone(gateway), old.channel.line());
    let mut succeeding = spawn_blocking(move || old.succeed(&this));
    let outcome = tokio::select! {
        outcome = &mut succeeding => outcome,
        () = context.shutdown.aborted() => {
            // What stands still to be given back is reset like everything else.
            let _ = line.and_then(|line| line.shutdown(Shutdown::Both));
            succeeding.await
        }
    };
    // A panic has been logged by the hook.
    outcome.unwrap_or(Outcome::BrokeOff)
}

/// Whoever is at the place now. The listening sockets have been taken before; another one that has others
/// would leave them to nobody. The one of before may have had more than this one was to listen on.
fn visit_again(place: &Place, before: u32, context: &Context) -> anyhow::Result<Met> {
    let old = match place.visit()? {
        Found::Nobody(door) => return Ok(Met::Nobody(door)),
        Found::Somebody(stream) => Old::meet(stream, context)?,
    };
    let Received { frame, descriptors } = old.listeners()?;
    if context.shutdown.is_draining() {
        // What is given back needs none of them.
        return Ok(Met::Somebody(old));
    }
    let process = old.hello.process;
    // In containers each may be number 1, and nobody can tell whether it is the same.
    let same = process == before && process != std::process::id();
    let ours: Vec<_> = context.listeners.kept().iter().map(address).collect();
    for socket in descriptors.into_iter().map(TcpListener::from) {
        let at = socket.local_addr()?;
        anyhow::ensure!(
            same || ours.contains(&Some(at)),
            "process {process} has come meanwhile, and listens on {at}, which this one does not: \
             it stays the one to be succeeded. End this one (SIGTERM) to have one again"
        );
    }
    if process != before {
        tracing::warn!(
            "process {process} has come meanwhile: this older one succeeds it, so that no connection is cut; \
             start the newer one again"
        );
    }
    if let Frame::Listeners { number, .. } = frame {
        context.connections.number_from(number);
    }
    Ok(Met::Somebody(old))
}

fn address(kept: &KeptListener) -> Option<SocketAddr> {
    kept.socket.local_addr().ok()
}

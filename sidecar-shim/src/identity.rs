//! The pod's certificate, followed while the process runs.

#[cfg(test)]
pub(crate) mod mint;

use eastwest_daemon::{Blocker, Context};
use eastwest_transport::tls::{IdentityStore, ReloadEvent, ReloadTiming, Utc, watch};
use serde_json::{Value, json};

/// Follows the files of the certificate until the process has ended: connections that are being
/// drained need it no more, new ones might.
pub(crate) async fn follow(store: IdentityStore, context: Context) {
    let blocker = context.readiness.blocker("certificate");
    blocker.clear();
    let stop = context.shutdown.aborted_token();
    let told = store.clone();
    watch(store, ReloadTiming::default(), stop, move |event| {
        tell(&event, &told, &blocker)
    })
    .await;
}

fn tell(event: &ReloadEvent, store: &IdentityStore, blocker: &Blocker) {
    match event {
        ReloadEvent::Loaded {
            id,
            serial,
            not_after,
        } => {
            tracing::info!(%id, serial, not_after = %Utc(*not_after), "new certificate in use");
            blocker.clear();
            reloaded("ok");
        }
        ReloadEvent::Refused { error } => {
            let in_use = store.current();
            tracing::error!(
                %error,
                in_use = in_use.serial(),
                not_after = %Utc(in_use.not_after()),
                "new certificate refused; the old one stays in use"
            );
            reloaded("failed");
        }
        ReloadEvent::Unwatched { error } => {
            tracing::warn!(%error, "certificate files are looked at once a minute only");
        }
    }
}

fn reloaded(outcome: &'static str) {
    metrics::counter!("eastwest_reloads_total", "what" => "certificate", "outcome" => outcome)
        .increment(1);
}

/// For `/certs`.
pub(crate) fn shown(store: &IdentityStore) -> Value {
    let identity = store.current();
    let roots: Vec<_> = identity
        .roots()
        .iter()
        .map(|root| {
            json!({
                "subject": root.subject,
                "fingerprint": root.fingerprint,
                "not_before": Utc(root.validity.not_before).to_string(),
                "not_after": Utc(root.validity.not_after).to_string(),
            })
        })
        .collect();
    json!({
        "id": identity.id().as_str(),
        "serial": identity.serial(),
        "not_before": Utc(identity.validity().not_before).to_string(),
        "not_after": Utc(identity.not_after()).to_string(),
        "files": {
            "cert": identity.files().cert,
            "key": identity.files().key,
            "roots": identity.files().roots,
        },
        "roots": roots,
    })
}

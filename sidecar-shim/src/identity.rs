//! The pod's certificate, followed while the process runs.

#[cfg(test)]
pub(crate) mod mint;
#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use eastwest_daemon::{Blocker, Context, HeldCertificate, Reload, Status};
use eastwest_transport::tls::{Identity, IdentityStore, ReloadEvent, ReloadTiming, Utc, watch};
use serde_json::{Value, json};
use tokio::time::sleep;

/// Shortest and longest time between two looks at the clock. Timers count their own time: a clock
/// that is set, or a machine that slept, must not leave an expired certificate unnoticed for long.
const JUDGE_EVERY: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));

/// Follows the files of the certificate until the process has ended: connections that are being
/// drained need it no more, new ones might.
///
/// While it is outside its validity the process is not ready: every peer refuses it. That counts from
/// the call on, so that a process which has become ready meanwhile is not unready for a moment.
pub(crate) fn follow(store: IdentityStore, context: Context) -> impl Future<Output = ()> + Send {
    Reload::Certificate.begin();
    let blocker = context.readiness.blocker("certificate");
    judge(&store.current(), &blocker);
    following(store, context, blocker)
}

async fn following(store: IdentityStore, context: Context, blocker: Blocker) {
    let id = Mutex::new(store.current().id().clone());
    let on_event = |event| {
        tell(&event, &store, &context.status);
        let now = store.current().id().clone();
        let mut id = id.lock().unwrap_or_else(PoisonError::into_inner);
        if now != *id {
            // Which policies are this pod's is said by its name.
            tracing::warn!(before = %id, %now, "the pod has another identity: manifests are read again");
            *id = now;
            context.request_reload();
        }
        judge(&store.current(), &blocker);
    };
    let watching = watch(
        store.clone(),
        ReloadTiming::default(),
        context.reload_requests(),
        context.shutdown.aborted_token(),
        on_event,
    );
    tokio::select! {
        () = watching => {}
        never = keep_judging(&store, &blocker) => match never {},
    }
}

/// Notices the moment at which the certificate ends.
async fn keep_judging(store: &IdentityStore, blocker: &Blocker) -> Infallible {
    loop {
        let identity = store.current();
        judge(&identity, blocker);
        let left = identity.not_after().duration_since(SystemTime::now());
        sleep(left.unwrap_or_default().clamp(JUDGE_EVERY.0, JUDGE_EVERY.1)).await;
    }
}

fn judge(identity: &Identity, blocker: &Blocker) {
    match identity.validity().check(SystemTime::now()) {
        Ok(()) => blocker.clear(),
        Err(fault) => blocker.set(format!(
            "the certificate in {} {fault}; peers refuse it until it is replaced",
            identity.files().cert.display()
        )),
    }
}

fn tell(event: &ReloadEvent, store: &IdentityStore, status: &Status) {
    match event {
        ReloadEvent::Loaded {
            id,
            serial,
            not_after,
        } => {
            tracing::info!(%id, serial, not_after = %Utc(*not_after), "new certificate in use");
            let said = format!("new certificate in use, until {}", Utc(*not_after));
            Reload::Certificate.taken(status, said);
        }
        ReloadEvent::Refused { error } => {
            let in_use = store.current();
            tracing::error!(
                %error,
                in_use = in_use.serial(),
                not_after = %Utc(in_use.not_after()),
                "new certificate refused; the old one stays in use"
            );
            let why = format!("new certificate refused; the old one stays in use: {error}");
            Reload::Certificate.refused(status, why);
        }
        ReloadEvent::Unchanged => {
            tracing::info!(
                in_use = store.current().serial(),
                "certificate files looked at: those in use"
            );
            Reload::Certificate.taken(status, "certificate files looked at: those in use");
        }
        ReloadEvent::Unwatched { error } => {
            tracing::warn!(%error, "certificate files are looked at once a minute only");
        }
    }
}

/// For `/status.json`.
pub(crate) fn held(store: &IdentityStore) -> Vec<HeldCertificate> {
    let identity = store.current();
    let validity = identity.validity();
    let own = HeldCertificate {
        name: "workload",
        subject: identity.id().as_str().to_owned(),
        file: identity.files().cert.clone(),
        not_before: validity.not_before,
        not_after: validity.not_after,
    };
    let roots = identity.roots().iter().map(|root| HeldCertificate {
        name: "root",
        subject: root.subject.clone(),
        file: identity.files().roots.clone(),
        not_before: root.validity.not_before,
        not_after: root.validity.not_after,
    });
    [own].into_iter().chain(roots).collect()
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

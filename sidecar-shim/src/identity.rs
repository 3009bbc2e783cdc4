//! The pod's certificate, awaited where it is not there yet, and followed while the process runs.

#[cfg(test)]
pub(crate) mod mint;
#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use eastwest_daemon::{Blocker, Context, HeldCertificate, Reload, Status};
use eastwest_transport::spiffe::SpiffeId;
use eastwest_transport::tls::{
    CertificateInfo, IdentityStore, ReloadEvent, ReloadTiming, Utc, Validity, watch,
};
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::time::sleep;

/// Longest time between two looks at the clock. Timers count their own time: a clock that is set, or a
/// machine that slept, must not leave an expired certificate unnoticed for long.
const LOOK_AT_MOST: Duration = Duration::from_secs(30);

/// Follows the files of the certificate until the process has ended: connections that are being
/// drained need it no more, new ones might.
///
/// While there is none, or it is outside its validity, the process is not ready. That counts from the call
/// on, so that a process which has become ready meanwhile is not unready for a moment.
pub(crate) fn follow(store: IdentityStore, context: Context) -> impl Future<Output = ()> + Send {
    Reload::Certificate.begin();
    let blocker = context.readiness.blocker("certificate");
    judge(&store, &blocker);
    following(store, context, blocker)
}

async fn following(store: IdentityStore, context: Context, blocker: Blocker) {
    let id = Mutex::new(id_in(&store));
    let replaced = Notify::new();
    let on_event = |event| {
        tell(&event, &store, &context.status);
        let now = id_in(&store);
        let mut id = id.lock().unwrap_or_else(PoisonError::into_inner);
        if now != *id {
            // Which policies are this pod's is said by its name.
            match (&*id, &now) {
                (Some(before), Some(now)) => {
                    tracing::warn!(%before, %now, "the pod has another identity: manifests are read again");
                }
                _ => tracing::info!("the pod has an identity now: manifests are read again"),
            }
            *id = now;
            context.request_reload();
        }
        judge(&store, &blocker);
        replaced.notify_one();
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
        never = keep_judging(&store, &replaced, &blocker) => match never {},
    }
}

/// Notices the moments at which the certificate begins and ends, which are others once it is `replaced`.
async fn keep_judging(store: &IdentityStore, replaced: &Notify, blocker: &Blocker) -> Infallible {
    loop {
        judge(store, blocker);
        let moments = store.current().map(|identity| {
            let Validity {
                not_before,
                not_after,
            } = identity.validity();
            // It is good until its last moment is over.
            [not_before, not_after + Duration::from_millis(1)]
        });
        let now = SystemTime::now();
        let mut moments = moments.into_iter().flatten();
        let next = moments.find_map(|at| at.duration_since(now).ok());
        let left = next.unwrap_or(LOOK_AT_MOST).min(LOOK_AT_MOST);
        tokio::select! {
            () = sleep(left) => {}
            () = replaced.notified() => {}
        }
    }
}

/// Whose the certificate is, whatever its time.
pub(crate) fn id_in(store: &IdentityStore) -> Option<SpiffeId> {
    Some(store.current().ok()?.id().clone())
}

fn judge(store: &IdentityStore, blocker: &Blocker) {
    match store.valid(SystemTime::now()) {
        Ok(_) => blocker.clear(),
        Err(why) => blocker.set(format!(
            "{why}; connections are refused until it is there and valid"
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
            let said = match store.current() {
                Ok(in_use) => {
                    let said = "new certificate refused; the old one stays in use";
                    tracing::error!(
                        %error,
                        in_use = in_use.serial(),
                        not_after = %Utc(in_use.not_after()),
                        "{said}"
                    );
                    said
                }
                Err(_) => {
                    let said = "certificate files looked at: there is still none to use";
                    tracing::error!(%error, "{said}");
                    said
                }
            };
            Reload::Certificate.refused(status, format!("{said}: {error}"));
        }
        ReloadEvent::Unchanged => {
            let in_use = store.current().ok();
            tracing::info!(
                in_use = in_use.as_ref().map(|identity| identity.serial()),
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
    let Ok(identity) = store.current() else {
        return Vec::new();
    };
    let held = |name, info: CertificateInfo| {
        let Validity {
            not_before,
            not_after,
        } = info.validity;
        HeldCertificate::new(name, info.subject, info.file, not_before..=not_after)
    };
    let own = held("workload", identity.certificate());
    let roots = identity.root_certificates().map(|root| held("root", root));
    [own].into_iter().chain(roots).collect()
}

/// For `/certs`.
pub(crate) fn shown(store: &IdentityStore) -> Value {
    let identity = match store.current() {
        Ok(identity) => identity,
        Err(why) => return json!({ "missing": why.to_string() }),
    };
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

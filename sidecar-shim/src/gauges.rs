//! What a shim says of its certificate to whoever asks for metrics.

use std::time::{SystemTime, UNIX_EPOCH};

use eastwest_daemon::Context;
use eastwest_transport::tls::IdentityStore;
use metrics::{describe_gauge, gauge};

const CERTIFICATE: &str = "eastwest_certificate_expiry_timestamp_seconds";
const ROOT: &str = "eastwest_root_expiry_timestamp_seconds";

/// Has it looked at for each scrape.
pub(crate) fn expose(context: &Context, store: &IdentityStore) {
    describe_gauge!(
        CERTIFICATE,
        "When the certificate in use ends, since the Unix epoch; 0 while there is none."
    );
    describe_gauge!(
        ROOT,
        "When the first of the roots ends that peers are held against, since the Unix epoch."
    );
    let store = store.clone();
    context.samples.add(move || certificate(&store));
}

fn certificate(store: &IdentityStore) {
    let Ok(identity) = store.current() else {
        // Over for a long time, for whoever has an alarm on its end.
        gauge!(CERTIFICATE).set(0.0);
        return;
    };
    gauge!(CERTIFICATE).set(since_epoch(identity.not_after()));
    let roots = identity.roots().iter().map(|root| root.validity.not_after);
    if let Some(first) = roots.min() {
        gauge!(ROOT).set(since_epoch(first));
    }
}

fn since_epoch(time: SystemTime) -> f64 {
    time.duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs_f64()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use eastwest_daemon::Metrics;
    use eastwest_transport::tls::IdentitySource;

    use super::*;
    use crate::identity::mint::{HOUR, Mint};

    #[test]
    fn the_end_of_the_certificate_in_use_is_told() {
        let recorder = Metrics::install();
        let until = UNIX_EPOCH + Duration::from_secs(4_000_000_000);
        let mint = Mint::new();
        let (_files, store) = mint.workload("source", until);
        let told = |text: &str, name: &str| -> f64 {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap().trim().parse().unwrap()
        };
        let rendered = |store: IdentityStore| {
            let context = Context::new();
            context.samples.add(move || certificate(&store));
            recorder.render(&context)
        };
        let text = rendered(store);
        assert_eq!(told(&text, CERTIFICATE), 4e9);
        assert!(told(&text, ROOT) > 0.0);
        let (empty, now) = (tempfile::tempdir().unwrap(), SystemTime::now());
        let to_come = IdentitySource::Folder(empty.path().to_owned());
        let none = IdentityStore::open(to_come, now).unwrap();
        assert_eq!(told(&rendered(none), CERTIFICATE), 0.0);
        let (_files, renewed) = mint.workload("source", until + HOUR);
        assert_eq!(told(&rendered(renewed), CERTIFICATE), 4e9 + 3600.0);
    }
}

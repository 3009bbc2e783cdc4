//! Clocks that are wrong: that of the first pod's shim is an hour ahead.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use eastwest::clusters::{Clusters, HELLO};
use eastwest_e2e::{CountedClusters, hello};
use eastwest_transport::tls::Validity;

use crate::examined::ask_hello;

const AHEAD: Duration = Duration::from_secs(3600);
const HALF: Duration = Duration::from_secs(1800);

/// A library before the C library: whoever is loaded with it lives an hour ahead. The kernel has no such
/// clock for processes (time_namespaces(7) has the monotonic ones alone).
const CLOCK: &str = "\
#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>
int clock_gettime(clockid_t clock, struct timespec *now)
{
    static int (*next)(clockid_t, struct timespec *);
    if (!next)
        next = dlsym(RTLD_NEXT, \"clock_gettime\");
    int result = next(clock, now);
    if (clock == CLOCK_REALTIME)
        now->tv_sec += AHEAD;
    return result;
}
";

fn built(folder: &Path) -> PathBuf {
    let [source, library] = ["ahead.c", "ahead.so"].map(|name| folder.join(name));
    std::fs::write(&source, CLOCK).unwrap();
    let mut cc = Command::new("cc");
    cc.args([
        "-shared",
        "-fPIC",
        &format!("-DAHEAD={}", AHEAD.as_secs()),
        "-o",
    ]);
    let output = cc.arg(&library).arg(&source).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    library
}

/// The clusters, where the clock of the first pod's shim is ahead; `change` comes before it starts.
fn with_pod_ahead(change: impl FnOnce(&Clusters, &Path)) -> CountedClusters {
    let mut clusters = hello().unwrap();
    clusters.stop("hello-0-shim");
    let pod = &HELLO[0];
    let certificates = clusters.certificates();
    let identity = certificates.workload("cluster-a", "demo", "hello").unwrap();
    change(&clusters, &identity);
    let address = clusters.layout().pod(pod);
    let mut shim = clusters.eastwest_on(pod.name).unwrap();
    shim.arg("shim").arg("--identity").arg(identity);
    shim.arg("--manifests")
        .arg(clusters.manifests().cluster_a());
    shim.args(["--inbound", &pod.port.to_string(), "--pod-name", pod.name]);
    shim.args(["--inbound-listen", &format!("{address}:15444")]);
    shim.args(["--log-format", "json"]);
    shim.env("LD_PRELOAD", built(clusters.dir()));
    let ready = |printed: &str| printed.contains("\"message\":\"ready\"");
    clusters.start("hello-0-shim", shim, ready).unwrap();
    clusters
}

#[test]
fn a_pod_whose_clock_says_that_our_certificate_has_expired() {
    let clusters = with_pod_ahead(|_, _| ());
    // As long as ours is good for a day, nobody minds the hour.
    let examined = ask_hello(&clusters, &[]).is_healthy();
    let steps = examined.said.pointer("/routes/0/steps").unwrap();
    let ahead = format!("its clock is {} s ahead of ours", AHEAD.as_secs());
    assert!(steps.to_string().contains(&ahead), "{steps:#}");

    let folder = clusters.dir().join("ours");
    let certificates = clusters.certificates();
    let validity = eastwest::certs::valid_for(HALF);
    certificates
        .issue(&folder, "cluster-b", "demo", "app", validity)
        .unwrap();
    ask_hello(&clusters, &[])
        .identity(&folder)
        .finds("clock-skew", "a");
}

#[test]
fn a_pod_whose_certificate_is_of_a_time_to_come() {
    let clusters = with_pod_ahead(|clusters, folder| {
        let now = SystemTime::now();
        let validity = Validity {
            not_before: now + HALF,
            not_after: now + 2 * AHEAD,
        };
        let certificates = clusters.certificates();
        certificates
            .issue(folder, "cluster-a", "demo", "hello", validity)
            .unwrap();
    });
    ask_hello(&clusters, &[]).finds("pod-certificate-not-yet-valid", "a");
}

//! Which pod this is, so that a connection for another one is noticed.
//!
//! The pods of a set share one identity, and an address that one of them had may be another's before
//! everybody has heard of it. The caller can't tell them apart; the pod that it reached can.

use std::fmt;

use eastwest_mesh::alias::{PREFIX, stateful_set};

/// The name of this pod, which has an ordinal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OwnPod(String);

impl OwnPod {
    /// That pod, if it is one of a StatefulSet: the others have no name that anybody asks for.
    pub(crate) fn named(name: &str) -> Option<Self> {
        // A host may be set to show its whole name (`setHostnameAsFQDN`).
        let name = name.split_once('.').map_or(name, |(label, _)| label);
        stateful_set(name).map(|_| Self(name.to_owned()))
    }

    /// The pod that this is, by the name that was given or the host's.
    pub(crate) fn given(name: Option<&str>) -> Option<Self> {
        let Some(name) = name else {
            return Self::named(rustix::system::uname().nodename().to_str().ok()?);
        };
        let own = Self::named(name);
        if own.is_none() {
            tracing::warn!(
                "--pod-name {name} is no pod of a StatefulSet (SET-ORDINAL): connections for another \
                 pod cannot be told"
            );
        }
        own
    }

    /// The pod that `host` is about, if it is another one of this pod's set.
    pub(crate) fn other<'a>(&self, host: &'a str) -> Option<&'a str> {
        let mut labels = host.split('.');
        let label = labels.next().unwrap_or(host);
        let pod = match label.strip_prefix(PREFIX) {
            Some(pod) => pod,
            // POD.SERVICE.NAMESPACE.svc; what has one label less is a Service, which may be called as a
            // pod could be (`mysql-8`).
            None if labels.nth(2) == Some("svc") => label,
            None => return None,
        };
        // Pods of other sets come under names that say nothing about this one.
        let same_set = stateful_set(pod).is_some_and(|set| Some(set) == stateful_set(&self.0));
        (same_set && pod != self.0).then_some(pod)
    }
}

impl fmt::Display for OwnPod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_another_pod_of_the_same_set_is_another_one() {
        let own = OwnPod::named("db-pxc-0").unwrap();
        let other = |host| own.other(host);
        assert_eq!(other("db-pxc-0.db-pxc.pxc.svc.cluster.local"), None);
        assert_eq!(
            other("db-pxc-1.db-pxc.pxc.svc.cluster.local"),
            Some("db-pxc-1")
        );
        assert_eq!(other("src-db-pxc-0.pxc.svc.cluster.local"), None);
        assert_eq!(
            other("src-db-pxc-12.pxc.svc.west.example"),
            Some("db-pxc-12")
        );
        for elsewhere in [
            "db-pxc.pxc.svc.cluster.local",
            "db-haproxy-1.db-haproxy.pxc.svc.x",
            "db-pxc-01.db-pxc.pxc.svc.x",
            "db-pxc-8.pxc.svc.x",
            "db-pxc-8",
            "",
            "-1",
        ] {
            assert_eq!(other(elsewhere), None, "{elsewhere}");
        }
    }

    #[test]
    fn a_pod_without_an_ordinal_has_no_others() {
        assert_eq!(OwnPod::named("hello-7d4b9c6f5-x2x9z"), None);
        assert_eq!(OwnPod::named("laptop"), None);
        assert_eq!(OwnPod::named("db-0.db.pxc.svc.x"), OwnPod::named("db-0"));
    }
}

//! Exports as a list, to be compared with another.

use std::collections::BTreeMap;

use super::{Dialect, Exports, HostPattern};

impl Exports {
    /// What is allowed, and what stands behind a name (the pod, the ports to dial there), without the
    /// places where that is written.
    pub(crate) fn by_name(&self) -> BTreeMap<String, String> {
        let allowed = [(Dialect::Istio, "Istio"), (Dialect::Plain, "plain")];
        let mut all = BTreeMap::new();
        for (dialect, form) in allowed {
            for (host, _) in self.entries(dialect) {
                let host = match host {
                    HostPattern::All => "*".to_owned(),
                    HostPattern::Below(suffix) => format!("*.{suffix}"),
                    HostPattern::Exact(host) => host.to_string(),
                };
                all.insert(format!("{host} ({form} server names)"), String::new());
            }
        }
        for (alias, remote) in &self.remote_hosts {
            all.insert(format!("{alias} (an alias)"), remote.to_string());
        }
        for (host, ports) in &self.dial_ports {
            all.insert(format!("{host} (ports)"), format!("{ports:?}"));
        }
        all
    }
}

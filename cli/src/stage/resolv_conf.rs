//! The `/etc/resolv.conf` of a host.

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// What resolv.conf(5) says, as data.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResolvConf {
    /// Asked in this order. Without any, glibc asks 127.0.0.1.
    pub nameservers: Vec<IpAddr>,
    /// Domains that are tried after a short name.
    pub search: Vec<String>,
    /// Options as they stand in the file, such as `ndots:5`.
    pub options: Vec<String>,
}

impl ResolvConf {
    /// What the kubelet writes for a pod with `dnsPolicy: ClusterFirst` in `namespace`.
    #[must_use]
    pub fn of_pod(nameserver: IpAddr, namespace: &str, cluster_domain: &str) -> Self {
        Self {
            nameservers: vec![nameserver],
            search: vec![
                format!("{namespace}.svc.{cluster_domain}"),
                format!("svc.{cluster_domain}"),
                cluster_domain.to_owned(),
            ],
            options: vec!["ndots:5".to_owned()],
        }
    }
}

impl fmt::Display for ResolvConf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.search.is_empty() {
            writeln!(f, "search {}", self.search.join(" "))?;
        }
        for nameserver in &self.nameservers {
            writeln!(f, "nameserver {nameserver}")?;
        }
        if !self.options.is_empty() {
            writeln!(f, "options {}", self.options.join(" "))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::ResolvConf;

    #[test]
    fn a_pods_file_reads_as_the_kubelet_writes_it() {
        let conf = ResolvConf::of_pod(Ipv4Addr::new(10, 71, 0, 53).into(), "demo", "cluster.local");
        assert_eq!(
            conf.to_string(),
            "search demo.svc.cluster.local svc.cluster.local cluster.local\n\
             nameserver 10.71.0.53\n\
             options ndots:5\n"
        );
    }

    #[test]
    fn an_empty_file_is_empty() {
        assert_eq!(ResolvConf::default().to_string(), "");
    }
}

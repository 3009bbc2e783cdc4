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

    /// The same for a pod whose name server is in it, and may be killed with a question: that is asked
    /// again before MySQL tries to connect once more. glibc would wait for 5 s. Answers that are slow
    /// are waited for no less than those 5 s.
    #[must_use]
    pub fn asking_again_soon(mut self) -> Self {
        let soon = ["timeout:1", "attempts:5"];
        self.options.extend(soon.map(str::to_owned));
        self
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
    fn a_question_that_is_lost_is_asked_again_after_a_second() {
        let conf = ResolvConf::of_pod(Ipv4Addr::LOCALHOST.into(), "demo", "cluster.local");
        let text = conf.asking_again_soon().to_string();
        assert!(
            text.ends_with("\noptions ndots:5 timeout:1 attempts:5\n"),
            "{text}"
        );
    }

    #[test]
    fn an_empty_file_is_empty() {
        assert_eq!(ResolvConf::default().to_string(), "");
    }
}

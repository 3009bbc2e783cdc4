//! `eastwest certs all`: a root, CAs and workloads in one folder.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use anyhow::anyhow;
use eastwest_transport::spiffe::SpiffeId;
use eastwest_transport::tls::Validity;

use super::{Output, report};
use crate::certs::{Ca, CertError, Overwrite, WorkloadRequest, valid_for};

const DAY: Duration = Duration::from_secs(86_400);

/// One workload of one cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Member {
    cluster: String,
    namespace: String,
    account: String,
}

impl FromStr for Member {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts: Vec<_> = text.split('/').collect();
        let [cluster, namespace, account] = parts.as_slice() else {
            return Err("write CLUSTER/NAMESPACE/ACCOUNT, as in cluster-a/pxc/default".to_owned());
        };
        for part in &parts {
            if !is_kubernetes_name(part) {
                return Err(format!(
                    "{part:?} is not a Kubernetes name (a-z, 0-9, '-' and '.', and neither at its ends)"
                ));
            }
        }
        let [cluster, namespace, account] = [cluster, namespace, account].map(|&s| s.to_owned());
        Ok(Self {
            cluster,
            namespace,
            account,
        })
    }
}

/// A DNS-1123 subdomain, so also a folder's name without surprises.
fn is_kubernetes_name(text: &str) -> bool {
    let known = |c: char| matches!(c, 'a'..='z' | '0'..='9' | '-' | '.');
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    text.len() <= 253
        && text.chars().all(known)
        && edge(text.chars().next())
        && edge(text.chars().next_back())
}

pub(super) fn make(
    out: &mut impl Write,
    members: &[Member],
    trust_domain: &str,
    output: &Output,
    validity: Validity,
) -> anyhow::Result<()> {
    let mut ids = Vec::new();
    for member in members {
        let id = SpiffeId::for_service_account(trust_domain, &member.namespace, &member.account)?;
        ids.push((member, id));
    }
    let mut root = None;
    let mut clusters = BTreeMap::new();
    for (member, id) in ids {
        let name = member.cluster.as_str();
        let dir = output.out.join(name);
        if !clusters.contains_key(name) {
            let ca = load_or_make(out, &dir.join("ca"), &format!("the CA of {name}"), |out| {
                let root = match &mut root {
                    Some(root) => root,
                    none => none.insert(load_or_make_root(out, output)?),
                };
                root.intermediate(name, output.key_type, valid_for(730 * DAY))
                    .map_err(Into::into)
            })?;
            clusters.insert(name, ca);
        }
        let Some(ca) = clusters.get(name) else {
            continue;
        };
        let workload = ca.workload(&WorkloadRequest {
            id: id.clone(),
            dns_names: Vec::new(),
            key: output.key_type,
            validity,
        })?;
        let dir = dir.join(&member.namespace).join(&member.account);
        workload.write(&dir, output.overwrite())?;
        report(out, id.as_str(), &dir, workload.validity)?;
    }
    Ok(())
}

/// Only for a cluster without a CA: else the root's key can stay where it is kept.
fn load_or_make_root(out: &mut impl Write, output: &Output) -> anyhow::Result<Ca> {
    load_or_make(out, &output.out.join("root"), "the root", |_| {
        let validity = valid_for(3650 * DAY);
        Ok(Ca::root("Root CA", output.key_type, validity)?)
    })
}

/// A CA that is there is used again even under `--force`: a new root would part the clusters.
fn load_or_make<W: Write>(
    out: &mut W,
    dir: &Path,
    what: &str,
    make: impl FnOnce(&mut W) -> anyhow::Result<Ca>,
) -> anyhow::Result<Ca> {
    match Ca::load(dir, SystemTime::now()) {
        Err(CertError::NoCa(_)) => {}
        found => return Ok(found?),
    }
    let ca = make(out)?;
    ca.write(dir, Overwrite::Refuse)
        .map_err(|error| match error {
            CertError::Exists(path) => anyhow!(
                "{} is in the way of {what}, and is not replaced even under --force: move it away",
                path.display()
            ),
            other => other.into(),
        })?;
    report(out, what, dir, ca.validity())?;
    Ok(ca)
}

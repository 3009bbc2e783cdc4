//! The naming convention that needs no configuration: which pod an alias stands for.
//!
//! `src-POD.NAMESPACE.svc.DOMAIN` is `POD.STATEFULSET.NAMESPACE.svc.DOMAIN`, where STATEFULSET is
//! POD without its `-ordinal`. Client and gateway both use it, so a stock Istio sidecar that sends
//! the alias as its SNI reaches the same pod as our own shim.

use crate::hostname::Hostname;

/// What an alias begins with.
pub const PREFIX: &str = "src-";

/// The pod that `alias` stands for, or `None` where the convention says nothing about it.
///
/// ```
/// use eastwest_mesh::{Hostname, alias};
/// let domain: Hostname = "cluster.local".parse()?;
/// let alias: Hostname = "src-db-pxc-0.pxc.svc.cluster.local".parse()?;
/// let pod = alias::remote_host(&alias, &domain).map(|host| host.to_string());
/// assert_eq!(pod.as_deref(), Some("db-pxc-0.db-pxc.pxc.svc.cluster.local"));
/// # Ok::<(), eastwest_mesh::HostnameError>(())
/// ```
#[must_use]
pub fn remote_host(alias: &Hostname, domain: &Hostname) -> Option<Hostname> {
    let front = alias.strip_domain(domain)?.strip_suffix(".svc")?;
    let (name, namespace) = front.split_once('.')?;
    if namespace.contains('.') {
        return None;
    }
    let pod = name.strip_prefix(PREFIX)?;
    let set = stateful_set(pod)?;
    let labels = [pod, set, namespace, "svc", domain.as_str()];
    labels.join(".").parse().ok()
}

/// The alias that stands for a StatefulSet's pod: the inverse of [`remote_host`].
#[must_use]
pub fn alias_host(pod_host: &Hostname, domain: &Hostname) -> Option<Hostname> {
    let front = pod_host.strip_domain(domain)?.strip_suffix(".svc")?;
    let mut labels = front.split('.');
    let (pod, set, namespace) = (labels.next()?, labels.next()?, labels.next()?);
    if labels.next().is_some() || stateful_set(pod) != Some(set) {
        return None;
    }
    format!("{PREFIX}{pod}.{namespace}.svc.{domain}")
        .parse()
        .ok()
}

/// `db-pxc` of `db-pxc-0`. Ordinals are written without leading zeros
/// (Kubernetes, "StatefulSets: Ordinal index"), so `db-00` is no pod of a StatefulSet.
#[must_use]
pub fn stateful_set(pod: &str) -> Option<&str> {
    let (set, ordinal) = pod.rsplit_once('-')?;
    let digits = !ordinal.is_empty() && ordinal.bytes().all(|byte| byte.is_ascii_digit());
    let canonical = ordinal == "0" || !ordinal.starts_with('0');
    (digits && canonical && !set.is_empty()).then_some(set)
}

#[cfg(test)]
mod tests;

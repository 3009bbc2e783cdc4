//! A wildcard as a regular expression over server names in lower case, and the host that it leads to.
//!
//! Labels have no `_`: no name of a pod or a Service has one, and Istio's own separator must not be
//! taken for a part of a host.

use eastwest_mesh::forwarding::{Wildcard, WildcardHosts};
use eastwest_mesh::{Dialect, Hostname};

const LABEL: &str = "[a-z0-9-]+";
const ORDINAL: &str = "(0|[1-9][0-9]*)";
/// `outbound_.PORT_.SUBSET_.`
const ISTIO: &str = "outbound_[.][1-9][0-9]*_[.][a-z0-9-]*_[.]";

/// How groups are written and used.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Groups {
    /// `(...)` and `\1`
    Numbered,
    /// `(?<name>...)` and `$name`
    Named,
}

/// A regular expression for a whole server name, and the host as a template of its groups.
pub(super) struct Pattern {
    pub(super) regex: String,
    pub(super) host: String,
}

impl Groups {
    fn group(self, name: &str, inner: &str) -> String {
        match self {
            Self::Numbered => format!("({inner})"),
            Self::Named => format!("(?<{name}>{inner})"),
        }
    }

    fn used(self, name: &str, number: u8) -> String {
        match self {
            Self::Numbered => format!("\\{number}"),
            Self::Named => format!("${name}"),
        }
    }
}

pub(super) fn of(wildcard: &Wildcard, groups: Groups, domain: &Hostname) -> Pattern {
    let (hosts, host) = match &wildcard.hosts {
        WildcardHosts::Any { names, host } => {
            let names: Vec<_> = names.iter().map(literal).collect();
            (format!("({})", names.join("|")), host.to_string())
        }
        WildcardHosts::Below { suffix, labels } => below(suffix, *labels, groups),
        WildcardHosts::Aliases { set, namespace } => {
            aliases(set.as_deref(), namespace.as_deref(), groups, domain)
        }
    };
    let front = match wildcard.dialect {
        Dialect::Istio => ISTIO,
        Dialect::Plain => "",
    };
    Pattern {
        regex: format!("^{front}{hosts}$"),
        host,
    }
}

fn below(suffix: &Hostname, labels: usize, groups: Groups) -> (String, String) {
    let more = format!("({LABEL}[.])");
    let least = more.repeat(labels.saturating_sub(1));
    let hosts = groups.group("host", &format!("{least}{more}+{}", literal(suffix)));
    (hosts, groups.used("host", 1))
}

fn aliases(
    set: Option<&str>,
    namespace: Option<&str>,
    groups: Groups,
    domain: &Hostname,
) -> (String, String) {
    let set_group = match set {
        Some(set) => set.to_owned(),
        None => groups.group("set", LABEL),
    };
    let pod = groups.group("pod", &format!("{set_group}-{ORDINAL}"));
    let namespace_group = match namespace {
        Some(namespace) => namespace.to_owned(),
        None => groups.group("namespace", LABEL),
    };
    // In the order of their brackets: the pod, its set if that is open, its ordinal, its namespace.
    let used_set = set.map_or_else(|| groups.used("set", 2), str::to_owned);
    let before = if set.is_some() { 2 } else { 3 };
    let used_namespace =
        namespace.map_or_else(|| groups.used("namespace", before + 1), str::to_owned);
    let hosts = format!("src-{pod}[.]{namespace_group}[.]svc[.]{}", literal(domain));
    let used_pod = groups.used("pod", 1);
    (
        hosts,
        format!("{used_pod}.{used_set}.{used_namespace}.svc.{domain}"),
    )
}

/// Of all that a name may hold, only the dot means something else in a regular expression.
fn literal(name: &Hostname) -> String {
    name.as_str().replace('.', "[.]")
}

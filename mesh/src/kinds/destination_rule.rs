//! DestinationRule: the server name to send to a host, and who must be there.

use std::fmt;

use crate::code::Code;
use crate::connection_pool::ConnectionPool;
use crate::fields::Fields;
use crate::finding::Origin;
use crate::hostname::{Hostname, HostnameError};
use crate::object::Object;
use crate::outlier::OutlierDetection;
use crate::report::Report;

mod connection_pool;
mod outlier;
mod tls;

pub(crate) use tls::{Mode, Tls};

/// A DestinationRule as far as it could be read.
#[derive(Clone, Debug)]
pub(crate) struct DestinationRule {
    pub(crate) host: Option<RuleHost>,
    pub(crate) tls: Tls,
    pub(crate) outlier_detection: Option<OutlierDetection>,
    pub(crate) connection_pool: ConnectionPool,
    pub(crate) origin: Origin,
}

/// `host`: a name, or every name below one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum RuleHost {
    Exact(Hostname),
    Below(Hostname),
    All,
}

impl DestinationRule {
    /// Whether the TLS of the rule is the mesh's own, the only one that there is here.
    pub(crate) fn is_mesh_tls(&self) -> bool {
        matches!(self.tls.mode, None | Some((Mode::IstioMutual, _)))
    }
}

impl fmt::Display for RuleHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(host) => host.fmt(f),
            Self::Below(suffix) => write!(f, "*.{suffix}"),
            Self::All => f.write_str("*"),
        }
    }
}

impl RuleHost {
    /// A name without a dot is a service of the rule's own namespace (Istio, ResolveShortnameToFQDN).
    pub(crate) fn parse(
        text: &str,
        namespace: &str,
        domain: &Hostname,
    ) -> Result<Self, HostnameError> {
        match (text, text.strip_prefix("*.")) {
            ("*", _) => Ok(Self::All),
            (_, Some(suffix)) => suffix.parse().map(Self::Below),
            (short, None) if !short.contains('.') => format!("{short}.{namespace}.svc.{domain}")
                .parse()
                .map(Self::Exact),
            (name, None) => name.parse().map(Self::Exact),
        }
    }

    pub(crate) fn matches(&self, host: &Hostname) -> bool {
        match self {
            Self::Exact(exact) => exact == host,
            Self::Below(suffix) => host.is_below(suffix),
            Self::All => true,
        }
    }

    /// The longer, the narrower: Istio takes the narrowest rule for a host.
    pub(crate) fn narrowness(&self) -> usize {
        match self {
            Self::Exact(_) => usize::MAX,
            Self::Below(suffix) => suffix.as_str().len(),
            Self::All => 0,
        }
    }
}

pub(crate) fn read<'a>(
    object: &Object<'a>,
    domain: &Hostname,
    report: &'a Report,
) -> DestinationRule {
    let mut spec = object.spec(report);
    spec.refuse_nulls();
    let host = host(&mut spec, object.namespace(), domain, report);
    let policy = spec
        .mapping("trafficPolicy")
        .map(|policy| TrafficPolicy::read(policy, report))
        .unwrap_or_default();
    spec.harmless(&["exportTo", "subsets"]);
    spec.refuse(
        &["workloadSelector"],
        "a rule here holds for every client of the alias",
    );
    spec.finish();
    object.check_annotations(&[], report);
    DestinationRule {
        host,
        tls: policy.tls,
        outlier_detection: policy.outlier_detection,
        connection_pool: policy.connection_pool,
        origin: report.origin(object.mark),
    }
}

fn host(
    spec: &mut Fields<'_>,
    namespace: &str,
    domain: &Hostname,
    report: &Report,
) -> Option<RuleHost> {
    let Some(field) = spec.get("host") else {
        report.error(Code::RuleHost, spec.mark(), "spec.host is missing");
        return None;
    };
    let text = field.text()?.value;
    match RuleHost::parse(text, namespace, domain) {
        Ok(host) => Some(host),
        Err(reason) => {
            report.error(
                Code::RuleHost,
                field.node.mark,
                format!("spec.host {text:?} is no DNS name: {reason}"),
            );
            None
        }
    }
}

/// `trafficPolicy`
#[derive(Default)]
struct TrafficPolicy {
    tls: Tls,
    outlier_detection: Option<OutlierDetection>,
    connection_pool: ConnectionPool,
}

impl TrafficPolicy {
    fn read(mut policy: Fields<'_>, report: &Report) -> Self {
        policy.refuse_nulls();
        let tls = policy.mapping("tls").map(|tls| tls::read(tls, report));
        if let Some(balancer) = policy.mapping("loadBalancer") {
            load_balancer(balancer);
        }
        let pool = policy.mapping("connectionPool");
        let outlier = policy.mapping("outlierDetection");
        policy.without_effect(
            &["retryBudget"],
            "bytes are tunnelled, and no request is ever repeated",
        );
        policy.refuse(
            &["portLevelSettings"],
            "write the settings under trafficPolicy, for all ports",
        );
        policy.refuse(
            &["tunnel", "proxyProtocol"],
            "the far side expects TLS and nothing before it",
        );
        policy.finish();
        Self {
            tls: tls.unwrap_or_default(),
            outlier_detection: outlier.map(|outlier| outlier::read(outlier, report)),
            connection_pool: pool
                .map(|pool| connection_pool::read(pool, report))
                .unwrap_or_default(),
        }
    }
}

fn load_balancer(mut balancer: Fields<'_>) {
    const WHY: &str = "gateways are chosen by order, weight and locality";
    balancer.without_effect(&["simple", "warmup", "warmupDurationSecs"], WHY);
    balancer.refuse(&["consistentHash", "localityLbSetting"], WHY);
    balancer.finish();
}

//! What the manifests of both clusters say: those of the demo, with what is different beside Istio.

use std::collections::BTreeMap;
use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU16;
use std::path::Path;

use eastwest::clusters::{Clusters, ClustersError};
use eastwest_mesh::{
    Capture, Dialect, Exports, Finding, Mesh, Options, Principal, Route, Severity, Source,
    Workload, load,
};
use eastwest_transport::sni::Sni;

use super::{Caller, Place, TRUST_DOMAIN};
use crate::envoy::{Passed, by_istio};

/// Manifests beside those of the demo, and the cluster that each is applied in.
const MIXED: [(&str, &str); 3] = [
    (
        "cluster-a/pods-with-our-shims.yaml",
        include_str!("../../manifests/cluster-a/pods-with-our-shims.yaml"),
    ),
    (
        "cluster-a/pods-with-istio-sidecars.yaml",
        include_str!("../../manifests/cluster-a/pods-with-istio-sidecars.yaml"),
    ),
    (
        "cluster-b/aliases-by-istio.yaml",
        include_str!("../../manifests/cluster-b/aliases-by-istio.yaml"),
    ),
];

/// The files of both clusters.
#[derive(Debug)]
pub struct Meshes {
    cluster_a: Vec<Source>,
    cluster_b: Vec<Source>,
}

impl Meshes {
    /// Puts the files of the mixed set-up beside the others, where our servers read them as well.
    pub(super) fn with_istio(clusters: &Clusters) -> Result<Self, ClustersError> {
        let manifests = clusters.manifests();
        let (a, b) = (manifests.cluster_a(), manifests.cluster_b());
        for (name, text) in MIXED {
            let path = a.with_file_name(name);
            fs::write(&path, text).map_err(|source| ClustersError::File { path, source })?;
        }
        Ok(Self {
            cluster_a: read(&a)?,
            cluster_b: read(&b)?,
        })
    }

    /// What is wrong with the manifests of either cluster.
    #[must_use]
    pub fn errors(&self) -> Vec<Finding> {
        let clusters = [&self.cluster_a, &self.cluster_b];
        let findings = clusters.map(|sources| mesh(sources, Capture::Vip).findings);
        let wrong = |finding: &Finding| finding.severity == Severity::Error;
        findings.into_iter().flatten().filter(wrong).collect()
    }

    /// The routes of cluster B, with virtual addresses of that range.
    #[must_use]
    pub fn routes(&self, capture: Capture) -> Vec<Route> {
        mesh(&self.cluster_b, capture).routes
    }

    /// The virtual addresses that Istio would give the aliases.
    #[must_use]
    pub fn virtual_ips(&self) -> Vec<IpAddr> {
        let routes = self.routes(Capture::Redirect);
        let ips = routes.iter().filter_map(|route| route.virtual_ips.first());
        ips.copied().filter(IpAddr::is_ipv4).collect()
    }

    /// What the gateway lets pass: the routes of cluster B, as Istio's sidecars and as ours name
    /// them, as far as cluster A exports them.
    #[must_use]
    pub fn passed(&self) -> Vec<Passed> {
        let exports = mesh(&self.cluster_a, Capture::Vip).exports;
        let routes = self.routes(Capture::Vip);
        let names = routes
            .iter()
            .flat_map(|route| [by_istio(route), route.sni.clone()]);
        names.filter_map(|sni| passed(&exports, sni)).collect()
    }

    /// Who may call a pod, of those who call at all.
    #[must_use]
    pub fn callers(&self, place: &Place) -> Vec<String> {
        let labels = BTreeMap::new();
        let workload = Workload {
            trust_domain: TRUST_DOMAIN,
            namespace: place.shim.namespace,
            labels: &labels,
        };
        let policy = mesh(&self.cluster_a, Capture::Vip)
            .policies
            .inbound(&workload);
        let Some(port) = NonZeroU16::new(place.port) else {
            return Vec::new();
        };
        let known = [Caller::APP, Caller::REPLICA].into_iter();
        let paths = known.map(|who| format!("/ns/{}/sa/{}", who.namespace, who.account));
        paths
            .filter(|path| {
                let trust_domain = TRUST_DOMAIN;
                policy
                    .allows(port, &Principal { trust_domain, path })
                    .is_ok()
            })
            .map(|path| format!("spiffe://{TRUST_DOMAIN}{path}"))
            .collect()
    }
}

/// Istio's gateway knows the addresses of pods from its control plane; here they stand still.
fn passed(exports: &Exports, sni: String) -> Option<Passed> {
    let Ok(Sni::Istio(name)) = sni.parse() else {
        return None;
    };
    let target = exports
        .target(Dialect::Istio, &name.host, Some(name.port))
        .ok()?;
    let place = Place::ALL
        .iter()
        .find(|place| place.dns_name() == target.host.as_str())?;
    let pod = SocketAddr::new(place.address(), target.port.get());
    Some(Passed { sni, pod })
}

fn mesh(sources: &[Source], capture: Capture) -> Mesh {
    #[expect(clippy::expect_used, reason = "only tests call this, and it is a name")]
    let cluster_domain = TRUST_DOMAIN.parse().expect("a DNS name");
    let options = Options {
        cluster_domain,
        capture,
    };
    load(sources, &options)
}

fn read(dir: &Path) -> Result<Vec<Source>, ClustersError> {
    let file = |source| ClustersError::File {
        path: dir.to_owned(),
        source,
    };
    let mut sources = Vec::new();
    for entry in fs::read_dir(dir).map_err(file)? {
        let path = entry.map_err(file)?.path();
        sources.push(Source {
            name: path.display().to_string(),
            text: fs::read_to_string(&path).map_err(file)?,
        });
    }
    sources.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(sources)
}

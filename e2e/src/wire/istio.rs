//! What the control planes of both clusters know.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{By, Place, WireError};
use crate::istiod::{Inbound, Objects, Outbound, Passed, Pod, Unsupported, passed};

/// The east-west gateway of cluster A.
const GATEWAY: &str = "istio-eastwestgateway";
/// Cluster A as it is under Istio alone.
const BEFORE: [&str; 3] = [
    "istio/cluster-a/gateway",
    "istio/cluster-a/hello",
    "istio/cluster-a/pxc",
];
/// Cluster A for pods that have our shim.
const MOVED: [&str; 3] = [
    "istio/cluster-a/gateway",
    "mixed/our-shims/cluster-a/hello",
    "mixed/our-shims/cluster-a/pxc",
];
const CLUSTER_B: [&str; 2] = ["istio/cluster-b/hello", "istio/cluster-b/pxc"];

/// What is applied to both clusters, as far as Istio heeds it.
#[derive(Debug)]
pub struct Istio {
    cluster_a: Vec<Applied>,
    cluster_b: Objects,
    gateway: BTreeMap<String, String>,
}

/// Objects, and the pods that are as these have them: of those that are moved one by one some are
/// still as they were.
#[derive(Debug)]
struct Applied {
    objects: Objects,
    pods: Vec<(Place, Pod)>,
}

impl Istio {
    /// `deploy/istio`, in which the pods that have our shim are moved as `deploy/mixed` does it.
    pub(super) fn deployed(folders: &Folders) -> Result<Self, WireError> {
        let (before, moved) = (folders.objects(&BEFORE)?, folders.objects(&MOVED)?);
        let gateway = before.deployment(GATEWAY)?;
        let applied = |objects: Objects, by: By| {
            let places = Place::ALL.into_iter().filter(|place| place.sidecar == by);
            let pod = |place: Place| {
                let pod = objects.pod(place.namespace, place.pod, place.address())?;
                Ok((place, pod))
            };
            let pods = places.map(pod).collect::<Result<_, Unsupported>>()?;
            Ok::<_, Unsupported>(Applied { objects, pods })
        };
        Ok(Self {
            cluster_a: vec![applied(before, By::Envoy)?, applied(moved, By::Ours)?],
            cluster_b: folders.objects(&CLUSTER_B)?,
            gateway,
        })
    }

    /// Other objects, in clusters whose pods have Istio's sidecar and whose gateway has the label that
    /// Istio's charts give it.
    ///
    /// # Errors
    /// Where something is not emulated.
    pub fn of(
        cluster_a: &[Value],
        cluster_b: &[Value],
        places: &[Place],
    ) -> Result<Self, Unsupported> {
        let pod = |place: &Place| {
            let pod = Pod::injected(place.namespace, place.pod, place.address());
            (*place, pod)
        };
        let applied = Applied {
            objects: Objects::read(cluster_a)?,
            pods: places.iter().map(pod).collect(),
        };
        let label = ("istio".to_owned(), "eastwestgateway".to_owned());
        Ok(Self {
            cluster_a: vec![applied],
            cluster_b: Objects::read(cluster_b)?,
            gateway: BTreeMap::from([label]),
        })
    }

    /// What clients in cluster B may dial.
    ///
    /// # Errors
    /// Where something is not emulated.
    pub fn outbounds(&self) -> Result<Vec<Outbound>, Unsupported> {
        self.cluster_b.outbounds()
    }

    /// What the gateway of cluster A lets pass.
    ///
    /// # Errors
    /// Where something is not emulated.
    pub fn passed(&self) -> Result<Vec<Passed>, Unsupported> {
        let mut all: Vec<Passed> = Vec::new();
        for Applied { objects, pods } in &self.cluster_a {
            let pods: Vec<_> = pods.iter().map(|(_, pod)| pod.clone()).collect();
            for more in passed(objects, &self.gateway, &pods)? {
                match all.iter_mut().find(|known| known.sni == more.sni) {
                    Some(known) => known.pods.extend(more.pods),
                    None => all.push(more),
                }
            }
        }
        Ok(all)
    }

    /// What holds for the app of a pod.
    ///
    /// # Errors
    /// Where something is not emulated.
    pub fn inbound(&self, place: &Place) -> Result<Inbound, WireError> {
        let of_place = |applied: &'_ Applied| {
            let pods = applied.pods.iter();
            let mut pods = pods.filter(|(other, _)| other.pod == place.pod);
            pods.next().map(|(_, pod)| pod.clone())
        };
        let applied = self.cluster_a.iter();
        let mut found = applied.filter_map(|applied| Some((applied, of_place(applied)?)));
        let (applied, pod) = found
            .next()
            .ok_or_else(|| WireError::Missing(format!("pod {}", place.pod)))?;
        Ok(applied.objects.inbound(&pod, place.port)?)
    }
}

/// Folders of `deploy/` and what is applied of each.
pub(super) struct Folders(BTreeMap<PathBuf, Vec<Value>>);

impl Folders {
    pub(super) fn render(more: &[&str]) -> Result<Self, WireError> {
        let all = [&BEFORE[..], &MOVED, &CLUSTER_B, more].concat();
        let paths: Vec<_> = all.iter().map(PathBuf::from).collect();
        Ok(Self(crate::rendered::objects(&paths)?))
    }

    pub(super) fn values(&self, folder: &str) -> &[Value] {
        self.0.get(Path::new(folder)).map_or(&[], Vec::as_slice)
    }

    fn objects(&self, folders: &[&str]) -> Result<Objects, Unsupported> {
        let values = folders.iter().flat_map(|folder| self.values(folder));
        Objects::read(&values.cloned().collect::<Vec<_>>())
    }
}

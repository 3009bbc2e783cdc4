//! The manifests of the two clusters, as files.

use std::fs;
use std::path::{Path, PathBuf};

use super::error::ClustersError;
use super::layout::Layout;

/// The manifests that the demo applies; the program carries them.
const FILES: [(&str, &str); 5] = [
    (
        "cluster-a/gateway.yaml",
        include_str!("../../../deploy/demo/cluster-a/gateway.yaml"),
    ),
    (
        "cluster-a/callers.yaml",
        include_str!("../../../deploy/demo/cluster-a/callers.yaml"),
    ),
    (
        "cluster-b/hello.yaml",
        include_str!("../../../deploy/demo/cluster-b/hello.yaml"),
    ),
    (
        "cluster-b/pxc.yaml",
        include_str!("../../../deploy/demo/cluster-b/pxc.yaml"),
    ),
    (
        "cluster-b/secret.yaml",
        include_str!("../../../deploy/demo/cluster-b/secret.yaml"),
    ),
];

/// The gateway's address in these files.
const GATEWAY: &str = "172.21.0.3";

/// The folders with the manifests of each cluster.
#[derive(Debug)]
pub struct Manifests {
    dir: PathBuf,
}

impl Manifests {
    pub(super) fn write(dir: &Path, layout: Layout) -> Result<Self, ClustersError> {
        let gateway = layout.gateway().ip().to_string();
        for (name, text) in FILES {
            let path = dir.join(name);
            let file = |source| ClustersError::File {
                path: path.clone(),
                source,
            };
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder).map_err(file)?;
            }
            fs::write(&path, text.replace(GATEWAY, &gateway)).map_err(file)?;
        }
        Ok(Self {
            dir: dir.to_owned(),
        })
    }

    /// What is applied in the cluster of the source.
    #[must_use]
    pub fn cluster_a(&self) -> PathBuf {
        self.dir.join("cluster-a")
    }

    /// What is applied in the cluster of the replica.
    #[must_use]
    pub fn cluster_b(&self) -> PathBuf {
        self.dir.join("cluster-b")
    }
}

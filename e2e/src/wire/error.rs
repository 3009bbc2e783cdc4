//! What can go wrong with the set-up.

use eastwest::clusters::ClustersError;

use crate::istiod::Unsupported;
use crate::rendered::RenderError;

/// Why the wire is not what it should be.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// Hosts and programs.
    #[error(transparent)]
    Clusters(#[from] ClustersError),
    /// What Envoys are to be told.
    #[error(transparent)]
    Istio(#[from] Unsupported),
    /// The objects under `deploy/`.
    #[error(transparent)]
    Render(#[from] RenderError),
    /// Something is not in them that should be.
    #[error("the manifests have no {0}")]
    Missing(String),
}

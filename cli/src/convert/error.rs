//! Why there is no result.

use std::io;

use eastwest_mesh::forwarding::SidesError;

use super::istio::RouteErrors;
use crate::manifests::ManifestsError;

/// Wrong usage, or nothing to convert.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConvertError {
    #[error(transparent)]
    Manifests(#[from] ManifestsError),
    #[error("{0}")]
    Sides(#[from] SidesError),
    #[error("{0}")]
    Routes(#[from] RouteErrors),
    #[error("the output can't be printed: {0}")]
    Print(#[from] io::Error),
}

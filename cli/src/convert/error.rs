//! Why there is no result.

use std::io;

use eastwest_mesh::forwarding::{Remark, SidesError};

use super::istio::RouteErrors;
use crate::manifests::ManifestsError;

/// Wrong usage, or nothing to convert.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConvertError {
    #[error(transparent)]
    Manifests(#[from] ManifestsError),
    /// With what can't be read, which is most often why.
    #[error("{error}")]
    Sides {
        error: SidesError,
        remarks: Vec<Remark>,
    },
    #[error("{0} is a file and no route: to read the routes in it, write -f {0}")]
    FileAsRoute(String),
    #[error("{0}")]
    Routes(#[from] RouteErrors),
    #[error("the output can't be printed: {0}")]
    Print(#[from] io::Error),
}

//! Why nothing is rendered.

use std::io;

use eastwest_mesh::Origin;

use crate::manifests::ManifestsError;

/// Wrong usage, or nothing to render.
#[derive(Debug, thiserror::Error)]
pub(super) enum RenderError {
    #[error(transparent)]
    Manifests(#[from] ManifestsError),
    #[error(
        "{0} is not UTF-8, and can't be put into a ConfigMap; write it anew with an editor, as UTF-8"
    )]
    NotText(String),
    #[error(
        "{0} has a Secret, which everybody could read in a ConfigMap; move it to a file of its own and \
         give the files with ServiceEntries alone"
    )]
    Secret(String),
    #[error(
        "{0}: no object of a known kind, so that it may be a Secret, which everybody could read in a \
         ConfigMap; mend it, or move it to a file of its own"
    )]
    Unknown(Origin),
    #[error(
        "the manifests are {0} bytes, and a ConfigMap holds {limit}; give fewer files", limit = super::input::CONFIG_MAP_LIMIT
    )]
    TooLarge(usize),
    #[error(
        "no alias can be rendered; give files with a ServiceEntry that leads to a gateway's port, as \
         `eastwest convert istio` writes them"
    )]
    Nothing,
    #[error(
        "the aliases are in several namespaces ({0}); say with --namespace in which the pod is that \
         dials them"
    )]
    Namespaces(String),
    #[error("the label {0} is given twice, and no pod has two values of it; give one")]
    LabelTwice(String),
    #[error("the output can't be printed: {0}")]
    Print(#[from] io::Error),
}

//! Whether what is in force is what the files say now.

use std::sync::Arc;

use arc_swap::ArcSwap;
use eastwest_daemon::{Admin, Reload};
use serde::Serialize;
use serde_json::json;

/// Why the files as they are now are not in force; nothing where they are.
#[derive(Debug, Clone, Default)]
pub(crate) struct Standing(Arc<ArcSwap<Vec<String>>>);

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum InForce {
    /// What the files say now.
    Current,
    /// What they said before.
    OlderThanTheFiles,
}

impl Standing {
    /// For `/manifests`. The files are those of the start.
    pub(crate) fn shown(admin: &Admin) -> Self {
        let standing = Self::default();
        let shown = standing.clone();
        admin.section("manifests", move || {
            let why = shown.0.load();
            let in_force = match why.as_slice() {
                [] => InForce::Current,
                _ => InForce::OlderThanTheFiles,
            };
            json!({ "in_force": in_force, "errors": **why })
        });
        standing
    }

    /// Returns whether the files before these were refused.
    pub(crate) fn taken(&self) -> bool {
        Reload::Manifests.taken();
        !self.0.swap(Arc::default()).is_empty()
    }

    pub(crate) fn refused(&self, why: Vec<String>) {
        Reload::Manifests.refused();
        self.0.store(Arc::new(why));
    }
}

//! Whether what is in force is what the files say now.

use std::sync::Arc;

use arc_swap::ArcSwap;
use eastwest_daemon::{Context, Reload, Status};
use serde::Serialize;
use serde_json::json;

/// Why the files as they are now are not in force; nothing where they are.
#[derive(Debug, Clone)]
pub(crate) struct Standing {
    why: Arc<ArcSwap<Vec<String>>>,
    status: Status,
}

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
    pub(crate) fn shown(context: &Context) -> Self {
        let standing = Self {
            why: Arc::default(),
            status: context.status.clone(),
        };
        let shown = standing.clone();
        context.admin.section("manifests", move || {
            let why = shown.why.load();
            let in_force = match why.as_slice() {
                [] => InForce::Current,
                _ => InForce::OlderThanTheFiles,
            };
            json!({ "in_force": in_force, "errors": **why })
        });
        standing
    }

    /// Whether the files before these were refused.
    pub(crate) fn is_refused(&self) -> bool {
        !self.why.load().is_empty()
    }

    pub(crate) fn taken(&self, said: &str) {
        Reload::Manifests.taken(&self.status, said);
        self.why.store(Arc::default());
    }

    pub(crate) fn refused(&self, why: Vec<String>) {
        Reload::Manifests.refused(&self.status, why.join("; "));
        self.why.store(Arc::new(why));
    }
}

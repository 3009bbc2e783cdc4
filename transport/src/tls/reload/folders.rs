//! Being told when a folder changes.
//!
//! Folders, not files: the kubelet swaps the symbolic link `..data` beside the files, and a watch on
//! a file would stay on the old target and never fire again.

use std::path::PathBuf;
use std::sync::Arc;

use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::Notify;

/// Watches folders through the kernel (inotify).
pub(super) struct Folders {
    folders: Vec<PathBuf>,
    changed: Arc<Notify>,
    watcher: Option<RecommendedWatcher>,
}

impl Folders {
    pub(super) fn new(folders: Vec<PathBuf>, changed: Arc<Notify>) -> Self {
        Self {
            folders,
            changed,
            watcher: None,
        }
    }

    /// Makes sure that each folder is watched, also where it has been replaced by another one of the
    /// same name. Harmless when it is watched already.
    pub(super) fn arm(&mut self) -> Result<(), String> {
        if self.watcher.is_none() {
            let changed = Arc::clone(&self.changed);
            let on_event = move |event: notify::Result<Event>| {
                if event.map_or(true, |event| is_change(event.kind)) {
                    changed.notify_one();
                }
            };
            let watcher = notify::recommended_watcher(on_event).map_err(|e| e.to_string())?;
            self.watcher = Some(watcher);
        }
        for folder in &self.folders {
            if let Some(watcher) = &mut self.watcher {
                watcher
                    .watch(folder, RecursiveMode::NonRecursive)
                    .map_err(|error| format!("{}: {error}", folder.display()))?;
            }
        }
        Ok(())
    }
}

/// Whether an event can mean new content. Our own reading is an event too, and not one of these:
/// otherwise each look would call for the next.
fn is_change(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
        EventKind::Access(_) => false,
        _ => true,
    }
}

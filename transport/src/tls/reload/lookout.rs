//! One look at the files: has anything changed, and is it of use?

use std::sync::Arc;
use std::time::SystemTime;

use tokio::sync::Notify;

use super::folders::Folders;
use super::{IdentityStore, ReloadEvent};
use crate::tls::identity::{Age, Identity, IdentityError, IdentityFiles, Material};

/// What is known from the looks before.
pub(super) struct Lookout {
    store: IdentityStore,
    folders: Folders,
    /// The files that were refused last, so that the same is not said every minute.
    refused: Option<Refused>,
    unwatched: bool,
    /// [`IdentityFiles::read`]; tests have one that breaks down.
    pub(super) read: Read,
}

pub(super) type Read = fn(&IdentityFiles) -> Result<Material, IdentityError>;

/// What a look is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// The files may have changed.
    Routine,
    /// Somebody wants to know.
    Request,
}

#[derive(PartialEq, Eq)]
enum Refused {
    /// They could be read.
    Content(Vec<u8>),
    /// They could not, with the message.
    Unreadable(String),
    /// Looking at them has panicked.
    BrokenDown,
}

impl Lookout {
    /// `changed` is notified when a folder changes.
    pub(super) fn new(store: IdentityStore, changed: Arc<Notify>) -> Self {
        let folders = Folders::new(store.source().folders(), changed);
        // Whoever has begun without an identity has said why.
        let told = store.current().err();
        Self {
            store,
            folders,
            refused: told.map(|error| Refused::Unreadable(error.to_string())),
            unwatched: false,
            read: IdentityFiles::read,
        }
    }

    /// Looks, and publishes what is new and good. Blocks.
    pub(super) fn look(&mut self, cause: Cause, now: SystemTime) -> Vec<ReloadEvent> {
        // Watched before they are read: a change in between is seen by the next look.
        let mut events = Vec::from_iter(self.arm());
        if cause == Cause::Request {
            self.refused = None;
        }
        let news = self.load(now);
        let unchanged = || (cause == Cause::Request).then_some(ReloadEvent::Unchanged);
        events.extend(news.or_else(unchanged));
        events
    }

    /// What has come of a look that has panicked. The process's hook has said where.
    pub(super) fn broke_down(&mut self) -> Vec<ReloadEvent> {
        let refusal = self.refuse(Refused::BrokenDown, IdentityError::BrokenDown);
        Vec::from_iter(refusal)
    }

    fn arm(&mut self) -> Option<ReloadEvent> {
        let armed = self.folders.arm();
        let was_unwatched = std::mem::replace(&mut self.unwatched, armed.is_err());
        match armed {
            Err(error) if !was_unwatched => Some(ReloadEvent::Unwatched { error }),
            _ => None,
        }
    }

    fn load(&mut self, now: SystemTime) -> Option<ReloadEvent> {
        let held = self.store.current();
        let files = match &held {
            // Those in use; only where there are none yet another writer's names may come.
            Ok(identity) => Ok(identity.files().clone()),
            Err(_) => self.store.source().files(),
        };
        let read = files.and_then(|files| Ok(((self.read)(&files)?, files)));
        let (material, files) = match read {
            Ok(read) => read,
            Err(error) => return self.refuse(Refused::Unreadable(error.to_string()), error),
        };
        let digest = material.digest();
        let age = match &held {
            Ok(identity) if digest == identity.digest() => {
                return self.refused.take().map(|_| ReloadEvent::Unchanged);
            }
            Ok(_) => Age::Valid,
            Err(_) => Age::Any,
        };
        match Identity::assemble(&files, material, now, age) {
            Ok(identity) => {
                let event = ReloadEvent::Loaded {
                    id: identity.id().clone(),
                    serial: identity.serial().to_owned(),
                    not_after: identity.not_after(),
                };
                self.refused = None;
                self.store.publish(Ok(Arc::new(identity)));
                Some(event)
            }
            Err(error) => self.refuse(Refused::Content(digest), error),
        }
    }

    fn refuse(&mut self, refused: Refused, error: IdentityError) -> Option<ReloadEvent> {
        if self.refused.as_ref() == Some(&refused) {
            return None;
        }
        self.refused = Some(refused);
        let error = Arc::new(error);
        if self.store.current().is_err() {
            self.store.publish(Err(Arc::clone(&error)));
        }
        Some(ReloadEvent::Refused { error })
    }
}

//! The newest identity, or why there is none.

use std::sync::Arc;
use std::time::SystemTime;

use arc_swap::ArcSwap;

use crate::tls::identity::{Identity, IdentityError, IdentitySource};

/// The newest identity, or why there is none yet. Once there is one, there always is. Clones share it.
#[derive(Debug, Clone)]
pub struct IdentityStore {
    source: IdentitySource,
    held: Arc<ArcSwap<Held>>,
}

/// Its certificate may be out of its time.
type Held = Result<Arc<Identity>, Arc<IdentityError>>;

impl IdentityStore {
    /// A store that begins with `identity`.
    pub fn new(identity: Identity) -> Self {
        let source = IdentitySource::Files(identity.files().clone());
        Self::holding(source, Ok(Arc::new(identity)))
    }

    /// A store that begins with what is there: nothing, where the files are still to come or the time has
    /// to pass, or a certificate that has expired or is not valid yet. Blocks on the file system.
    ///
    /// # Errors
    /// If what is there has to be mended by hand.
    pub fn open(source: IdentitySource, now: SystemTime) -> Result<Self, IdentityError> {
        let held = match source.load(now) {
            Ok(identity) => Ok(Arc::new(identity)),
            Err(error) if error.may_pass() => Err(Arc::new(error)),
            Err(error) => return Err(error),
        };
        Ok(Self::holding(source, held))
    }

    fn holding(source: IdentitySource, held: Held) -> Self {
        Self {
            source,
            held: Arc::new(ArcSwap::from_pointee(held)),
        }
    }

    /// The identity for a connection that begins now, whatever the time.
    ///
    /// # Errors
    /// Why there is none yet.
    pub fn current(&self) -> Result<Arc<Identity>, Arc<IdentityError>> {
        Held::clone(&self.held.load())
    }

    /// The identity, if a peer whose clock is right accepts it at the time `now`.
    ///
    /// # Errors
    /// Why there is none, or that its certificate is out of its time.
    pub fn valid(&self, now: SystemTime) -> Result<Arc<Identity>, Arc<IdentityError>> {
        let identity = self.current()?;
        identity.check(now)?;
        Ok(identity)
    }

    pub(super) const fn source(&self) -> &IdentitySource {
        &self.source
    }

    pub(super) fn publish(&self, held: Held) {
        self.held.store(Arc::new(held));
    }
}

//! Chains that were verified before, so that a peer that comes back costs no signature of a CA again.
//!
//! Whether a chain leads to given roots for a given purpose depends on nothing but the clock, once all
//! bytes of it are the same. So the outcome is remembered for exactly those bytes, that purpose and the
//! time in which every certificate of the path that was found is valid. It goes with the roots: a new
//! set of files begins with an empty memory. What a peer must prove anew each time (that it holds the
//! key), and what a policy says to its identity, is not part of it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use rustls::pki_types::CertificateDer;

use super::crypto::sha256;
use super::peer::Side;
use super::validity::Validity;

/// Peers of one process are the pods of a few StatefulSets. Some 100 bytes each.
const MOST: usize = 1024;

/// All that an outcome depends on, besides roots and clock, as a hash.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Seen(Vec<u8>);

impl Seen {
    pub(super) fn of(leaf: &CertificateDer<'_>, others: &[CertificateDer<'_>], side: Side) -> Self {
        let side: &[u8] = match side {
            Side::Server => b"server",
            Side::Client => b"client",
        };
        let certificates = || std::iter::once(leaf).chain(others);
        // With the lengths in it, no two chains have the same bytes.
        let lengths: Vec<_> = certificates().map(|c| c.len().to_be_bytes()).collect();
        let mut parts = vec![side];
        for (length, certificate) in lengths.iter().zip(certificates()) {
            parts.extend([&length[..], certificate]);
        }
        Self(sha256(&parts))
    }
}

/// What has been verified, and until when that holds.
#[derive(Debug, Default)]
pub(super) struct Proven(Mutex<HashMap<Seen, Validity>>);

impl Proven {
    pub(super) fn holds(&self, seen: &Seen, now: SystemTime) -> bool {
        let proven = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        proven
            .get(seen)
            .is_some_and(|validity| validity.check(now).is_ok())
    }

    /// Only what has been verified comes here, so that only those with a certificate of the mesh can
    /// fill it. Where it is full it begins again: each peer is verified once more.
    pub(super) fn remember(&self, seen: Seen, validity: Validity) {
        let mut proven = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if proven.len() >= MOST {
            proven.clear();
        }
        proven.insert(seen, validity);
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

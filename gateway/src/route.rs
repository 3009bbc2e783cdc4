//! Where a server name goes, and what its connections are counted under.
//!
//! Port and subset of `outbound_.PORT_.SUBSET_.HOST` are the client's to choose: where they change nothing, they
//! make no route of their own, or anybody could have as many as he likes.

use std::num::NonZeroU16;

use eastwest_daemon::Listing;
use eastwest_mesh::{Dialect, Exports, Target};
use eastwest_transport::sni::Sni;

use crate::refusal::Refusal;

/// A server name that a Gateway exports.
#[derive(Debug)]
pub(crate) struct Route {
    /// The server name that stands for all which lead there.
    pub(crate) name: String,
    pub(crate) dialect: Dialect,
    pub(crate) target: Target,
    pub(crate) listing: Listing,
}

/// What the files say of the port in a server name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Port {
    /// Where it leads, or there is none in the name.
    Known,
    /// Of none of the host's, and so every port leads to the same place.
    Any,
    /// Of others of the host's.
    Strange,
}

impl Route {
    /// That of a server name.
    pub(crate) fn of(sni: &str, exports: &Exports) -> Result<Self, Refusal> {
        let mut sni: Sni = sni.parse()?;
        let (dialect, host, asked) = match &sni {
            Sni::Istio(sni) => (Dialect::Istio, &sni.host, Some(sni.port)),
            Sni::Plain(host) => (Dialect::Plain, host, None),
        };
        let target = exports.target(dialect, host, asked)?;
        let known = exports.ports_of(&target.host);
        let port = match asked {
            Some(asked) if known.clone().any(|port| port == asked) => Port::Known,
            Some(_) if known.clone().next().is_some() => Port::Strange,
            Some(_) => Port::Any,
            None => Port::Known,
        };
        if let Sni::Istio(sni) = &mut sni {
            sni.subset = None;
            if port != Port::Known {
                sni.port = stand_in(&target, known);
            }
        }
        let listing = match exports.has_exact(dialect, &target.host) && port != Port::Strange {
            true => Listing::Named,
            false => Listing::ByPattern,
        };
        Ok(Self {
            name: sni.to_string(),
            dialect,
            target,
            listing,
        })
    }
}

/// The port that is dialled, unless the files say of that one that it leads elsewhere.
fn stand_in(target: &Target, known: impl Iterator<Item = NonZeroU16> + Clone) -> NonZeroU16 {
    (target.port.get()..=u16::MAX)
        .filter_map(NonZeroU16::new)
        .find(|port| known.clone().all(|known| known != *port))
        .unwrap_or(target.port)
}

#[cfg(test)]
pub(crate) mod tests;

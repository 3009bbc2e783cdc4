//! Mutual TLS between workloads: who we are, whom we believe, and what we speak.
//!
//! Peers are known by the SPIFFE ID in their certificate, and where a policy asks for it by a DNS name
//! as well; a certificate's other names play no part.

mod alert;
mod chain;
mod config;
mod crypto;
mod failure;
mod handshake;
mod identity;
mod peer;
mod pem;
mod proven;
pub(crate) mod record;
mod reload;
mod roots;
mod svid;
mod talk;
#[cfg(test)]
mod tests;
mod turns;
mod validity;
mod verify;

pub use alert::{BrokenOff, PeerAlert, TurnedAway};
pub use config::{ALPN_DOCTOR, ALPN_ISTIO, ConfigError, MinTls, ServerAlpn};
pub use crypto::{Offered, aes_in_hardware, gather_entropy, offered};
pub use failure::{HandshakeError, peer_alert, peer_error};
pub use handshake::{Secured, SentHello, accept, accept_timed, connect, connect_noting};
pub use identity::{CertificateInfo, Identity, IdentityError, IdentityFiles, IdentitySource};
pub use peer::{PeerError, PeerFault, PeerPolicy, Side, Verdict};
pub use pem::{Contents, PemError};
pub use record::RecordsUsedUp;
pub use reload::{IdentityStore, ReloadEvent, ReloadTiming, watch};
pub use roots::{RootError, RootInfo};
pub use svid::{Purposes, Svid, SvidError, peer_id};
pub use talk::Talk;
pub use validity::{Utc, Validity, ValidityError};

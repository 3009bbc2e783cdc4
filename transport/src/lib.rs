//! One connection: sockets, the ClientHello, names, identity, and the relay of bytes.
//!
//! Nothing here knows what a manifest or a process is. The servers put the parts together.

pub mod admission;
pub mod client_hello;
pub mod dial;
pub mod limits;
pub mod listener;
pub mod reason;
pub mod relay;
pub mod resolve;
pub mod sni;
pub mod socket;
pub mod source;
pub mod spiffe;
pub mod tls;

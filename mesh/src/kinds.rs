//! One module for each kind that is read closely.

pub(crate) mod authorization_policy;
pub(crate) mod destination_rule;
pub(crate) mod gateway;
pub(crate) mod identities;
pub(crate) mod neighbour;
pub(crate) mod peer_authentication;
pub(crate) mod service_entry;

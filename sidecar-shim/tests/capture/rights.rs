//! Which rights the capture step needs.

use std::process::ExitCode;

use rustix::thread::{
    CapabilitySet, CapabilitySets, remove_capability_from_bounding_set, set_capabilities,
};

use crate::own_namespace::alone;
use crate::pod::{capture, pod, try_capture};

/// Leaves the calling thread nothing but these.
fn keep_only(capabilities: CapabilitySet) {
    let sets = CapabilitySets {
        effective: capabilities,
        permitted: capabilities,
        inheritable: CapabilitySet::empty(),
    };
    set_capabilities(None, sets).unwrap();
}

/// Leaves this thread, and the programs that it starts, nothing but NET_ADMIN, as the container of
/// uid 0 with that one has it: the bounding set goes with what is dropped.
pub(crate) fn keep_only_net_admin() {
    let all = CapabilitySet::all() & !CapabilitySet::NET_ADMIN;
    for capability in all.iter() {
        // A kernel knows fewer than the list has.
        let _ = remove_capability_from_bounding_set(capability);
    }
    keep_only(CapabilitySet::NET_ADMIN);
}

#[test]
fn net_admin_alone_is_enough() {
    alone(async || {
        pod().await;
        keep_only(CapabilitySet::NET_ADMIN);
        for flags in ["lay --route", "check", "remove"] {
            assert_eq!(capture(flags).0, ExitCode::SUCCESS, "{flags}");
        }
    });
}

#[test]
fn without_net_admin_each_step_says_which_security_context_it_needs() {
    alone(async || {
        pod().await;
        capture("lay");
        keep_only(CapabilitySet::empty());
        for flags in ["lay", "check", "remove"] {
            let error = try_capture(flags).0.unwrap_err().to_string();
            assert!(
                error.contains(
                    "securityContext: {runAsUser: 0, capabilities: {drop: [ALL], add: [NET_ADMIN]}}"
                ),
                "{flags}: {error}"
            );
        }
    });
}

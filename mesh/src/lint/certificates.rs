//! Certificates in a DestinationRule, and the modes that they go with (`agent.ValidateTLS`).

use super::world::{Item, World};
use crate::code::Code;
use crate::manifest::Kind;
use crate::yaml::Node;

pub(super) fn check(world: &World<'_>) {
    for (item, spec) in world.of_kind(Kind::DestinationRule) {
        let subsets = spec.get("subsets").map_or(&[][..], Node::items);
        let policies = std::iter::once(spec).chain(subsets);
        for policy in policies.filter_map(|node| node.get("trafficPolicy")) {
            let ports = policy.get("portLevelSettings").map_or(&[][..], Node::items);
            let all = std::iter::once(policy).chain(ports);
            all.filter_map(|policy| policy.get("tls"))
                .for_each(|tls| check_tls(item, tls));
        }
    }
}

fn check_tls(item: &Item<'_>, tls: &Node) {
    let written = |key: &&str| {
        tls.get(key)
            .is_some_and(|node| node.text() != Some("") && !node.is_null())
    };
    let own = ["clientCertificate", "privateKey", "caCertificates"];
    let mode = tls.get("mode");
    let mark = mode.map_or(tls.mark, |mode| mode.mark);
    match mode.and_then(Node::text) {
        Some("ISTIO_MUTUAL") => {
            if let Some(key) = own.iter().find(|key| written(key)) {
                let message = format!(
                    "istiod refuses {key} with mode ISTIO_MUTUAL, which uses the mesh's own certificates"
                );
                let fix = format!("take {key} out, or write mode: MUTUAL");
                item.refused(Code::RuleCertificate, mark, message, fix);
            }
        }
        Some("MUTUAL") if !written(&"credentialName") => {
            let missing = ["clientCertificate", "privateKey"];
            if let Some(key) = missing.iter().find(|key| !written(key)) {
                let message = format!("istiod refuses mode MUTUAL without {key}");
                let fix = format!("add {key}, or write mode: ISTIO_MUTUAL");
                item.refused(Code::RuleCertificate, mark, message, fix);
            }
        }
        _ => {}
    }
}

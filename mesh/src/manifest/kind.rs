//! Which kinds are read, by API group, and what is said about the others.

use crate::object::Object;
use crate::report::Report;

/// A kind that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    ServiceEntry,
    DestinationRule,
    Gateway,
    AuthorizationPolicy,
    PeerAuthentication,
    Service,
    VirtualService,
}

const NETWORKING: &str = "networking.istio.io";
const SECURITY: &str = "security.istio.io";
/// Versions of Istio's groups; their specs are the same (istio/api).
const VERSIONS: [&str; 3] = ["v1", "v1beta1", "v1alpha3"];

impl Kind {
    /// The kind of `object`, or `None`, with a word about it, if it is not read.
    pub(super) fn of(object: &Object<'_>, report: &Report) -> Option<Self> {
        let kind = match (object.group(), object.kind) {
            ("", "Service") => return Some(Self::Service),
            (NETWORKING, "ServiceEntry") => Self::ServiceEntry,
            (NETWORKING, "DestinationRule") => Self::DestinationRule,
            (NETWORKING, "Gateway") => Self::Gateway,
            (NETWORKING, "VirtualService") => Self::VirtualService,
            (SECURITY, "AuthorizationPolicy") => Self::AuthorizationPolicy,
            (SECURITY, "PeerAuthentication") => Self::PeerAuthentication,
            _ => {
                pass_over(object, report);
                return None;
            }
        };
        let version = object.api_version.rsplit('/').next().unwrap_or_default();
        if !VERSIONS.contains(&version) {
            let message = format!(
                "apiVersion {:?} has no version of Istio",
                object.api_version
            );
            let fix = format!("write {}/v1", object.group());
            report.error_with_fix(object.mark, message, fix);
            return None;
        }
        Some(kind)
    }
}

fn pass_over(object: &Object<'_>, report: &Report) {
    let (api_version, kind) = (object.api_version, object.kind);
    let istio = match kind {
        "ServiceEntry" | "DestinationRule" => Some(NETWORKING),
        "AuthorizationPolicy" | "PeerAuthentication" => Some(SECURITY),
        _ => None,
    };
    match (istio, object.group(), kind) {
        (Some(group), ..) => {
            let message = format!("apiVersion {api_version:?} has no kind {kind}");
            report.error_with_fix(object.mark, message, format!("write {group}/v1"));
        }
        (None, "gateway.networking.k8s.io", "TLSRoute" | "Gateway") => {
            let message =
                format!("{kind} of the Gateway API is not read, and exports nothing here");
            report.warning_with_fix(
                object.mark,
                message,
                "write an Istio Gateway with tls.mode PASSTHROUGH",
            );
        }
        _ => report.note(
            object.mark,
            format!("{kind} ({api_version}) is passed over"),
        ),
    }
}

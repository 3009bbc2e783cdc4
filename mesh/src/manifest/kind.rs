//! Which kinds are read, by API group, and what is said about the others.

use crate::code::Code;
use crate::object::{NETWORKING, Object, SECURITY};
use crate::report::Report;
use crate::suggest;
use crate::unread::MayNarrow;

/// A kind that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    ServiceEntry,
    DestinationRule,
    Gateway,
    AuthorizationPolicy,
    PeerAuthentication,
    Service,
    VirtualService,
}

/// Versions of Istio's groups; their specs are the same (istio/api).
const VERSIONS: [&str; 3] = ["v1", "v1beta1", "v1alpha3"];
/// Kinds whose names no other product is likely to use, so that a slip in them can be mended.
const OWN_NAMES: [&str; 4] = [
    "ServiceEntry",
    "DestinationRule",
    "AuthorizationPolicy",
    "PeerAuthentication",
];
/// Kinds of Istio's groups that narrow nobody here.
const OTHERS_OF_ISTIO: [&str; 6] = [
    "EnvoyFilter",
    "ProxyConfig",
    "RequestAuthentication",
    "Sidecar",
    "WorkloadEntry",
    "WorkloadGroup",
];
/// Linkerd has an AuthorizationPolicy too, which means nothing here.
const LINKERD: &str = "policy.linkerd.io";

impl Kind {
    /// The kind of `object`, also where its name or group has a slip that is reported.
    ///
    /// # Errors
    /// What it may have been, with a word about it, if it is not read.
    pub(crate) fn of(object: &Object<'_>, report: &Report) -> Result<Self, MayNarrow> {
        let kind = match (object.group(), object.kind) {
            ("", "Service") => return Ok(Self::Service),
            (NETWORKING, "Gateway") => Self::Gateway,
            (NETWORKING, "VirtualService") => Self::VirtualService,
            (group, kind) => match Self::named(kind) {
                Some((meant, home)) if group == home => meant,
                _ => return mended(object, report),
            },
        };
        let version = object.api_version.rsplit('/').next().unwrap_or_default();
        if !VERSIONS.contains(&version) {
            let message = format!(
                "apiVersion {:?} has no version of Istio",
                object.api_version
            );
            let fix = format!("write {}/v1", object.group());
            report.error_with_fix(Code::UnknownKind, object.mark, message, fix);
        }
        Ok(kind)
    }

    /// One of [`OWN_NAMES`] and the group that it belongs to.
    fn named(name: &str) -> Option<(Self, &'static str)> {
        Some(match name {
            "ServiceEntry" => (Self::ServiceEntry, NETWORKING),
            "DestinationRule" => (Self::DestinationRule, NETWORKING),
            "AuthorizationPolicy" => (Self::AuthorizationPolicy, SECURITY),
            "PeerAuthentication" => (Self::PeerAuthentication, SECURITY),
            _ => return None,
        })
    }
}

/// Takes a kind with a slip for the one that was meant: what it is about is down, or denied, until
/// the slip is mended. To pass it over would widen what it was there to narrow.
fn mended(object: &Object<'_>, report: &Report) -> Result<Kind, MayNarrow> {
    let meant = suggest::nearest(object.kind, &OWN_NAMES);
    let Some((name, (kind, group))) = meant.and_then(|name| Some((name, Kind::named(name)?)))
    else {
        return Err(pass_over(object, report));
    };
    if object.group() == LINKERD {
        return Err(pass_over(object, report));
    }
    let (api_version, written) = (object.api_version, object.kind);
    // Without any apiVersion that has been said already.
    if !api_version.is_empty() || name != written {
        let message = format!("apiVersion {api_version:?} has no kind {written}");
        let fix = if name == written {
            format!("write {group}/v1")
        } else {
            format!("write apiVersion: {group}/v1 and kind: {name}")
        };
        report.error_with_fix(Code::UnknownKind, object.mark, message, fix);
    }
    Ok(kind)
}

fn has_items(object: &Object<'_>) -> bool {
    let items = object.root.get("items");
    items.is_some_and(|items| !items.is_null())
}

/// Says that an object is not read, and what it may have been.
fn pass_over(object: &Object<'_>, report: &Report) -> MayNarrow {
    let (api_version, kind) = (object.api_version, object.kind);
    let unknown = |may: MayNarrow| {
        report.error(
            Code::UnknownKind,
            object.mark,
            format!("apiVersion {api_version:?} has no kind {kind} that this version knows"),
        );
        may
    };
    match (object.group(), kind) {
        (NETWORKING | SECURITY, _) if OTHERS_OF_ISTIO.contains(&kind) => {}
        (SECURITY, _) => return unknown(MayNarrow::Callers),
        (NETWORKING, _) => return unknown(MayNarrow::FarEnds),
        ("gateway.networking.k8s.io", "TLSRoute" | "Gateway") => {
            let message =
                format!("{kind} of the Gateway API is not read, and exports nothing here");
            report.warning_with_fix(
                Code::GatewayApi,
                object.mark,
                message,
                "write an Istio Gateway with tls.mode PASSTHROUGH",
            );
            return MayNarrow::Nothing;
        }
        ("", _) if has_items(object) => {
            report.error_with_fix(
                Code::NoObject,
                object.mark,
                format!("the items of this {kind} can't be read, whatever they are"),
                "write kind: List, and items: as a list",
            );
            return MayNarrow::Anything;
        }
        _ => {}
    }
    report.note(
        Code::PassedOver,
        object.mark,
        format!("{kind} ({api_version}) is passed over"),
    );
    MayNarrow::Nothing
}

//! AuthorizationPolicy, as far as it is about TCP: principals, namespaces and ports.
//!
//! A policy that can't be carried out as written never lets more callers in: an ALLOW is dropped,
//! and a DENY refuses everyone at the workloads that it selects. Keys without a value are errors: in
//! Istio they mean the same as absent keys, which is "everyone".

use std::collections::BTreeMap;

use crate::code::Code;
use crate::fields::Fields;
use crate::object::Object;
use crate::policies::{Action, Policy, ROOT_NAMESPACE, Rule, Scope};
use crate::report::Report;
use crate::yaml::{Node, Value};

mod rule;

/// The policy, or `None` where it takes no part: AUDIT, or an ALLOW with an error.
pub(crate) fn read<'a>(object: &Object<'a>, report: &'a Report) -> Option<Policy> {
    let mut spec = object.spec(report);
    if object.root.get("spec").is_some_and(Node::is_null) {
        report.error(Code::NoValue, spec.mark(), "spec has no value");
    }
    spec.refuse_nulls();
    let stated = action(&mut spec, report);
    let labels = selector(&mut spec);
    let rules = spec.list("rules");
    let rules = rules.iter().map(|rule| rule::read(rule, report)).collect();
    spec.refuse(
        &["targetRef", "targetRefs"],
        "select workloads with selector.matchLabels",
    );
    spec.refuse(&["provider"], "no external authorizer is ever asked");
    spec.finish();
    object.check_annotations(&[], report);
    let action = match stated {
        Stated::Audit => return None,
        Stated::Action(action) => action,
        Stated::Nothing if may_hide_an_action(object, report) => Action::Deny,
        Stated::Nothing => Action::Allow,
    };
    let scope = scope(object, action, report);
    let rules = match (action, report.failed()) {
        (Action::Allow, true) => return None,
        (Action::Deny, true) => {
            let message = "until this is mended, everyone is refused at the workloads it selects";
            report.warning(Code::PolicyClosed, object.mark, message);
            vec![Rule::default()]
        }
        (_, false) => rules,
    };
    Some(Policy {
        full_name: object.full_name(),
        scope,
        labels,
        action,
        rules,
        origin: report.origin(object.mark),
    })
}

/// What `action` says.
enum Stated {
    /// The key is not there, which in Istio means ALLOW.
    Nothing,
    Action(Action),
    Audit,
}

/// What is not understood counts as DENY.
fn action(spec: &mut Fields<'_>, report: &Report) -> Stated {
    if spec.is_null("action") {
        return Stated::Action(Action::Deny);
    }
    let Some(field) = spec.get("action") else {
        return Stated::Nothing;
    };
    let action = match field.node.text() {
        Some("ALLOW") => Action::Allow,
        Some("DENY") => Action::Deny,
        Some("AUDIT") => {
            report.note(
                Code::PassedOver,
                field.node.mark,
                "action AUDIT is passed over: it changes no traffic",
            );
            return Stated::Audit;
        }
        Some("CUSTOM") => {
            report.error(
                Code::NotSupported,
                field.node.mark,
                "spec.action CUSTOM is not supported: no external authorizer is ever asked",
            );
            Action::Deny
        }
        _ => {
            let _: Option<()> = field.wrong("ALLOW, DENY, AUDIT or CUSTOM");
            Action::Deny
        }
    };
    Stated::Action(action)
}

/// Whether `action: DENY` may be there, but under a mistyped key, in a wrong place, or in a spec
/// that is no mapping.
fn may_hide_an_action(object: &Object<'_>, report: &Report) -> bool {
    let spec = object.root.get("spec").map(|spec| &spec.value);
    report.has_unknown_key() || !matches!(spec, None | Some(Value::Map(_)))
}

/// Where it holds. A DENY whose namespace depends on how it is applied may be meant for any.
fn scope(object: &Object<'_>, action: Action, report: &Report) -> Scope {
    match (object.own_namespace, action) {
        (Some(ROOT_NAMESPACE), _) => Scope::Everywhere,
        (Some(namespace), _) => Scope::Namespace(namespace.to_owned()),
        (None, Action::Allow) => Scope::Namespace(object.namespace().to_owned()),
        (None, Action::Deny) => {
            report.warning_with_fix(
                Code::DenyEverywhere,
                object.mark,
                "has no metadata.namespace, so this DENY holds in every namespace",
                "add metadata.namespace",
            );
            Scope::Everywhere
        }
    }
}

fn selector(spec: &mut Fields<'_>) -> BTreeMap<String, String> {
    let Some(mut selector) = spec.mapping("selector") else {
        return BTreeMap::new();
    };
    selector.refuse_nulls();
    let labels = selector.text_map("matchLabels");
    selector.finish();
    labels
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value.value.to_owned()))
        .collect()
}

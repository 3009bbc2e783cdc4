//! AuthorizationPolicy, as far as it is about TCP: principals, namespaces and ports.
//!
//! A policy that can't be carried out as written never lets more callers in: an ALLOW is dropped,
//! and a DENY refuses everyone at the workloads that it selects.

use std::collections::BTreeMap;

use crate::fields::Fields;
use crate::object::Object;
use crate::policies::{Action, Policy, Rule};
use crate::report::Report;

mod rule;

/// The policy, or `None` where it takes no part: AUDIT, or an ALLOW with an error.
pub(crate) fn read<'a>(object: &Object<'a>, report: &'a Report) -> Option<Policy> {
    let mut spec = object.spec(report);
    let action = action(&mut spec, report);
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
    let (action, rules) = match (action?, report.failed()) {
        (Action::Allow, true) => return None,
        (Action::Deny, true) => {
            let message = "until this is mended, everyone is refused at the workloads it selects";
            report.warning(object.mark, message);
            (Action::Deny, vec![Rule::default()])
        }
        (action, false) => (action, rules),
    };
    Some(Policy {
        name: object.name.to_owned(),
        namespace: object.namespace.to_owned(),
        labels,
        action,
        rules,
        origin: report.origin(object.mark),
    })
}

/// `None` for AUDIT. What is not understood counts as DENY.
fn action(spec: &mut Fields<'_>, report: &Report) -> Option<Action> {
    let Some(field) = spec.get("action") else {
        return Some(Action::Allow);
    };
    match field.node.text() {
        Some("ALLOW") => Some(Action::Allow),
        Some("DENY") => Some(Action::Deny),
        Some("AUDIT") => {
            report.note(
                field.node.mark,
                "action AUDIT is passed over: it changes no traffic",
            );
            None
        }
        Some("CUSTOM") => {
            report.error(
                field.node.mark,
                "spec.action CUSTOM is not supported: no external authorizer is ever asked",
            );
            Some(Action::Deny)
        }
        _ => {
            let _: Option<()> = field.wrong("ALLOW, DENY, AUDIT or CUSTOM");
            Some(Action::Deny)
        }
    }
}

fn selector(spec: &mut Fields<'_>) -> BTreeMap<String, String> {
    let Some(mut selector) = spec.mapping("selector") else {
        return BTreeMap::new();
    };
    let labels = selector.text_map("matchLabels");
    selector.finish();
    labels
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value.value.to_owned()))
        .collect()
}

//! `AuthorizationPolicy.spec.rules[]`

use std::num::NonZeroU16;

use crate::code::Code;
use crate::fields::{Field, Fields};
use crate::policies::{Rule, Source, TextMatch, To};
use crate::report::Report;
use crate::yaml::Value;

/// What SPIFFE IDs begin with, in certificates and in subjectAltNames.
const SCHEME: &str = "spiffe://";
const NOT_TCP: &str = "it is about requests, and what passes here is bytes";
const NOT_KNOWN: &str = "only principals, namespaces and ports are known here";

pub(super) fn read(item: &Field<'_>, report: &Report) -> Rule {
    if item.node.value == Value::Null {
        let _: Option<()> = item.wrong("a rule; write {} for one that matches everyone");
    }
    let mut rule = item.fields();
    rule.refuse_nulls();
    let from = filled_list(&mut rule, "from", report);
    let from = from.iter().map(|from| source(from, report)).collect();
    let to = filled_list(&mut rule, "to", report);
    let to = to.iter().map(|to| operation(to, report)).collect();
    rule.refuse(&["when"], NOT_KNOWN);
    rule.finish();
    Rule { from, to }
}

fn source(item: &Field<'_>, report: &Report) -> Source {
    let mut from = item.fields();
    let Some(mut source) = from.mapping("source") else {
        report.error(
            Code::PolicyEmptyPart,
            item.key,
            format!("{}.source is missing", item.path),
        );
        return Source::default();
    };
    from.finish();
    source.refuse_nulls();
    let read = Source {
        principals: principals(&mut source, "principals", report),
        not_principals: principals(&mut source, "notPrincipals", report),
        namespaces: matches(&mut source, "namespaces", report),
        not_namespaces: matches(&mut source, "notNamespaces", report),
    };
    source.refuse(
        &[
            "ipBlocks",
            "notIpBlocks",
            "remoteIpBlocks",
            "notRemoteIpBlocks",
            "serviceAccounts",
            "notServiceAccounts",
            "trustDomains",
            "notTrustDomains",
        ],
        NOT_KNOWN,
    );
    source.refuse(&["requestPrincipals", "notRequestPrincipals"], NOT_TCP);
    if read == Source::default() && !report.failed() {
        report.error(
            Code::PolicyEmptyPart,
            source.mark(),
            format!("{}.source names nobody", item.path),
        );
    }
    source.finish();
    read
}

fn operation(item: &Field<'_>, report: &Report) -> To {
    let mut to = item.fields();
    let Some(mut operation) = to.mapping("operation") else {
        report.error(
            Code::PolicyEmptyPart,
            item.key,
            format!("{}.operation is missing", item.path),
        );
        return To::default();
    };
    to.finish();
    operation.refuse_nulls();
    let read = To {
        ports: ports(&mut operation, "ports", report),
        not_ports: ports(&mut operation, "notPorts", report),
    };
    operation.refuse(
        &[
            "hosts",
            "notHosts",
            "methods",
            "notMethods",
            "paths",
            "notPaths",
        ],
        NOT_TCP,
    );
    if read == To::default() && !report.failed() {
        report.error(
            Code::PolicyEmptyPart,
            operation.mark(),
            format!("{}.operation names no port", item.path),
        );
    }
    operation.finish();
    read
}

/// A list that, if it is there, has items: an empty one would match everyone.
fn filled_list<'a>(fields: &mut Fields<'a>, key: &'static str, report: &Report) -> Vec<Field<'a>> {
    let Some(field) = fields.get(key) else {
        return Vec::new();
    };
    let items = field.items();
    if items.is_empty() {
        let message = format!("{} is empty; take it out if everyone is meant", field.path);
        report.error(Code::PolicyEmptyPart, field.key, message);
    }
    items
}

/// Istio writes identities without their scheme, and one with it would match nobody.
fn principals(fields: &mut Fields<'_>, key: &'static str, report: &Report) -> Vec<TextMatch> {
    if let Some(Value::List(items)) = fields.get(key).map(|field| &field.node.value) {
        for item in items {
            let Some((text, bare)) = item
                .text()
                .and_then(|text| Some((text, text.strip_prefix(SCHEME)?)))
            else {
                continue;
            };
            let message = format!("{key} has {text:?}, and {SCHEME} is no part of a principal");
            let fix = format!("write it without {SCHEME}: {bare}");
            report.error_with_fix(Code::PolicyPrincipal, item.mark, message, fix);
        }
    }
    matches(fields, key, report)
}

fn matches(fields: &mut Fields<'_>, key: &'static str, report: &Report) -> Vec<TextMatch> {
    let mut found = Vec::new();
    for item in filled_list(fields, key, report) {
        match item.text() {
            Some(text) if text.value.is_empty() => {
                report.error(
                    Code::PolicyEmptyPart,
                    item.key,
                    format!("{} is empty", item.path),
                );
            }
            Some(text) => found.push(TextMatch::parse(text.value)),
            None => {}
        }
    }
    found
}

fn ports(fields: &mut Fields<'_>, key: &'static str, report: &Report) -> Vec<NonZeroU16> {
    let mut found = Vec::new();
    for item in filled_list(fields, key, report) {
        let Some(text) = item.text() else { continue };
        match text.value.parse() {
            Ok(port) => found.push(port),
            Err(_) => _ = item.wrong::<()>("a port from 1 to 65535"),
        }
    }
    found
}

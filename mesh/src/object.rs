//! What every Kubernetes object has: a kind, a name, annotations.

use crate::code::Code;
use crate::fields::{Field, Fields};
use crate::finding::Located;
use crate::report::Report;
use crate::suggest;
use crate::unread::MayNarrow;
use crate::yaml::{Mark, Node, Value};

/// Istio's API group of ServiceEntry, DestinationRule and Gateway.
pub(crate) const NETWORKING: &str = "networking.istio.io";
/// Istio's API group of AuthorizationPolicy and PeerAuthentication.
pub(crate) const SECURITY: &str = "security.istio.io";
/// What our own annotations begin with.
const ANNOTATIONS: &str = "eastwest.dev/";
/// The annotation that names the pod behind an alias.
pub(crate) const REMOTE_HOST: &str = "eastwest.dev/remote-host";
/// The annotation that has the pod's name checked in the far end's certificate.
pub(crate) const VERIFY_POD_NAME: &str = "eastwest.dev/verify-pod-name";
/// The annotation that gives the port of an alias in mode `service`.
pub(crate) const SERVICE_PORT: &str = "eastwest.dev/service-port";
/// Annotations of the design that this version does not carry out.
const PLANNED: [&str; 3] = [
    "eastwest.dev/listen",
    "eastwest.dev/max-rate",
    "eastwest.dev/proxy-protocol",
];

/// One object, before its kind is known.
pub(crate) struct Object<'a> {
    pub(crate) api_version: &'a str,
    pub(crate) kind: &'a str,
    /// As written; `namespace()` where one is needed.
    pub(crate) own_namespace: Option<&'a str>,
    pub(crate) name: &'a str,
    /// Where the object begins.
    pub(crate) mark: Mark,
    pub(crate) root: &'a Node,
    annotations: Vec<(&'a str, Field<'a>)>,
}

/// The objects in a document: itself, or the items of a `List`, however deep.
pub(crate) fn objects(document: &Node) -> Vec<&Node> {
    let is_list = document
        .get("kind")
        .and_then(Node::text)
        .is_some_and(|k| k.ends_with("List"));
    match document.get("items").map(|items| &items.value) {
        Some(Value::List(items)) if is_list => items.iter().flat_map(objects).collect(),
        _ => vec![document],
    }
}

/// Empty for Kubernetes' own core group.
fn group_of(api_version: &str) -> &str {
    api_version.rsplit_once('/').map_or("", |(group, _)| group)
}

/// What a mapping without a kind may have been. Other tools' files, such as values for Helm, have
/// none of the keys of an object.
fn without_kind(root: &Node, api_version: Option<&str>) -> MayNarrow {
    const KEYS: [&str; 5] = ["apiVersion", "kind", "metadata", "spec", "items"];
    match api_version.map(group_of) {
        Some(SECURITY) => MayNarrow::Callers,
        Some(NETWORKING) => MayNarrow::FarEnds,
        Some(group) if !group.is_empty() => MayNarrow::Nothing,
        _ if KEYS.iter().any(|key| root.get(key).is_some()) => MayNarrow::Anything,
        _ => MayNarrow::Nothing,
    }
}

impl<'a> Object<'a> {
    /// Reads what all kinds share.
    ///
    /// # Errors
    /// What it may have been, with an error reported, if it is no object at all.
    pub(crate) fn read(root: &'a Node, report: &'a Report) -> Result<Self, MayNarrow> {
        let mark = root.mark;
        if !matches!(root.value, Value::Map(_)) {
            let found = root.describe();
            report.error(
                Code::NoObject,
                mark,
                format!("a Kubernetes object must be here, not {found}"),
            );
            return Err(MayNarrow::Anything);
        }
        let mut top = Fields::of(root, "", report);
        let text = |field: Option<Located<&'a str>>| field.map(|field| field.value);
        let api_version = text(top.text("apiVersion")).filter(|text| !text.is_empty());
        let kind = text(top.text("kind")).filter(|text| !text.is_empty());
        if api_version.is_none() || kind.is_none() {
            report.error(
                Code::NoObject,
                mark,
                "a Kubernetes object needs the texts apiVersion and kind",
            );
        }
        // A known kind is read all the same, so that its fault takes down what it is about.
        let Some(kind) = kind else {
            return Err(without_kind(root, api_version));
        };
        let absent = || Fields::absent("metadata", mark, report);
        let mut metadata = top.mapping("metadata").unwrap_or_else(absent);
        let name = text(metadata.text("name")).unwrap_or_default();
        let own_namespace = text(metadata.text("namespace")).filter(|name| !name.is_empty());
        let annotations = metadata.get("annotations");
        let annotations = annotations.map(|field| field.values()).unwrap_or_default();
        let object = Self {
            api_version: api_version.unwrap_or_default(),
            kind,
            own_namespace,
            name,
            mark,
            root,
            annotations,
        };
        report.set_subject(format!("{kind} {}", object.full_name()));
        Ok(object)
    }

    /// The namespace that it would land in if none other is chosen when it is applied.
    pub(crate) fn namespace(&self) -> &'a str {
        self.own_namespace.unwrap_or("default")
    }

    /// `NAMESPACE/NAME`
    pub(crate) fn full_name(&self) -> String {
        format!("{}/{}", self.namespace(), self.name)
    }

    /// The API group; empty for Kubernetes' own core group.
    pub(crate) fn group(&self) -> &'a str {
        group_of(self.api_version)
    }

    /// The top-level fields of a kind that is read closely, with what is common to all checked.
    /// `spec` comes first, so that the caller can go on with it.
    pub(crate) fn spec(&self, report: &'a Report) -> Fields<'a> {
        let mut top = Fields::of(self.root, "", report);
        top.harmless(&["apiVersion", "kind", "metadata", "status"]);
        if self.name.is_empty() {
            report.error(
                Code::NoObject,
                self.mark,
                "metadata.name is missing, or is no text",
            );
        }
        let spec = top.mapping("spec");
        top.finish();
        spec.unwrap_or_else(|| Fields::absent("spec", self.mark, report))
    }

    pub(crate) fn annotation(&self, name: &str) -> Option<&Field<'a>> {
        self.annotations
            .iter()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value)
    }

    /// Annotations of ours that do nothing, because of a slip or because of this kind.
    pub(crate) fn check_annotations(&self, known: &[&'static str], report: &Report) {
        for (key, value) in &self.annotations {
            if !key.starts_with(ANNOTATIONS) || known.contains(key) {
                continue;
            }
            if PLANNED.contains(key) {
                report.error(
                    Code::Annotation,
                    value.key,
                    format!("the annotation {key} is not supported yet"),
                );
                continue;
            }
            let message = format!("the annotation {key} means nothing on a {}", self.kind);
            let fix = suggest::nearest(key, known)
                .map_or_else(|| "take it out".to_owned(), |near| format!("write {near}"));
            report.error_with_fix(Code::Annotation, value.key, message, fix);
        }
    }
}

//! What every Kubernetes object has: a kind, a name, annotations.

use crate::fields::{Field, Fields};
use crate::finding::Located;
use crate::report::Report;
use crate::suggest;
use crate::yaml::{Mark, Node, Value};

/// What our own annotations begin with.
const ANNOTATIONS: &str = "eastwest.dev/";
/// The annotation that names the pod behind an alias.
pub(crate) const REMOTE_HOST: &str = "eastwest.dev/remote-host";
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
    pub(crate) namespace: &'a str,
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

impl<'a> Object<'a> {
    /// Reads what all kinds share; `None`, with an error reported, if it is no object at all.
    pub(crate) fn read(root: &'a Node, report: &'a Report) -> Option<Self> {
        let mark = root.mark;
        if !matches!(root.value, Value::Map(_)) {
            let found = root.describe();
            report.error(
                mark,
                format!("a Kubernetes object must be here, not {found}"),
            );
            return None;
        }
        let mut top = Fields::of(root, "", report);
        let (Some(api_version), Some(kind)) = (top.text("apiVersion"), top.text("kind")) else {
            report.error(
                mark,
                "a Kubernetes object needs the texts apiVersion and kind",
            );
            return None;
        };
        let absent = || Fields::absent("metadata", mark, report);
        let mut metadata = top.mapping("metadata").unwrap_or_else(absent);
        let text = |field: Option<Located<&'a str>>| field.map(|field| field.value);
        let name = text(metadata.text("name")).unwrap_or_default();
        let namespace = text(metadata.text("namespace")).filter(|name| !name.is_empty());
        let namespace = namespace.unwrap_or("default");
        let (api_version, kind) = (api_version.value, kind.value);
        report.set_subject(format!("{kind} {namespace}/{name}"));
        let annotations = metadata.get("annotations");
        let annotations = annotations.map(|field| field.values()).unwrap_or_default();
        Some(Self {
            api_version,
            kind,
            namespace,
            name,
            mark,
            root,
            annotations,
        })
    }

    /// The API group; empty for Kubernetes' own core group.
    pub(crate) fn group(&self) -> &'a str {
        self.api_version
            .rsplit_once('/')
            .map_or("", |(group, _)| group)
    }

    /// The top-level fields of a kind that is read closely, with what is common to all checked.
    /// `spec` comes first, so that the caller can go on with it.
    pub(crate) fn spec(&self, report: &'a Report) -> Fields<'a> {
        let mut top = Fields::of(self.root, "", report);
        top.harmless(&["apiVersion", "kind", "metadata", "status"]);
        if self.name.is_empty() {
            report.error(self.mark, "metadata.name is missing, or is no text");
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
                    value.key,
                    format!("the annotation {key} is not supported yet"),
                );
                continue;
            }
            let message = format!("the annotation {key} means nothing on a {}", self.kind);
            let fix = suggest::nearest(key, known)
                .map_or_else(|| "take it out".to_owned(), |near| format!("write {near}"));
            report.error_with_fix(value.key, message, fix);
        }
    }
}

//! All objects of all files, as the checks see them.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use super::edit::Edit;
use super::entry::Entry;
use super::pod_service::Addition;
use super::rules::Rules;
use super::text::Text;
use super::{Lint, Mend, Options};
use crate::Source;
use crate::code::Code;
use crate::finding::Severity;
use crate::manifest::Kind;
use crate::object::{Object, objects};
use crate::report::Report;
use crate::yaml::{Mark, Node, documents, parse};

/// One document of a file of a cluster.
pub(super) struct Document<'a> {
    cluster: usize,
    file: Arc<str>,
    text: Rc<Text<'a>>,
    root: Node,
}

/// The documents that are YAML. The others are told by the servers' reader.
pub(super) fn documents_of(clusters: &[Vec<Source>]) -> Vec<Document<'_>> {
    let mut found = Vec::new();
    for (cluster, sources) in clusters.iter().enumerate() {
        for source in sources {
            let file: Arc<str> = source.name.as_str().into();
            let text = Rc::new(Text::of(&source.text));
            let roots = documents(&source.text).into_iter().map(parse);
            found.extend(roots.filter_map(Result::ok).map(|root| Document {
                cluster,
                file: Arc::clone(&file),
                text: Rc::clone(&text),
                root,
            }));
        }
    }
    found
}

/// A report for each object of each document, in their order.
pub(super) fn reports(documents: &[Document<'_>]) -> Vec<Report> {
    let report = |document: &Document<'_>| {
        let count = objects(&document.root).len();
        std::iter::repeat_with(|| Report::new(Arc::clone(&document.file)))
            .take(count)
            .collect::<Vec<_>>()
    };
    documents.iter().flat_map(report).collect()
}

/// One object, and what the checks say about it.
pub(super) struct Item<'a> {
    pub(super) cluster: usize,
    pub(super) object: Object<'a>,
    pub(super) kind: Kind,
    pub(super) text: Rc<Text<'a>>,
    report: &'a Report,
    lints: RefCell<Vec<Lint>>,
}

/// The objects of kinds that are read.
pub(super) fn items<'a>(documents: &'a [Document<'a>], reports: &'a [Report]) -> Vec<Item<'a>> {
    let each = documents.iter().flat_map(|document| {
        objects(&document.root)
            .into_iter()
            .map(move |root| (document, root))
    });
    let read = |((document, root), report): ((&'a Document<'a>, &'a Node), &'a Report)| {
        let object = Object::read(root, report).ok()?;
        let kind = Kind::of(&object, report).ok()?;
        Some(Item {
            cluster: document.cluster,
            object,
            kind,
            text: Rc::clone(&document.text),
            report,
            lints: RefCell::default(),
        })
    };
    each.zip(reports).filter_map(read).collect()
}

impl<'a> Item<'a> {
    pub(super) fn spec(&self) -> Option<&'a Node> {
        self.object.root.get("spec")
    }

    pub(super) fn is(&self, kind: Kind) -> bool {
        self.kind == kind
    }

    /// Says something about the object.
    pub(super) fn tell(
        &self,
        what: (Severity, Code),
        mark: Mark,
        message: impl AsRef<str>,
        fix: impl Into<String>,
        edit: Option<Edit>,
    ) {
        self.tell_of(
            what,
            mark,
            message.as_ref(),
            fix.into(),
            edit.map(Mend::Edit),
        );
    }

    /// Says something that an object beside it mends, which may be known.
    pub(super) fn tell_of_missing(
        &self,
        what: (Severity, Code),
        mark: Mark,
        message: impl AsRef<str>,
        fix: impl Into<String>,
        addition: Option<Addition>,
    ) {
        let mend = addition.map(Mend::Add);
        self.tell_of(what, mark, message.as_ref(), fix.into(), mend);
    }

    fn tell_of(
        &self,
        (severity, code): (Severity, Code),
        mark: Mark,
        message: &str,
        fix: String,
        mend: Option<Mend>,
    ) {
        let fix = Some(fix).filter(|fix| !fix.is_empty());
        let finding = self.report.finding(code, severity, mark, message, fix);
        self.lints.borrow_mut().push(Lint { finding, mend });
    }

    /// Says that istiod or the API server refuses the object.
    pub(super) fn refused(
        &self,
        code: Code,
        mark: Mark,
        message: impl AsRef<str>,
        fix: impl Into<String>,
    ) {
        self.tell((Severity::Error, code), mark, message, fix, None);
    }

    pub(super) fn origin(&self, mark: Mark) -> crate::Origin {
        self.report.origin(mark)
    }

    pub(super) fn into_lints(self) -> Vec<Lint> {
        self.lints.into_inner()
    }
}

/// What the checks compare.
pub(super) struct World<'a> {
    pub(super) items: &'a [Item<'a>],
    pub(super) entries: Vec<Entry<'a>>,
    pub(super) rules: Rules<'a>,
    pub(super) options: &'a Options,
}

impl<'a> World<'a> {
    pub(super) fn new(items: &'a [Item<'a>], options: &'a Options) -> Self {
        Self {
            items,
            entries: items.iter().filter_map(Entry::of).collect(),
            rules: Rules::of(items, &options.cluster_domain),
            options,
        }
    }

    pub(super) fn of_kind(&self, kind: Kind) -> impl Iterator<Item = (&'a Item<'a>, &'a Node)> {
        self.items
            .iter()
            .filter(move |item| item.is(kind))
            .filter_map(|item| Some((item, item.spec()?)))
    }
}

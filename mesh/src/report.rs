//! Findings about one object, collected while it is read.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use crate::code::{Code, Side};
use crate::finding::{Finding, Located, Origin, Severity};
use crate::yaml::Mark;

/// Where the readers of one object put what they find. Interior mutability lets nested readers
/// share it; nothing here crosses a thread.
#[derive(Debug)]
pub(crate) struct Report {
    file: Arc<str>,
    /// What the message begins with: `ServiceEntry pxc/src-db-pxc-0`.
    subject: RefCell<String>,
    findings: RefCell<Vec<Finding>>,
    failed: Cell<bool>,
    unknown_key: Cell<bool>,
    /// Whether what stock Istio minds is kept where it is no concern of ours.
    for_istio: bool,
}

impl Report {
    pub(crate) fn new(file: Arc<str>) -> Self {
        Self {
            file,
            subject: RefCell::default(),
            findings: RefCell::default(),
            failed: Cell::new(false),
            unknown_key: Cell::new(false),
            for_istio: false,
        }
    }

    /// A report that keeps what stock Istio minds.
    pub(crate) fn for_istio(file: Arc<str>) -> Self {
        Self {
            for_istio: true,
            ..Self::new(file)
        }
    }

    /// Names the object, once its name is known.
    pub(crate) fn set_subject(&self, subject: String) {
        *self.subject.borrow_mut() = subject;
    }

    pub(crate) fn origin(&self, mark: Mark) -> Origin {
        Origin {
            file: Arc::clone(&self.file),
            line: mark.line,
            column: mark.column,
        }
    }

    pub(crate) fn locate<T>(&self, mark: Mark, value: T) -> Located<T> {
        Located {
            value,
            origin: self.origin(mark),
        }
    }

    /// The object can't be served.
    pub(crate) fn error(&self, code: Code, mark: Mark, message: impl AsRef<str>) {
        self.add(code, Severity::Error, mark, message.as_ref(), None);
    }

    /// The object can't be served, and this is what to write instead.
    pub(crate) fn error_with_fix(
        &self,
        code: Code,
        mark: Mark,
        message: impl AsRef<str>,
        fix: impl Into<String>,
    ) {
        self.add(
            code,
            Severity::Error,
            mark,
            message.as_ref(),
            Some(fix.into()),
        );
    }

    /// A key that nobody knows: what it was meant for may be a key that is missing.
    pub(crate) fn unknown_key(&self, mark: Mark, message: impl AsRef<str>, fix: impl Into<String>) {
        self.unknown_key.set(true);
        self.error_with_fix(Code::UnknownField, mark, message, fix);
    }

    pub(crate) fn warning(&self, code: Code, mark: Mark, message: impl AsRef<str>) {
        self.add(code, Severity::Warning, mark, message.as_ref(), None);
    }

    pub(crate) fn warning_with_fix(
        &self,
        code: Code,
        mark: Mark,
        message: impl AsRef<str>,
        fix: impl Into<String>,
    ) {
        self.add(
            code,
            Severity::Warning,
            mark,
            message.as_ref(),
            Some(fix.into()),
        );
    }

    pub(crate) fn note(&self, code: Code, mark: Mark, message: impl AsRef<str>) {
        self.add(code, Severity::Note, mark, message.as_ref(), None);
    }

    /// Whether an error has been reported.
    pub(crate) fn failed(&self) -> bool {
        self.failed.get()
    }

    /// Whether there is a key that nobody knows.
    pub(crate) fn has_unknown_key(&self) -> bool {
        self.unknown_key.get()
    }

    /// The first error, which is the reason to give for what it takes down.
    pub(crate) fn first_error(&self) -> Option<Finding> {
        self.findings
            .borrow()
            .iter()
            .find(|finding| finding.severity == Severity::Error)
            .cloned()
    }

    /// Forgets what was found: the object turned out to be none of ours.
    pub(crate) fn clear(&self) {
        let kept = |finding: &Finding| self.for_istio && finding.code.side() != Side::Eastwest;
        self.findings.borrow_mut().retain(kept);
        self.failed.set(false);
    }

    pub(crate) fn into_findings(self) -> Vec<Finding> {
        self.findings.into_inner()
    }

    fn add(&self, code: Code, severity: Severity, mark: Mark, message: &str, fix: Option<String>) {
        if severity == Severity::Error {
            self.failed.set(true);
        }
        let finding = self.finding(code, severity, mark, message, fix);
        self.findings.borrow_mut().push(finding);
    }

    /// A finding about the object, which is not kept here.
    pub(crate) fn finding(
        &self,
        code: Code,
        severity: Severity,
        mark: Mark,
        message: &str,
        fix: Option<String>,
    ) -> Finding {
        let subject = self.subject.borrow();
        let separator = if subject.is_empty() { "" } else { ": " };
        let message = one_line(&format!("{subject}{separator}{message}"));
        Finding {
            code,
            severity,
            origin: self.origin(mark),
            message,
            fix: fix.as_deref().map(one_line),
        }
    }
}

/// Names in a manifest may hold anything; a finding is one line all the same.
fn one_line(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            let escaped = c.is_control().then(|| c.escape_default());
            let plain = (!c.is_control()).then_some(c);
            escaped.into_iter().flatten().chain(plain)
        })
        .collect()
}

//! What is printed: objects for `kubectl apply`, and parts of others' objects, as comments or alone.

use serde_json::Value;

use super::{applied, yaml};
use crate::convert::comment::wrapped;

/// Objects, with comments before them.
#[derive(Default)]
pub(super) struct Output {
    text: String,
    /// Comments of the next object.
    comments: String,
    /// What is to be said of the objects besides.
    remarks: Vec<String>,
}

impl Output {
    pub(super) fn comment(&mut self, text: &str) {
        wrapped(&mut self.comments, text);
    }

    pub(super) fn object(&mut self, object: &Value) {
        self.text.push_str("---\n");
        self.text.push_str(&std::mem::take(&mut self.comments));
        self.text.push_str(&yaml::write(object));
        self.remarks.extend(applied::too_large(object));
    }

    /// A part of an object that is not ours, in comments: `kubectl apply` would refuse it.
    pub(super) fn snippet(&mut self, part: &Value) {
        self.text.push('\n');
        self.text.push_str(&std::mem::take(&mut self.comments));
        self.text.push_str("#\n");
        for line in yaml::write(part).lines() {
            self.text.push_str(&format!("#     {line}\n"));
        }
    }

    pub(super) fn remarks(&self) -> &[String] {
        &self.remarks
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }
}

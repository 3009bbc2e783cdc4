//! What came of reading files again, for whoever watches the process.

use metrics::{counter, describe_counter, describe_gauge, gauge};

use crate::status::Status;

/// What a process reads again while it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reload {
    /// What is served, and for whom.
    Manifests,
    /// Who the process is.
    Certificate,
}

const TOTAL: &str = "eastwest_reloads_total";
const LAST_SUCCESSFUL: &str = "eastwest_config_last_reload_successful";

impl Reload {
    pub(crate) const fn what(self) -> &'static str {
        match self {
            Self::Manifests => "manifests",
            Self::Certificate => "certificate",
        }
    }

    /// The files of the start are in force: nothing has been read again yet.
    pub fn begin(self) {
        self.set(1.0);
        for outcome in ["ok", "failed"] {
            counter!(TOTAL, "what" => self.what(), "outcome" => outcome).increment(0);
        }
    }

    /// The files as they are now are in force; what has changed is said in a sentence.
    pub fn taken(self, status: &Status, said: impl Into<String>) {
        status.reloaded(self, true, said.into());
        self.count("ok");
        self.set(1.0);
    }

    /// The files as they are now are not in force; those from before are. Why, in a sentence.
    pub fn refused(self, status: &Status, why: impl Into<String>) {
        status.reloaded(self, false, why.into());
        self.count("failed");
        self.set(0.0);
    }

    fn count(self, outcome: &'static str) {
        counter!(TOTAL, "what" => self.what(), "outcome" => outcome).increment(1);
    }

    fn set(self, successful: f64) {
        gauge!(LAST_SUCCESSFUL, "what" => self.what()).set(successful);
    }
}

pub(crate) fn describe() {
    describe_counter!(
        TOTAL,
        "Manifests or certificates read again, by what came of it."
    );
    describe_gauge!(
        LAST_SUCCESSFUL,
        "1 if what was read last is in force, 0 if it was refused and what was there before is."
    );
}

//! What is taken over a number, and the curves that come of it.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::job::Job;

/// A figure that is taken over a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Figure {
    /// Memory for each idle connection, in bytes.
    IdleBytes,
    /// CPU microseconds of a new connection beside so many.
    Connect,
    /// CPU microseconds of a request, on so many connections at a time.
    Request,
    /// CPU-seconds for 10^9 bytes, in so many streams.
    Bulk,
    /// CPU microseconds of a new connection with so many routes.
    ConnectRouted,
    /// Milliseconds from start to the first byte carried.
    Start,
    /// Memory of the program alone, in MiB.
    Resident,
}

/// One curve.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct CurveKey {
    pub(crate) job: Job,
    pub(crate) figure: Figure,
    pub(crate) subject: String,
}

/// Figures of each round, by number.
pub(crate) type Curve = BTreeMap<usize, Vec<f64>>;

/// All curves of a run.
pub(crate) type Curves = BTreeMap<CurveKey, Curve>;

impl Figure {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::IdleBytes => "idle-bytes",
            Self::Connect => "connect",
            Self::Request => "request",
            Self::Bulk => "bulk",
            Self::ConnectRouted => "connect-routed",
            Self::Start => "start",
            Self::Resident => "resident",
        }
    }

    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::IdleBytes => "bytes for each idle connection",
            Self::Connect => "CPU us of a new connection beside others",
            Self::Request => "CPU us of a request, all connections active",
            Self::Bulk => "CPU-s/GB, server to client",
            Self::ConnectRouted => "CPU us of a new connection",
            Self::Start => "ms from start to the first byte carried",
            Self::Resident => "MiB of memory before any connection",
        }
    }

    /// What the number is of.
    pub(crate) const fn over(self) -> &'static str {
        match self {
            Self::IdleBytes | Self::Connect | Self::Request => "connections",
            Self::Bulk => "streams",
            Self::ConnectRouted | Self::Start | Self::Resident => "routes",
        }
    }
}

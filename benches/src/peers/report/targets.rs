//! What must be reached.

use crate::job::Job;
use crate::row::{Metric, Row};
use crate::tools::Tool;

/// A figure of ours, and its limit.
pub(super) struct Target {
    pub(super) job: Job,
    pub(super) row: Row,
    pub(super) metric: Metric,
    pub(super) limit: Limit,
}

/// What it is held against.
pub(super) enum Limit {
    /// At most this.
    Value(f64),
    /// At most this part of what each of these has.
    NoMoreThan(f64, Against),
    /// At least this multiple of what each of these has.
    NoLessThan(f64, Against),
}

/// Whose figure decides.
#[derive(Clone, Copy)]
pub(super) enum Against {
    /// All of them: the best decides.
    Everybody,
    /// All configurations of one program: the best decides.
    All(Tool),
    /// One configuration.
    One(&'static str),
}

const ENVOY: Against = Against::One("envoy");

const fn target(job: Job, row: Row, metric: Metric, limit: Limit) -> Target {
    Target {
        job,
        row,
        metric,
        limit,
    }
}

/// The limits, in the order of the table. Envoy is taken with its defaults where ours has the same:
/// the key exchange of both is X25519MLKEM768.
pub(super) const TARGETS: [Target; 19] = {
    use Against::{All, Everybody};
    use Job::{Gateway, Resolver, Tunnel};
    use Limit::{NoLessThan, NoMoreThan, Value};
    use Metric::{CpuPerEvent, CpuPerGigabyte, IdleBytes, P50, P99, Rate, Size, Start};
    use Row::{BulkDown, BulkUp, Connect, Idle, Paced, Request1, Saturated};
    [
        target(
            Gateway,
            BulkDown,
            CpuPerGigabyte,
            NoMoreThan(1.0, All(Tool::HaProxy)),
        ),
        target(Gateway, BulkDown, CpuPerGigabyte, NoMoreThan(0.30, ENVOY)),
        target(
            Gateway,
            BulkUp,
            CpuPerGigabyte,
            NoMoreThan(1.0, All(Tool::HaProxy)),
        ),
        target(Gateway, BulkUp, CpuPerGigabyte, NoMoreThan(0.30, ENVOY)),
        target(Gateway, Connect, CpuPerEvent, NoMoreThan(1.0, Everybody)),
        target(Gateway, Request1, CpuPerEvent, NoMoreThan(1.0, Everybody)),
        target(Gateway, Request1, P50, NoMoreThan(1.0, Everybody)),
        target(Gateway, Request1, P99, NoMoreThan(1.0, Everybody)),
        target(Gateway, Idle, IdleBytes, Value(2500.0)),
        target(Gateway, Idle, Start, Value(30.0)),
        target(Gateway, Idle, Size, Value(8.0)),
        target(Tunnel, BulkDown, CpuPerGigabyte, NoMoreThan(0.60, ENVOY)),
        target(Tunnel, BulkUp, CpuPerGigabyte, NoMoreThan(0.60, ENVOY)),
        target(Tunnel, Connect, Rate, NoLessThan(1.4, ENVOY)),
        target(Tunnel, Request1, P50, NoMoreThan(0.85, All(Tool::Nginx))),
        target(Tunnel, Idle, Start, Value(30.0)),
        target(Tunnel, Idle, Size, Value(8.0)),
        target(
            Resolver,
            Paced,
            CpuPerEvent,
            NoMoreThan(1.0, All(Tool::Unbound)),
        ),
        target(
            Resolver,
            Saturated,
            CpuPerEvent,
            NoMoreThan(1.0, All(Tool::Unbound)),
        ),
    ]
};

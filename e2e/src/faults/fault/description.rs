//! What is said of each fault: how it is struck, what is to come of it, and how long it lasts.

use std::time::Duration;

use super::{Expected, Fault};

/// What a kubelet needs to start a container again, the first time.
const RESTART: Duration = Duration::from_secs(1);
/// Sooner than the replica tries again.
const AT_ONCE: Duration = Duration::from_millis(300);
/// Longer than a dead path may stay unnoticed.
const OUTAGE: Duration = Duration::from_secs(20);

/// All that is to be said of a fault.
pub(super) struct Description {
    pub(super) name: &'static str,
    pub(super) done: &'static str,
    pub(super) expected: Expected,
    pub(super) lasts: Duration,
}

impl Fault {
    pub(super) const fn description(self) -> Description {
        use Expected::{Either, Kept, ReplicaGone, Told};
        let (name, done, expected, lasts) = match self {
            Self::CallingShimKilled => (
                "calling-shim-killed",
                "`kill -9` of the shim beside the replica, started again after 1 s",
                Told,
                RESTART,
            ),
            Self::CallingShimWithDnsKilled => (
                "calling-shim-with-dns-killed",
                "`kill -9` of the shim beside the replica where it is the resolver as well, \
                 started again after 0.3 s",
                Told,
                AT_ONCE,
            ),
            Self::CalledShimKilled => (
                "called-shim-killed",
                "`kill -9` of the shim beside the source, started again after 1 s",
                Told,
                RESTART,
            ),
            Self::GatewayKilled => (
                "gateway-killed",
                "`kill -9` of the gateway, started again after 1 s",
                Told,
                RESTART,
            ),
            Self::GatewaySucceeded => (
                "gateway-succeeded",
                "a new gateway started, which takes over (`--handover`), three times in a row",
                Kept,
                Duration::ZERO,
            ),
            Self::OldGatewayKilled => (
                "old-gateway-killed",
                "`kill -9` of a gateway while it hands over to a new one; what has ended started again after 1 s",
                Either,
                RESTART,
            ),
            Self::NewGatewayKilled => (
                "new-gateway-killed",
                "`kill -9` of a gateway while it takes over from an old one; what has ended started again after 1 s",
                Either,
                RESTART,
            ),
            Self::ResolverKilled => (
                "resolver-killed",
                "`kill -9` of the resolver, started again after 1 s",
                Kept,
                RESTART,
            ),
            Self::SourceKilled => (
                "source-killed",
                "`kill -9` of the source's mysqld, started again after 1 s",
                Told,
                RESTART,
            ),
            Self::ReplicaKilled => (
                "replica-killed",
                "`kill -9` of the replica's mysqld, started again after 1 s",
                ReplicaGone,
                RESTART,
            ),
            Self::GatewayFrozen => (
                "gateway-frozen",
                "the gateway stopped (SIGSTOP) for 20 s; its kernel goes on to answer",
                Kept,
                OUTAGE,
            ),
            Self::GatewayFrozenGivenUp => (
                "gateway-frozen-given-up",
                "the same, with `replica_net_timeout` = 8 s",
                Told,
                OUTAGE,
            ),
            Self::BlackHole => (
                "black-hole",
                "every packet between the clusters dropped for 20 s, rows under way",
                Told,
                OUTAGE,
            ),
            Self::BlackHoleIdle => ("black-hole-idle", "the same, nobody writes", Told, OUTAGE),
            Self::SourceCutOff => (
                "source-cut-off",
                "the source's pod off its cluster's network for 20 s",
                Told,
                OUTAGE,
            ),
            Self::NothingToSource => (
                "nothing-to-source",
                "every packet from the replica to the gateway dropped for 20 s",
                Told,
                OUTAGE,
            ),
            Self::NothingToReplica => (
                "nothing-to-replica",
                "every packet from the gateway to the replica dropped for 20 s",
                Told,
                OUTAGE,
            ),
            Self::Loss => (
                "loss",
                "3 of 10 packets dropped in each direction for 10 s",
                Either,
                Duration::from_secs(10),
            ),
            Self::NodeForgets => (
                "node-forgets",
                "connection tracking flushed on the replica's node, which masquerades",
                Either,
                Duration::ZERO,
            ),
            Self::PodForgets => (
                "pod-forgets",
                "connection tracking flushed in the replica's pod, which redirects; \
                 `replica_net_timeout` = 8 s",
                Either,
                Duration::ZERO,
            ),
            Self::SourceMoved => (
                "source-moved",
                "the source's pod killed, and started again with another address",
                Told,
                RESTART,
            ),
            Self::SourceMovedUnannounced => (
                "source-moved-unannounced",
                "the same, and DNS has the old address until it is up",
                Told,
                RESTART,
            ),
            Self::CertificatesRotated => (
                "certificates-rotated",
                "new certificates on both sides, three times in 3 s",
                Kept,
                Duration::ZERO,
            ),
            Self::CertificateExpired => (
                "certificate-expired",
                "the replica's certificate out of its time for 5 s, its connection ended",
                Told,
                Duration::from_secs(5),
            ),
            Self::LogDiskFull => (
                "log-disk-full",
                "gateway and both shims log to a full disk (`/dev/full`), the connection ended",
                Told,
                Duration::ZERO,
            ),
        };
        Description {
            name,
            done,
            expected,
            lasts,
        }
    }
}

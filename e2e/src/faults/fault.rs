//! The list of faults.

use std::time::Duration;

/// What a kubelet needs to start a container again, the first time.
const RESTART: Duration = Duration::from_secs(1);
/// Longer than a dead path may stay unnoticed.
const OUTAGE: Duration = Duration::from_secs(20);

/// What is done to the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// `kill -9` of the shim beside the replica.
    CallingShimKilled,
    /// `kill -9` of the shim beside the source.
    CalledShimKilled,
    /// `kill -9` of the gateway.
    GatewayKilled,
    /// A new gateway takes over from the one that runs.
    GatewaySucceeded,
    /// `kill -9` of a gateway while it hands over to a new one.
    OldGatewayKilled,
    /// `kill -9` of a gateway while it takes over from an old one.
    NewGatewayKilled,
    /// `kill -9` of the resolver beside the replica.
    ResolverKilled,
    /// `kill -9` of the source's server.
    SourceKilled,
    /// `kill -9` of the replica's server.
    ReplicaKilled,
    /// The gateway does not run for a while, but its kernel answers.
    GatewayFrozen,
    /// The same, where MySQL is told to give up sooner.
    GatewayFrozenGivenUp,
    /// Nothing passes between the clusters, with rows under way.
    BlackHole,
    /// Nothing passes between the clusters, and nobody writes.
    BlackHoleIdle,
    /// The source's pod is off the network of its cluster.
    SourceCutOff,
    /// Nothing passes from the replica to the source.
    NothingToSource,
    /// Nothing passes from the source to the replica.
    NothingToReplica,
    /// Three packets of ten are lost in both directions.
    Loss,
    /// The node between the clusters forgets its connections, and with them its NAT.
    NodeForgets,
    /// The replica's pod forgets its connections, and with them the redirect.
    PodForgets,
    /// The source's pod comes back with another address.
    SourceMoved,
    /// The same, and its record is the old one until the pod is up again.
    SourceMovedUnannounced,
    /// New certificates on both sides.
    CertificatesRotated,
    /// The replica's certificate is out of its time.
    CertificateExpired,
    /// No room where the programs of the path log.
    LogDiskFull,
}

/// What is to become of the replica's connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// The replica is told that it is gone, in time.
    Told,
    /// It goes on.
    Kept,
    /// Either, depending on who speaks first.
    Either,
    /// The replica itself was killed.
    ReplicaGone,
}

/// All that is to be said of a fault.
struct Description {
    name: &'static str,
    done: &'static str,
    expected: Expected,
    lasts: Duration,
}

impl Fault {
    /// All of them, in the order in which they are struck.
    pub const ALL: [Self; 24] = [
        Self::CallingShimKilled,
        Self::CalledShimKilled,
        Self::GatewayKilled,
        Self::GatewaySucceeded,
        Self::OldGatewayKilled,
        Self::NewGatewayKilled,
        Self::ResolverKilled,
        Self::SourceKilled,
        Self::ReplicaKilled,
        Self::GatewayFrozen,
        Self::GatewayFrozenGivenUp,
        Self::BlackHole,
        Self::BlackHoleIdle,
        Self::SourceCutOff,
        Self::NothingToSource,
        Self::NothingToReplica,
        Self::Loss,
        Self::NodeForgets,
        Self::PodForgets,
        Self::SourceMoved,
        Self::SourceMovedUnannounced,
        Self::CertificatesRotated,
        Self::CertificateExpired,
        Self::LogDiskFull,
    ];

    const fn description(self) -> Description {
        use Expected::{Either, Kept, ReplicaGone, Told};
        let (name, done, expected, lasts) = match self {
            Self::CallingShimKilled => (
                "calling-shim-killed",
                "`kill -9` of the shim beside the replica, started again after 1 s",
                Told,
                RESTART,
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

    /// Its name on the command line and in the table.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.description().name
    }

    /// The fault of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|fault| fault.name() == name)
    }

    /// What is done, for the table.
    #[must_use]
    pub const fn done(self) -> &'static str {
        self.description().done
    }

    /// What is to become of the replica's connection.
    #[must_use]
    pub const fn expected(self) -> Expected {
        self.description().expected
    }

    /// Time from the strike to the beginning of the mending.
    pub(super) const fn lasts(self) -> Duration {
        self.description().lasts
    }

    /// Whether nobody writes meanwhile.
    pub(super) const fn is_idle(self) -> bool {
        matches!(self, Self::BlackHoleIdle)
    }

    /// Whether the source's server is killed, and with it whoever writes to it.
    pub(super) const fn kills_source(self) -> bool {
        matches!(
            self,
            Self::SourceKilled | Self::SourceMoved | Self::SourceMovedUnannounced
        )
    }
}

#[cfg(test)]
mod tests;

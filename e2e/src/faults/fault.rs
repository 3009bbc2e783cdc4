//! The list of faults; what is said of each is in `description`.

mod description;

use std::time::Duration;

/// What is done to the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// `kill -9` of the shim beside the replica.
    CallingShimKilled,
    /// The same where the shim is the replica's resolver as well, and is back before the replica asks again.
    CallingShimWithDnsKilled,
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

impl Fault {
    /// All of them, in the order in which they are struck.
    pub const ALL: [Self; 25] = [
        Self::CallingShimKilled,
        Self::CallingShimWithDnsKilled,
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

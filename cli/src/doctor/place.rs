//! In which cluster something has to be mended.

/// Where something has to be mended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The cluster of the source: the gateway, the pod, its shim, the app.
    ClusterA,
    /// The cluster of the replica: this pod, its shim, its files.
    ClusterB,
    /// The network between the two.
    Between,
}

impl Place {
    /// For programs.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::ClusterA => "a",
            Self::ClusterB => "b",
            Self::Between => "between",
        }
    }

    /// For people.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::ClusterA => "in cluster A (the source's)",
            Self::ClusterB => "in cluster B (the replica's)",
            Self::Between => "between the clusters",
        }
    }
}

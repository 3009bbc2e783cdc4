//! How many files the process may have open: each connection takes two or more.

use rustix::io::Errno;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What became of the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileLimit {
    /// What holds now; `None` is unlimited.
    limit: Option<u64>,
    /// Why it was not raised, where it should have been.
    refused: Option<Errno>,
}

impl FileLimit {
    /// Logs it: the limit is raised before there is a log.
    pub(crate) fn tell(self) {
        let Self { limit, refused } = self;
        if let Some(error) = refused {
            tracing::warn!(%error, ?limit, "could not raise the limit of open files");
        }
        match limit {
            Some(limit) => tracing::debug!(limit, "limit of open files"),
            None => tracing::debug!("open files are not limited"),
        }
    }
}

/// Raises the soft limit to the hard one.
///
/// The soft limit is 1024 on most hosts for the sake of programs that use select(2); this one
/// doesn't.
pub(crate) fn raise() -> FileLimit {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: maximum,
        maximum,
    };
    let refused = (current != maximum)
        .then(|| setrlimit(Resource::Nofile, raised).err())
        .flatten();
    FileLimit {
        limit: if refused.is_none() { maximum } else { current },
        refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_soft_limit_becomes_the_hard_one() {
        let limit = raise();
        let now = getrlimit(Resource::Nofile);
        assert_eq!(now.current, now.maximum);
        let raised = FileLimit {
            limit: now.maximum,
            refused: None,
        };
        assert_eq!(limit, raised);
    }
}

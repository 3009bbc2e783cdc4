//! Where all names go that are no alias: as given, or as the system is set up.

#[cfg(test)]
mod tests;

use std::{net::SocketAddr, path::Path};

use eastwest_daemon::NameServer;

use crate::{
    name::Domain,
    resolv_conf::{ResolvConf, UnreadableResolvConf},
    server::reaches,
};

/// Why there is nobody to ask for other names.
#[derive(Debug, thiserror::Error)]
pub enum NoUpstream {
    /// The system's configuration can't be read.
    #[error(transparent)]
    Unreadable(#[from] UnreadableResolvConf),
    /// It names no name server.
    #[error("{file} names no name server for all names that are no alias")]
    None {
        /// The file.
        file: String,
    },
    /// It names nobody but this resolver.
    #[error(
        "the only name server of {file} is {own}, which is this resolver itself: questions would \
         go round in circles. In a pod, the cluster's own DNS is the Service kube-dns in namespace \
         kube-system"
    )]
    OnlySelf {
        /// The file.
        file: String,
        /// The name server.
        own: SocketAddr,
    },
}

/// What the system is set up with, as far as it bears on forwarding.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Upstreams {
    /// In the order in which they are asked.
    pub addresses: Vec<SocketAddr>,
    /// Whether each question starts at another one.
    pub rotate: bool,
    /// The system's search domains.
    pub search: Vec<Domain>,
    /// What was passed over, for the log.
    pub warnings: Vec<String>,
}

impl Upstreams {
    /// Those `given`, or else those of the resolv.conf at `path`, of which name servers that are a
    /// resolver listening on `listen` are left out: apps find it through the same file. Search
    /// domains are always those of the file, if it can be read.
    ///
    /// # Errors
    /// Where none is given and the file has none.
    pub fn find(
        given: &[NameServer],
        path: &Path,
        listen: &[SocketAddr],
    ) -> Result<Self, NoUpstream> {
        let system = ResolvConf::read(path);
        if given.is_empty() {
            return Self::of_system(system?, &path.display().to_string(), listen);
        }
        let search = system.map(|conf| conf.search).unwrap_or_default();
        let addresses = given.iter().map(|server| server.address()).collect();
        Ok(Self {
            addresses,
            search,
            ..Self::default()
        })
    }

    fn of_system(conf: ResolvConf, file: &str, listen: &[SocketAddr]) -> Result<Self, NoUpstream> {
        let ResolvConf {
            nameservers,
            search,
            rotate,
            mut warnings,
        } = conf;
        let is_own = |server: &SocketAddr| listen.iter().any(|&own| reaches(*server, own));
        let (own, addresses): (Vec<_>, Vec<_>) = nameservers.into_iter().partition(is_own);
        let file = file.to_owned();
        match (addresses.is_empty(), own.first().copied()) {
            (true, Some(own)) => return Err(NoUpstream::OnlySelf { file, own }),
            (true, None) => return Err(NoUpstream::None { file }),
            (false, _) => {}
        }
        let passed_over =
            |own| format!("{file}: the name server {own} is this resolver itself; not asked");
        warnings.extend(own.into_iter().map(passed_over));
        Ok(Self {
            addresses,
            rotate,
            search,
            warnings,
        })
    }
}

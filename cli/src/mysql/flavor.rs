//! The two servers that speak MySQL's protocol, and where they differ before they run.

use std::fmt;

/// Which server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Flavor {
    /// Oracle's MySQL, from Debian unstable (the only Debian suite that has it; 9.7 LTS).
    MySql,
    /// MariaDB 10.11, from Debian 12.
    MariaDb,
}

impl Flavor {
    /// Both, MySQL first.
    pub const ALL: [Self; 2] = [Self::MySql, Self::MariaDb];

    /// The Debian suite that carries it.
    pub fn suite(self) -> &'static str {
        match self {
            Self::MySql => "sid",
            Self::MariaDb => "bookworm",
        }
    }

    /// The Debian packages to ask for; their dependencies follow, libc included, so that the
    /// server runs on a machine whose own libraries are older or newer.
    pub(super) fn packages(self) -> [&'static str; 3] {
        match self {
            Self::MySql => ["mysql-server-core", "mysql-client-core", "libc6"],
            Self::MariaDb => ["mariadb-server-core", "mariadb-client-core", "libc6"],
        }
    }

    /// Short lower-case name, used for files in the cache.
    pub(super) fn key(self) -> &'static str {
        match self {
            Self::MySql => "mysql",
            Self::MariaDb => "mariadb",
        }
    }

    /// File names that the server program has, best first.
    pub(super) fn server_programs(self) -> &'static [&'static str] {
        match self {
            Self::MySql => &["mysqld"],
            Self::MariaDb => &["mariadbd", "mysqld"],
        }
    }

    /// File names that the command-line client has, best first.
    pub(super) fn client_programs(self) -> &'static [&'static str] {
        match self {
            Self::MySql => &["mysql"],
            Self::MariaDb => &["mariadb", "mysql"],
        }
    }
}

impl fmt::Display for Flavor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MySql => "MySQL",
            Self::MariaDb => "MariaDB",
        })
    }
}

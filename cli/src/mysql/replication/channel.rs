//! What a replica is told about its source.

use std::time::Duration;

use super::error::ReplicationError;
use crate::mysql::client::Client;
use crate::mysql::flavor::Flavor;
use crate::mysql::sql_error::SqlError;
use crate::mysql::sql_text::literal;

/// An account that may replicate.
#[derive(Debug, Clone)]
pub struct Account {
    /// Its name; `replication` in the operator's secrets.
    pub user: String,
    /// Its password.
    pub password: String,
}

impl Account {
    /// Makes it on a source, for every host. From there it goes to the replicas with the rows.
    pub fn create_on(&self, source: &Client) -> Result<(), SqlError> {
        let (user, password) = (literal(&self.user), literal(&self.password));
        source.sql(&format!(
            "CREATE USER IF NOT EXISTS {user}@'%' IDENTIFIED BY {password};
             GRANT REPLICATION SLAVE ON *.* TO {user}@'%'"
        ))?;
        Ok(())
    }
}

/// A source by the name that the replica resolves each time it connects.
#[derive(Debug, Clone)]
pub struct SourceHost {
    /// Name or address.
    pub host: String,
    /// Port.
    pub port: u16,
}

/// What a replica is told about its source: as the Percona operator does, without MySQL's own TLS
/// and with GTID auto-positioning.
#[derive(Debug, Clone)]
pub struct Channel {
    /// The source.
    pub source: SourceHost,
    /// Sources to go to when that one fails (MySQL only), in order.
    pub alternates: Vec<SourceHost>,
    /// Who asks.
    pub account: Account,
    /// Tries before the next source's turn. The operator's default is 3.
    /// MariaDB takes this on the server's command line only.
    pub retry_count: u32,
    /// Time between tries, in whole seconds. The operator's default is 60 s.
    pub connect_retry: Duration,
    /// How often an idle source shows that it lives.
    pub heartbeat: Duration,
}

impl Channel {
    /// One source, tried every second, with a heartbeat of 2 s.
    pub fn new(host: impl Into<String>, port: u16, account: Account) -> Self {
        Self {
            source: SourceHost {
                host: host.into(),
                port,
            },
            alternates: Vec::new(),
            account,
            retry_count: 3,
            connect_retry: Duration::from_secs(1),
            heartbeat: Duration::from_secs(2),
        }
    }

    /// With one more source to go to.
    #[must_use]
    pub fn or(mut self, host: impl Into<String>, port: u16) -> Self {
        self.alternates.push(SourceHost {
            host: host.into(),
            port,
        });
        self
    }

    /// The statements that set it up, in place of what was there. It is stopped then.
    pub(super) fn statements(&self, flavor: Flavor) -> Result<String, ReplicationError> {
        match flavor {
            Flavor::MySql => Ok(self.for_mysql()),
            Flavor::MariaDb if self.alternates.is_empty() => Ok(self.for_mariadb()),
            Flavor::MariaDb => Err(ReplicationError::NoFailover {
                alternates: self.alternates.len(),
            }),
        }
    }

    /// Failover is on even for a single source, as the operator has it: after `retry_count` tries
    /// the list is gone through again, so it is tried for ever.
    fn for_mysql(&self) -> String {
        let mut sql = format!(
            "STOP REPLICA;
             CHANGE REPLICATION SOURCE TO {},
               SOURCE_AUTO_POSITION=1, SOURCE_SSL=0, GET_SOURCE_PUBLIC_KEY=1,
               SOURCE_RETRY_COUNT={}, SOURCE_CONNECTION_AUTO_FAILOVER=1;
             SELECT asynchronous_connection_failover_reset()",
            self.common("SOURCE"),
            self.retry_count.max(1),
        );
        // The heavier source is preferred; the operator's own default is 100.
        let sources = std::iter::once(&self.source).chain(&self.alternates);
        for (source, weight) in sources.zip((1..=100).rev()) {
            sql.push_str(&format!(
                ";\nSELECT asynchronous_connection_failover_add_source('', {}, {}, '', {weight})",
                literal(&source.host),
                source.port,
            ));
        }
        sql
    }

    fn for_mariadb(&self) -> String {
        format!(
            "STOP SLAVE;
             CHANGE MASTER TO {}, MASTER_USE_GTID=slave_pos, MASTER_SSL=0",
            self.common("MASTER"),
        )
    }

    /// What both have, under the word that each has for the source.
    fn common(&self, word: &str) -> String {
        format!(
            "{word}_HOST={}, {word}_PORT={}, {word}_USER={}, {word}_PASSWORD={},
               {word}_CONNECT_RETRY={}, {word}_HEARTBEAT_PERIOD={}",
            literal(&self.source.host),
            self.source.port,
            literal(&self.account.user),
            literal(&self.account.password),
            self.connect_retry.as_secs().max(1),
            self.heartbeat.as_secs_f32(),
        )
    }
}

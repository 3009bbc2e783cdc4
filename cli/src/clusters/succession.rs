//! Gateways that follow each other, and are killed meanwhile.

use std::thread::sleep;
use std::time::Duration;

use super::{Clusters, ClustersError, Program};

/// The name of the gateway's program, and of its host.
const GATEWAY: &str = "gateway";
/// The connections of a gateway are handed over within moments.
const SUCCEEDED: Duration = Duration::from_secs(20);

/// Which of two gateways.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Killed {
    /// The one that hands over.
    Old,
    /// The one that takes over.
    New,
}

impl Clusters {
    /// Starts another gateway, which takes over from the one that runs; returns when that one has ended,
    /// and in order.
    ///
    /// # Errors
    /// When the new one does not become ready, or the old one does not end as it should.
    pub fn succeed_gateway(&mut self) -> Result<(), ClustersError> {
        let mut old = self.remove(GATEWAY)?;
        self.start_gateway()?;
        Ok(old.await_end(SUCCEEDED)?)
    }

    /// Starts another gateway, which is to take over from the one that runs, and kills one of them `after`
    /// so long. The other one is the gateway from then on, if it goes on.
    ///
    /// # Errors
    /// When the new one cannot be started.
    pub fn kill_in_succession(
        &mut self,
        killed: Killed,
        after: Duration,
    ) -> Result<(), ClustersError> {
        let command = self.gateway_command()?;
        let old = self.remove(GATEWAY)?;
        let new = Program::start_on(GATEWAY, command, self.dir(), self.log_disk())?;
        sleep(after);
        let (mut killed, left) = match killed {
            Killed::Old => (old, new),
            Killed::New => (new, old),
        };
        killed.kill();
        self.programs.insert(GATEWAY.to_owned(), left);
        Ok(())
    }

    /// Starts the gateway again if it has ended, as a platform does, and waits until it is ready.
    ///
    /// # Errors
    /// When it does not become ready.
    pub fn revive_gateway(&mut self) -> Result<(), ClustersError> {
        if self.program(GATEWAY)?.goes_on() {
            let started = format!("{:?}", self.gateway_command()?);
            let probes = self.layout().probes(GATEWAY);
            return self.await_server(GATEWAY, (GATEWAY, probes), started);
        }
        self.start_gateway()
    }
}

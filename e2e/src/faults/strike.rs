//! What is done for each fault, and how it is mended.

use std::net::{IpAddr, Ipv4Addr};
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use eastwest::certs::valid_for;
use eastwest::clusters::{ClustersError, Killed, LogDisk, SOURCE};
use eastwest::leftovers::Guarded;
use eastwest::stage::Link;
use ipnet::IpNet;
use rustix::process::{Pid, Signal, kill_process};

use super::error::FaultError;
use super::fault::Fault;
use super::ground::{Ground, Process, REPLICA};
use super::packets::{self, Dropped};
use super::trial::some_moment;

const DAY: Duration = Duration::from_secs(24 * 3600);
/// How long the certificate is good that runs out.
const SHORT: Duration = Duration::from_secs(4);
/// Where the source's pod moves, and its network.
const ELSEWHERE: Ipv4Addr = Ipv4Addr::new(10, 71, 0, 99);
const PODS_A: (&str, u8) = ("pods-a", 24);
/// Enough to connect to the gateway.
const CONNECTED: Duration = Duration::from_millis(200);
/// From the start of a new gateway: it reads its files, has the listening sockets, serves, has the
/// connections, and waits for the last one.
const HANDOVER: Duration = Duration::from_millis(500);
/// Programs of the path, all of which log.
const LOGGING: [Process; 3] = [Process::Gateway, Process::CalledShim, Process::CallingShim];

impl Ground {
    /// What is to be in place before the fault.
    pub(super) fn prepare_for(&mut self, fault: Fault) -> Result<(), FaultError> {
        match fault {
            Fault::BlackHoleIdle => self.load.pause(false),
            Fault::GatewayFrozenGivenUp | Fault::PodForgets => self.set_net_timeout(8),
            Fault::CertificateExpired => {
                self.issue("cluster-b", SHORT)?;
                // Its last second counts whole.
                thread::sleep(SHORT + Duration::from_secs(2));
                Ok(())
            }
            Fault::LogDiskFull => self.restart_with_logs_on(LogDisk::Full),
            Fault::CallingShimWithDnsKilled => {
                self.kill(Process::Resolver)?;
                self.kill(Process::CallingShim)?;
                self.start(Process::CallingShimWithDns)
            }
            _ => Ok(()),
        }
    }

    /// Does it.
    pub(super) fn strike(&mut self, fault: Fault) -> Result<(), FaultError> {
        match fault {
            Fault::CallingShimKilled => self.kill(Process::CallingShim),
            Fault::CallingShimWithDnsKilled => self.kill(Process::CallingShimWithDns),
            Fault::CalledShimKilled => self.kill(Process::CalledShim),
            Fault::GatewayKilled => self.kill(Process::Gateway),
            Fault::GatewaySucceeded => {
                for _ in 0..3 {
                    self.clusters.succeed_gateway()?;
                }
                Ok(())
            }
            Fault::OldGatewayKilled => self.kill_in_succession(Killed::Old),
            Fault::NewGatewayKilled => self.kill_in_succession(Killed::New),
            Fault::ResolverKilled => self.kill(Process::Resolver),
            Fault::SourceKilled => {
                self.databases.source.crash();
                Ok(())
            }
            Fault::ReplicaKilled => {
                self.databases.replica.crash();
                Ok(())
            }
            Fault::GatewayFrozen | Fault::GatewayFrozenGivenUp => {
                self.signal(Process::Gateway, Signal::STOP)
            }
            Fault::BlackHole | Fault::BlackHoleIdle => packets::drop(&self.clusters, Dropped::All),
            Fault::NothingToSource => packets::drop(&self.clusters, Dropped::ToSource),
            Fault::NothingToReplica => packets::drop(&self.clusters, Dropped::ToReplica),
            Fault::Loss => packets::drop(&self.clusters, Dropped::Some),
            Fault::SourceCutOff => self.set_source_link(Link::Cut),
            Fault::NodeForgets => packets::forget_flows_of_node(&self.clusters),
            Fault::PodForgets => packets::forget_flows(&self.clusters, REPLICA),
            Fault::SourceMovedUnannounced => self.kill_source_pod(),
            Fault::SourceMoved => {
                self.kill_source_pod()?;
                // A headless Service names ready pods only.
                let zone = self.clusters.layout().zone_without(&SOURCE);
                let zone = zone.map_err(ClustersError::from)?;
                Ok(self.clusters.write_zone(&zone)?)
            }
            Fault::CertificatesRotated => {
                for _ in 0..3 {
                    self.issue("cluster-a", DAY)?;
                    self.issue("cluster-b", DAY)?;
                    thread::sleep(Duration::from_secs(1));
                }
                Ok(())
            }
            Fault::CertificateExpired | Fault::LogDiskFull => self.end_connection(),
        }
    }

    /// Brings the path back, as a platform would: it starts what was killed, and the network heals.
    pub(super) fn mend(&mut self, fault: Fault) -> Result<(), FaultError> {
        match fault {
            Fault::CallingShimKilled => self.start(Process::CallingShim),
            Fault::CallingShimWithDnsKilled => self.start(Process::CallingShimWithDns),
            Fault::CalledShimKilled => self.start(Process::CalledShim),
            Fault::GatewayKilled => self.start(Process::Gateway),
            Fault::OldGatewayKilled | Fault::NewGatewayKilled => {
                Ok(self.clusters.revive_gateway()?)
            }
            Fault::ResolverKilled => self.start(Process::Resolver),
            Fault::SourceKilled => self.restart_source(),
            Fault::ReplicaKilled => self.restart_replica(),
            Fault::GatewayFrozen | Fault::GatewayFrozenGivenUp => {
                self.signal(Process::Gateway, Signal::CONT)
            }
            Fault::BlackHole
            | Fault::BlackHoleIdle
            | Fault::NothingToSource
            | Fault::NothingToReplica
            | Fault::Loss => packets::pass(&self.clusters),
            Fault::SourceCutOff => self.set_source_link(Link::Connected),
            Fault::SourceMoved | Fault::SourceMovedUnannounced => self.move_source(),
            Fault::CertificateExpired => self.issue("cluster-b", DAY),
            Fault::GatewaySucceeded
            | Fault::NodeForgets
            | Fault::PodForgets
            | Fault::CertificatesRotated
            | Fault::LogDiskFull => Ok(()),
        }
    }

    /// Leaves the ground as it was before, for the next fault.
    pub(super) fn clear_up_after(&mut self, fault: Fault) -> Result<(), FaultError> {
        match fault {
            Fault::GatewayFrozenGivenUp | Fault::PodForgets => self.set_net_timeout(60),
            Fault::LogDiskFull => self.restart_with_logs_on(LogDisk::HasRoom),
            Fault::CallingShimWithDnsKilled => {
                self.kill(Process::CallingShimWithDns)?;
                self.start(Process::Resolver)?;
                self.start(Process::CallingShim)
            }
            _ => Ok(()),
        }
    }

    /// Kills one of two gateways at some moment of a handover. That goes on for as long as a connection
    /// is on its way to its pod, and one is that never says where it wants to go.
    fn kill_in_succession(&mut self, killed: Killed) -> Result<(), FaultError> {
        let gateway = self.clusters.layout().gateway();
        let (ip, port) = (gateway.ip(), gateway.port());
        let mut undecided = self.clusters.host(REPLICA)?.command("bash".as_ref());
        let begins_a_hello =
            format!("exec 3<>/dev/tcp/{ip}/{port} && printf '\\026' >&3 && cat <&3");
        undecided
            .args(["-c", &begins_a_hello])
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        let connecting = || FaultError::io("connecting to the gateway");
        let mut undecided = Guarded::spawn(&mut undecided).map_err(connecting())?;
        thread::sleep(CONNECTED);
        if let Some(status) = undecided.try_wait().map_err(connecting())? {
            return Err(FaultError::Failed {
                what: begins_a_hello,
                said: status.to_string(),
            });
        }
        let after = some_moment(HANDOVER);
        Ok(self.clusters.kill_in_succession(killed, after)?)
    }

    fn signal(&mut self, process: Process, signal: Signal) -> Result<(), FaultError> {
        let id = self.clusters.program(process.name())?.id();
        let id = i32::try_from(id).ok().and_then(Pid::from_raw);
        let id = id.ok_or_else(|| FaultError::Failed {
            what: process.name().to_owned(),
            said: "its process number is none".to_owned(),
        })?;
        kill_process(id, signal)
            .map_err(|errno| FaultError::io(format!("signalling {}", process.name()))(errno.into()))
    }

    /// Counts from the next connection on.
    fn set_net_timeout(&self, seconds: u32) -> Result<(), FaultError> {
        self.databases.replica.sql(&format!(
            "SET GLOBAL replica_net_timeout = {seconds};
             STOP REPLICA IO_THREAD; START REPLICA IO_THREAD"
        ))?;
        Ok(())
    }

    fn issue(&self, cluster: &str, validity: Duration) -> Result<(), FaultError> {
        let certificates = self.clusters.certificates();
        let dir = certificates.workload(cluster, "pxc", "db-pxc")?;
        certificates.issue(&dir, cluster, "pxc", "db-pxc", valid_for(validity))?;
        Ok(())
    }

    fn set_source_link(&self, link: Link) -> Result<(), FaultError> {
        if let Some(stage) = self.clusters.stage() {
            stage.set_link(SOURCE.name, PODS_A.0, link)?;
        }
        Ok(())
    }

    fn kill_source_pod(&mut self) -> Result<(), FaultError> {
        self.kill(Process::CalledShim)?;
        self.databases.source.crash();
        Ok(())
    }

    /// There, and back again at the next time.
    fn move_source(&mut self) -> Result<(), FaultError> {
        let (from, home) = (self.source_address(), self.clusters.layout().pod(&SOURCE));
        let elsewhere = IpAddr::V4(ELSEWHERE);
        let to = if from == home { elsewhere } else { home };
        let to = IpNet::new_assert(to, PODS_A.1);
        self.clusters.readdress(&SOURCE, from, to)?;
        self.source_at = to;
        self.restart_source()?;
        self.start(Process::CalledShim)?;
        let zone = self.clusters.layout().zone_with(&SOURCE, to.addr());
        let zone = zone.map_err(ClustersError::from)?;
        Ok(self.clusters.write_zone(&zone)?)
    }

    fn restart_with_logs_on(&mut self, disk: LogDisk) -> Result<(), FaultError> {
        self.clusters.set_log_disk(disk);
        for process in LOGGING {
            self.kill(process)?;
            self.start(process)?;
        }
        Ok(())
    }
}

//! How each program of the clusters is started.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use hickory_proto::op::{Message, Query};
use hickory_proto::rr::{Name, RData, RecordType};

use ipnet::IpNet;

use super::programs::LogDisk;
use super::readiness::{is_ready, listens};
use super::{Clusters, ClustersError, HELLO, Layout, Pod, Program, READY, SECRET, SOURCE};
use crate::leftovers::Guarded;

impl Clusters {
    /// Starts the name servers of both clusters.
    ///
    /// # Errors
    /// When one does not become ready.
    pub fn start_dns(&mut self) -> Result<(), ClustersError> {
        let empty = self.dir().join("cluster-b.zone");
        std::fs::write(
            &empty,
            "kubernetes.default.svc.cluster.local A 10.96.0.1 30\n",
        )
        .map_err(|source| ClustersError::File {
            path: empty.clone(),
            source,
        })?;
        let layout = self.layout();
        self.start_name_server("a-dns", layout.dns_a(), &self.zone_file())?;
        self.start_name_server("b-dns", layout.dns_b(), &empty)
    }

    fn start_name_server(
        &mut self,
        host: &str,
        listen: SocketAddr,
        zone: &Path,
    ) -> Result<(), ClustersError> {
        let mut command = self.eastwest_on(host)?;
        command
            .args(["stage-dns", "--listen", &listen.to_string(), "--zone"])
            .arg(zone);
        self.start(host, command, |printed| listens(printed, listen))
    }

    /// Starts a pod of cluster A: an app that says hello, and its shim.
    ///
    /// # Errors
    /// When one does not become ready.
    pub fn start_hello_pod(&mut self, pod: &Pod) -> Result<(), ClustersError> {
        self.start_hello_pod_at(pod, self.layout().pod(pod))
    }

    fn start_hello_pod_at(&mut self, pod: &Pod, address: IpAddr) -> Result<(), ClustersError> {
        let app = SocketAddr::new(address, pod.port);
        let mut command = self.eastwest_on(pod.name)?;
        command.args([
            "stage-hello",
            "--listen",
            &app.to_string(),
            "--name",
            pod.name,
        ]);
        let name = format!("{}-app", pod.name);
        self.start(&name, command, |printed| listens(printed, app))?;
        self.start_inbound_shim_at(pod, address)
    }

    /// Starts the shim of a pod of cluster A.
    ///
    /// # Errors
    /// When it does not become ready.
    pub fn start_inbound_shim(&mut self, pod: &Pod) -> Result<(), ClustersError> {
        self.start_inbound_shim_at(pod, self.layout().pod(pod))
    }

    /// The same, where the pod has moved to another address.
    ///
    /// # Errors
    /// When it does not become ready.
    pub fn start_inbound_shim_at(
        &mut self,
        pod: &Pod,
        address: IpAddr,
    ) -> Result<(), ClustersError> {
        let listen = SocketAddr::new(address, 15444);
        let identity = self
            .certificates()
            .workload("cluster-a", pod.namespace, pod.account)?;
        let mut command = self.server(pod.name, "shim")?;
        command.arg("--manifests").arg(self.manifests().cluster_a());
        command.arg("--identity").arg(identity);
        command.args(["--inbound", &pod.port.to_string()]);
        command.args(["--pod-name", pod.name]);
        command.args(["--inbound-listen", &listen.to_string()]);
        if self.layout() == Layout::Loopback {
            // This machine's resolv.conf is another network's, if it names a server at all.
            command.args(["--name-server", &self.layout().dns_a().to_string()]);
        }
        self.start_server(&format!("{}-shim", pod.name), pod.name, command)
    }

    /// Brings a hello pod back with another address, as Kubernetes does, and changes its record.
    ///
    /// # Errors
    /// When there is no stage, or something does not start.
    pub fn move_hello_pod(&mut self, pod: &Pod, to: IpNet) -> Result<(), ClustersError> {
        self.stop(&format!("{}-shim", pod.name));
        self.stop(&format!("{}-app", pod.name));
        self.readdress(pod, self.layout().pod(pod), to)?;
        self.start_hello_pod_at(pod, to.addr())?;
        self.write_zone(&self.layout().zone_with(pod, to.addr())?)
    }

    /// Has cluster A's name server say that a pod is at the address of another one.
    ///
    /// # Errors
    /// When the record cannot be written.
    pub fn mistake_pod(&mut self, pod: &Pod, other: &Pod) -> Result<(), ClustersError> {
        let layout = self.layout();
        self.write_zone(&layout.zone_with(pod, layout.pod(other))?)
    }

    /// Gives the host of a pod another address instead of the one that it has.
    ///
    /// # Errors
    /// When the host does not have the old one, or cannot have the new.
    pub fn readdress(&self, pod: &Pod, from: IpAddr, to: IpNet) -> Result<(), ClustersError> {
        if let Some(stage) = self.stage() {
            stage.add_address(pod.name, "pods-a", to)?;
            let old = IpNet::new_assert(from, to.prefix_len());
            stage.delete_address(pod.name, "pods-a", old)?;
        }
        Ok(())
    }

    /// Starts the gateway of cluster A.
    ///
    /// # Errors
    /// When it does not become ready.
    pub fn start_gateway(&mut self) -> Result<(), ClustersError> {
        let command = self.gateway_command()?;
        self.start_server("gateway", "gateway", command)
    }

    pub(super) fn gateway_command(&self) -> Result<Command, ClustersError> {
        let layout = self.layout();
        let mut command = self.server("gateway", "gateway")?;
        command.arg("--manifests").arg(self.manifests().cluster_a());
        command.args(["--listen", &layout.gateway().to_string()]);
        command.args(["--name-server", &layout.dns_a().to_string()]);
        command
            .arg("--handover")
            .arg(self.dir().join("gateway.sock"));
        Ok(command)
    }

    /// All of cluster A that says hello, the pod that is not exported, and the gateway.
    ///
    /// # Errors
    /// When one does not become ready.
    pub fn start_cluster_a(&mut self) -> Result<(), ClustersError> {
        for pod in HELLO.iter().chain([&SECRET]) {
            self.start_hello_pod(pod)?;
        }
        self.start_gateway()
    }

    /// The shim of the source database's pod; the database itself is the caller's.
    ///
    /// # Errors
    /// When it does not become ready.
    pub fn start_source_shim(&mut self) -> Result<(), ClustersError> {
        self.start_inbound_shim(&SOURCE)
    }

    /// Starts one of the three servers as `name`, with these arguments beside those for logs and
    /// probes.
    ///
    /// # Errors
    /// When it does not become ready.
    pub fn start_with(
        &mut self,
        name: &str,
        (host, server): (&str, &str),
        args: &[String],
    ) -> Result<(), ClustersError> {
        let mut command = self.server(host, server)?;
        command.args(args);
        self.start_server(name, host, command)
    }

    /// A command for one of the three servers, with the flags that all of them have.
    pub(super) fn server(&self, host: &str, server: &str) -> Result<Command, ClustersError> {
        self.server_with_probes(host, server, self.layout().probes(host))
    }

    pub(super) fn server_with_probes(
        &self,
        host: &str,
        server: &str,
        probes: Ipv4Addr,
    ) -> Result<Command, ClustersError> {
        let mut command = self.eastwest_on(host)?;
        command.arg(server);
        command.args(["--log-format", "json", "--log-level", "info"]);
        command.args(["--ready-address", &format!("{probes}:15021")]);
        command.args(["--metrics-address", &format!("{probes}:15020")]);
        command.args(["--admin-address", &format!("{probes}:15000")]);
        Ok(command)
    }

    pub(super) fn start_server(
        &mut self,
        name: &str,
        host: &str,
        command: Command,
    ) -> Result<(), ClustersError> {
        let probes = self.layout().probes(host);
        self.start_server_with_probes(name, (host, probes), command)
    }

    pub(super) fn start_server_with_probes(
        &mut self,
        name: &str,
        (host, probes): (&str, Ipv4Addr),
        command: Command,
    ) -> Result<(), ClustersError> {
        let started = format!("{command:?}");
        let program = Program::start_on(name, command, self.dir(), self.log_disk())?;
        self.programs.insert(name.to_owned(), program);
        self.await_server(name, (host, probes), started)
    }

    /// Waits until a server is ready that has been `started` so. One that is not is forgotten.
    pub(super) fn await_server(
        &mut self,
        name: &str,
        (host, probes): (&str, Ipv4Addr),
        started: String,
    ) -> Result<(), ClustersError> {
        let mut wait = self.eastwest_on(host)?;
        wait.args([
            "wait",
            "--max",
            "50ms",
            "--address",
            &format!("{probes}:15021"),
        ]);
        let silent = self.log_disk() == LogDisk::Full;
        let mut program = self.remove(name)?;
        program.await_ready(READY, |printed| {
            // The line comes first: the probe alone might be another server's answer.
            (silent || is_ready(printed))
                && Guarded::output(&mut wait).is_ok_and(|asked| asked.status.success())
        })?;
        self.programs.insert(name.to_owned(), program);
        let metrics = SocketAddr::new(probes.into(), 15020);
        self.count_from_ready(name, started, (host, metrics))
    }

    /// Asks the resolver of cluster B, over UDP, what `host` stands for.
    pub(super) fn ask_resolver(&self, host: &str) -> Result<Option<IpAddr>, ClustersError> {
        debug_assert_eq!(self.layout(), Layout::Loopback);
        ask(self.layout().resolver(), host)
            .map_err(|error| ClustersError::Resolver(error.to_string()))
    }
}

fn ask(server: SocketAddr, host: &str) -> anyhow::Result<Option<IpAddr>> {
    let mut question = Message::query();
    question.metadata.id = 1;
    question.metadata.recursion_desired = true;
    question.add_query(Query::query(Name::from_utf8(host)?, RecordType::A));
    let socket = std::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    socket.set_read_timeout(Some(Duration::from_secs(5)))?;
    socket.send_to(&question.to_vec()?, server)?;
    let mut packet = [0; 1500];
    let (n, _) = socket.recv_from(&mut packet)?;
    let answer = Message::from_vec(packet.get(..n).unwrap_or_default())?;
    Ok(answer.answers.iter().find_map(|record| match &record.data {
        RData::A(a) => Some(IpAddr::V4(a.0)),
        _ => None,
    }))
}

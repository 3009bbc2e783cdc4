//! The containers of the pods, with the rights that Kubernetes would give them.

use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::io::Write;
use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use eastwest::clusters::{Clusters, SOURCE};
use eastwest::leftovers::Guarded;
use eastwest::stage::Host;
use eastwest::stage::zone::Zone;
use eastwest_e2e::eastwest;
use eastwest_e2e::packets::Packets;
use eastwest_mesh::service_port;
use tempfile::TempDir;

use super::alias::{Alias, EGRESS, Family, PLAIN, PXC, ipv4_of, ipv6_of};

/// A name that is no alias, and what the cluster's DNS says.
pub(crate) const CLUSTERS_OWN: (&str, &str) = ("kubernetes.default.svc.cluster.local", "10.96.0.1");
const SHIM_UID: u32 = 1337;
const SHIM: &str = "matrix-shim";
const KEEPER: &str = "matrix-keeper";
const NET_ADMIN: &str = "--bounding-set=-all,+net_admin";
const PATIENCE: Duration = Duration::from_secs(20);

fn is_ready(printed: &str) -> bool {
    printed.contains("\"message\":\"ready\"")
}

pub(crate) struct Containers {
    clusters: Clusters,
    files: TempDir,
}

impl Containers {
    /// What is in the containers' images and volumes: readable for the shim's user.
    pub(crate) fn new(clusters: Clusters) -> Self {
        assert!(
            rustix::process::geteuid().is_root(),
            "uid {SHIM_UID} cannot be had without root: a user namespace has one user only"
        );
        let files = tempfile::tempdir().unwrap();
        fs::set_permissions(files.path(), Permissions::from_mode(0o755)).unwrap();
        fs::copy(eastwest(), files.path().join("eastwest")).unwrap();
        let made = clusters
            .certificates()
            .workload("cluster-b", "pxc", "db-pxc");
        let identity = files.path().join("identity");
        fs::create_dir(&identity).unwrap();
        for file in fs::read_dir(made.unwrap()).unwrap() {
            let file = file.unwrap();
            let to = identity.join(file.file_name());
            fs::copy(file.path(), &to).unwrap();
            chown(&to, Some(SHIM_UID), Some(SHIM_UID)).unwrap();
        }
        let pods = Self { clusters, files };
        // A safe sysctl of the pod: its resolver is on port 53 of loopback.
        pods.as_root(
            PLAIN,
            "echo 53 > /proc/sys/net/ipv4/ip_unprivileged_port_start",
            "",
        );
        pods
    }

    pub(crate) fn dir(&self) -> &Path {
        self.clusters.dir()
    }

    pub(crate) fn host(&self, name: &str) -> Box<dyn Host> {
        self.clusters.host(name).unwrap()
    }

    fn as_root(&self, host: &str, script: &str, input: &str) {
        let mut command = self.host(host).command(OsStr::new("sh"));
        let mut child = command
            .args(["-c", script])
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(input.as_bytes())
            .unwrap();
        assert!(child.wait().unwrap().success(), "{host}: {script}");
    }

    /// The program in a container with these rights only (setpriv(1)).
    fn container(&self, host: &str, rights: &[&str]) -> Command {
        let mut command = self.host(host).command(OsStr::new("setpriv"));
        command
            .args(rights)
            .args(["--inh-caps=-all", "--no-new-privs", "--"]);
        command.arg(self.files.path().join("eastwest")).arg("shim");
        command
    }

    /// `eastwest-shim capture`, as an init container.
    pub(crate) fn capture(&self, host: &str, flags: &[&str]) {
        let mut command = self.container(host, &[NET_ADMIN]);
        let output = Guarded::output(command.arg("capture").args(flags)).unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "capture {flags:?}: {said}");
    }

    /// `eastwest-shim capture keep`, as a sidecar.
    pub(crate) fn keep_captured(&mut self, host: &str) {
        let mut command = self.container(host, &[NET_ADMIN]);
        command.args(["capture", "keep", "--dns", "--sandbox", "require"]);
        command.args(["--log-format", "json"]);
        self.clusters.start(KEEPER, command, is_ready).unwrap();
    }

    /// The rules stay.
    pub(crate) fn end_keeping(&mut self) {
        self.clusters.stop(KEEPER);
    }

    /// Starts the shim of a pod, with the alias over this family.
    pub(crate) fn start_shim(
        &mut self,
        host: &str,
        mode: &str,
        family: Family,
        more: &[&str],
    ) -> Alias {
        let alias = Alias::virtual_ip(mode, family);
        self.start_named(SHIM, (host, mode), &alias.manifest(mode), more);
        alias
    }

    /// A shim that goes by this name, with these manifests.
    pub(crate) fn start_named(
        &mut self,
        name: &str,
        (host, mode): (&str, &str),
        manifests: &str,
        more: &[&str],
    ) {
        let manifest = self.files.path().join(format!("{name}.yaml"));
        fs::write(&manifest, manifests).unwrap();
        let rights = [
            "--reuid=1337",
            "--regid=1337",
            "--clear-groups",
            "--bounding-set=-all",
        ];
        let mut command = self.container(host, &rights);
        command.arg("-f").arg(&manifest);
        command
            .arg("--identity")
            .arg(self.files.path().join("identity"));
        command
            .args(["--mode", mode, "--log-format", "json"])
            .args(more);
        command.args(["--ready-address", "127.0.0.1:15021"]);
        command.args(["--metrics-address", "off", "--admin-address", "off"]);
        match mode {
            "vip" | "port" => {
                command.args([
                    "--dns-listen",
                    "127.0.0.1:53",
                    "--dns-upstream",
                    "10.72.0.53",
                ]);
                command.args(["--name-server", "10.72.0.53"]);
            }
            // All other names are asked of whom resolv.conf names.
            "redirect" => drop(command.args(["--dns-listen", "127.0.0.1:15053,[::1]:15053"])),
            _ => {}
        }
        self.clusters.start(name, command, is_ready).unwrap();
        self.has_no_rights(name);
    }

    fn has_no_rights(&mut self, name: &str) {
        let pid = self.clusters.program(name).unwrap().id();
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap().split_whitespace().next().unwrap().to_owned()
        };
        assert_eq!(field("Uid:"), SHIM_UID.to_string());
        for set in ["CapEff:", "CapPrm:", "CapBnd:", "CapInh:", "CapAmb:"] {
            assert_eq!(field(set), "0".repeat(16), "{set}");
        }
    }

    pub(crate) fn wait_for_shim(&mut self, text: &str) {
        let program = self.clusters.program(SHIM).unwrap();
        program
            .await_ready(PATIENCE, |printed| printed.contains(text))
            .unwrap();
    }

    pub(crate) fn kill_shim(&mut self) {
        self.kill(SHIM);
    }

    pub(crate) fn kill(&mut self, name: &str) {
        self.clusters.stop(name);
    }

    /// Empties the chain that redirects, and leaves the one behind it.
    pub(crate) fn lose_redirects(&self, host: &str) {
        let flush = "PATH=$PATH:/usr/sbin nft flush chain inet eastwest capture";
        self.as_root(host, flush, "");
    }

    /// The addresses that the C library of a pod finds for a name.
    pub(crate) fn answers(&self, host: &str, name: &str) -> String {
        let mut command = self.host(host).command(OsStr::new("getent"));
        let output = Guarded::output(command.args(["ahosts", name])).unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    /// A Service of the alias's name and the egress behind it: the cluster's DNS has its address, and
    /// leads its port to the pod's (kube-proxy, by nft).
    pub(crate) fn apply_service(&self, family: Family) {
        let address = Alias::virtual_ip("service", family).address;
        let (name, service) = CLUSTERS_OWN;
        let zone = Zone::new().with(&SOURCE.alias(), address, 1).unwrap();
        let zone = zone.with(name, service.parse().unwrap(), 30).unwrap();
        zone.write(&self.dir().join("cluster-b.zone")).unwrap();
        let alias = SOURCE.alias().parse().unwrap();
        let target = service_port::computed(&alias, 3306.try_into().unwrap());
        let rules = format!(
            "table inet proxy\ndelete table inet proxy\ntable inet proxy {{\nchain services {{\n\
             type nat hook prerouting priority -100;\ntcp dport 3306 redirect to :{target}\n}}\n}}\n"
        );
        self.as_root(EGRESS, "PATH=$PATH:/usr/sbin nft -f -", &rules);
        let begun = Instant::now();
        let alias = SOURCE.alias();
        while !self.answers(PXC, &alias).contains(&address.to_string()) {
            assert!(begun.elapsed() < PATIENCE, "{address} is not answered");
        }
    }

    /// What an app of a pod is told when it connects.
    pub(crate) fn dial(&self, host: &str, to: SocketAddr) -> Result<(), String> {
        let reached = self.clusters.reach(host, [&to]).unwrap();
        reached[0].error.clone().map_or(Ok(()), Err)
    }

    /// Writes down every packet of a pod from now on.
    pub(crate) fn watch(&self, host: &str) -> Packets {
        let file = self.dir().join("packets");
        Packets::of(&*self.host(host), env!("CARGO_BIN_EXE_packets"), &file).unwrap()
    }
}

/// Whether one of the pod's packets was for the alias, in the headers' order of addresses.
pub(crate) fn went_out(packets: Packets, alias: &Alias) -> bool {
    let header = match alias.address {
        IpAddr::V4(ip) => [ipv4_of(PXC).octets(), ip.octets()].concat(),
        IpAddr::V6(ip) => [ipv6_of(PXC).octets(), ip.octets()].concat(),
    };
    let packets = packets.all().unwrap();
    packets.windows(header.len()).any(|bytes| bytes == header)
}

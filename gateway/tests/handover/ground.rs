//! A pod that gateways find, the gateways, and clients of theirs.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::log::Log;
use crate::names::{hello, name_server};

/// Longer than anything here takes on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(40);

const POD: &str = "db-0.db.plain.svc.cluster.local";

/// What all gateways of a test share: manifests, a name server, a pod, and the place of the handover.
pub(crate) struct Ground {
    dir: TempDir,
    names: SocketAddr,
    pod: TcpListener,
    hello: Vec<u8>,
}

impl Ground {
    pub(crate) fn prepare() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let pod = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = pod.local_addr().unwrap().port();
        let manifests = format!(
            "\
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {{name: exports, namespace: istio-system}}
spec:
  servers:
  - port: {{number: 15443, name: plain, protocol: TLS}}
    tls: {{mode: PASSTHROUGH}}
    hosts: ['*.plain.svc.cluster.local']
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {{name: db-0, namespace: plain}}
spec:
  hosts: [{POD}]
  location: MESH_INTERNAL
  resolution: DNS
  ports: [{{number: {port}, name: mysql, protocol: TCP}}]
"
        );
        fs::create_dir(dir.path().join("manifests")).unwrap();
        fs::write(dir.path().join("manifests/gateway.yaml"), manifests).unwrap();
        Self {
            dir,
            names: name_server(),
            pod,
            hello: hello(POD),
        }
    }

    /// A file of this ground.
    pub(crate) fn path(&self, name: &str) -> String {
        self.dir.path().join(name).to_str().unwrap().to_owned()
    }

    /// A gateway that can be succeeded, and succeeds the one before it. It is up when this returns.
    pub(crate) fn gateway(&self) -> Gateway {
        let mut gateway = self.gateway_with(&[], |_| {});
        gateway.is_up();
        gateway
    }

    /// The same with more flags and another environment, as soon as it runs.
    pub(crate) fn gateway_with(
        &self,
        flags: &[&str],
        change: impl FnOnce(&mut Command),
    ) -> Gateway {
        let mut command = Command::new(env!("CARGO_BIN_EXE_eastwest-gateway"));
        command
            .env_clear()
            .args(["--name-server", &self.names.to_string()])
            .args(flags);
        if !flags.contains(&"-f") {
            command.args(["-f", &self.path("manifests")]);
        }
        if !flags.iter().any(|given| given.starts_with("--handover")) {
            command.args(["--handover", &self.path("handover.sock")]);
        }
        for flag in [
            "--listen",
            "--ready-address",
            "--metrics-address",
            "--admin-address",
        ] {
            if !flags.iter().any(|given| given.starts_with(flag)) {
                command.args([flag, "127.0.0.1:0"]);
            }
        }
        change(&mut command);
        Gateway::spawn(command)
    }

    /// What a gateway of this ground is told, as a file of settings.
    pub(crate) fn settings(&self) -> String {
        format!(
            "manifests: [{}]\nname-server: ['{}']\nlisten: 127.0.0.1:0\nready-address: 127.0.0.1:0\n\
             metrics-address: 127.0.0.1:0\nadmin-address: 127.0.0.1:0\n",
            self.path("manifests"),
            self.names
        )
    }

    /// A program of the caller's.
    pub(crate) fn run(&self, change: impl FnOnce(&mut Command)) -> Gateway {
        self.gateway_with(&[], change)
    }

    /// A client that has said hello to the gateway, and the pod's end of the connection that follows.
    pub(crate) fn connect(&self, gateway: SocketAddr) -> (TcpStream, TcpStream) {
        let client = self.dial(gateway);
        (client, self.accept())
    }

    /// A client that has said hello.
    pub(crate) fn dial(&self, gateway: SocketAddr) -> TcpStream {
        let mut client = TcpStream::connect(gateway).unwrap();
        client.write_all(&self.hello).unwrap();
        client
    }

    /// What a client says first.
    pub(crate) fn hello(&self) -> &[u8] {
        &self.hello
    }

    /// The pod's end of the next connection, if one comes in time; the hello has been read.
    pub(crate) fn accept(&self) -> TcpStream {
        self.pod.set_nonblocking(true).unwrap();
        let deadline = Instant::now() + PATIENCE;
        let mut stream = loop {
            match self.pod.accept() {
                Ok((stream, _)) => break stream,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    assert!(Instant::now() < deadline, "nobody has dialled the pod");
                    sleep(Duration::from_millis(2));
                }
                Err(error) => panic!("{error}"),
            }
        };
        stream.set_nonblocking(false).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut said = vec![0; self.hello.len()];
        stream.read_exact(&mut said).unwrap();
        assert!(said == self.hello, "not what the client said");
        stream
    }
}

/// A gateway, killed when dropped.
pub(crate) struct Gateway {
    child: Child,
    log: Log,
    pub(crate) address: SocketAddr,
    pub(crate) ready: SocketAddr,
    pub(crate) admin: SocketAddr,
}

impl Gateway {
    fn spawn(mut command: Command) -> Self {
        let mut child = command
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let log = Log::of(child.stderr.take().unwrap());
        let nowhere = ([0, 0, 0, 0], 0).into();
        Self {
            child,
            log,
            address: nowhere,
            ready: nowhere,
            admin: nowhere,
        }
    }

    /// Waits until it serves.
    pub(crate) fn is_up(&mut self) {
        self.listens();
        self.logged("readiness: ready");
    }

    /// Waits until it listens.
    pub(crate) fn listens(&mut self) {
        let address = |line: String| line.rsplit(' ').next().unwrap().parse().unwrap();
        self.address = address(self.logged("gateway listens on "));
        self.ready = address(self.logged("ready listens on "));
        self.admin = address(self.logged("admin listens on "));
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The next line of the log with `text` in it.
    pub(crate) fn logged(&mut self, text: &str) -> String {
        self.log.next_with(text, PATIENCE)
    }

    /// The same, or none where it has ended before.
    pub(crate) fn logged_before_the_end(&mut self, text: &str) -> Option<String> {
        self.log.next_before_the_end(text, PATIENCE)
    }

    /// All that it has logged, once it has ended.
    pub(crate) fn whole_log(&mut self) -> Vec<String> {
        self.log.whole(true).to_vec()
    }

    /// Waits until it has ended.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(
                Instant::now() < deadline,
                "still there:\n{}",
                self.log.whole(false).join("\n")
            );
            sleep(Duration::from_millis(5));
        }
    }

    /// It has left all of it to another one, and ended in order.
    pub(crate) fn was_succeeded(&mut self) {
        let status = self.ended();
        let log = self.whole_log();
        assert!(status.success(), "{status}:\n{}", log.join("\n"));
        assert!(
            log.iter().any(|line| line.contains("handed over to")),
            "{log:?}"
        );
        assert!(
            log.iter()
                .any(|line| line.contains("no connection was cut")),
            "{log:?}"
        );
    }

    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        let process = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(process, signal).unwrap();
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// How many descriptors it has.
    pub(crate) fn descriptors(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.id()))
            .unwrap()
            .count()
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What is answered to a GET: status and body.
pub(crate) fn get(address: SocketAddr, path: &str) -> std::io::Result<(u16, String)> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let status = answer
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    Ok((status.unwrap_or(0), body.to_owned()))
}

//! Stages on the real kernel: hosts, networks and names, and that nothing of them is left behind.

#![expect(
    clippy::expect_used,
    reason = "clippy.toml allows it in test functions, not in what they share"
)]

mod changes;
mod dns;
mod end;
mod names;
mod network;
mod program;
mod refusal;
mod user;

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use eastwest::stage::{Host, HostPlan, Stage, StagePlan};
use ipnet::IpNet;

/// The program under test.
const EASTWEST: &str = env!("CARGO_BIN_EXE_eastwest");

fn start(plan: &StagePlan) -> Stage {
    Stage::start(Path::new(EASTWEST), plan).expect("a stage")
}

/// `10.0.0.LAST/24`.
const fn net(last: u8) -> IpNet {
    IpNet::new_assert(IpAddr::V4(Ipv4Addr::new(10, 0, 0, last)), 24)
}

/// Hosts `a` and `b`, 10.0.0.1 and 10.0.0.2, on network `lan`.
fn pair() -> StagePlan {
    StagePlan::new()
        .network("lan")
        .host(HostPlan::new("a").on("lan", net(1)))
        .host(HostPlan::new("b").on("lan", net(2)))
}

/// Runs a script on a host to its end.
fn sh(stage: &Stage, host: &str, script: &str) -> Output {
    command(stage, host, "bash")
        .args(["-c", script])
        .output()
        .expect("bash runs")
}

/// What a successful script prints.
fn printed(stage: &Stage, host: &str, script: &str) -> String {
    let output = sh(stage, host, script);
    assert!(output.status.success(), "{script} on {host}: {output:?}");
    String::from_utf8(output.stdout).expect("text")
}

fn command(stage: &Stage, host: &str, program: &str) -> Command {
    stage
        .host(host)
        .expect("a host of the plan")
        .command(OsStr::new(program))
}

/// A script that sends `GET /` and prints what comes back, or ends with 124 if nothing does.
fn get(address: &str, port: u16) -> String {
    format!(
        "timeout 5 bash -c 'exec 3<>/dev/tcp/{address}/{port} && \
         printf \"GET / HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n\" >&3 && cat <&3'"
    )
}

/// Asserts that a connection to `address`:8080 is neither made nor refused.
fn assert_swallowed(stage: &Stage, host: &str, address: &str) {
    let dial = format!("timeout 1 bash -c 'exec 3<>/dev/tcp/{address}/8080'");
    let output = sh(stage, host, &dial);
    assert_eq!(output.status.code(), Some(124), "no time-out: {output:?}");
}

/// A program on a host that runs until it is killed, and has been seen to run.
fn sleeper(stage: &Stage, host: &str) -> Child {
    let mut child = command(stage, host, "sh")
        .args(["-c", "echo; exec sleep 1000"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("sh starts");
    let mut out = child.stdout.take().expect("a pipe");
    out.read_exact(&mut [0]).expect("a line");
    child
}

/// A server, killed when dropped.
struct Server(Child);

impl Server {
    /// Starts `command` and waits until it says that it listens; also says where.
    fn listening(mut command: Command) -> (Self, String) {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("starts");
        let out = child.stdout.take().expect("a pipe");
        let mut line = String::new();
        BufReader::new(out).read_line(&mut line).expect("a line");
        let address = line
            .trim()
            .strip_prefix("listening on ")
            .expect(&line)
            .to_owned();
        (Self(child), address)
    }

    /// The hello app on port 8080 of all of a host's addresses.
    fn hello(stage: &Stage, host: &str) -> Self {
        let mut command = command(stage, host, EASTWEST);
        command.args(["stage-hello", "--listen", "[::]:8080", "--name", host]);
        Self::listening(command).0
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

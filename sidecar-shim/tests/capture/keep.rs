//! `capture keep` as the process that it is, with NET_ADMIN alone and locked in.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use eastwest_shim::capture::{installed, remove};
use rustix::process::{Pid, Signal, kill_process};

use crate::own_namespace::alone;
use crate::pod::{Shim, at, capture, pod, pod_without_default_routes};
use crate::rights::keep_only_net_admin;

/// Far longer than a look takes.
const PATIENCE: Duration = Duration::from_secs(20);

struct Keeper {
    child: Child,
    lines: Receiver<String>,
}

impl Keeper {
    fn start(flags: &str) -> Self {
        keep_only_net_admin();
        let mut child = Command::new(env!("CARGO_BIN_EXE_eastwest-shim"))
            .args(["capture", "keep"])
            .args(["--sandbox", "require", "--ready-address", "127.0.0.1:15031"])
            .args(flags.split_whitespace())
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        Self { child, lines }
    }

    /// The lines up to one with `text`, that one included.
    fn says(&self, text: &str) -> Vec<String> {
        let mut said = Vec::new();
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => said.push(line),
                Err(_) => panic!("no {text:?} in\n{}", said.join("\n")),
            }
            if said.last().is_some_and(|line| line.contains(text)) {
                return said;
            }
        }
    }

    /// Sends SIGTERM; the exit code.
    fn ends(&mut self) -> Option<i32> {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, Signal::TERM).unwrap();
        self.child.wait().unwrap().code()
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_rules_are_laid_and_laid_again_and_stay() {
    alone(async || {
        pod().await;
        let mut keeper = Keeper::start("--every 100ms --dns");
        let said = keeper.says("the rules are laid").join("\n");
        assert!(said.contains("no_new_privs, seccomp, landlock"), "{said}");
        keeper.says("ready");
        assert_eq!(capture("check --dns").0, ExitCode::SUCCESS);
        remove().unwrap();
        keeper.says("laid again: table inet eastwest is not there");
        assert_eq!(capture("check --dns").0, ExitCode::SUCCESS);
        // Somebody else's idea of the rules.
        capture("lay --outbound-port 15101");
        keeper.says("laid again: chain capture: missing rule");
        keeper.says("laid again: chain capture: unexpected rule");
        let shim = Shim::listen("127.0.0.1:15001").await;
        let to = at("240.240.0.5", 3306);
        while capture("check --dns").0 != ExitCode::SUCCESS {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(shim.original_dst_of(to).await, to);
        assert_eq!(keeper.ends(), Some(0));
        keeper.says("the rules stay");
        assert_eq!(capture("check --dns").0, ExitCode::SUCCESS);
    });
}

#[test]
fn the_rules_are_taken_away_at_the_end_where_that_is_asked_for() {
    alone(async || {
        pod_without_default_routes().await;
        let mut keeper = Keeper::start("--every 100ms --remove-at-end --route");
        keeper.says("the rules are laid");
        keeper.says("ready");
        assert_eq!(capture("check").0, ExitCode::SUCCESS);
        assert_eq!(keeper.ends(), Some(0));
        keeper.says("removed: table inet eastwest");
        assert_eq!(installed().unwrap(), None);
    });
}

#[test]
fn rules_that_are_there_are_left_as_they_are() {
    alone(async || {
        pod().await;
        capture("lay");
        let keeper = Keeper::start("");
        keeper.says("the rules are there already");
    });
}

#[test]
fn looking_all_the_time_is_refused() {
    alone(async || {
        let mut keeper = Keeper::start("--every 1ms");
        keeper.says("--every has to be 100ms at least");
        assert_eq!(keeper.child.wait().unwrap().code(), Some(78));
    });
}

//! HAProxy and nginx of Debian in place of the gateway, with what `eastwest convert` writes.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use eastwest::clusters::{Clusters, ClustersError, Layout};
use eastwest::leftovers::Guarded;

use crate::eastwest;

/// Time for a proxy to listen; a loaded machine may need seconds.
const PATIENCE: Duration = Duration::from_secs(20);
/// What the stage knows it by.
const PROGRAM: &str = "proxy";

/// Which one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proxy {
    /// HAProxy.
    Haproxy,
    /// nginx with its stream module.
    Nginx,
}

impl Proxy {
    /// Both of them.
    pub const BOTH: [Self; 2] = [Self::Haproxy, Self::Nginx];

    const fn name(self) -> &'static str {
        match self {
            Self::Haproxy => "haproxy",
            Self::Nginx => "nginx",
        }
    }

    /// Where Debian has it, which for ordinary users is not on the path.
    fn program(self) -> Result<PathBuf, ClustersError> {
        let program = PathBuf::from(format!("/usr/sbin/{}", self.name()));
        let module = Path::new("/usr/lib/nginx/modules/ngx_stream_module.so");
        let there = program.is_file() && (self == Self::Haproxy || module.is_file());
        there
            .then_some(program)
            .ok_or_else(|| ClustersError::Answer {
                what: self.name().to_owned(),
                said: "it is not here: apt-get install --no-install-recommends haproxy nginx \
                   libnginx-mod-stream"
                    .to_owned(),
            })
    }

    /// What the converter prints for these arguments, and the addresses of the stage.
    ///
    /// # Errors
    /// When it prints nothing, or leaves something out.
    pub fn converted(self, args: &[&OsStr]) -> Result<String, ClustersError> {
        let mut command = Command::new(eastwest());
        command.args(["convert", self.name()]);
        command.args(["--listen", &Layout::Stage.gateway().to_string()]);
        command.args(["--name-server", &Layout::Stage.dns_a().to_string()]);
        let output = run(command.args(args))?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Has the proxy itself check a configuration, and gives what it says.
    ///
    /// # Errors
    /// When it does not take it.
    pub fn checked(self, clusters: &Clusters, text: &str) -> Result<String, ClustersError> {
        let mut command = self.with(clusters, text)?;
        command.arg(match self {
            Self::Haproxy => "-c",
            Self::Nginx => "-t",
        });
        let output = run(&mut command)?;
        Ok(String::from_utf8_lossy(&output.stderr).into_owned())
    }

    /// Starts the proxy on the gateway's host with a configuration as it stands, and waits until it
    /// listens.
    ///
    /// # Errors
    /// When it does not come to that.
    pub fn start(self, clusters: &mut Clusters, text: &str) -> Result<(), ClustersError> {
        let command = self.with(clusters, text)?;
        clusters.start(PROGRAM, command, |_| true)?;
        let gateway = clusters.layout().gateway();
        let begun = Instant::now();
        loop {
            let reached = clusters.reach("b-app", [&gateway])?;
            if reached.iter().all(|reached| reached.error.is_none()) {
                // What listens may be another program, if this one has ended.
                clusters.program(PROGRAM)?.await_ready(PATIENCE, |_| true)?;
                return Ok(());
            }
            if begun.elapsed() > PATIENCE {
                return Err(ClustersError::Answer {
                    what: self.name().to_owned(),
                    said: clusters.program(PROGRAM)?.printed(),
                });
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// The proxy with a configuration, in the foreground, and as one process: nginx's workers live on
    /// when their master is killed.
    fn with(self, clusters: &Clusters, text: &str) -> Result<Command, ClustersError> {
        let path = clusters.dir().join(self.name());
        fs::write(&path, text).map_err(|source| ClustersError::File {
            path: path.clone(),
            source,
        })?;
        let host = clusters.host("gateway")?;
        let mut command = host.command(self.program()?.as_os_str());
        match self {
            Self::Haproxy => command.arg("-db").arg("-f").arg(path),
            Self::Nginx => {
                let pid = path.with_extension("pid");
                let own = format!("daemon off; master_process off; pid {};", pid.display());
                command.args(["-e", "stderr", "-g", &own, "-c"]).arg(path)
            }
        };
        Ok(command)
    }
}

fn run(command: &mut Command) -> Result<Output, ClustersError> {
    let what = format!("{command:?}");
    let output = Guarded::output(command).map_err(|source| ClustersError::Run {
        what: what.clone(),
        source,
    })?;
    if output.status.success() {
        return Ok(output);
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(ClustersError::Answer { what, said })
}

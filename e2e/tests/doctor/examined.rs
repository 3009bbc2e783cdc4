//! Running `eastwest doctor` in the app's pod of cluster B.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use eastwest::clusters::{Clusters, HELLO};
use serde_json::Value;

/// Whatever is broken is named within this time.
pub(crate) const SOON: Duration = Duration::from_secs(10);

/// What it said of one alias, or of several.
pub(crate) struct Examined {
    pub(crate) status: Option<i32>,
    pub(crate) said: Value,
    pub(crate) took: Duration,
}

/// How it is asked.
pub(crate) struct Question<'a> {
    clusters: &'a Clusters,
    host: &'a str,
    manifests: PathBuf,
    identity: Option<PathBuf>,
    args: Vec<String>,
}

/// About these aliases, as the app's shim sees them.
pub(crate) fn ask<'a>(clusters: &'a Clusters, args: &[&str]) -> Question<'a> {
    let app = clusters.certificates().workload("cluster-b", "demo", "app");
    Question {
        clusters,
        host: "b-app",
        manifests: clusters.manifests().cluster_b(),
        identity: Some(app.unwrap()),
        args: args.iter().map(ToString::to_string).collect(),
    }
}

/// About the first of the pods that say hello.
pub(crate) fn ask_hello<'a>(clusters: &'a Clusters, args: &[&str]) -> Question<'a> {
    let alias = HELLO[0].alias();
    let args = [&[alias.as_str()], args].concat();
    ask(clusters, &args)
}

impl Question<'_> {
    pub(crate) fn manifests(mut self, path: &Path) -> Self {
        self.manifests = path.to_owned();
        self
    }

    pub(crate) fn identity(mut self, path: &Path) -> Self {
        self.identity = Some(path.to_owned());
        self
    }

    /// Nobody in particular asks.
    pub(crate) fn without_identity(mut self) -> Self {
        self.identity = None;
        self
    }

    pub(crate) fn on(mut self, host: &'static str) -> Self {
        self.host = host;
        self
    }

    pub(crate) fn command(&self) -> Command {
        let mut command = self.clusters.eastwest_on(self.host).unwrap();
        command.arg("doctor").args(&self.args);
        command.arg("-f").arg(&self.manifests);
        if let Some(identity) = &self.identity {
            command.arg("--identity").arg(identity);
        }
        command.args(["-o", "json"]);
        command
    }

    pub(crate) fn examined(&self) -> Examined {
        let mut command = self.command();
        let begun = Instant::now();
        let output = command.output().unwrap();
        let took = begun.elapsed();
        let err = String::from_utf8_lossy(&output.stderr);
        let said = serde_json::from_slice(&output.stdout);
        Examined {
            status: output.status.code(),
            said: said.unwrap_or_else(|error| panic!("{error}: {err}")),
            took,
        }
    }

    /// Fails the test unless exactly this is what it says is wrong, in that cluster, and soon.
    #[track_caller]
    pub(crate) fn finds(&self, code: &str, cluster: &str) {
        let Examined { status, said, took } = self.examined();
        let fault = said.pointer("/routes/0/fault").unwrap();
        assert_eq!(fault["code"], code, "{said:#}");
        assert_eq!(fault["cluster"], cluster, "{said:#}");
        assert_eq!(status, Some(1));
        assert!(took < SOON, "{took:?}");
        for text in ["sentence", "next"] {
            let text = fault[text].as_str().unwrap();
            let open = [
                "{alias",
                "{pod",
                "{gateway",
                "{identity",
                "{namespace}",
                "{sni}",
            ];
            assert!(!open.iter().any(|name| text.contains(name)), "{text}");
        }
    }

    /// Fails the test unless all is well.
    #[track_caller]
    pub(crate) fn is_healthy(&self) -> Examined {
        let examined = self.examined();
        let said = &examined.said;
        assert_eq!(said["healthy"], true, "{said:#}");
        assert_eq!(examined.status, Some(0));
        examined
    }
}

/// Runs the peer of the wire's tests on a host as `name`, until it listens.
pub(crate) fn start_peer(clusters: &mut Clusters, (name, host): (&str, &str), args: &[&str]) {
    let host = clusters.host(host).unwrap();
    let mut command = host.command(env!("CARGO_BIN_EXE_wire-peer").as_ref());
    command.args(args);
    let listens = |printed: &str| printed.contains("listening on");
    clusters.start(name, command, listens).unwrap();
}

/// The manifests of cluster B with the first alias alone, changed.
pub(crate) fn changed(clusters: &Clusters, changes: &[(&str, &str)]) -> PathBuf {
    let written = clusters.manifests().cluster_b().join("hello.yaml");
    let text = std::fs::read_to_string(written).unwrap();
    let first = text.split("\n---\n").next().unwrap().to_owned();
    let text = changes.iter().fold(first, |text, (from, to)| {
        assert!(text.contains(from), "{from}: {text}");
        text.replace(from, to)
    });
    let path = clusters.dir().join("changed.yaml");
    std::fs::write(&path, text).unwrap();
    path
}

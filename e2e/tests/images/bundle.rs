//! Images that are built once, unpacked, and run.

use std::fs;
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

/// Longer than a server takes to start or to end.
const PATIENCE: Duration = Duration::from_secs(30);

/// The folder with the images, built from this tree.
pub(crate) fn built() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let out = root.join("target/images-of-tests");
        let status = Command::new(root.join("deploy/images/build.sh"))
            .arg("--out")
            .arg(&out)
            .args(super::PROGRAMS)
            .env("CARGO_PROFILE_RELEASE_LTO", "off")
            .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
            .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1")
            .status()
            .unwrap();
        assert!(status.success(), "deploy/images/build.sh: {status}");
        out
    })
}

/// What a digest of an image stands for.
pub(crate) fn blob(program: &str, digest: &Value) -> Value {
    let digest = digest.as_str().unwrap().replace(':', "/");
    let path = built().join(program).join("blobs").join(digest);
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// A root, and certificates of workloads.
pub(crate) fn certificates() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let status = Command::new(eastwest_e2e::eastwest())
        .args(["certs", "all", "--out"])
        .arg(folder.path())
        .arg("cluster-b/demo/app")
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success(), "{status}");
    // A Secret's files belong to a group of the pod (fsGroup).
    let status = Command::new("chmod")
        .args(["-R", "a+rX"])
        .arg(folder.path())
        .status()
        .unwrap();
    assert!(status.success(), "{status}");
    folder
}

/// How many bytes are in the files of a folder.
pub(crate) fn folder_size(folder: &Path) -> u64 {
    walk(folder)
        .iter()
        .map(|file| fs::metadata(file).unwrap().len())
        .sum()
}

fn walk(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.is_symlink() {
            files.extend(walk(&path));
        } else {
            files.push(path);
        }
    }
    files
}

/// An unpacked image, for runc.
pub(crate) struct Bundle(TempDir);

impl Bundle {
    pub(crate) fn unpack(program: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let image = format!(
            "{}:{}",
            built().join(program).display(),
            env!("CARGO_PKG_VERSION")
        );
        let output = Command::new("umoci")
            .args(["unpack", "--image", &image])
            .arg(folder.path().join("bundle"))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{image}: {said}");
        Self(folder)
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("bundle")
    }

    pub(crate) fn rootfs(&self) -> PathBuf {
        self.path().join("rootfs")
    }

    /// The files in it.
    pub(crate) fn files(&self) -> Vec<String> {
        let rootfs = self.rootfs();
        let within = |file: &PathBuf| file.strip_prefix(&rootfs).unwrap().display().to_string();
        walk(&rootfs).iter().map(within).collect()
    }

    /// What a runtime is told of it.
    pub(crate) fn config(&self) -> Value {
        serde_json::from_slice(&fs::read(self.path().join("config.json")).unwrap()).unwrap()
    }

    /// Runs it with these folders and flags, in the network of the test; with a `command` as a pod's
    /// container has it, which takes the entrypoint's place, or with none.
    pub(crate) fn run(self, mounts: &[(&Path, &str)], command: &[&str], flags: &[&str]) -> Run {
        let mut config = self.config();
        let process = &mut config["process"];
        process["terminal"] = json!(false);
        process["noNewPrivileges"] = json!(true);
        process["capabilities"] = json!({});
        process["rlimits"] = json!([]);
        if !command.is_empty() {
            process["args"] = json!(command);
        }
        let args = process["args"].as_array_mut().unwrap();
        args.extend([json!("-f"), json!("/manifests")]);
        args.extend(flags.iter().map(|flag| json!(flag)));
        for endpoint in ["ready", "metrics", "admin"] {
            args.push(json!(format!("--{endpoint}-address=127.0.0.1:0")));
        }
        config["root"]["readonly"] = json!(true);
        let namespaces = config["linux"]["namespaces"].as_array_mut().unwrap();
        namespaces.retain(|namespace| namespace["type"] != "network");
        // Of the network that is not its own it may not have a view of its own.
        let all = config["mounts"].as_array_mut().unwrap();
        all.retain(|mount| mount["type"] != "sysfs");
        for (source, destination) in mounts {
            all.push(json!({
                "source": source,
                "destination": destination,
                "type": "bind",
                "options": ["rbind", "ro"],
            }));
            // A root that is read-only has to have the place.
            let place = self.rootfs().join(&destination[1..]);
            if source.is_dir() {
                fs::create_dir_all(place).unwrap();
            } else {
                fs::create_dir_all(place.parent().unwrap()).unwrap();
                fs::File::create(place).unwrap();
            }
        }
        fs::write(self.path().join("config.json"), config.to_string()).unwrap();
        Run::start(self)
    }
}

/// A container that runs; killed when dropped.
pub(crate) struct Run {
    bundle: Bundle,
    child: Child,
    name: String,
}

impl Run {
    fn start(bundle: Bundle) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("eastwest-{}-{number}", std::process::id());
        let log = fs::File::create(bundle.0.path().join("log")).unwrap();
        let child = Command::new("runc")
            .arg("--root")
            .arg(bundle.0.path().join("runc"))
            .args(["run", "--bundle"])
            .arg(bundle.path())
            .arg(&name)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .process_group(0)
            .spawn()
            .unwrap();
        Self {
            bundle,
            child,
            name,
        }
    }

    /// What it has said so far.
    pub(crate) fn said(&self) -> String {
        let mut said = String::new();
        let mut log = fs::File::open(self.bundle.0.path().join("log")).unwrap();
        log.read_to_string(&mut said).unwrap();
        said
    }

    /// Waits until it says this.
    pub(crate) fn says(&mut self, words: &str) {
        let deadline = Instant::now() + PATIENCE;
        while !self.said().contains(words) {
            let ended = self.child.try_wait().unwrap();
            assert!(
                ended.is_none() && Instant::now() < deadline,
                "does not say {words:?} ({ended:?}):\n{}",
                self.said()
            );
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Ends it as a kubelet does.
    pub(crate) fn terminate(&mut self) -> ExitStatus {
        self.signal("TERM");
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "does not end:\n{}", self.said());
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn signal(&self, signal: &str) {
        let _ = Command::new("runc")
            .arg("--root")
            .arg(self.bundle.0.path().join("runc"))
            .args(["kill", &self.name, signal])
            .stderr(Stdio::null())
            .status();
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        self.signal("KILL");
        let _ = self.child.wait();
    }
}

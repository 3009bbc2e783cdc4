//! A server that follows a folder, and what it is given to read.

use std::collections::BTreeMap;
use std::fs;
use std::num::NonZeroU16;
use std::path::Path;
use std::sync::{Arc, Mutex};

use eastwest_mesh::{Capture, Principal, Workload};
use tempfile::TempDir;
use tokio::time::sleep;
use tracing::subscriber::DefaultGuard;

use super::super::*;

/// A server that follows a folder, as far as a test can see it.
pub(super) struct Server {
    pub(super) dir: TempDir,
    pub(super) context: Context,
    /// The aliases of each set that was taken, and their first addresses.
    pub(super) taken: Arc<Mutex<Vec<Vec<String>>>>,
    in_force: Arc<Mutex<Mesh>>,
    pub(super) log: Log,
    _logging: DefaultGuard,
}

/// What is logged on this thread.
#[derive(Clone, Default)]
pub(super) struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// Takes the lines out.
    pub(super) fn lines(&self) -> Vec<String> {
        let said = std::mem::take(&mut *self.0.lock().unwrap());
        let said = String::from_utf8(said).unwrap();
        said.lines().map(str::to_owned).collect()
    }
}

impl Server {
    /// With the folder that `fill` has filled. The clock is the test's own.
    pub(super) fn start(fill: impl FnOnce(&Path)) -> Self {
        Self::reading(load_redirected, fill)
    }

    /// The same, whose files are read by `load` once it follows them.
    pub(super) fn reading(load: Load, fill: impl FnOnce(&Path)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        fill(dir.path());
        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        let logging = tracing::subscriber::set_default(subscriber);
        let options = Options {
            cluster_domain: "cluster.local".parse().unwrap(),
            capture: Capture::Vip,
        };
        let sources = Sources::new(vec![dir.path().to_owned()]);
        let parts = &[Part::Routes, Part::Callers];
        let mut manifests = Manifests::read(sources, options, parts).unwrap();
        manifests.meaning.load = load;
        let taken = Arc::new(Mutex::new(vec![aliases(manifests.mesh())]));
        let in_force = Arc::new(Mutex::new(manifests.mesh().clone()));
        let context = Context::new();
        manifests.tell(&context.status);
        let take = {
            let (taken, in_force) = (Arc::clone(&taken), Arc::clone(&in_force));
            move |mesh: &Mesh| {
                let aliases = aliases(mesh);
                if aliases.contains(&alias("unwanted-0")) {
                    return Err("not with this one");
                }
                taken.lock().unwrap().push(aliases);
                in_force.lock().unwrap().clone_from(mesh);
                Ok(())
            }
        };
        tokio::spawn(manifests.follow(context.clone(), take));
        Self {
            dir,
            context,
            taken,
            in_force,
            log,
            _logging: logging,
        }
    }

    /// With one file.
    pub(super) fn with(text: &str) -> Self {
        Self::start(|dir| fs::write(dir.join("a.yaml"), text).unwrap())
    }

    pub(super) fn write(&self, text: &str) {
        fs::write(self.dir.path().join("a.yaml"), text).unwrap();
    }

    /// Until files that have changed must have been looked at.
    pub(super) async fn looks(&self) {
        sleep(3 * LOOK_EVERY).await;
    }

    pub(super) fn taken(&self) -> Vec<Vec<String>> {
        self.taken.lock().unwrap().clone()
    }

    /// Whether the service account `db` of namespace x may call its own pods.
    pub(super) fn lets_in(&self) -> bool {
        let workload = Workload {
            trust_domain: "cluster.local",
            namespace: "x",
            labels: &BTreeMap::new(),
        };
        let caller = Principal {
            trust_domain: "cluster.local",
            path: "/ns/x/sa/db",
        };
        let policies = self.in_force.lock().unwrap().policies.inbound(&workload);
        let port = NonZeroU16::new(3306).unwrap();
        policies.allows(port, &caller).is_ok()
    }

    /// What was logged with `text` in it since the log was last looked at.
    pub(super) fn logged(&self, text: &str) -> Vec<String> {
        let lines = self.log.lines().into_iter();
        lines.filter(|line| line.contains(text)).collect()
    }
}

pub(super) fn aliases(mesh: &Mesh) -> Vec<String> {
    let routes = mesh.routes.iter();
    routes.map(|route| format!("{}", route.alias)).collect()
}

pub(super) fn entry(pod: &str) -> String {
    format!(
        "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\n\
         metadata: {{name: {pod}, namespace: x}}\n\
         spec: {{hosts: [src-{pod}.x.svc.cluster.local], resolution: STATIC, \
         ports: [{{number: 3306, name: mysql, protocol: TCP}}], \
         endpoints: [{{address: 10.0.0.1, ports: {{mysql: 15443}}}}]}}\n---\n"
    )
}

/// Lets all in, or nobody.
pub(super) fn policy(action: &str) -> String {
    format!(
        "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\n\
         metadata: {{name: {}, namespace: x}}\nspec: {{action: {action}, rules: [{{}}]}}\n---\n",
        action.to_lowercase()
    )
}

pub(super) fn broken(pod: &str) -> String {
    entry(pod).replace("number: 3306", "number: mysql")
}

pub(super) fn alias(pod: &str) -> String {
    format!("src-{pod}.x.svc.cluster.local")
}

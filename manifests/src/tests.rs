mod broken_down;
mod lost;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use eastwest_mesh::Capture;
use tempfile::TempDir;
use tokio::time::sleep;
use tracing::subscriber::DefaultGuard;

use super::*;

/// A server that follows a folder, as far as a test can see it.
struct Server {
    dir: TempDir,
    context: Context,
    /// The aliases of each set that was taken, and their first addresses.
    taken: Arc<Mutex<Vec<Vec<String>>>>,
    log: Log,
    _logging: DefaultGuard,
}

/// What is logged on this thread.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

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
    fn lines(&self) -> Vec<String> {
        let said = std::mem::take(&mut *self.0.lock().unwrap());
        let said = String::from_utf8(said).unwrap();
        said.lines().map(str::to_owned).collect()
    }
}

impl Server {
    /// With the folder that `fill` has filled. The clock is the test's own.
    fn start(fill: impl FnOnce(&Path)) -> Self {
        Self::reading(load_redirected, fill)
    }

    /// The same, whose files are read by `load` once it follows them.
    fn reading(load: Load, fill: impl FnOnce(&Path)) -> Self {
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
        let context = Context::new();
        let take = {
            let taken = Arc::clone(&taken);
            move |mesh: &Mesh| {
                let aliases = aliases(mesh);
                if aliases.contains(&alias("unwanted-0")) {
                    return Err("not with this one");
                }
                taken.lock().unwrap().push(aliases);
                Ok(())
            }
        };
        tokio::spawn(manifests.follow(context.clone(), take));
        Self {
            dir,
            context,
            taken,
            log,
            _logging: logging,
        }
    }

    /// With one file.
    fn with(text: &str) -> Self {
        Self::start(|dir| fs::write(dir.join("a.yaml"), text).unwrap())
    }

    fn write(&self, text: &str) {
        fs::write(self.dir.path().join("a.yaml"), text).unwrap();
    }

    /// Until files that have changed must have been looked at.
    async fn looks(&self) {
        sleep(3 * LOOK_EVERY).await;
    }

    fn taken(&self) -> Vec<Vec<String>> {
        self.taken.lock().unwrap().clone()
    }

    /// What was logged with `text` in it since the log was last looked at.
    fn logged(&self, text: &str) -> Vec<String> {
        let lines = self.log.lines().into_iter();
        lines.filter(|line| line.contains(text)).collect()
    }
}

fn aliases(mesh: &Mesh) -> Vec<String> {
    let routes = mesh.routes.iter();
    routes.map(|route| format!("{}", route.alias)).collect()
}

fn entry(pod: &str) -> String {
    format!(
        "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\n\
         metadata: {{name: {pod}, namespace: x}}\n\
         spec: {{hosts: [src-{pod}.x.svc.cluster.local], resolution: STATIC, \
         ports: [{{number: 3306, name: mysql, protocol: TCP}}], \
         endpoints: [{{address: 10.0.0.1, ports: {{mysql: 15443}}}}]}}\n---\n"
    )
}

fn broken(pod: &str) -> String {
    entry(pod).replace("number: 3306", "number: mysql")
}

fn alias(pod: &str) -> String {
    format!("src-{pod}.x.svc.cluster.local")
}

#[tokio::test(start_paused = true)]
async fn a_set_with_a_new_error_is_refused_as_a_whole_and_taken_when_it_is_mended() {
    let server = Server::with(&(entry("db-0") + &entry("db-1")));
    // What is good in it does not count either.
    server.write(&(broken("db-0") + &entry("db-1") + &entry("db-2")));
    server.looks().await;
    assert_eq!(server.taken(), [[alias("db-0"), alias("db-1")]]);
    let said = server.log.lines();
    let said: Vec<_> = said.iter().filter(|line| line.contains("ERROR")).collect();
    let [refusal, error] = said.as_slice() else {
        panic!("{said:#?}")
    };
    assert!(
        refusal.contains("manifests not taken") && refusal.contains("errors=1"),
        "{refusal}"
    );
    assert!(
        error.contains("a.yaml:4:") && error.contains("error[EW005]"),
        "{error}"
    );
    server.write(&(entry("db-0") + &entry("db-2")));
    server.looks().await;
    assert_eq!(server.taken()[1..], [[alias("db-0"), alias("db-2")]]);
    let said = server.logged("manifests read again");
    assert!(
        said[0].contains(&format!(
            "routes added: {}:3306; routes removed: {}:3306",
            alias("db-2"),
            alias("db-1")
        )),
        "{said:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn an_error_of_the_start_does_not_stand_in_the_way_of_a_good_change() {
    let server = Server::with(&(entry("db-0") + &broken("db-1")));
    server.write(&(broken("db-1") + &entry("db-0") + &entry("db-2")));
    server.looks().await;
    let start = vec![alias("db-0")];
    assert_eq!(server.taken(), [start, vec![alias("db-0"), alias("db-2")]]);
}

#[tokio::test(start_paused = true)]
async fn an_error_that_was_mended_is_new_when_it_comes_back() {
    let server = Server::with(&broken("db-0"));
    server.write(&entry("db-0"));
    server.looks().await;
    server.write(&broken("db-0"));
    server.looks().await;
    assert_eq!(server.taken(), [vec![], vec![alias("db-0")]]);
}

#[tokio::test(start_paused = true)]
async fn a_set_that_was_refused_is_told_again_to_who_asks_and_to_nobody_else() {
    let server = Server::with(&entry("db-0"));
    server.write(&broken("db-0"));
    server.looks().await;
    assert_eq!(server.logged("not taken").len(), 1);
    server.looks().await;
    assert_eq!(server.logged("not taken").len(), 0);
    server.context.request_reload();
    server.looks().await;
    assert_eq!(server.logged("not taken").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn files_that_are_put_back_are_in_force_again() {
    let server = Server::with(&entry("db-0"));
    server.write(&broken("db-0"));
    server.looks().await;
    server.write(&entry("db-0"));
    server.looks().await;
    let said = server.logged("manifests read again");
    let [line] = said.as_slice() else {
        panic!("{said:#?}")
    };
    assert!(
        line.contains("what was refused is mended; what is in force is unchanged"),
        "{line}"
    );
    assert!(!line.contains("nothing has changed"), "{line}");
}

#[tokio::test(start_paused = true)]
async fn a_file_that_cannot_be_read_leaves_what_is_in_force() {
    let server = Server::with(&entry("db-0"));
    symlink("gone", server.dir.path().join("b.yaml")).unwrap();
    server.write(&(entry("db-0") + &entry("db-1")));
    server.looks().await;
    assert_eq!(server.taken().len(), 1);
    let said = server.logged("manifests not read again");
    assert!(
        said[0].contains("b.yaml: there is no such file"),
        "{said:?}"
    );
    fs::remove_file(server.dir.path().join("b.yaml")).unwrap();
    server.looks().await;
    assert_eq!(server.taken()[1..], [[alias("db-0"), alias("db-1")]]);
}

/// A volume as the kubelet fills it: files lead through `..data`, which is swapped.
fn version(dir: &Path, name: &str, text: &str) {
    let data: PathBuf = dir.join(name);
    fs::create_dir(&data).unwrap();
    fs::write(data.join("a.yaml"), text).unwrap();
    symlink(name, dir.join("..data_tmp")).unwrap();
    fs::rename(dir.join("..data_tmp"), dir.join("..data")).unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_mounted_config_map_is_followed_refused_and_followed_again() {
    let server = Server::start(|dir| {
        version(dir, "..1", &entry("db-0"));
        symlink("..data/a.yaml", dir.join("a.yaml")).unwrap();
    });
    let swap = |name: &str, text: &str| version(server.dir.path(), name, text);
    swap("..2", &(entry("db-0") + &broken("db-1")));
    server.looks().await;
    assert_eq!(server.taken().len(), 1);
    swap("..3", &(entry("db-0") + &entry("db-1")));
    server.looks().await;
    assert_eq!(server.taken()[1..], [[alias("db-0"), alias("db-1")]]);
}

#[tokio::test(start_paused = true)]
async fn who_asks_is_told_that_nothing_has_changed() {
    let server = Server::with(&entry("db-0"));
    // Until it follows.
    tokio::task::yield_now().await;
    server.context.request_reload();
    sleep(LOOK_EVERY / 2).await;
    assert_eq!(server.logged("nothing has changed").len(), 1);
    assert_eq!(server.taken().len(), 2);
}

/// The set in force is the measure, not the last that was looked at.
#[tokio::test(start_paused = true)]
async fn a_refused_set_makes_no_error_an_old_one() {
    let server = Server::with(&entry("db-0"));
    server.write(&broken("db-0"));
    server.looks().await;
    server.write(&(broken("db-0") + &entry("db-1")));
    server.looks().await;
    assert_eq!(server.taken().len(), 1);
    assert_eq!(server.logged("not taken").len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_set_that_the_server_cannot_take_is_refused_as_well() {
    let server = Server::with(&entry("db-0"));
    server.write(&(entry("db-0") + &entry("unwanted-0")));
    server.looks().await;
    let said = server.logged("manifests not taken");
    assert!(said[0].contains("not with this one"), "{said:?}");
    server.write(&(entry("db-0") + &entry("db-1")));
    server.looks().await;
    // Compared with what is in force.
    let said = server.logged("manifests read again");
    assert!(
        said[0].contains(&format!("routes added: {}:3306", alias("db-1"))),
        "{said:?}"
    );
    assert!(!said[0].contains("unwanted"), "{said:?}");
}

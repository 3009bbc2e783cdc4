//! What the shim of this pod was started with: as it tells at its admin address or, where it tells nothing, as
//! the environment that is meant for it says.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use serde::Deserialize;
use tokio::time::timeout;

use super::shim;

mod beside;

/// The flags that the doctor has as well, and whether each takes a list.
const FLAGS: [(&str, bool); 11] = [
    ("manifests", true),
    ("identity", false),
    ("cert", false),
    ("key", false),
    ("roots", false),
    ("mode", false),
    ("port-offset", false),
    ("range", true),
    ("cluster-domain", false),
    ("tls-min", false),
    (READY, false),
];
const READY: &str = "ready-address";

/// Its flags, by their long names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Settings {
    values: BTreeMap<String, Vec<String>>,
    teller: Teller,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Teller {
    /// The shim, and the root of its file system where that is another one.
    Shim(Option<PathBuf>),
    Environment,
}

/// A setting as `/settings` has it (`daemon/src/settings.rs`).
#[derive(Deserialize)]
struct Told {
    value: Vec<String>,
}

impl Settings {
    pub(super) async fn of_pod(admin: Option<SocketAddr>) -> Self {
        let told = match admin {
            Some(admin) => Self::of_shim(admin).await,
            None => None,
        };
        let variable = |name: &str| std::env::var(name).ok();
        told.unwrap_or_else(|| Self::of_environment(variable))
    }

    async fn of_shim(admin: SocketAddr) -> Option<Self> {
        let get = async |path| {
            timeout(shim::PATIENCE, shim::get(admin, path))
                .await
                .ok()?
                .ok()
        };
        let mut values = values(&get("/settings").await?)?;
        let status = get("/status.json").await;
        let status = status.as_deref();
        let root = status.and_then(beside::root);
        if let Some(chosen) = values.get_mut(READY).filter(|given| is_any_port(given))
            && let Some(ready) = status.and_then(ready_address)
        {
            *chosen = vec![ready];
        }
        let teller = Teller::Shim(root);
        Some(Self { values, teller })
    }

    /// An empty variable counts as not set, as for the servers.
    fn of_environment(variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = FLAGS.iter().filter_map(|(flag, many)| {
            let value = variable(&name(flag)).filter(|value| !value.is_empty())?;
            let items = value.split(',').map(str::trim);
            let values = match many {
                true => items
                    .filter(|item| !item.is_empty())
                    .map(str::to_owned)
                    .collect(),
                false => vec![value],
            };
            Some(((*flag).to_owned(), values))
        });
        Self {
            values: set.collect(),
            teller: Teller::Environment,
        }
    }

    /// All values of a flag that `parse` takes; a note is made of each other one.
    pub(super) fn all<T>(
        &self,
        flag: &str,
        parse: impl Fn(&str) -> Option<T>,
        notes: &mut Vec<String>,
    ) -> Vec<T> {
        let mut all = Vec::new();
        for value in self.values.get(flag).into_iter().flatten() {
            match parse(value) {
                Some(one) => all.push(one),
                None => notes.push(format!(
                    "{} is `{value}`, which this program can't read: the ways are walked as if it were not given",
                    self.origin(flag)
                )),
            }
        }
        all
    }

    pub(super) fn one<T: FromStr>(&self, flag: &str, notes: &mut Vec<String>) -> Option<T> {
        let all = self.all(flag, |value| value.parse().ok(), notes);
        all.into_iter().next()
    }

    /// The files of a flag, where they are seen from here.
    pub(super) fn paths(&self, flag: &str) -> Vec<PathBuf> {
        let paths = self.values.get(flag).into_iter().flatten();
        paths
            .map(|path| match &self.teller {
                Teller::Shim(Some(root)) => beside::seen(path.into(), root),
                Teller::Shim(None) | Teller::Environment => path.into(),
            })
            .collect()
    }

    fn origin(&self, flag: &str) -> String {
        match self.teller {
            Teller::Shim(_) => format!("the shim's --{flag}"),
            Teller::Environment => name(flag),
        }
    }
}

/// The variable of a flag.
fn name(flag: &str) -> String {
    format!("EASTWEST_{}", flag.replace('-', "_").to_uppercase())
}

fn values(answer: &str) -> Option<BTreeMap<String, Vec<String>>> {
    let told: BTreeMap<String, Told> = serde_json::from_str(shim::body(answer)?).ok()?;
    let flags = told.into_iter().map(|(flag, told)| (flag, told.value));
    Some(flags.collect())
}

/// Whether the system has chosen the port.
fn is_any_port(given: &[String]) -> bool {
    let address = given.first().and_then(|given| given.parse().ok());
    address.is_some_and(|address: SocketAddr| address.port() == 0)
}

/// Where probes are answered, by the status (docs/status.md).
fn ready_address(status: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Status {
        listeners: Vec<Listening>,
    }
    #[derive(Deserialize)]
    struct Listening {
        name: String,
        address: String,
    }
    let status: Status = serde_json::from_str(shim::body(status)?).ok()?;
    let mut listeners = status.listeners.into_iter();
    let ready = listeners.find(|listening| listening.name == "ready");
    ready.map(|listening| listening.address)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn flags_are_read_as_the_admin_address_tells_them() {
        let answer = "HTTP/1.1 200 OK\r\n\r\n{\"mode\":{\"value\":[\"redirect\"],\"from\":\"flag\"},\
             \"port-offset\":{\"value\":[\"10000\"],\"from\":\"default\"}}";
        let settings = Settings {
            values: values(answer).unwrap(),
            teller: Teller::Shim(None),
        };
        let mut notes = Vec::new();
        assert_eq!(
            settings.one("mode", &mut notes),
            Some("redirect".to_owned())
        );
        assert_eq!(settings.one("port-offset", &mut notes), Some(10_000_u16));
        assert!(notes.is_empty(), "{notes:?}");
        assert_eq!(settings.one::<u16>("mode", &mut notes), None);
        let [note] = notes.as_slice() else {
            unreachable!("{notes:?}")
        };
        assert!(
            note.starts_with("the shim's --mode is `redirect`, "),
            "{note}"
        );
        for other in [
            "",
            "HTTP/1.1 404 Not Found\r\n\r\n{}",
            "HTTP/1.1 200 OK\r\n\r\n[]",
        ] {
            assert_eq!(values(other), None);
        }
    }

    #[test]
    fn a_port_that_the_system_has_chosen_is_in_the_status() {
        assert!(is_any_port(&["127.0.0.1:0".to_owned()]));
        for other in [
            &["127.0.0.1:15021".to_owned()][..],
            &["off".to_owned()],
            &[],
        ] {
            assert!(!is_any_port(other), "{other:?}");
        }
        let status = "HTTP/1.1 200 OK\r\n\r\n{\"schema\":1,\"listeners\":[\
             {\"name\":\"admin\",\"address\":\"127.0.0.1:15000\"},\
             {\"name\":\"ready\",\"address\":\"127.0.0.1:40123\"}]}";
        assert_eq!(ready_address(status), Some("127.0.0.1:40123".to_owned()));
        let none = "HTTP/1.1 200 OK\r\n\r\n{\"listeners\":[]}";
        assert_eq!(ready_address(none), None);
    }

    #[test]
    fn the_environment_says_what_the_shim_does_not() {
        let settings = Settings::of_environment(|name| {
            let value = match name {
                "EASTWEST_MANIFESTS" => "/manifests, /more,",
                "EASTWEST_IDENTITY" => "/certs",
                "EASTWEST_MODE" => "",
                "EASTWEST_PORT_OFFSET" => "many",
                _ => return None,
            };
            Some(value.to_owned())
        });
        let both = ["/manifests", "/more"].map(PathBuf::from);
        assert_eq!(settings.paths("manifests"), both);
        assert_eq!(settings.paths("identity"), [Path::new("/certs")]);
        let mut notes = Vec::new();
        assert_eq!(settings.one::<String>("mode", &mut notes), None);
        assert!(notes.is_empty(), "{notes:?}");
        assert_eq!(settings.one::<u16>("port-offset", &mut notes), None);
        assert!(
            notes.concat().starts_with("EASTWEST_PORT_OFFSET is `many`"),
            "{notes:?}"
        );
    }
}

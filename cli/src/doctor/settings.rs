//! What the shim of this pod was started with, as it tells at its admin address.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use serde::Deserialize;
use tokio::time::timeout;

use super::shim;

/// It is in this pod.
const PATIENCE: Duration = Duration::from_secs(1);
/// Where an ephemeral container that was put beside the shim (`kubectl debug --target`) sees its files.
const BESIDE: &str = "/proc/1/root";

/// Its flags, by their long names; none where nobody tells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Settings(BTreeMap<String, Vec<String>>);

/// A setting as `/settings` has it (`daemon/src/settings.rs`).
#[derive(Deserialize)]
struct Told {
    value: Vec<String>,
}

impl Settings {
    pub(super) async fn of_shim(admin: SocketAddr) -> Self {
        match timeout(PATIENCE, shim::get(admin, "/settings")).await {
            Ok(Ok(answer)) => Self::of_answer(&answer),
            _ => Self::default(),
        }
    }

    fn of_answer(answer: &str) -> Self {
        let body = match answer.split_once("\r\n\r\n") {
            Some((head, body)) if head.starts_with("HTTP/1.1 200") => body,
            _ => return Self::default(),
        };
        let told: BTreeMap<String, Told> = serde_json::from_str(body).unwrap_or_default();
        let flags = told.into_iter().map(|(flag, told)| (flag, told.value));
        Self(flags.collect())
    }

    /// All values of a flag that are of this type.
    pub(super) fn all<T: FromStr>(&self, flag: &str) -> Vec<T> {
        let values = self.0.get(flag).into_iter().flatten();
        values.filter_map(|value| value.parse().ok()).collect()
    }

    pub(super) fn one<T: FromStr>(&self, flag: &str) -> Option<T> {
        self.all(flag).into_iter().next()
    }

    /// The files of a flag, where they are seen from here.
    pub(super) fn paths(&self, flag: &str) -> Vec<PathBuf> {
        let paths = self.all(flag).into_iter();
        paths.map(|path| seen(path, Path::new(BESIDE))).collect()
    }
}

/// The same file below another root, where it is there and not here.
fn seen(path: PathBuf, beside: &Path) -> PathBuf {
    let below = path.strip_prefix("/").map(|path| beside.join(path));
    match below {
        Ok(below) if !path.exists() && below.exists() => below,
        _ => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_read_as_the_admin_address_tells_them() {
        let settings = Settings::of_answer(
            "HTTP/1.1 200 OK\r\n\r\n{\"mode\":{\"value\":[\"redirect\"],\"from\":\"flag\"},\
             \"port-offset\":{\"value\":[\"10000\"],\"from\":\"default\"}}",
        );
        assert_eq!(settings.one("mode"), Some("redirect".to_owned()));
        assert_eq!(settings.one("port-offset"), Some(10_000_u16));
        assert_eq!(settings.one::<u16>("mode"), None);
        for other in [
            "",
            "HTTP/1.1 404 Not Found\r\n\r\n{}",
            "HTTP/1.1 200 OK\r\n\r\n[]",
        ] {
            assert_eq!(Settings::of_answer(other), Settings::default());
        }
    }

    #[test]
    fn files_that_are_not_here_are_those_beside() {
        let beside = tempfile::tempdir().unwrap();
        let file = PathBuf::from("/no-such-folder/manifests");
        assert_eq!(seen(file.clone(), beside.path()), file);
        let there = beside.path().join("no-such-folder/manifests");
        std::fs::create_dir_all(&there).unwrap();
        assert_eq!(seen(file, beside.path()), there);
        assert_eq!(seen("/etc".into(), beside.path()), Path::new("/etc"));
    }
}

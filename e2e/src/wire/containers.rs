//! The containers with our programs in `deploy/mixed`: their arguments, and the files that ConfigMaps
//! put before them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use eastwest::clusters::ClustersError;
use eastwest_mesh::Source;
use serde_json::Value;

use super::WireError;

/// Where each keeps a workload's containers, and where the volumes that these mount.
const PLACES: [[&str; 2]; 2] = [
    [
        "/spec/template/spec/containers",
        "/spec/template/spec/volumes",
    ],
    ["/spec/pxc/sidecars", "/spec/pxc/sidecarVolumes"],
];

/// A container that runs one of our servers.
#[derive(Debug, Clone)]
pub(super) struct Container {
    /// Which one.
    pub(super) server: String,
    args: Vec<String>,
    mounts: Vec<Mount>,
}

/// What is at a path of the container.
#[derive(Debug, Clone)]
struct Mount {
    path: String,
    /// Files by name; none where it is the secret with the certificate.
    files: Option<BTreeMap<String, String>>,
}

impl Container {
    /// The container of the workload of that name, with the ConfigMaps of a namespace.
    pub(super) fn find(
        objects: &[Value],
        workload: &str,
        namespace: &str,
    ) -> Result<Self, WireError> {
        let missing = || WireError::Missing(format!("container of ours in {workload}"));
        let named = |object: &&Value| text(object, "/metadata/name") == workload;
        let found = objects.iter().filter(named).find_map(|object| {
            let [containers, volumes] = PLACES
                .map(|place| place.map(|at| items(object, at)))
                .into_iter()
                .find(|[containers, _]| !containers.is_empty())?;
            let ours = |container: &&&Value| text(container, "/command/0") == "eastwest";
            let container = *containers.iter().find(ours)?;
            Some((container, volumes))
        });
        let (container, volumes) = found.ok_or_else(missing)?;
        let mounted = |mount: &&Value| {
            let name = text(mount, "/name");
            let mut volumes = volumes.iter();
            let volume = volumes.find(|volume| text(volume, "/name") == name);
            let files = volume.map(|volume| files(volume, objects, namespace));
            Ok(Mount {
                path: text(mount, "/mountPath").to_owned(),
                files: files.ok_or_else(missing)??,
            })
        };
        let args = items(container, "/args").into_iter();
        Ok(Self {
            server: text(container, "/command/1").to_owned(),
            args: args.map(|arg| text(arg, "").to_owned()).collect(),
            mounts: items(container, "/volumeMounts")
                .iter()
                .map(mounted)
                .collect::<Result<_, WireError>>()?,
        })
    }

    /// The manifests that it is given.
    pub(super) fn manifests(&self) -> Vec<Source> {
        let files = self.mounts.iter().filter_map(|mount| mount.files.as_ref());
        let source = |(name, text): (&String, &String)| Source {
            name: name.clone(),
            text: text.clone(),
        };
        files.flatten().map(source).collect()
    }

    /// Puts another file to its manifests.
    pub(super) fn add_manifest(&mut self, name: &str, text: String) {
        let mut files = self
            .mounts
            .iter_mut()
            .filter_map(|mount| mount.files.as_mut());
        if let Some(files) = files.next() {
            files.insert(name.to_owned(), text);
        }
    }

    /// Takes a line out of its manifests.
    pub(super) fn take_out(&mut self, line: &str) -> Result<(), WireError> {
        let files = self
            .mounts
            .iter_mut()
            .filter_map(|mount| mount.files.as_mut());
        let mut taken = 0;
        for text in files.flat_map(BTreeMap::values_mut) {
            let lines = text.lines().filter(|other| other.trim() != line);
            let rest: Vec<_> = lines.collect();
            taken += text.lines().count() - rest.len();
            *text = rest.join("\n");
        }
        match taken {
            1 => Ok(()),
            _ => Err(WireError::Missing(format!("single line `{line}`"))),
        }
    }

    /// Its arguments here, where what is mounted lies below `dir`.
    pub(super) fn args(&self, dir: &Path, identity: &Path) -> Result<Vec<String>, ClustersError> {
        let mut args = self.args.clone();
        for (number, mount) in self.mounts.iter().enumerate() {
            let path = match &mount.files {
                Some(_) => dir.join(number.to_string()),
                None => identity.to_owned(),
            };
            if let Some(files) = &mount.files {
                write(&path, files)?;
            }
            for arg in args.iter_mut().filter(|arg| **arg == mount.path) {
                *arg = path.display().to_string();
            }
        }
        Ok(args)
    }
}

fn write(dir: &Path, files: &BTreeMap<String, String>) -> Result<(), ClustersError> {
    let failed = |source| ClustersError::File {
        path: dir.to_owned(),
        source,
    };
    fs::create_dir_all(dir).map_err(failed)?;
    for (name, text) in files {
        fs::write(dir.join(name), text).map_err(failed)?;
    }
    Ok(())
}

/// What a volume holds: the files of its ConfigMaps, or none where it is a secret.
fn files(
    volume: &Value,
    objects: &[Value],
    namespace: &str,
) -> Result<Option<BTreeMap<String, String>>, WireError> {
    if volume.get("secret").is_some() {
        return Ok(None);
    }
    let mut sources = items(volume, "/projected/sources");
    sources.push(volume);
    let mut files = BTreeMap::new();
    for source in sources.iter().filter_map(|source| source.get("configMap")) {
        let name = text(source, "/name");
        let data = config_map(objects, namespace, name)?;
        let renamed: Vec<_> = items(source, "/items")
            .into_iter()
            .map(|item| (text(item, "/key"), text(item, "/path")))
            .collect();
        for (key, text) in data {
            let path = renamed.iter().find(|(from, _)| from == key);
            let path = path.map_or(key.as_str(), |(_, to)| to);
            if renamed.is_empty() || path != key {
                let text = text.as_str().unwrap_or_default();
                files.insert(path.to_owned(), text.to_owned());
            }
        }
    }
    Ok(Some(files))
}

fn config_map<'a>(
    objects: &'a [Value],
    namespace: &str,
    name: &str,
) -> Result<&'a serde_json::Map<String, Value>, WireError> {
    let mut objects = objects.iter().filter(|object| {
        text(object, "/kind") == "ConfigMap"
            && text(object, "/metadata/name") == name
            && text(object, "/metadata/namespace") == namespace
    });
    let data = objects
        .next()
        .and_then(|object| object.get("data")?.as_object());
    data.ok_or_else(|| WireError::Missing(format!("ConfigMap {namespace}/{name}")))
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    let text = value.pointer(pointer).and_then(Value::as_str);
    text.unwrap_or_default()
}

fn items<'a>(value: &'a Value, pointer: &str) -> Vec<&'a Value> {
    let items = value.pointer(pointer).and_then(Value::as_array);
    items.into_iter().flatten().collect()
}

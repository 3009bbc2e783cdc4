//! What the ServiceEntries say, as the shim of the mode reads them.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::str::FromStr;

use eastwest_mesh::{Capture, Contents, Hostname, Mesh, Options, Route, Source};
use serde_json::{Map, Value, json};

use super::error::RenderError;
use super::shim::{DEFAULT_DOMAIN, MANIFESTS, Names};
use crate::manifests::{Manifests, STDIN};

/// The bytes of data that the API server takes in a ConfigMap, with room for the rest of the object.
pub(super) const CONFIG_MAP_LIMIT: usize = 1_000_000;

/// The files, and what every mode needs.
#[derive(clap::Args)]
pub(super) struct InputArgs {
    /// ServiceEntries and DestinationRules: a file, a folder or - for standard input; can be repeated
    #[arg(
        short = 'f',
        long = "manifests",
        value_name = "FILE|DIR|-",
        required = true,
        num_args = 1..
    )]
    manifests: Vec<PathBuf>,
    /// The clusters' DNS domain
    #[arg(long, default_value = DEFAULT_DOMAIN, value_name = "DOMAIN")]
    pub(super) cluster_domain: Hostname,
    /// The shim's image
    #[arg(long, value_name = "IMAGE", default_value = concat!("ghcr.io/eastwest-mesh/eastwest-shim:", env!("CARGO_PKG_VERSION")))]
    image: String,
    /// Secret with the certificate, key and roots of the shim
    #[arg(long, value_name = "NAME", default_value = "eastwest-identity")]
    identity_secret: Label,
}

impl InputArgs {
    pub(super) fn names(&self) -> Names<'_> {
        Names {
            image: &self.image,
            identity: self.identity_secret.as_str(),
            domain: self.cluster_domain.as_str(),
        }
    }
}

/// A name of an object: a DNS label (RFC 1123).
#[derive(Clone)]
pub(super) struct Label(String);

impl Label {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Label {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let ends = !text.starts_with('-') && !text.ends_with('-');
        match (1..=63).contains(&text.len()) && ends && text.bytes().all(inner) {
            true => Ok(Self(text.to_owned())),
            false => Err("a name is at most 63 of a-z, 0-9 and -, and has no - at its ends"),
        }
    }
}

/// The manifests and their meaning.
pub(super) struct Input {
    sources: Vec<(Source, Contents)>,
    pub(super) mesh: Mesh,
    domain: Hostname,
}

impl Input {
    pub(super) fn read(args: &InputArgs, capture: Capture) -> Result<Self, RenderError> {
        let manifests = Manifests::read(&args.manifests, true)?;
        let sources: Vec<Source> = manifests.files().cloned().collect();
        let contents: Vec<_> = sources.iter().map(Contents::of).collect();
        for (Source { name, .. }, contents) in sources.iter().zip(&contents) {
            if !manifests.is_text(name) {
                return Err(RenderError::NotText(name.clone()));
            }
            if contents.kinds().any(is_secret) {
                return Err(RenderError::Secret(name.clone()));
            }
        }
        let options = Options {
            cluster_domain: args.cluster_domain.clone(),
            capture,
        };
        let mesh = eastwest_mesh::load(&sources, &options);
        Ok(Self {
            sources: sources.into_iter().zip(contents).collect(),
            mesh,
            domain: args.cluster_domain.clone(),
        })
    }

    /// The name and namespace of the Service that an alias could be: `NAME.NAMESPACE.svc.DOMAIN`.
    pub(super) fn service_of<'a>(&self, route: &'a Route) -> Option<(&'a str, &'a str)> {
        let alias = route.alias.as_str();
        let within = alias.strip_suffix(self.domain.as_str())?;
        let (name, namespace) = within.strip_suffix(".svc.")?.split_once('.')?;
        let begins = name.starts_with(|c: char| c.is_ascii_lowercase());
        let label = |text: &str| Label::from_str(text).is_ok();
        (begins && label(name) && label(namespace)).then_some((name, namespace))
    }

    /// The namespace of all aliases, if it is one.
    pub(super) fn only_namespace(&self) -> Result<String, RenderError> {
        let routes = self.mesh.routes.iter();
        let all: BTreeSet<_> = routes
            .map(|route| self.service_of(route).map(|(_, namespace)| namespace))
            .collect();
        match all.iter().collect::<Vec<_>>()[..] {
            [] => Err(RenderError::Nothing),
            [Some(one)] => Ok((*one).to_owned()),
            _ => {
                let shown = all
                    .iter()
                    .map(|name| name.unwrap_or("none in the alias's name"));
                Err(RenderError::Namespaces(
                    shown.collect::<Vec<_>>().join(", "),
                ))
            }
        }
    }

    /// Each alias once, in the order of the files.
    pub(super) fn aliases(&self) -> Vec<&Hostname> {
        let mut seen = BTreeSet::new();
        let routes = self.mesh.routes.iter().map(|route| &route.alias);
        routes.filter(|alias| seen.insert(alias.as_str())).collect()
    }

    /// The files in which these routes are, and those of DestinationRules, as the shim mounts them.
    pub(super) fn config_map(
        &self,
        namespace: &str,
        routes: &[&Route],
    ) -> Result<Value, RenderError> {
        let mut data = Map::new();
        let mut size = 0;
        for (source, contents) in &self.sources {
            let of = |route: &&Route| *route.origin.file == *source.name;
            if !routes.iter().any(of) && !contents.narrows_far_ends() {
                continue;
            }
            if let Some(place) = contents.unknown() {
                return Err(RenderError::Unknown(place.clone()));
            }
            let base = key(&source.name);
            let mut key = base.clone();
            let mut number = data.len();
            while data.contains_key(&key) {
                key = format!("{number}-{base}");
                number += 1;
            }
            size += key.len() + source.text.len();
            data.insert(key, json!(source.text));
        }
        if size > CONFIG_MAP_LIMIT {
            return Err(RenderError::TooLarge(size));
        }
        Ok(json!({
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": MANIFESTS, "namespace": namespace},
            "data": data,
        }))
    }
}

/// A Secret, or a list whose items need not say that they are.
fn is_secret(kind: &str) -> bool {
    ["Secret", "SecretList"]
        .iter()
        .any(|secret| kind.eq_ignore_ascii_case(secret))
}

/// A key of a ConfigMap that the shim takes for a manifest.
fn key(file: &str) -> String {
    let base = match file {
        STDIN => "stdin",
        file => file.rsplit('/').next().unwrap_or(file),
    };
    let allowed = |c: char| match c.is_ascii_alphanumeric() || "-_.".contains(c) {
        true => c,
        false => '-',
    };
    let key: String = base.trim_start_matches('.').chars().map(allowed).collect();
    match [".yaml", ".yml", ".json"]
        .iter()
        .any(|end| key.ends_with(end))
    {
        true => key,
        false => format!("{key}.yaml"),
    }
}

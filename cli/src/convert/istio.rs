//! Istio manifests for a list of aliases.

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use eastwest_mesh::Hostname;

use super::comment;
use super::error::ConvertError;
use crate::manifests::{ManifestsError, STDIN};

mod aliases;
mod called;
mod callers;
mod error;
mod line;
mod text;

use aliases::Alias;
pub(super) use error::RouteErrors;
use line::Place;

/// For Istio manifests.
#[derive(clap::Args)]
#[command(after_help = "\
A ROUTE is ALIAS=REMOTE-HOST:PORT@GATEWAY[:PORT][,GATEWAY[:PORT]...], such as

  src-db-pxc-0.pxc.svc.cluster.local=db-pxc-0.db-pxc.pxc.svc.cluster.local:3306@gw.a.example

for the port 3306 of that pod, by the gateway's port 15443. Several gateways are tried in their order. \
In a file there is one a line, `#` begins a comment, and empty lines count for nothing. Routes with \
one alias and several ports become one ServiceEntry.

Examples:
  eastwest convert istio -f routes.txt > b/aliases.yaml
  eastwest convert istio -f routes.txt --cluster called > a/exports.yaml
  eastwest lint a b")]
pub(super) struct IstioArgs {
    /// Routes; - reads them from standard input
    #[arg(value_name = "ROUTE|-", required_unless_present = "file")]
    routes: Vec<String>,
    /// File of routes; can be repeated
    #[arg(short, long, value_name = "FILE")]
    file: Vec<PathBuf>,
    /// Whose manifests are wanted
    #[arg(long, value_enum, default_value = "calling", value_name = "WHICH")]
    cluster: Which,
    /// Namespace of the ServiceEntries whose aliases have none in their names
    #[arg(long, value_name = "NAMESPACE", default_value = "default")]
    namespace: String,
    /// The clusters' DNS domain
    #[arg(long, default_value = "cluster.local", value_name = "DOMAIN")]
    cluster_domain: Hostname,
}

#[derive(Clone, Copy, ValueEnum)]
enum Which {
    /// The cluster with the aliases: ServiceEntries, and DestinationRules where they are needed
    Calling,
    /// The cluster with the pods: a Gateway that exports them, and a Service for each
    Called,
}

pub(super) fn convert(args: &IstioArgs) -> Result<String, ConvertError> {
    let mut lines: Vec<(Place, String)> = Vec::new();
    for file in &args.file {
        let text = std::fs::read_to_string(file);
        let text = text.map_err(|error| ManifestsError::Read(file.clone(), error))?;
        lines.extend(numbered(&file.display().to_string(), &text));
    }
    for (number, route) in (1..).zip(&args.routes) {
        if route == "-" {
            lines.extend(numbered(STDIN, &standard_input()?));
        } else if !route.contains('=') && Path::new(route).is_file() {
            let file = comment::one_line(route);
            return Err(ConvertError::FileAsRoute(file));
        } else {
            lines.push((Place::argument(number), route.clone()));
        }
    }
    let routes = line::read(&lines)?;
    let aliases = Alias::all(&routes, &args.namespace, &args.cluster_domain)?;
    Ok(match args.cluster {
        Which::Calling => callers::write(&aliases),
        Which::Called => called::write(&aliases),
    })
}

fn numbered(file: &str, text: &str) -> Vec<(Place, String)> {
    let lines = (1..).zip(text.lines());
    lines
        .map(|(number, line)| (Place::line(file, number), line.to_owned()))
        .collect()
}

fn standard_input() -> Result<String, ManifestsError> {
    let mut text = String::new();
    let read = std::io::stdin().read_to_string(&mut text);
    read.map_err(|error| ManifestsError::Read(Path::new("-").to_path_buf(), error))?;
    Ok(text)
}

#[cfg(test)]
mod tests;

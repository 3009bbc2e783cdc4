//! The manifests of the two sides of a gateway, and what it lets through.

use std::path::PathBuf;

use clap::ValueEnum;
use eastwest_mesh::forwarding::{self, Forwarding, Options, Pods, Sides, SidesError};
use eastwest_mesh::{Hostname, Source};

use super::error::ConvertError;
use crate::manifests::Manifests;

/// Which manifests to convert.
#[derive(clap::Args)]
pub(super) struct ClusterArgs {
    /// Files, folders (their .yaml, .yml and .json files, however deep), or - for standard input
    ///
    /// Folders with ServiceEntries that lead to a gateway are clusters that call, one each. All other
    /// files are of the cluster that is called: its Gateways say what may be reached. Where the
    /// callers' files are there, just the server names that they send are let through, and wildcards
    /// in a Gateway's hosts are narrowed to those.
    #[arg(required = true, value_name = "FILE|DIR|-")]
    paths: Vec<PathBuf>,
    /// Files and folders of clusters that call, one each; can be repeated
    ///
    /// Then all others are of the cluster that is called, even if they call in turn.
    #[arg(long, value_name = "FILE|DIR")]
    callers: Vec<PathBuf>,
    /// Who takes mTLS in the pods [default: eastwest, which is said on standard error]
    #[arg(long, value_enum, value_name = "WHO")]
    pods: Option<Who>,
    /// The clusters' DNS domain
    #[arg(long, default_value = "cluster.local", value_name = "DOMAIN")]
    pub(super) cluster_domain: Hostname,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Who {
    /// Our shim: dialled at 15444, unless a ServiceEntry gives the pod another port
    Eastwest,
    /// Istio's sidecar: dialled at the app's port, through a Service of the name if there is one
    Istio,
}

impl Who {
    /// Where pods are dialled, for the head of an output.
    pub(super) const fn dialled(self) -> &'static str {
        match self {
            Self::Eastwest => {
                "Pods are dialled at 15444, where eastwest-shim takes mTLS (--pods eastwest), or at \
                 the port that a ServiceEntry gives them. Where they have Istio's sidecar: --pods istio."
            }
            Self::Istio => {
                "Pods are dialled at the app's own port, where Istio's sidecar takes mTLS (--pods \
                 istio). Where they have eastwest-shim: --pods eastwest."
            }
        }
    }
}

/// What is converted.
pub(super) struct Clusters {
    pub(super) forwarding: Forwarding,
    /// The names of the files that were read.
    pub(super) files: Vec<String>,
}

impl ClusterArgs {
    pub(super) fn pods(&self) -> Who {
        self.pods.unwrap_or(Who::Eastwest)
    }

    /// What nobody said.
    pub(super) fn assumed(&self) -> Option<&'static str> {
        let assumed = "--pods is not given: the pods are taken to have eastwest-shim, at 15444; where \
                       they have Istio's sidecar give --pods istio";
        self.pods.is_none().then_some(assumed)
    }

    pub(super) fn read(&self) -> Result<Clusters, ConvertError> {
        let folders = Manifests::read(&self.paths, false)?.clusters;
        let mut files = names(&folders);
        let options = Options {
            cluster_domain: self.cluster_domain.clone(),
            pods: match self.pods() {
                Who::Eastwest => Pods::Shim,
                Who::Istio => Pods::Sidecar,
            },
        };
        let sides = match self.callers.is_empty() {
            true => sides(folders, &options)?,
            false => {
                let callers = Manifests::read(&self.callers, false)?.clusters;
                files.extend(names(&callers));
                Sides {
                    gateway: folders.into_iter().flatten().collect(),
                    callers,
                }
            }
        };
        let forwarding = forwarding::forwarding(&sides.gateway, &sides.callers, &options);
        if forwarding.is_empty() && forwarding.remarks.is_empty() {
            return Err(ConvertError::Sides {
                error: SidesError::NoGateway,
                remarks: Vec::new(),
            });
        }
        Ok(Clusters { forwarding, files })
    }
}

fn sides(folders: Vec<Vec<Source>>, options: &Options) -> Result<Sides, ConvertError> {
    let sorted = forwarding::sides(folders.clone(), &options.cluster_domain);
    sorted.map_err(|error| {
        let left_out = |folder: &Vec<Source>| forwarding::left_out(folder, options);
        ConvertError::Sides {
            error,
            remarks: folders.iter().flat_map(left_out).collect(),
        }
    })
}

fn names(folders: &[Vec<Source>]) -> Vec<String> {
    let files = folders.iter().flatten();
    files.map(|file| file.name.clone()).collect()
}

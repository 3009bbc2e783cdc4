//! What the user's own Istio YAML means to eastwest. Pure: text in, values out; no sockets, no
//! clock, no files.
//!
//! [`load`] never fails. What it can't use becomes a [`Finding`] with its place, and takes down
//! the object that it is about and nothing else.
//!
//! # Map
//! On the way in, from text to objects:
//! - `yaml`: a file cut into documents, a document as a tree in which everything has its place
//! - `fields`, `report`: reading a mapping key by key; what is found on the way, by object
//! - `object`, `manifest`: what all objects have, and all objects of all files by kind
//! - `kinds`: one module a kind: ServiceEntry, DestinationRule, Gateway, AuthorizationPolicy, ...
//!
//! From objects to what the servers use:
//! - `build`: which hosts are aliases, their routes and addresses, and what a gateway exports
//! - [`forwarding`]: what a gateway lets through, name by name, for servers of others
//! - [`lint`]: what a person wants to know before the files are applied, also in stock Istio
//! - [`alias`], [`virtual_ip`], [`service_port`]: pure functions of a name: the pod behind an alias,
//!   its address, its ports in mode `service`
//!
//! What comes out:
//! - [`Route`], [`Aliases`], [`PeerRule`]: the client's side (shim, resolver)
//! - [`Exports`]: the gateway's side
//! - [`Policies`]: the inbound side
//! - [`Unread`]: what may be missing in either, because it could not be read
//! - [`Finding`]: for people, each with its [`Code`]
//! - [`Changes`], [`Widened`], [`Mesh::new_errors`]: what is new in files that are read again
//! - [`Contents`]: of what kinds a file is, for whoever hands it on

use std::collections::HashMap;
use std::sync::Arc;

pub mod alias;
mod because;
mod build;
mod code;
mod connection_pool;
mod contents;
mod difference;
mod duration;
mod exports;
mod fields;
mod finding;
pub mod forwarding;
mod hostname;
mod kinds;
pub mod lint;
mod manifest;
mod object;
mod outlier;
mod peer;
mod policies;
mod report;
mod route;
pub mod service_port;
mod sni;
mod spiffe;
mod suggest;
mod unread;
pub mod virtual_ip;
mod yaml;

pub use because::Because;
pub use code::{Code, CodePage, Example, Side, Within, code_pages};
pub use connection_pool::{ConnectionPool, TcpKeepalive};
pub use contents::Contents;
pub use difference::{Changes, Part, Widened};
pub use exports::{
    Dialect, ExportedHost, Exports, INBOUND_PORT, ISTIO_ALPN, PROBE_HOST, Refusal, Target,
};
pub use finding::{Finding, Origin, Severity};
pub use hostname::{Hostname, HostnameError};
pub use ipnet::IpNet;
pub use outlier::OutlierDetection;
pub use peer::{OWN_TRUST_DOMAIN, PeerRule};
pub use policies::{Denial, InboundPolicy, Policies, ROOT_NAMESPACE, Workload};
pub use route::{Address, Aliases, DownRoute, GatewayEndpoint, Protocol, Route};
pub use spiffe::{Principal, SpiffePattern, SpiffePatternError};
pub use unread::Unread;
pub use virtual_ip::Capture;

/// One file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The name for messages.
    pub name: String,
    /// Its YAML, of any number of documents.
    pub text: String,
}

/// What the files don't say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The cluster's DNS domain, usually `cluster.local`.
    pub cluster_domain: Hostname,
    /// How connections reach the shim, which decides the range of computed addresses.
    pub capture: Capture,
}

/// All that the files mean.
#[derive(Clone, Debug)]
pub struct Mesh {
    /// What is served on the client's side, in the order of the files.
    pub routes: Vec<Route>,
    /// Aliases that are not served, and why.
    pub down: Vec<DownRoute>,
    /// What a gateway may route to.
    pub exports: Exports,
    /// Who may call a workload.
    pub policies: Policies,
    /// What may be missing in the routes and the policies.
    pub unread: Unread,
    /// Objects of one name, of which the first counts, by the place of the error about the second.
    pub(crate) contests: HashMap<Origin, manifest::Contest>,
    /// What a person should know, in the order of the files.
    pub findings: Vec<Finding>,
}

/// Reads the files in their order, which decides who is first where two contradict.
#[must_use]
pub fn load(sources: &[Source], options: &Options) -> Mesh {
    load_redirected(sources, options, &virtual_ip::REDIRECTED)
}

/// [`load`] where the redirect rules hold for these ranges: with [`Capture::Redirect`] an address
/// outside of them would be dialled in clear, and takes its alias down.
#[must_use]
pub fn load_redirected(sources: &[Source], options: &Options, redirected: &[IpNet]) -> Mesh {
    let reach = virtual_ip::Reach {
        capture: options.capture,
        redirected,
    };
    load_with(sources, options, reach, report::Report::new)
}

fn load_with(
    sources: &[Source],
    options: &Options,
    reach: virtual_ip::Reach<'_>,
    report: fn(Arc<str>) -> report::Report,
) -> Mesh {
    let manifest = manifest::Manifest::read(sources, &options.cluster_domain, report);
    let mut mesh = build::mesh(manifest, options, reach);
    let order: HashMap<&str, usize> = sources
        .iter()
        .enumerate()
        .map(|(i, source)| (source.name.as_str(), i))
        .collect();
    mesh.findings.sort_by_cached_key(|finding| {
        let Origin { file, line, column } = &finding.origin;
        (
            order.get(&**file).copied(),
            *line,
            *column,
            finding.severity,
            finding.message.clone(),
        )
    });
    // Two aliases of one ServiceEntry meet the same fault at the same place.
    mesh.findings.dedup();
    mesh
}

impl Mesh {
    /// The resolver's table.
    #[must_use]
    pub fn aliases(&self) -> Aliases {
        Aliases::of(&self.routes)
    }

    /// Whether any finding is an error.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.findings
            .iter()
            .any(|finding| finding.severity == Severity::Error)
    }
}

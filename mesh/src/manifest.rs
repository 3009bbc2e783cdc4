//! All objects of all files, each with what was found in it.

use std::collections::HashMap;
use std::sync::Arc;

use crate::Source;
use crate::finding::{Finding, Origin};
use crate::hostname::Hostname;
use crate::kinds::authorization_policy;
use crate::kinds::destination_rule::{self, DestinationRule};
use crate::kinds::gateway::{self, Server};
use crate::kinds::neighbour::{self, Neighbour};
use crate::kinds::peer_authentication;
use crate::kinds::service_entry::{self, ServiceEntry};
use crate::object::{Object, objects};
use crate::policies::{Action, Policies, Policy};
use crate::report::Report;
use crate::yaml::{Mark, Node, documents, parse};

mod kind;

use kind::Kind;

/// An object and its report, which stays open until the mesh has been built.
pub(crate) struct Loaded<T> {
    pub(crate) value: T,
    pub(crate) mark: Mark,
    pub(crate) report: Report,
}

/// The objects by kind, in the order of the files.
#[derive(Default)]
pub(crate) struct Manifest {
    pub(crate) service_entries: Vec<Loaded<ServiceEntry>>,
    pub(crate) destination_rules: Vec<Loaded<DestinationRule>>,
    pub(crate) gateways: Vec<Loaded<Vec<Server>>>,
    pub(crate) neighbours: Vec<Loaded<Neighbour>>,
    pub(crate) policies: Policies,
    pub(crate) findings: Vec<Finding>,
    /// Where each object, by kind and name, was first seen.
    seen: HashMap<(Kind, String, String), Origin>,
}

impl Manifest {
    pub(crate) fn read(sources: &[Source], domain: &Hostname) -> Self {
        let mut manifest = Self::default();
        for source in sources {
            let file: Arc<str> = source.name.as_str().into();
            for document in documents(&source.text) {
                match parse(document) {
                    Ok(root) => {
                        for object in objects(&root) {
                            manifest.add(object, Report::new(Arc::clone(&file)), domain);
                        }
                    }
                    Err(error) => {
                        let report = Report::new(Arc::clone(&file));
                        let why = error.message;
                        report.error(error.mark, format!("this document is not YAML: {why}"));
                        manifest.close(report);
                    }
                }
            }
        }
        manifest
    }

    fn add(&mut self, root: &Node, report: Report, domain: &Hostname) {
        let Some(object) = Object::read(root, &report) else {
            return self.close(report);
        };
        let Some(kind) = Kind::of(&object, &report) else {
            return self.close(report);
        };
        let first = self.is_first(kind, &object, &report);
        let mark = object.mark;
        match kind {
            Kind::AuthorizationPolicy => {
                let policy = authorization_policy::read(&object, &report);
                // A second object of one name is left out, but never a DENY.
                let counts = |policy: &Policy| first || policy.action == Action::Deny;
                if let Some(policy) = policy.filter(counts) {
                    self.policies.add(policy);
                }
                self.close(report);
            }
            _ if !first => self.close(report),
            Kind::ServiceEntry => {
                let value = service_entry::read(&object, &report);
                self.service_entries.push(Loaded {
                    value,
                    mark,
                    report,
                });
            }
            Kind::DestinationRule => {
                let value = destination_rule::read(&object, domain, &report);
                self.destination_rules.push(Loaded {
                    value,
                    mark,
                    report,
                });
            }
            Kind::Gateway => {
                let value = gateway::read(&object, &report);
                self.gateways.push(Loaded {
                    value,
                    mark,
                    report,
                });
            }
            Kind::Service => {
                let value = neighbour::service(&object, domain);
                self.neighbours.push(Loaded {
                    value,
                    mark,
                    report,
                });
            }
            Kind::VirtualService => {
                let value = neighbour::virtual_service(&object, domain);
                self.neighbours.push(Loaded {
                    value,
                    mark,
                    report,
                });
            }
            Kind::PeerAuthentication => {
                peer_authentication::read(&object, &report);
                self.close(report);
            }
        }
    }

    /// Reports an object whose kind and name another one has already.
    fn is_first(&mut self, kind: Kind, object: &Object<'_>, report: &Report) -> bool {
        let key = (kind, object.namespace.to_owned(), object.name.to_owned());
        match self.seen.get(&key) {
            None => {
                self.seen.insert(key, report.origin(object.mark));
                true
            }
            // Nameless objects are reported as such.
            Some(_) if object.name.is_empty() => true,
            Some(first) => {
                let message = format!("is defined already at {first}, and only that one counts");
                report.error_with_fix(object.mark, message, "take one of the two out");
                false
            }
        }
    }

    fn close(&mut self, report: Report) {
        self.findings.extend(report.into_findings());
    }
}

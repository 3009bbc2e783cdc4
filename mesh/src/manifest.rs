//! All objects of all files, each with what was found in it.

use std::collections::HashMap;
use std::sync::Arc;

use crate::Source;
use crate::code::Code;
use crate::finding::{Finding, Origin};
use crate::hostname::Hostname;
use crate::kinds::authorization_policy;
use crate::kinds::destination_rule::{self, DestinationRule};
use crate::kinds::gateway::{self, Gateway};
use crate::kinds::neighbour::{self, Neighbour};
use crate::kinds::peer_authentication;
use crate::kinds::service_entry::{self, ServiceEntry};
use crate::object::{Object, objects};
use crate::policies::{Action, Policies, Policy};
use crate::report::Report;
use crate::unread::{MayNarrow, Unread};
use crate::yaml::{Mark, Node, documents, parse};

mod kind;
mod names;

pub(crate) use kind::Kind;
pub(crate) use names::Contest;
use names::{Names, Place};

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
    pub(crate) gateways: Vec<Loaded<Gateway>>,
    pub(crate) neighbours: Vec<Loaded<Neighbour>>,
    pub(crate) policies: Policies,
    pub(crate) unread: Unread,
    pub(crate) contests: HashMap<Origin, Contest>,
    pub(crate) findings: Vec<Finding>,
}

impl Manifest {
    pub(crate) fn read(
        sources: &[Source],
        domain: &Hostname,
        report: fn(Arc<str>) -> Report,
    ) -> Self {
        let mut manifest = Self::default();
        let mut parsed = Vec::new();
        for source in sources {
            let file: Arc<str> = source.name.as_str().into();
            for document in documents(&source.text) {
                match parse(document) {
                    Ok(root) => parsed.push((Arc::clone(&file), root)),
                    Err(error) => {
                        let report = report(Arc::clone(&file));
                        let why = error.message;
                        report.error(
                            Code::NotYaml,
                            error.mark,
                            format!("this document is not YAML: {why}"),
                        );
                        manifest.give_up(report, MayNarrow::Anything);
                    }
                }
            }
        }
        let mut names = Names::default();
        for (file, root) in &parsed {
            for object in objects(root) {
                manifest.add(object, report(Arc::clone(file)), &mut names, domain);
            }
        }
        manifest.contests = names.contests;
        manifest
    }

    fn add<'a>(
        &mut self,
        root: &'a Node,
        report: Report,
        names: &mut Names<'a>,
        domain: &Hostname,
    ) {
        let object = match Object::read(root, &report) {
            Ok(object) => object,
            Err(may) => return self.give_up(report, may),
        };
        let kind = match Kind::of(&object, &report) {
            Ok(kind) => kind,
            Err(may) => return self.give_up(report, may),
        };
        let first = match names.place(kind, &object, root, &report) {
            Place::First => true,
            Place::Taken => false,
            Place::Repeated => return self.close(report),
        };
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
            // A second object of one name is left out, but never a rule: with its error it takes
            // its own host down, which would be open to any account without it.
            Kind::DestinationRule => {
                let value = destination_rule::read(&object, domain, &report);
                // Without its host nobody knows which alias is to be down.
                if let (None, Some(why)) = (&value.host, report.first_error()) {
                    self.unread.add(MayNarrow::FarEnds, &why);
                }
                self.destination_rules.push(Loaded {
                    value,
                    mark,
                    report,
                });
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

    /// Closes the report of something that could not be read.
    fn give_up(&mut self, report: Report, may: MayNarrow) {
        if let Some(why) = report.first_error() {
            self.unread.add(may, &why);
        }
        self.close(report);
    }

    fn close(&mut self, report: Report) {
        self.findings.extend(report.into_findings());
    }
}

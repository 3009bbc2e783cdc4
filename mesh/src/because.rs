//! Why a route is as it is, for people.

use crate::alias::remote_host;
use crate::finding::Origin;
use crate::hostname::Hostname;
use crate::route::Route;
use crate::sni::ServerName;

/// What of that the route itself does not say: which lines of the files have made what of it. It is put into words
/// when somebody asks, as there may be a hundred thousand routes.
///
/// Two are always equal: a route is the same, whoever wrote it and wherever.
#[derive(Clone, Debug)]
pub struct Because {
    pub(crate) port: Origin,
    pub(crate) remote: RemoteBy,
    /// The endpoint of each gateway.
    pub(crate) gateways: Vec<Origin>,
    /// `tls.sni`, where the server name is that.
    pub(crate) server_name: Option<Origin>,
    pub(crate) far_end: FarEndBy,
    /// The DestinationRule.
    pub(crate) rule: Option<Origin>,
    pub(crate) addresses: AddressBy,
    /// The line of each address.
    pub(crate) written: Vec<Origin>,
}

/// What says which pod an alias stands for.
#[derive(Clone, Debug)]
pub(crate) enum RemoteBy {
    Annotation(Origin),
    ServerName(Origin),
    Form,
}

/// What says who must be at the far end.
#[derive(Clone, Copy, Debug)]
pub(crate) enum FarEndBy {
    /// The object at the origin of the rule.
    Object,
    Nothing,
}

/// What says which addresses an alias has.
#[derive(Clone, Copy, Debug)]
pub(crate) enum AddressBy {
    Written,
    Istio,
    Name,
}

impl Route {
    /// Where a DestinationRule sets the server name, and the one that would be sent without it, if that is another: of
    /// the pod that the annotation names, or the form of the alias in `domain`.
    #[must_use]
    pub fn unusual_server_name(&self, domain: &Hostname) -> Option<(&Origin, String)> {
        let at = self.because.server_name.as_ref()?;
        let pod = match &self.because.remote {
            RemoteBy::Annotation(_) => self.remote.clone(),
            RemoteBy::ServerName(_) | RemoteBy::Form => remote_host(&self.alias, domain)?,
        };
        let usual = ServerName::istio(&pod, self.port).ok()?.text;
        (usual != self.sni).then_some((at, usual))
    }

    /// Why it is as it is, in sentences, seen from a workload of `own_trust_domain`.
    #[must_use]
    pub fn explained(&self, own_trust_domain: &str) -> Vec<String> {
        let (because, at) = (&self.because, &self.origin);
        let mut told = vec![
            format!(
                "the alias {} is a host of the ServiceEntry at {at}, and {} one of its ports at {}",
                self.alias, self.port, because.port
            ),
            self.stands_for(),
        ];
        let gateways = self.gateways.iter().zip(&because.gateways);
        told.extend(gateways.map(|(gateway, origin)| {
            let (address, port) = (&gateway.address, gateway.port);
            format!("the gateway {address} is dialled at port {port}, by the endpoint at {origin}")
        }));
        let sni = &self.sni;
        told.push(match &because.server_name {
            Some(rule) => format!("the server name {sni} is that of the DestinationRule at {rule}"),
            None => format!("the server name {sni} is made of the pod's name and the port"),
        });
        told.push(self.expects(own_trust_domain));
        self.limits(&mut told);
        let addresses = self.virtual_ips.iter().zip(&because.written);
        told.extend(addresses.map(|(ip, at)| match because.addresses {
            AddressBy::Written => format!("apps find it at {ip}, as is written at {at}"),
            AddressBy::Istio => format!("apps find it at {ip}, which Istio gave it, at {at}"),
            AddressBy::Name => format!("apps find it at {ip}, which follows from its name"),
        }));
        told
    }

    fn stands_for(&self) -> String {
        let remote = &self.remote;
        match &self.because.remote {
            RemoteBy::Annotation(at) => format!(
                "it stands for {remote}, by the annotation eastwest.dev/remote-host at {at}"
            ),
            RemoteBy::ServerName(at) => {
                format!("it stands for {remote}, by tls.sni of the DestinationRule at {at}")
            }
            RemoteBy::Form => format!("it stands for {remote}, by the form of its name"),
        }
    }

    fn expects(&self, own_trust_domain: &str) -> String {
        let expected = self.peer.expected(own_trust_domain);
        match (self.peer.origin(), self.because.far_end) {
            (Some(at), _) if *at != self.origin => {
                format!("the far end must be {expected}, by the DestinationRule at {at}")
            }
            (_, FarEndBy::Nothing) => format!(
                "the far end must be {expected}: nothing says who, so it is whoever runs in the pod's namespace"
            ),
            (_, FarEndBy::Object) => {
                let at = &self.origin;
                format!("the far end must be {expected}, by the ServiceEntry at {at}")
            }
        }
    }

    fn limits(&self, told: &mut Vec<String>) {
        let Some(at) = &self.because.rule else {
            return;
        };
        if let Some(most) = self.connection_pool.max_connections {
            told.push(format!(
                "at most {most} connections are open at once, by the DestinationRule at {at}"
            ));
        }
        if let Some(time) = self.connection_pool.connect_timeout {
            told.push(format!(
                "a gateway has {time:?} to be connected to, by the DestinationRule at {at}"
            ));
        }
        if self.outlier_detection.is_some() {
            told.push(format!(
                "when a gateway that fails is tried last is said by the DestinationRule at {at}"
            ));
        }
    }
}

impl PartialEq for Because {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Because {}

#[cfg(test)]
mod tests;

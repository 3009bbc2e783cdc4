//! The server name that a route sends: Istio's form or the plain host.
//!
//! Istio's form is `outbound_.PORT_.SUBSET_.HOST` (`BuildDNSSrvSubsetKey` in
//! `pilot/pkg/model/service.go`); PORT is the service's port, never the endpoint's.

use std::num::NonZeroU16;

use crate::hostname::{Hostname, HostnameError};

/// A server name as written in a DestinationRule's `tls.sni`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ServerName {
    /// As written: it is sent byte for byte.
    pub(crate) text: String,
    /// The host that it names.
    pub(crate) host: Hostname,
    /// The port that it names, in Istio's form.
    pub(crate) port: Option<NonZeroU16>,
}

/// Why a text can't be sent as a server name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ServerNameError {
    #[error("{0}")]
    Name(#[from] HostnameError),
    #[error("it ends with a dot, which no server name does (RFC 6066 section 3)")]
    TrailingDot,
    #[error(
        "it begins with \"outbound_.\" but does not read outbound_.PORT_.SUBSET_.HOST with a PORT from 1 to 65535"
    )]
    NotIstio,
}

impl ServerName {
    pub(crate) fn parse(text: &str) -> Result<Self, ServerNameError> {
        if text.ends_with('.') {
            return Err(ServerNameError::TrailingDot);
        }
        let whole: Hostname = text.parse()?;
        let (host, port) = match whole.as_str().strip_prefix("outbound_.") {
            None => (whole, None),
            Some(rest) => {
                let (port, host) = istio_parts(rest).ok_or(ServerNameError::NotIstio)?;
                (host.parse()?, Some(port))
            }
        };
        Ok(Self {
            text: text.to_owned(),
            host,
            port,
        })
    }

    /// The default: what Istio's sidecar would send for this host, without a subset.
    pub(crate) fn istio(host: &Hostname, port: NonZeroU16) -> Result<Self, ServerNameError> {
        let text = format!("outbound_.{port}_._.{host}");
        let _: Hostname = text.parse()?;
        Ok(Self {
            text,
            host: host.clone(),
            port: Some(port),
        })
    }
}

fn istio_parts(rest: &str) -> Option<(NonZeroU16, &str)> {
    let (port, rest) = rest.split_once("_.")?;
    let (_subset, host) = rest.split_once("_.")?;
    (!host.contains("_.")).then_some(())?;
    Some((port.parse().ok()?, host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_has_istios_form() {
        let host = "db-0.db.pxc.svc.cluster.local".parse().unwrap();
        let sni = ServerName::istio(&host, NonZeroU16::new(3306).unwrap()).unwrap();
        assert_eq!(sni.text, "outbound_.3306_._.db-0.db.pxc.svc.cluster.local");
        assert_eq!(ServerName::parse(&sni.text), Ok(sni));
    }

    #[test]
    fn a_plain_name_has_no_port() {
        let sni = ServerName::parse("DB-0.db.pxc.svc.cluster.local").unwrap();
        assert_eq!(sni.text, "DB-0.db.pxc.svc.cluster.local");
        assert_eq!(sni.host.as_str(), "db-0.db.pxc.svc.cluster.local");
        assert_eq!(sni.port, None);
    }

    #[test]
    fn a_subset_is_passed_over_but_kept_in_the_text() {
        let sni = ServerName::parse("outbound_.3306_.v1_.db.pxc.svc.cluster.local").unwrap();
        assert_eq!(sni.host.as_str(), "db.pxc.svc.cluster.local");
        assert!(sni.text.contains(".v1_."));
    }

    #[test]
    fn names_that_cannot_be_sent_are_refused() {
        use HostnameError::{BadCharacter, TooLong};
        assert_eq!(ServerName::parse("a.b."), Err(ServerNameError::TrailingDot));
        assert_eq!(
            ServerName::parse("outbound|3306||db"),
            Err(ServerNameError::Name(BadCharacter('|')))
        );
        for broken in [
            "outbound_.x_._.db",
            "outbound_.0_._.db",
            "outbound_.1_.db",
            "outbound_.1_._.a_.b",
        ] {
            assert_eq!(
                ServerName::parse(broken),
                Err(ServerNameError::NotIstio),
                "{broken}"
            );
        }
        let host: Hostname = vec!["a"; 120].join(".").parse().unwrap();
        assert_eq!(
            ServerName::istio(&host, NonZeroU16::MAX),
            Err(ServerNameError::Name(TooLong(258)))
        );
    }
}

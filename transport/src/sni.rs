//! The server name a client sends, and what Istio packs into it.
//!
//! `outbound_.PORT_.SUBSET_.HOST` is the default SNI of every Istio mTLS connection; see
//! `BuildDNSSrvSubsetKey` and `ParseSubsetKey` in Istio's `pilot/pkg/model/service.go`. Its port is
//! the service port, its subset mostly empty.

use std::fmt;
use std::num::NonZeroU16;
use std::str::FromStr;

use rustls::pki_types::DnsName;
use thiserror::Error;

const SEPARATOR: &str = "_.";
const OUTBOUND: &str = "outbound_.";
const INBOUND: &str = "inbound_.";

/// A server name, understood. It is lower-case and has no trailing dot, at most 253 bytes, and 63
/// in a label.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Sni {
    /// In Istio's form.
    Istio(IstioSni),
    /// A host name and no more.
    Plain(String),
}

/// The parts of `outbound_.PORT_.SUBSET_.HOST`. Only parsing makes one, so it prints as a name that
/// can be sent.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct IstioSni {
    /// The service port, not the port of a pod.
    pub port: NonZeroU16,
    /// The DestinationRule subset, never empty.
    pub subset: Option<String>,
    /// The host, which holds no `_.`.
    pub host: String,
}

/// Why a server name says nothing that can be routed by. Each holds the name in lower case.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SniError {
    /// `outbound|…` or `inbound|…`: the name Istio gives a cluster in its own configuration.
    #[error(
        "SNI {0:?} is the name of an Istio cluster, not of a server; have the client send \
         outbound_.PORT_.SUBSET_.HOST (tls.sni of its DestinationRule sets it)"
    )]
    ClusterName(String),
    /// `inbound_.…`, which no client has reason to send.
    #[error(
        "SNI {0:?} names the inbound side of a sidecar, which no client can ask for; have the \
         client send outbound_.PORT_.SUBSET_.HOST (tls.sni of its DestinationRule sets it)"
    )]
    Inbound(String),
    /// Not a DNS name.
    #[error(
        "SNI {0:?} is no DNS name: it needs letters, digits, '-' and '_', with at most 63 in a \
         label and 253 in all"
    )]
    NotDnsName(String),
    /// Starts as Istio's form and does not go on as it.
    #[error("SNI {sni:?} starts as outbound_.PORT_.SUBSET_.HOST does, but {fault}")]
    NotIstio {
        /// The name.
        sni: String,
        /// What is wrong with it.
        fault: &'static str,
    },
}

impl FromStr for Sni {
    type Err = SniError;

    fn from_str(name: &str) -> Result<Self, SniError> {
        let name = name.to_ascii_lowercase();
        if name.starts_with("outbound|") || name.starts_with("inbound|") {
            return Err(SniError::ClusterName(name));
        }
        let Ok(valid) = DnsName::try_from(name.as_str()) else {
            return Err(SniError::NotDnsName(name));
        };
        let name = valid.as_ref();
        if name.starts_with(INBOUND) {
            return Err(SniError::Inbound(name.to_owned()));
        }
        match name.strip_prefix(OUTBOUND) {
            None => Ok(Self::Plain(name.to_owned())),
            Some(key) => match IstioSni::from_key(key) {
                Ok(parts) => Ok(Self::Istio(parts)),
                Err(fault) => Err(SniError::NotIstio {
                    sni: name.to_owned(),
                    fault,
                }),
            },
        }
    }
}

impl IstioSni {
    /// Cuts `PORT_.SUBSET_.HOST` where `ParseSubsetKey` does.
    fn from_key(key: &str) -> Result<Self, &'static str> {
        let (port, key) = key
            .split_once(SEPARATOR)
            .ok_or("has no _. after the port")?;
        let (subset, host) = key
            .split_once(SEPARATOR)
            .ok_or("has no _. after the subset")?;
        if host.contains(SEPARATOR) {
            return Err("its host has a _. in it");
        }
        Ok(Self {
            port: parse_port(port)
                .ok_or("its port is not a number from 1 to 65535 without leading zeros")?,
            subset: (!subset.is_empty()).then(|| subset.to_owned()),
            host: host.to_owned(),
        })
    }
}

/// Istio reads leading zeros too, but its gateways match the whole name exactly, so such a name
/// goes nowhere there.
fn parse_port(digits: &str) -> Option<NonZeroU16> {
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
    digits.parse().ok().filter(|_| plain)
}

impl fmt::Display for Sni {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Istio(sni) => sni.fmt(f),
            Self::Plain(host) => f.write_str(host),
        }
    }
}

impl fmt::Display for IstioSni {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let subset = self.subset.as_deref().unwrap_or_default();
        write!(
            f,
            "{OUTBOUND}{}{SEPARATOR}{subset}{SEPARATOR}{}",
            self.port, self.host
        )
    }
}

#[cfg(test)]
mod tests;

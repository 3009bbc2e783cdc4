//! rustls configurations for one connection, in both directions.
//!
//! They are cheap to make (no key is parsed, no certificate copied), so each connection gets its
//! own, with its own policy.

use std::str::FromStr;
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::server::NoServerSessionStorage;
use rustls::sign::SingleCertAndKey;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, ServerConfig, SupportedProtocolVersion};
use thiserror::Error;

use super::crypto::provider;
use super::identity::Identity;
use super::peer::{PeerPolicy, Side};
use super::verify::PeerVerifier;

/// The one protocol name that is ever offered or chosen.
///
/// Istio's gateways want an Istio name to route by. Its other names must not be negotiated: after
/// `istio-peer-exchange` both ends put a metadata frame before the application's bytes.
pub const ALPN_ISTIO: &[u8] = b"istio";

/// What `eastwest doctor` offers before [`ALPN_ISTIO`]: who chooses it answers itself, in a few words,
/// and no app hears of the connection.
pub const ALPN_DOCTOR: &[u8] = b"eastwest-doctor";

/// The oldest TLS version that is spoken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum MinTls {
    /// Only TLS 1.3.
    #[default]
    Tls13,
    /// TLS 1.2 too, for peers such as an Envoy that is capped at it.
    Tls12,
}

impl MinTls {
    fn versions(self) -> &'static [&'static SupportedProtocolVersion] {
        static ONLY_TLS13: [&SupportedProtocolVersion; 1] = [&TLS13];
        static BOTH: [&SupportedProtocolVersion; 2] = [&TLS13, &TLS12];
        match self {
            Self::Tls13 => &ONLY_TLS13,
            Self::Tls12 => &BOTH,
        }
    }
}

impl FromStr for MinTls {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "1.3" => Ok(Self::Tls13),
            "1.2" => Ok(Self::Tls12),
            _ => Err(format!("{text:?} is not a TLS version; write 1.3 or 1.2")),
        }
    }
}

/// What the server answers to the client's list of protocols.
///
/// A rustls server with a list that has nothing in common with the client's ends the connection
/// (`no_application_protocol`), where Envoy goes on without a protocol. So the caller looks at the
/// ClientHello first and says what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServerAlpn {
    /// Choose `istio`. Only for clients that offer it.
    Istio,
    /// Choose [`ALPN_DOCTOR`]. Only for clients that offer it.
    Doctor,
    /// Choose none.
    Silent,
}

impl ServerAlpn {
    /// The answer to a client that offers `istio`, or does not.
    pub fn answering(client_offers_istio: bool) -> Self {
        if client_offers_istio {
            Self::Istio
        } else {
            Self::Silent
        }
    }
}

impl Identity {
    /// The configuration for dialling: our certificate is shown, `istio` is offered and an answer
    /// without ALPN accepted, the far end is verified against our roots and then by `policy`.
    ///
    /// # Errors
    /// If our certificate is not one for clients.
    pub fn client_config(
        &self,
        policy: Arc<dyn PeerPolicy>,
        min: MinTls,
    ) -> Result<Arc<ClientConfig>, ConfigError> {
        self.client_config_offering(policy, min, &[ALPN_ISTIO])
    }

    /// The same for whoever wants to know how the far end is, and nothing of its app.
    ///
    /// # Errors
    /// If our certificate is not one for clients.
    pub fn doctor_config(
        &self,
        policy: Arc<dyn PeerPolicy>,
        min: MinTls,
    ) -> Result<Arc<ClientConfig>, ConfigError> {
        self.client_config_offering(policy, min, &[ALPN_DOCTOR, ALPN_ISTIO])
    }

    fn client_config_offering(
        &self,
        policy: Arc<dyn PeerPolicy>,
        min: MinTls,
        alpn: &[&[u8]],
    ) -> Result<Arc<ClientConfig>, ConfigError> {
        self.check_purpose(Side::Client)?;
        let verifier = PeerVerifier::new(Arc::clone(&self.roots), policy);
        let mut config = ClientConfig::builder_with_provider(Arc::clone(provider()))
            .with_protocol_versions(min.versions())?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_client_cert_resolver(Arc::new(SingleCertAndKey::from(Arc::clone(&self.key))));
        config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
        // A resumed session skips the verifier: who was let in once would stay in.
        config.resumption = Resumption::disabled();
        config.enable_early_data = false;
        config.enable_secret_extraction = true;
        Ok(Arc::new(config))
    }

    /// The configuration for listening: the client must show a certificate, which is verified
    /// against our roots and then by `policy`.
    ///
    /// # Errors
    /// If our certificate is not one for servers.
    pub fn server_config(
        &self,
        policy: Arc<dyn PeerPolicy>,
        min: MinTls,
        alpn: ServerAlpn,
    ) -> Result<Arc<ServerConfig>, ConfigError> {
        self.check_purpose(Side::Server)?;
        let verifier = PeerVerifier::new(Arc::clone(&self.roots), policy);
        let mut config = ServerConfig::builder_with_provider(Arc::clone(provider()))
            .with_protocol_versions(min.versions())?
            .with_client_cert_verifier(Arc::new(verifier))
            .with_cert_resolver(Arc::new(SingleCertAndKey::from(Arc::clone(&self.key))));
        config.alpn_protocols = match alpn {
            ServerAlpn::Istio => vec![ALPN_ISTIO.to_vec()],
            ServerAlpn::Doctor => vec![ALPN_DOCTOR.to_vec()],
            ServerAlpn::Silent => Vec::new(),
        };
        // As for the client: no session may outlive the check of its certificate.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        config.max_early_data_size = 0;
        config.enable_secret_extraction = true;
        Ok(Arc::new(config))
    }

    fn check_purpose(&self, side: Side) -> Result<(), ConfigError> {
        if self.serves(side) {
            return Ok(());
        }
        let file = self.files().cert.display().to_string();
        Err(ConfigError::WrongPurpose { file, side })
    }
}

/// Why no configuration can be made from an identity.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// Every peer would refuse our certificate.
    #[error("the certificate in {file} is not for a TLS {side} (extended key usage)")]
    WrongPurpose {
        /// The file of the certificate.
        file: String,
        /// The end for which it is needed.
        side: Side,
    },
    /// rustls refuses the combination; not seen with the settings made here.
    #[error(transparent)]
    Tls(#[from] rustls::Error),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tls_versions_are_written_as_numbers() {
        assert_eq!("1.3".parse(), Ok(MinTls::Tls13));
        assert_eq!("1.2".parse(), Ok(MinTls::Tls12));
        let message = "1.1".parse::<MinTls>().unwrap_err();
        assert_eq!(message, "\"1.1\" is not a TLS version; write 1.3 or 1.2");
    }
}

//! Kinds of private keys.

use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256, RsaKeySize};

use super::error::CertError;

/// The algorithm of a key that is made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum KeyKind {
    /// ECDSA on P-256: the cheapest handshakes.
    #[default]
    EcdsaP256,
    /// RSA with 2048 bits, as Istio's sidecars have by default.
    Rsa2048,
    /// RSA with 4096 bits, as Istio's own script gives CAs.
    Rsa4096,
}

impl KeyKind {
    /// Makes a new key.
    ///
    /// # Errors
    /// If the random generator or the library fails.
    pub(super) fn generate(self) -> Result<KeyPair, CertError> {
        match self {
            Self::EcdsaP256 => KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256),
            Self::Rsa2048 => KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048),
            Self::Rsa4096 => KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_4096),
        }
        .map_err(CertError::make("private key"))
    }
}

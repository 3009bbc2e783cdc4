//! The one cryptographic provider: aws-lc-rs, with our order of preference.
//!
//! It is handed to rustls explicitly. The process-wide default is never used, so no other library in
//! the process can change what these connections are made of.

use std::sync::{Arc, LazyLock};

use rustls::crypto::aws_lc_rs::{self, cipher_suite, kx_group};
use rustls::crypto::{CryptoProvider, hash};

/// The provider of every TLS configuration and of every verification.
pub(super) fn provider() -> &'static Arc<CryptoProvider> {
    static PROVIDER: LazyLock<Arc<CryptoProvider>> = LazyLock::new(|| {
        Arc::new(CryptoProvider {
            // The hybrid first: what is recorded today must not be readable by a quantum computer
            // later. Next to it the client sends a share for X25519, so old peers cost no round
            // trip.
            kx_groups: vec![
                kx_group::X25519MLKEM768,
                kx_group::X25519,
                kx_group::SECP256R1,
                kx_group::SECP384R1,
            ],
            // AES-128 first: as safe in practice as AES-256, and faster on every CPU with AES. The
            // suites for TLS 1.2 are those that Istio's sidecars offer and rustls has.
            cipher_suites: vec![
                cipher_suite::TLS13_AES_128_GCM_SHA256,
                cipher_suite::TLS13_AES_256_GCM_SHA384,
                cipher_suite::TLS13_CHACHA20_POLY1305_SHA256,
                cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
                cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
                cipher_suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
                cipher_suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
            ],
            ..aws_lc_rs::default_provider()
        })
    });
    &PROVIDER
}

/// Asks for the first random bytes of the process, so that no handshake waits for what seeds them: with
/// `.cargo/config.toml` that is the kernel, in microseconds; built elsewhere, aws-lc also measures the
/// jitter of the CPU for tens of milliseconds. Blocks as long.
pub fn gather_entropy() {
    let mut bytes = [0];
    // Where there is none, the handshake says so.
    let _ = provider().secure_random.fill(&mut bytes);
}

/// What a handshake offers, by its names in the standards; the first is what is preferred.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offered {
    /// Key exchanges.
    pub key_exchanges: Vec<String>,
    /// Cipher suites, those of TLS 1.2 included.
    pub cipher_suites: Vec<String>,
}

/// What the handshakes of this program offer.
#[must_use]
pub fn offered() -> Offered {
    let provider = provider();
    let groups = provider.kx_groups.iter();
    let suites = provider.cipher_suites.iter();
    Offered {
        key_exchanges: groups.map(|group| format!("{:?}", group.name())).collect(),
        cipher_suites: suites.map(|suite| format!("{:?}", suite.suite())).collect(),
    }
}

/// Whether the CPU has what aws-lc computes AES-GCM with (`EVP_has_aes_hardware` of its source): else it is
/// slower by far.
#[must_use]
pub fn aes_in_hardware() -> bool {
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    {
        std::is_x86_feature_detected!("aes") && std::is_x86_feature_detected!("pclmulqdq")
    }
    #[cfg(target_arch = "aarch64")]
    {
        std::arch::is_aarch64_feature_detected!("aes")
            && std::arch::is_aarch64_feature_detected!("pmull")
    }
    #[cfg(not(any(target_arch = "x86", target_arch = "x86_64", target_arch = "aarch64")))]
    {
        false
    }
}

/// SHA-256, for fingerprints and for noticing that files have changed.
pub(super) fn sha256(parts: &[&[u8]]) -> Vec<u8> {
    static SHA256: LazyLock<&'static dyn hash::Hash> =
        LazyLock::new(|| match cipher_suite::TLS13_AES_128_GCM_SHA256 {
            rustls::SupportedCipherSuite::Tls13(suite) => suite.common.hash_provider,
            rustls::SupportedCipherSuite::Tls12(suite) => suite.common.hash_provider,
        });
    let mut hash = SHA256.start();
    for part in parts {
        hash.update(part);
    }
    hash.finish().as_ref().to_vec()
}

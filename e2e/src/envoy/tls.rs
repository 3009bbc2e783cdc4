//! Istio's mutual TLS, at both ends.

use std::path::Path;

use serde_json::{Value, json};

use super::bootstrap::typed;

/// The newest TLS version that this Envoy speaks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum MaxTls {
    /// As Istio has it.
    #[default]
    Tls13,
    /// An old peer.
    Tls12,
}

impl MaxTls {
    const fn name(self) -> &'static str {
        match self {
            Self::Tls13 => "TLSv1_3",
            Self::Tls12 => "TLSv1_2",
        }
    }
}

/// What istiod gives servers for TLS 1.2 (`security/authn/utils/utils.go`).
const SERVER_CIPHERS: [&str; 6] = [
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "AES256-GCM-SHA384",
    "AES128-GCM-SHA256",
];

/// The client's end. `sans` are the identities that the server may prove; with none, whoever the
/// root vouches for will do, as in Istio.
pub(super) fn client(
    identity: &Path,
    max: MaxTls,
    sni: &str,
    alpn: &[&str],
    sans: &[Value],
) -> Value {
    let versions = json!({
        "tls_minimum_protocol_version": "TLSv1_2",
        "tls_maximum_protocol_version": max.name(),
    });
    typed(
        "envoy.transport_sockets.tls",
        "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
        json!({ "sni": sni, "common_tls_context": common(identity, alpn, sans, &versions) }),
    )
}

/// The server's end: a certificate of the trust domain is required.
pub(super) fn server(identity: &Path, max: MaxTls, alpn: &[&str], trust_domain: &str) -> Value {
    let versions = json!({
        "tls_minimum_protocol_version": "TLSv1_2",
        "tls_maximum_protocol_version": max.name(),
        "cipher_suites": SERVER_CIPHERS,
    });
    // With the slash, or `cluster.local.example` would do as well.
    let of_the_mesh = uri(&json!({ "prefix": format!("spiffe://{trust_domain}/") }));
    typed(
        "envoy.transport_sockets.tls",
        "envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
        json!({
            "require_client_certificate": true,
            "common_tls_context": common(identity, alpn, &[of_the_mesh], &versions),
        }),
    )
}

/// A URI among the names of a certificate.
pub(super) fn uri(matcher: &Value) -> Value {
    json!({ "san_type": "URI", "matcher": matcher })
}

fn common(identity: &Path, alpn: &[&str], sans: &[Value], versions: &Value) -> Value {
    let file = |name: &str| json!({ "filename": identity.join(name) });
    json!({
        "tls_params": versions,
        "alpn_protocols": alpn,
        "tls_certificates": [{
            "certificate_chain": file("cert-chain.pem"),
            "private_key": file("key.pem"),
        }],
        "validation_context": {
            "trusted_ca": file("root-cert.pem"),
            "match_typed_subject_alt_names": sans,
        },
    })
}

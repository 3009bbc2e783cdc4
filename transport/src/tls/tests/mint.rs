//! Certificates for tests, also such as no CA should sign.

use std::time::{Duration, SystemTime};

use rcgen::string::Ia5String;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, PKCS_RSA_SHA256, RsaKeySize, SanType,
};
use time::OffsetDateTime;
use x509_parser::der_parser::der::parse_der;

use crate::tls::identity::{Age, Identity, IdentityError, IdentityFiles, Material};

pub(in crate::tls) const HOUR: Duration = Duration::from_secs(3600);

/// A CA.
pub(in crate::tls) struct Mint {
    issuer: Issuer<'static, KeyPair>,
    /// What a leaf's chain needs behind it.
    pub(in crate::tls) chain: String,
    pub(in crate::tls) root: String,
}

/// A certificate with its intermediates, and its key, as PEM.
#[derive(Clone)]
pub(in crate::tls) struct Minted {
    pub(in crate::tls) cert: String,
    pub(in crate::tls) key: String,
}

impl Mint {
    pub(in crate::tls) fn root(name: &str) -> Self {
        Self::root_with(name, |_| {})
    }

    pub(in crate::tls) fn root_with(name: &str, edit: impl FnOnce(&mut CertificateParams)) -> Self {
        let mut params = ca_params(name);
        edit(&mut params);
        let key = KeyPair::generate().unwrap();
        let root = params.self_signed(&key).unwrap().pem();
        Self {
            issuer: Issuer::new(params, key),
            chain: String::new(),
            root,
        }
    }

    pub(in crate::tls) fn intermediate(&self, name: &str) -> Self {
        self.intermediate_with(name, |_| {})
    }

    pub(in crate::tls) fn intermediate_with(
        &self,
        name: &str,
        edit: impl FnOnce(&mut CertificateParams),
    ) -> Self {
        let mut params = ca_params(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        edit(&mut params);
        let key = KeyPair::generate().unwrap();
        let chain = params.signed_by(&key, &self.issuer).unwrap().pem() + &self.chain;
        Self {
            issuer: Issuer::new(params, key),
            chain,
            root: self.root.clone(),
        }
    }

    /// A good workload certificate.
    pub(in crate::tls) fn leaf(&self, id: &str) -> Minted {
        self.leaf_with(id, |_| {})
    }

    pub(in crate::tls) fn leaf_with(
        &self,
        id: &str,
        edit: impl FnOnce(&mut CertificateParams),
    ) -> Minted {
        self.leaf_for(&KeyPair::generate().unwrap(), id, edit)
    }

    pub(in crate::tls) fn rsa_leaf(&self, id: &str) -> Minted {
        let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
        self.leaf_for(&key, id, |_| {})
    }

    fn leaf_for(
        &self,
        key: &KeyPair,
        id: &str,
        edit: impl FnOnce(&mut CertificateParams),
    ) -> Minted {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.subject_alt_names = vec![uri(id)];
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![
            KeyUsagePurpose::DigitalSignature,
            KeyUsagePurpose::KeyEncipherment,
        ];
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
        set_validity(
            &mut params,
            SystemTime::now() - HOUR,
            SystemTime::now() + HOUR,
        );
        edit(&mut params);
        let leaf = params.signed_by(key, &self.issuer).unwrap().pem();
        Minted {
            cert: leaf + &self.chain,
            key: key.serialize_pem(),
        }
    }

    /// An identity with a good certificate of this CA, which trusts this CA's root.
    pub(in crate::tls) fn identity(&self, id: &str) -> Identity {
        self.identity_of(&self.leaf(id))
    }

    pub(in crate::tls) fn identity_of(&self, minted: &Minted) -> Identity {
        load(minted, &self.root, SystemTime::now()).unwrap()
    }
}

/// An identity from PEM texts, as seen at the time `now`.
pub(in crate::tls) fn load(
    minted: &Minted,
    roots: &str,
    now: SystemTime,
) -> Result<Identity, IdentityError> {
    let files = IdentityFiles {
        cert: "/c/cert-chain.pem".into(),
        key: "/c/key.pem".into(),
        roots: "/c/root-cert.pem".into(),
    };
    let material = Material {
        cert: minted.cert.clone().into_bytes(),
        key: minted.key.clone().into_bytes(),
        roots: roots.to_owned().into_bytes(),
    };
    Identity::assemble(&files, material, now, Age::Valid)
}

pub(in crate::tls) fn uri(text: &str) -> SanType {
    SanType::URI(Ia5String::try_from(text).unwrap())
}

pub(in crate::tls) fn set_validity(
    params: &mut CertificateParams,
    not_before: SystemTime,
    not_after: SystemTime,
) {
    params.not_before = OffsetDateTime::from(not_before);
    params.not_after = OffsetDateTime::from(not_after);
}

fn ca_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

/// One key for each of the three forms, with the form's name.
pub(in crate::tls) fn key_forms() -> Vec<(&'static str, String)> {
    let ecdsa = KeyPair::generate().unwrap();
    let rsa = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
    vec![
        ("PKCS #8", ecdsa.serialize_pem()),
        ("SEC1", armour("EC PRIVATE KEY", &sec1(&ecdsa))),
        ("PKCS #1", armour("RSA PRIVATE KEY", &inner_key(&rsa))),
    ]
}

impl Mint {
    /// A good certificate for a key that is there already.
    pub(in crate::tls) fn leaf_of_key(&self, key_pem: &str, id: &str) -> Minted {
        let key = KeyPair::from_pem(key_pem).unwrap();
        Minted {
            key: key_pem.to_owned(),
            ..self.leaf_for(&key, id, |_| {})
        }
    }
}

/// What PKCS #8 wraps: a SEC1 or PKCS #1 key (RFC 5958 section 2).
fn inner_key(key: &KeyPair) -> Vec<u8> {
    let (_, pkcs8) = parse_der(key.serialized_der()).unwrap();
    pkcs8.as_sequence().unwrap()[2].as_slice().unwrap().to_vec()
}

/// A SEC1 key as OpenSSL writes it: with the name of the curve, which PKCS #8 has outside.
fn sec1(key: &KeyPair) -> Vec<u8> {
    const P256: [u8; 12] = [0xa0, 10, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
    // SEQUENCE { INTEGER 1, OCTET STRING of 32 bytes, ... }, all lengths of one byte.
    const BEFORE_THE_CURVE: usize = 2 + 3 + 34;
    let mut der = inner_key(key);
    der.splice(BEFORE_THE_CURVE..BEFORE_THE_CURVE, P256);
    der[1] += u8::try_from(P256.len()).unwrap();
    der
}

fn armour(label: &str, der: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in der.chunks(3) {
        let bits = chunk
            .iter()
            .fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte));
        let bits = bits << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let digit = ALPHABET[(bits >> (18 - 6 * place) & 63) as usize] as char;
            text.push(if place > chunk.len() { '=' } else { digit });
        }
    }
    let lines: Vec<_> = text
        .as_bytes()
        .chunks(64)
        .map(String::from_utf8_lossy)
        .collect();
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        lines.join("\n")
    )
}

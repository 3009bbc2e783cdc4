//! The files of a CA: Istio's `cacerts` for a cluster, `root-cert.pem` and `root-key.pem` for the root
//! (the names that Istio's `tools/certs` gives them).

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use eastwest_transport::tls::Validity;
use rcgen::{Issuer, KeyPair};
use x509_parser::certificate::X509Certificate;
use x509_parser::pem::{Pem, parse_x509_pem};

use super::ca::Ca;
use super::error::CertError;
use super::files::{Overwrite, PemFile, write_all};

const CA_CERT: &str = "ca-cert.pem";
const CA_KEY: &str = "ca-key.pem";
const CERT_CHAIN: &str = "cert-chain.pem";
const ROOT_CERT: &str = "root-cert.pem";
const ROOT_KEY: &str = "root-key.pem";

pub(super) fn write(ca: &Ca, dir: &Path, overwrite: Overwrite) -> Result<(), CertError> {
    let key = ca.issuer.key().serialize_pem();
    let root = PemFile::public(ROOT_CERT, ca.roots.clone());
    let files = match ca.intermediates.first() {
        None => {
            leave_alone(dir, &[CA_KEY], "a root")?;
            vec![root, PemFile::secret(ROOT_KEY, key)]
        }
        Some(own) => {
            leave_alone(dir, &[ROOT_KEY], "the CA of a cluster")?;
            vec![
                root,
                PemFile::public(CERT_CHAIN, ca.intermediates.concat() + &ca.roots),
                PemFile::public(CA_CERT, own.clone()),
                PemFile::secret(CA_KEY, key),
            ]
        }
    };
    write_all(dir, &files, overwrite)
}

/// No workload's files go to the folder of a CA: they have names in common, and a CA that has lost
/// its chain signs nothing any more.
pub(super) fn leave_alone_all(dir: &Path) -> Result<(), CertError> {
    leave_alone(dir, &[CA_KEY, ROOT_KEY], "a workload")
}

fn leave_alone(dir: &Path, keys: &[&str], what: &'static str) -> Result<(), CertError> {
    match keys
        .iter()
        .map(|key| dir.join(key))
        .find(|key| key.exists())
    {
        Some(key) => Err(CertError::HoldsCa { key, what }),
        None => Ok(()),
    }
}

pub(super) fn load(dir: &Path, now: SystemTime) -> Result<Ca, CertError> {
    let is_there = |name: &str| dir.join(name).exists();
    let roots = || File::read(dir.join(ROOT_CERT));
    if is_there(CA_CERT) {
        let cert = File::read(dir.join(CA_CERT))?;
        let chain = File::read(dir.join(CERT_CHAIN))?;
        let intermediates = intermediates(&cert, &chain)?;
        signer(&cert, dir.join(CA_KEY), intermediates, roots()?.text, now)
    } else if is_there(ROOT_CERT) && is_there(ROOT_KEY) {
        let root = roots()?;
        let text = root.text.clone();
        signer(&root, dir.join(ROOT_KEY), Vec::new(), text, now)
    } else if is_there(ROOT_CERT) && !is_there(CERT_CHAIN) {
        Err(CertError::RootKeyAway(dir.to_owned()))
    } else {
        Err(CertError::NoCa(dir.to_owned()))
    }
}

/// Puts a CA together and checks that it can sign.
fn signer(
    cert: &File,
    key: PathBuf,
    intermediates: Vec<String>,
    roots: String,
    now: SystemTime,
) -> Result<Ca, CertError> {
    let block = cert.first_certificate()?;
    let parsed = block.pem.parse_x509().map_err(|error| cert.bad(error))?;
    let is_ca = parsed
        .basic_constraints()
        .ok()
        .flatten()
        .is_some_and(|found| found.value.ca);
    if !is_ca {
        return Err(cert.bad("it is not the certificate of a CA"));
    }
    let validity = validity(&parsed);
    validity
        .check(now)
        .map_err(|error| cert.bad(format!("it {error}")))?;

    let key = File::read(key)?;
    let pair = KeyPair::from_pem(&key.text).map_err(|error| key.bad(error))?;
    if parsed.public_key().subject_public_key.data.as_ref() != pair.public_key_raw() {
        return Err(key.bad(format!("it is not the key of {}", cert.path.display())));
    }
    let issuer = Issuer::from_ca_cert_der(&block.pem.contents.as_slice().into(), pair)
        .map_err(|error| cert.bad(error))?;
    Ok(Ca {
        issuer,
        validity,
        intermediates,
        roots,
    })
}

/// The chain without roots, which peers have already. It must begin with the CA itself.
fn intermediates(cert: &File, chain: &File) -> Result<Vec<String>, CertError> {
    let own = cert.first_certificate()?.pem.contents;
    let blocks = chain.certificates()?;
    if blocks.first().map(|block| &block.pem.contents) != Some(&own) {
        let own = cert.path.display();
        return Err(chain.bad(format!("its first certificate must be that of {own}")));
    }
    let mut intermediates = Vec::new();
    for Block { text, pem } in blocks {
        let parsed = pem.parse_x509().map_err(|error| chain.bad(error))?;
        if parsed.subject().as_raw() != parsed.issuer().as_raw() {
            intermediates.push(format!("{text}\n"));
        }
    }
    Ok(intermediates)
}

fn validity(certificate: &X509Certificate<'_>) -> Validity {
    // A CA from before 1970 does not exist.
    let time = |seconds: i64| UNIX_EPOCH + Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
    let validity = certificate.validity();
    Validity {
        not_before: time(validity.not_before.timestamp()),
        not_after: time(validity.not_after.timestamp()),
    }
}

/// A PEM file that has been read, with its name for messages.
struct File {
    path: PathBuf,
    text: String,
}

impl File {
    fn read(path: PathBuf) -> Result<Self, CertError> {
        let text = fs::read_to_string(&path).map_err(CertError::io("read", &path))?;
        Ok(Self { path, text })
    }

    fn first_certificate(&self) -> Result<Block<'_>, CertError> {
        self.certificates()?
            .into_iter()
            .next()
            .ok_or_else(|| self.bad("it holds no certificate"))
    }

    fn certificates(&self) -> Result<Vec<Block<'_>>, CertError> {
        const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
        const END: &str = "-----END CERTIFICATE-----";
        let mut blocks = Vec::new();
        let mut rest = self.text.as_str();
        while let Some((_, block)) = rest.find(BEGIN).map(|at| rest.split_at(at)) {
            let end = block
                .find(END)
                .ok_or_else(|| self.bad(format!("the line {END} is missing")))?;
            let (text, after) = block.split_at(end + END.len());
            let (_, pem) = parse_x509_pem(text.as_bytes()).map_err(|error| self.bad(error))?;
            blocks.push(Block { text, pem });
            rest = after;
        }
        Ok(blocks)
    }

    fn bad(&self, why: impl ToString) -> CertError {
        CertError::BadCa {
            path: self.path.clone(),
            why: why.to_string(),
        }
    }
}

/// One certificate of a file: its text, and what the text holds.
struct Block<'a> {
    text: &'a str,
    pem: Pem,
}

//! Certificates in the shapes that meet in a mesh: two intermediates of one root, RSA and ECDSA, the
//! root sent along with the chain and not.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use eastwest::certs::{Ca, CertError, KeyKind, Overwrite, WorkloadRequest, valid_for};
use eastwest::clusters::{Certificates, ClustersError};
use eastwest_transport::tls::Validity;

use super::{Caller, Place};

/// Longer than any test takes.
const TTL: Duration = Duration::from_secs(24 * 3600);

/// How a workload's certificate is made and sent.
#[derive(Debug, Clone, Copy)]
struct Shape {
    key: KeyKind,
    root_is_sent: bool,
}

/// As istiod has it: RSA, and the root at the end of the chain.
const ISTIO: Shape = Shape {
    key: KeyKind::Rsa2048,
    root_is_sent: true,
};
/// As `eastwest certs` and ztunnel have it.
const LEAN: Shape = Shape {
    key: KeyKind::EcdsaP256,
    root_is_sent: false,
};

impl Shape {
    /// Either sidecar of hello and of its caller has the one, of the source and its caller the other,
    /// so that each shape is used at both ends by both.
    fn of(namespace: &str) -> Self {
        if namespace == "pxc" { LEAN } else { ISTIO }
    }
}

/// The CAs of both clusters, and where the certificates of the four workloads are.
#[derive(Debug)]
pub struct Keys {
    cluster_a: Ca,
    cluster_b: Ca,
    hello: PathBuf,
    source: PathBuf,
    app: PathBuf,
    replica: PathBuf,
}

impl Keys {
    /// Makes them, in the folders where the clusters look for theirs.
    pub(super) fn make(certificates: &Certificates) -> Result<Self, ClustersError> {
        let root = root()?;
        let cluster = |name| root.intermediate(name, KeyKind::default(), valid_for(TTL));
        let keys = Self {
            cluster_a: cluster("cluster-a")?,
            cluster_b: cluster("cluster-b")?,
            hello: certificates.workload("cluster-a", "demo", "hello")?,
            source: certificates.workload("cluster-a", "pxc", "db-pxc")?,
            app: certificates.workload("cluster-b", "demo", "app")?,
            replica: certificates.workload("cluster-b", "pxc", "db-pxc")?,
        };
        let (a, b) = (&keys.cluster_a, &keys.cluster_b);
        write(
            a,
            &keys.hello,
            &id("demo", "hello"),
            Shape::of("demo"),
            valid_for(TTL),
        )?;
        write(
            a,
            &keys.source,
            &id("pxc", "db-pxc"),
            Shape::of("pxc"),
            valid_for(TTL),
        )?;
        write(
            b,
            &keys.app,
            &id("demo", "app"),
            Shape::of("demo"),
            valid_for(TTL),
        )?;
        write(
            b,
            &keys.replica,
            &id("pxc", "db-pxc"),
            Shape::of("pxc"),
            valid_for(TTL),
        )?;
        Ok(keys)
    }

    /// The folder of a called pod's certificate.
    #[must_use]
    pub fn server(&self, place: &Place) -> PathBuf {
        let source = place.namespace == "pxc";
        if source { &self.source } else { &self.hello }.clone()
    }

    /// The folder of a caller's certificate.
    #[must_use]
    pub fn client(&self, caller: &Caller) -> PathBuf {
        let replica = caller.namespace == "pxc";
        if replica { &self.replica } else { &self.app }.clone()
    }

    /// Writes a certificate of cluster B for any name and time.
    ///
    /// # Errors
    /// When it cannot be made or written.
    pub fn stranger(&self, dir: &Path, id: &str, validity: Validity) -> Result<(), ClustersError> {
        write(&self.cluster_b, dir, id, LEAN, validity)
    }

    /// Writes a certificate of another mesh, whose root has the name of ours.
    ///
    /// # Errors
    /// When it cannot be made or written.
    pub fn impostor(&self, dir: &Path, id: &str) -> Result<(), ClustersError> {
        let cluster = root()?.intermediate("cluster-b", KeyKind::default(), valid_for(TTL))?;
        write(&cluster, dir, id, LEAN, valid_for(TTL))?;
        // It trusts the mesh all the same, or it would itself refuse to go on.
        let path = dir.join("root-cert.pem");
        let roots = format!("{}{}", cluster.roots_pem(), self.cluster_b.roots_pem());
        fs::write(&path, roots).map_err(|source| ClustersError::File { path, source })
    }
}

fn root() -> Result<Ca, CertError> {
    Ca::root("shared root", KeyKind::default(), valid_for(TTL))
}

fn id(namespace: &str, account: &str) -> String {
    format!("spiffe://cluster.local/ns/{namespace}/sa/{account}")
}

fn write(
    ca: &Ca,
    dir: &Path,
    id: &str,
    shape: Shape,
    validity: Validity,
) -> Result<(), ClustersError> {
    let request = WorkloadRequest {
        id: id
            .parse()
            .map_err(|_| ClustersError::Certificates(format!("{id} is no SPIFFE ID")))?,
        dns_names: Vec::new(),
        key: shape.key,
        validity,
    };
    let mut workload = ca.workload(&request)?;
    if shape.root_is_sent {
        workload.cert_chain += ca.roots_pem();
    }
    Ok(workload.write(dir, Overwrite::Replace)?)
}

//! The modes in which the shim is in the pod that dials: parts of a PerconaXtraDBCluster or of a pod.

use std::net::IpAddr;

use serde_json::{Value, json};

use super::channels::Channels;
use super::error::RenderError;
use super::input::Input;
use super::output::Output;
use super::shim::{self, CAPTURED_DNS, Names, Place};

/// What the pod's own volumes have to do with the shim's Secret.
const FS_GROUP: &str = "fsGroup is the group that the Secret is readable for, and Kubernetes gives it the \
                        files of all the pod's volumes: a pod that has an fsGroup keeps its own, which \
                        does as well.";

/// Something that goes into an object of the user's.
pub(super) struct Snippet {
    comment: String,
    part: Value,
}

/// The ConfigMap and the snippets; or these alone, to be used as files.
pub(super) fn write(
    input: &Input,
    namespace: &str,
    snippets: &[Snippet],
    alone: bool,
) -> Result<Output, RenderError> {
    let mut out = Output::default();
    if alone {
        for snippet in snippets {
            out.comment(&snippet.comment);
            out.object(&snippet.part);
        }
        return Ok(out);
    }
    let routes: Vec<_> = input.mesh.routes.iter().collect();
    out.comment(
        "The aliases, for the shims of this namespace, which read them again when they change.",
    );
    out.object(&input.config_map(namespace, &routes)?);
    for snippet in snippets {
        out.comment(&snippet.comment);
        out.snippet(&snippet.part);
    }
    Ok(out)
}

/// Mode `redirect` beside a database of the operator.
pub(super) fn redirect_database(channels: &Channels, names: &Names<'_>) -> Vec<Snippet> {
    let capture = shim::capture(names, Place::BesideDatabase);
    let mode = ["--mode", "redirect", "--dns-listen", CAPTURED_DNS];
    let shim = shim::container(names, &mode, Place::BesideDatabase);
    let comment = "Into the PerconaXtraDBCluster. `capture` needs uid 0 and NET_ADMIN, so that the \
                   namespace has to be labelled pod-security.kubernetes.io/enforce: privileged. There are \
                   no readiness probes: the operator takes a pod that is not ready for a lost database.";
    vec![database(channels, comment, &[capture, shim], names)]
}

/// Mode `redirect` in any other pod.
pub(super) fn redirect_pod(names: &Names<'_>) -> Vec<Snippet> {
    let mode = ["--mode", "redirect", "--dns-listen", CAPTURED_DNS];
    let comment = "Into the pod, or a Deployment's spec.template. `capture` needs uid 0 and NET_ADMIN, so \
                   that the namespace has to be labelled pod-security.kubernetes.io/enforce: privileged. \
                   Native sidecars need Kubernetes 1.29. Put these init containers first.";
    let comment = format!("{comment} {FS_GROUP}");
    let part = json!({"spec": {
        "initContainers": [
            shim::capture(names, Place::NativeSidecar),
            shim::container(names, &mode, Place::NativeSidecar),
        ],
        "securityContext": {"fsGroup": 1337},
        "volumes": shim::volumes(names, Place::NativeSidecar),
    }});
    vec![Snippet { comment, part }]
}

/// Mode `port`: the sidecar, and the aliases in the cluster's DNS.
pub(super) fn port(
    input: &Input,
    names: &Names<'_>,
    (offset, resolver): (u16, IpAddr),
    channels: &Channels,
) -> Vec<Snippet> {
    let offset = offset.to_string();
    let shim = shim::container(
        names,
        &["--mode", "port", "--port-offset", &offset],
        Place::BesideDatabase,
    );
    let comment = "Into the PerconaXtraDBCluster. There is no readiness probe: the operator takes a pod \
                   that is not ready for a lost database.";
    let zones: Vec<_> = input
        .aliases()
        .iter()
        .map(|alias| format!("{alias}:53"))
        .collect();
    let stanza = format!(
        "{} {{\n    errors\n    forward . {resolver}\n}}\n",
        zones.join(" ")
    );
    let dns = "Into CoreDNS's configuration, beside what is there already: where it reads the ConfigMap \
               coredns-custom of kube-system (k3s, AKS) as it is, elsewhere the stanza at the end of the \
               Corefile. The address is that of the Service of eastwest-resolver (--resolver).";
    let custom = json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "coredns-custom", "namespace": "kube-system"},
        "data": {"eastwest.server": stanza},
    });
    vec![
        database(channels, comment, &[shim], names),
        Snippet {
            comment: dns.to_owned(),
            part: custom,
        },
    ]
}

/// Mode `vip`: a native sidecar that the pod asks for names.
pub(super) fn vip(
    input: &Input,
    names: &Names<'_>,
    namespace: &str,
    (domain, dns): (&str, IpAddr),
) -> Vec<Snippet> {
    let dns = dns.to_string();
    let mode = [
        "--mode",
        "vip",
        "--dns-listen",
        "127.0.0.1:53",
        "--dns-upstream",
        &dns,
        "--name-server",
        &dns,
    ];
    let part = json!({"spec": {
        "dnsPolicy": "None",
        "dnsConfig": {
            "nameservers": ["127.0.0.1"],
            "searches": [format!("{namespace}.svc.{domain}"), format!("svc.{domain}"), domain],
            // A question that is lost with the shim is asked again after 1 s, and not after 5.
            "options": [
                {"name": "ndots", "value": "5"},
                {"name": "timeout", "value": "1"},
                {"name": "attempts", "value": "5"},
            ],
        },
        "initContainers": [shim::container(names, &mode, Place::NativeSidecar)],
        "securityContext": {
            "fsGroup": 1337,
            "sysctls": [{"name": "net.ipv4.ip_unprivileged_port_start", "value": "53"}],
        },
        "volumes": shim::volumes(names, Place::NativeSidecar),
    }});
    let first = input.aliases().first().map(ToString::to_string);
    let comment = format!(
        "Into the pod, or a Deployment's spec.template; its app dials {} and the other aliases at their \
         own ports. The sysctl lets the shim listen on port 53 without privilege. {dns} is to be the \
         cluster's DNS (--cluster-dns): kubectl -n kube-system get service kube-dns. Native sidecars need \
         Kubernetes 1.29. A pod with a server of its own at an alias's port, such as mysqld at \
         bind_address=POD_IP,127.0.0.1, needs \"--own-port\", \"3306\" among the shim's args, and one with \
         mysqld on all addresses another mode. {FS_GROUP}",
        first.unwrap_or_default()
    );
    vec![Snippet { comment, part }]
}

fn database(channels: &Channels, comment: &str, sidecars: &[Value], names: &Names<'_>) -> Snippet {
    let mut pxc = json!({
        "sidecars": sidecars,
        "sidecarVolumes": shim::volumes(names, Place::BesideDatabase),
    });
    let mut comment = comment.to_owned();
    if !channels.channels.is_empty() {
        comment.push_str(
            " Of replicationChannels, `name` is the channel's in your resource; the source's certificate \
             does not name the alias, and the path is mTLS already, so that ssl is off.",
        );
        if channels.channels.len() > 1 {
            comment.push_str(
                " THE ALIASES ARE OF SEVERAL DATABASES, each a channel of its own (one StatefulSet \
                 behind the same gateways): keep the channel of the one that is to be followed.",
            );
        }
        pxc["replicationChannels"] = json!(channels.channels);
    }
    Snippet {
        comment,
        part: json!({"spec": {"pxc": pxc}}),
    }
}

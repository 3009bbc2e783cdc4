//! nginx: `stream` with `ssl_preread`, maps from server names, and a name that is looked up for each
//! connection.

use std::fmt::Write;

use eastwest_mesh::{Dialect, INBOUND_PORT, ISTIO_ALPN};

use super::comment;
use super::pattern::{self, Groups};
use super::proxy::Proxy;

const ABOUT: &str = "The SNI routing of an east-west gateway for nginx (tested with 1.22) with its \
                     stream module, by `eastwest convert nginx`: TLS is passed on unopened to the pod \
                     that its server name stands for. All other connections are closed, with `no host \
                     in upstream` in the error log.";

const DIFFERENCES: [&str; 1] =
    ["Who is refused is told nothing. eastwest-gateway sends a TLS alert that says why."];

/// What most clusters call their own DNS; nginx looks it up once, at its start.
const CLUSTER_DNS: &str = "kube-dns.kube-system";

const IN_CLUSTER: &str = "The resolver below is named as pods of the cluster know it. Anywhere else nginx \
                          does not start with it: convert with --name-server IP, which names a server \
                          that knows the cluster's pods.";

pub(super) fn write(proxy: &Proxy<'_>) -> String {
    let mut out = String::new();
    let about = [
        Some(ABOUT),
        Some(proxy.pods.dialled()),
        proxy.name_servers.is_empty().then_some(IN_CLUSTER),
    ];
    let about: Vec<_> = about.into_iter().flatten().collect();
    comment::heading(&mut out, &about, proxy.files);
    comment::differences(&mut out, &DIFFERENCES, &proxy.forwarding.remarks);
    out.push_str(
        "
# Debian has the stream module in a file of its own (libnginx-mod-stream); elsewhere this finds nothing.
include /etc/nginx/modules-enabled/*.conf;

worker_rlimit_nofile 65536;

events {
    worker_connections 32768;
}

stream {
",
    );
    resolver(&mut out, proxy);
    hash_sizes(&mut out, proxy);
    let _ = writeln!(
        out,
        "    # AUTO_PASSTHROUGH is for clients that offer one of these, which is to say mTLS of the mesh.
    map $ssl_preread_alpn_protocols $istio_alpn {{
        default \"\";
        \"~(^|,)({})(,|$)\" 1;
    }}",
        ISTIO_ALPN.join("|").replace('.', "[.]")
    );
    map(&mut out, proxy, Dialect::Istio, "$istio_name");
    map(&mut out, proxy, Dialect::Plain, "$plain_name");
    server(&mut out, proxy);
    out
}

fn resolver(out: &mut String, proxy: &Proxy<'_>) {
    let given: Vec<_> = proxy.name_servers.iter().map(ToString::to_string).collect();
    let servers = match given.as_slice() {
        [] => format!("{CLUSTER_DNS}.svc.{}", proxy.domain),
        given => given.join(" "),
    };
    let _ = writeln!(
        out,
        "    # A pod that has moved is found a second later.
    resolver {servers} valid=1s;
    resolver_timeout 5s;
"
    );
}

/// nginx does not start where a name is longer than a bucket of its table, and its own 64 bytes are
/// less than most names here.
fn hash_sizes(out: &mut String, proxy: &Proxy<'_>) {
    let names: usize = proxy
        .forwarding
        .targets
        .iter()
        .map(|target| target.names.len())
        .sum();
    let size = names.saturating_mul(2).max(2048).next_power_of_two();
    let _ = writeln!(
        out,
        "    map_hash_bucket_size 512;\n    map_hash_max_size {size};\n"
    );
}

/// A map from server names of one form to where they lead.
fn map(out: &mut String, proxy: &Proxy<'_>, dialect: Dialect, variable: &str) {
    let _ = writeln!(out, "\n    map $ssl_preread_server_name {variable} {{");
    let _ = writeln!(out, "        default \"\";");
    for target in proxy.targets(dialect) {
        comment::names(out, "        ", (target, dialect), |out, name| {
            let (host, port) = (&target.host, target.port);
            let _ = writeln!(out, "        {} {host}:{port};", name.text);
        });
    }
    for wildcard in proxy.wildcards(dialect) {
        let pattern = pattern::of(wildcard, Groups::Named, proxy.domain);
        let place = comment::one_line(&wildcard.allowed.to_string());
        let _ = writeln!(out, "\n        # by its form, allowed at {place}");
        let _ = writeln!(
            out,
            "        \"~*{}\" {}:{INBOUND_PORT};",
            pattern.regex, pattern.host
        );
    }
    out.push_str("    }\n");
}

/// The times are those of eastwest-gateway: a stream may be idle for days, as MySQL's may be, and a
/// peer that has vanished is found by keepalive.
fn server(out: &mut String, proxy: &Proxy<'_>) {
    let both = if proxy.takes_both_families() {
        " ipv6only=off"
    } else {
        ""
    };
    let _ = write!(
        out,
        "
    map $istio_alpn $istio_target {{
        default \"\";
        1 $istio_name;
    }}

    server {{
        listen {}{both} so_keepalive=5s:3s:3;
        ssl_preread on;
        # Time for a client to send its whole ClientHello.
        preread_timeout 10s;
        proxy_connect_timeout 5s;
        proxy_timeout 24d;
        proxy_half_close on;
        proxy_socket_keepalive on;
        # A server name is in one of the two maps at most.
        proxy_pass $istio_target$plain_name;
    }}
}}
",
        proxy.listen
    );
}

//! HAProxy: `frontend`, rules over the ClientHello, and a name that is looked up for each connection.

use std::fmt::Write;

use eastwest_mesh::forwarding::{Target, Wildcard};
use eastwest_mesh::{Dialect, INBOUND_PORT, ISTIO_ALPN};

use super::comment;
use super::pattern::{self, Groups};
use super::proxy::Proxy;

const ABOUT: &str = "The SNI routing of an east-west gateway for HAProxy (tested with 2.6), by `eastwest \
                     convert haproxy`: TLS is passed on unopened to the pod that its server name \
                     stands for. All other connections are closed.";

const DIFFERENCES: [&str; 2] = [
    "HAProxy reads a ClientHello only if it comes in one TLS record, where Envoy and eastwest-gateway \
     also take it in several.",
    "Who is refused is told nothing. eastwest-gateway sends a TLS alert that says why.",
];

/// The times are those of eastwest-gateway: a stream may be idle for days, as MySQL's may be, and a
/// peer that has vanished is found by keepalive. HAProxy's longest time is 24 days.
const SETTINGS: &str = "\
global
    log stdout format raw local0

defaults
    mode tcp
    log global
    option tcplog
    timeout connect 5s
    timeout client 24d
    timeout server 24d
    timeout client-fin 60s
    timeout server-fin 60s
    option clitcpka
    clitcpka-idle 5s
    clitcpka-intvl 3s
    clitcpka-cnt 3
    option srvtcpka
    srvtcpka-idle 5s
    srvtcpka-intvl 3s
    srvtcpka-cnt 3
";

const ALPN: &str = "istio_alpn";

pub(super) fn write(proxy: &Proxy<'_>) -> String {
    let mut out = String::new();
    comment::heading(&mut out, &[ABOUT, proxy.pods.dialled()], proxy.files);
    comment::differences(&mut out, &DIFFERENCES, &proxy.forwarding.remarks);
    let _ = write!(out, "\n{SETTINGS}\n");
    resolvers(&mut out, proxy);
    frontend(&mut out, proxy);
    out
}

fn resolvers(out: &mut String, proxy: &Proxy<'_>) {
    out.push_str("resolvers cluster\n");
    for (number, server) in proxy.name_servers.iter().enumerate() {
        let _ = writeln!(out, "    nameserver dns{number} {server}");
    }
    if proxy.name_servers.is_empty() {
        out.push_str("    parse-resolv-conf\n");
    }
    out.push_str(
        "    accepted_payload_size 8192\n    # A pod that has moved is found a \
         second later.\n    hold valid 1s\n\n",
    );
}

fn frontend(out: &mut String, proxy: &Proxy<'_>) {
    let both = if proxy.takes_both_families() {
        " v4v6"
    } else {
        ""
    };
    let _ = writeln!(out, "frontend east-west");
    let _ = writeln!(out, "    bind {}{both}", proxy.listen);
    out.push_str(
        "    # Time for a client to send its whole ClientHello.\n    tcp-request inspect-delay 10s\n    \
         tcp-request content reject unless { req.ssl_hello_type 1 }\n    tcp-request content \
         set-var(sess.sni) req.ssl_sni,lower\n",
    );
    if proxy.has(Dialect::Istio) {
        out.push_str(
            "    # AUTO_PASSTHROUGH is for clients that offer one of these, which is to say mTLS of \
             the mesh.\n",
        );
        let _ = writeln!(
            out,
            "    acl {ALPN} req.ssl_alpn -m reg (^|,)({})(,|$)",
            alpn()
        );
    }
    let mut number = 0;
    for dialect in [Dialect::Istio, Dialect::Plain] {
        for target in proxy.targets(dialect) {
            number += 1;
            exact(out, target, dialect, number);
        }
    }
    for dialect in [Dialect::Istio, Dialect::Plain] {
        for wildcard in proxy.wildcards(dialect) {
            by_form(out, proxy, wildcard);
        }
    }
    out.push_str(
        "
    tcp-request content reject unless { var(sess.pod) -m found }
    tcp-request content do-resolve(sess.address,cluster,ipv4) var(sess.pod)
    tcp-request content reject unless { var(sess.address) -m found }
    tcp-request content set-dst var(sess.address)
    tcp-request content set-dst-port var(sess.port)
    default_backend pods

backend pods
    # The address and port that were set above.
    server pod 0.0.0.0:0
",
    );
}

fn exact(out: &mut String, target: &Target, dialect: Dialect, number: usize) {
    let acl = format!("to_{number}");
    comment::names(out, "    ", (target, dialect), |out, name| {
        let _ = writeln!(out, "    acl {acl} var(sess.sni) -m str {}", name.text);
    });
    let condition = match dialect {
        Dialect::Istio => format!("{ALPN} {acl}"),
        Dialect::Plain => acl,
    };
    set(
        out,
        &format!("str({})", target.host),
        target.port.get(),
        &condition,
    );
}

fn by_form(out: &mut String, proxy: &Proxy<'_>, wildcard: &Wildcard) {
    let pattern = pattern::of(wildcard, Groups::Numbered, proxy.domain);
    let regex = &pattern.regex;
    let place = comment::one_line(&wildcard.allowed.to_string());
    let _ = writeln!(out, "\n    # by its form, allowed at {place}");
    // Within double quotes a `$` and a `\` have a meaning of their own.
    let inner = |text: &str| text.replace('\\', "\\\\").replace('$', "\\$");
    let value = format!(
        "\"var(sess.sni),regsub('{}','{}')\"",
        inner(regex),
        inner(&pattern.host)
    );
    let alpn = match wildcard.dialect {
        Dialect::Istio => format!("{ALPN} "),
        Dialect::Plain => String::new(),
    };
    let condition =
        format!("{alpn}!{{ var(sess.pod) -m found }} {{ var(sess.sni) -m reg '{regex}' }}");
    // The port first: the pod's own name is what tells that there is one already.
    let _ = writeln!(
        out,
        "    tcp-request content set-var(sess.port) int({INBOUND_PORT}) if {condition}"
    );
    let _ = writeln!(
        out,
        "    tcp-request content set-var(sess.pod) {value} if {condition}"
    );
}

fn set(out: &mut String, host: &str, port: u16, condition: &str) {
    let _ = writeln!(
        out,
        "    tcp-request content set-var(sess.pod) {host} if {condition}"
    );
    let _ = writeln!(
        out,
        "    tcp-request content set-var(sess.port) int({port}) if {condition}"
    );
}

fn alpn() -> String {
    ISTIO_ALPN.join("|").replace('.', "[.]")
}

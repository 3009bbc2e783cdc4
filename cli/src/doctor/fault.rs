//! What can be wrong on the way to an app: one closed list, the same on a terminal, in JSON and in
//! docs/doctor.md.

use super::place::Place;
use super::step::Step;

macro_rules! faults {
    ($($name:ident = $code:literal, $step:ident, $place:ident, $sentence:literal, $next:literal;)+) => {
        /// A broken hop.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[expect(missing_docs, reason = "each has its sentence below, which is its documentation")]
        pub enum Fault { $($name,)+ }

        impl Fault {
            /// All of them, in the order in which the way is walked.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The name for programs.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// The hop that it breaks.
            #[must_use]
            pub const fn step(self) -> Step {
                match self { $(Self::$name => Step::$step,)+ }
            }

            /// Where it has to be mended.
            #[must_use]
            pub const fn place(self) -> Place {
                match self { $(Self::$name => Place::$place,)+ }
            }

            /// What is wrong, with names in braces.
            pub(crate) const fn sentence(self) -> &'static str {
                match self { $(Self::$name => $sentence,)+ }
            }

            /// What to try next, with names in braces.
            pub(crate) const fn next(self) -> &'static str {
                match self { $(Self::$name => $next,)+ }
            }
        }
    };
}

faults! {
    AliasDown = "alias-down", Manifests, ClusterB,
        "the manifests have the alias, and no route can be made of them",
        "eastwest lint {files}";

    CertificateMissing = "certificate-missing", Certificate, ClusterB,
        "our certificate, its key or the roots are missing",
        "ls -lL {identity}";
    CertificateUnreadable = "certificate-unreadable", Certificate, ClusterB,
        "one of the certificate files is not what it should be",
        "ls -lL {identity}";
    CertificateExpired = "certificate-expired", Certificate, ClusterB,
        "our certificate, or that of its issuer, has expired: nobody replaces it any more",
        "ls -lL {identity}   # who writes these files, and when did it last?";
    CertificateNotYetValid = "certificate-not-yet-valid", Certificate, ClusterB,
        "our certificate is not valid yet: the clock of this machine, or of the issuer, is wrong",
        "date -u; timedatectl";
    KeyMismatch = "key-mismatch", Certificate, ClusterB,
        "the private key is not that of our certificate",
        "ls -lL {identity}   # both have to be written together";
    CertificateOtherRoot = "certificate-other-root", Certificate, ClusterB,
        "our certificate does not lead to any root of our own root file",
        "openssl verify -show_chain -untrusted {cert} -CAfile {roots} {cert}";
    RootsUnusable = "roots-unusable", Certificate, ClusterB,
        "the root file holds no root that is valid now",
        "openssl x509 -noout -subject -dates -in {roots}";

    ShimNotRunning = "shim-not-running", Shim, ClusterB,
        "no shim answers at its readiness address in this pod",
        "kubectl -n {namespace} get pod $(hostname) -o jsonpath='{.status.containerStatuses}'";
    ShimHangs = "shim-hangs", Shim, ClusterB,
        "the shim takes connections at its readiness address and does not answer: it hangs",
        "kubectl -n {namespace} logs $(hostname) -c eastwest-shim --tail 20";
    ShimCertificate = "shim-certificate", Shim, ClusterB,
        "the shim runs, and the certificate that it holds can't be used; new files did not reach it",
        "curl -s {admin}/certs";
    ShimNotReady = "shim-not-ready", Shim, ClusterB,
        "the shim runs, and says that it is not ready",
        "curl -s {ready}/healthz/ready";

    DnsUnknown = "dns-unknown", Dns, ClusterB,
        "the name server that this pod asks does not know the alias: the question does not come to the resolver, or it has other manifests",
        "cat /etc/resolv.conf; curl -s {admin}/routes";
    DnsFailed = "dns-failed", Dns, ClusterB,
        "no name server of this pod answers for the alias; ours says so (SERVFAIL) of one that is down",
        "cat /etc/resolv.conf; curl -s {admin}/routes";
    DnsOtherAnswer = "dns-other-answer", Dns, ClusterB,
        "somebody else answers for the alias, with another address than the shim serves: apps would go there",
        "kubectl get service,endpointslices -A | grep {alias-label}   # or is --mode another one here?";

    VipNotCaptured = "vip-not-captured", Capture, ClusterB,
        "the shim runs, and what is sent to the alias's address does not come to it",
        "eastwest-shim capture check   # mode redirect; in the others: curl -s {admin}/routes";
    VipAnsweredByAnother = "vip-answered-by-another", Capture, ClusterB,
        "a server of this pod has the port of all addresses, so that whoever dials the alias gets that server",
        "curl -s {admin}/routes   # use --mode port or redirect, or give the server addresses of its own";

    GatewayNameUnknown = "gateway-name-unknown", GatewayName, ClusterB,
        "the gateway's name, as the ServiceEntry has it, has no address",
        "nslookup {gateway-host}";
    GatewayNameFailed = "gateway-name-failed", GatewayName, ClusterB,
        "no name server answers for the gateway's name",
        "nslookup {gateway-host}; cat /etc/resolv.conf";

    GatewayRefused = "gateway-refused", GatewayTcp, ClusterA,
        "nobody listens at the gateway's port",
        "kubectl --context A get pods,service -A | grep -i gateway";
    GatewayFiltered = "gateway-filtered", GatewayTcp, Between,
        "the gateway's address does not answer at this port: a firewall, a security group or a NetworkPolicy drops it, or nobody has the address",
        "nc -vz -w 3 {gateway-host} {gateway-port}   # from another host, too";
    GatewayUnreachable = "gateway-unreachable", GatewayTcp, Between,
        "there is no way to the gateway's address from here, or a firewall on the way refuses us (ICMP)",
        "ip route get {gateway-host}   # where it names a route, look for a firewall that rejects";

    GatewayNotTls = "gateway-not-tls", GatewayTls, ClusterA,
        "what answers at the gateway's address does not speak TLS",
        "openssl s_client -connect {gateway} -servername {sni} </dev/null";
    GatewaySilent = "gateway-silent", GatewayTls, ClusterA,
        "the gateway takes connections and does not answer: it hangs, or a load balancer stands before none",
        "kubectl --context A logs -l app=eastwest-gateway --tail 20";
    GatewayEndsTls = "gateway-ends-tls", GatewayTls, ClusterA,
        "what answers at the gateway's address ends TLS itself, where it has to pass it on",
        "openssl s_client -connect {gateway} -servername {sni} </dev/null | openssl x509 -noout -subject";
    MtuBlackHole = "mtu-black-hole", GatewayTls, Between,
        "small packets come to the gateway and large ones don't: something on the way has a smaller MTU and does not say so",
        "tracepath {gateway-host}   # then lower the MTU, or clamp the MSS";
    AlpnRefused = "alpn-refused", GatewayTls, Between,
        "what answers does not see, or does not know, the protocol that we offer (ALPN istio): something on the way changes TLS, another TLS server has the address, or the app of the pod has TLS of its own and no shim before it",
        "openssl s_client -connect {gateway} -servername {sni} -alpn istio </dev/null";

    NotExported = "not-exported", Route, ClusterA,
        "the gateway does not export the server name",
        "kubectl --context A get gateways.networking.istio.io -A -o yaml   # needs {pod} in hosts";
    RuleNotExported = "rule-not-exported", Route, ClusterB,
        "the DestinationRule at {rule} sets a server name that the gateway does not export; without that rule it would be {usual-sni}: one of both sides is wrong",
        "kubectl --context A get gateways.networking.istio.io -A -o yaml   # needs {pod} in hosts, or tls.sni at {rule} is to be another";
    PodNameUnknown = "pod-name-unknown", PodName, ClusterA,
        "the pod's name has no address in its cluster: no such pod, one that is not ready, or no headless Service",
        "kubectl --context A -n {pod-namespace} get pod {pod-name} -o wide; kubectl --context A -n {pod-namespace} get service {pod-service}";
    PodNameFailed = "pod-name-failed", PodName, ClusterA,
        "the gateway's name servers do not answer for the pod's name",
        "kubectl --context A -n kube-system get pods -l k8s-app=kube-dns";
    PodUnreachable = "pod-unreachable", PodTcp, ClusterA,
        "the gateway can't reach the pod: it has no address, refuses, or has no shim; its log says which",
        "kubectl --context A logs -l app=eastwest-gateway --tail 20   # --probe-identity there would tell it here";
    PodRefused = "pod-refused", PodTcp, ClusterA,
        "the pod has an address and nobody listens at the port that the gateway dials: it has no inbound shim, or that does not run",
        "kubectl --context A -n {pod-namespace} get pod {pod-name} -o jsonpath='{.spec.containers[*].name}'";
    PodTimeout = "pod-timeout", PodTcp, ClusterA,
        "the pod's address does not answer the gateway: the pod is gone and its record is not, or a NetworkPolicy forbids it",
        "kubectl --context A -n {pod-namespace} get pod {pod-name} -o wide; kubectl --context A -n {pod-namespace} get networkpolicies";
    GatewayHungUp = "gateway-hung-up", PodTcp, ClusterA,
        "the gateway, or the pod, closed without a word: Istio's does so where it does not export the name or has no endpoint for it, a load balancer where none of its backends lives, and a firewall that does not want us",
        "istioctl --context A proxy-config listeners deploy/istio-eastwestgateway -n istio-system --port {gateway-port}   # and are there endpoints behind its load balancer?";

    NoInboundShim = "no-inbound-shim", PodTls, ClusterA,
        "the gateway comes to the pod, and what answers there is no shim: the app itself, in plain text or with TLS of its own",
        "kubectl --context A -n {pod-namespace} get pod {pod-name} -o jsonpath='{.spec.containers[*].name}'";
    PodSilent = "pod-silent", PodTls, ClusterA,
        "the pod takes the connection and TLS gets no answer: its shim hangs",
        "kubectl --context A -n {pod-namespace} logs {pod-name} -c eastwest-shim --tail 20";
    MtuBlackHolePod = "mtu-black-hole-pod", PodTls, ClusterA,
        "small packets pass between the gateway and the pod and a handshake does not: either something between the two has a smaller MTU and does not say so, or the pod is stuck within the handshake",
        "kubectl --context A -n {pod-namespace} exec {pod-name} -- ip link   # the same on the gateway's node: which MTU is larger?";
    MtuBlackHoleBack = "mtu-black-hole-back", PodTls, Between,
        "small packets come back and a handshake does not: either something on the way from the gateway to here, or from the pod to its gateway, has a smaller MTU and does not say so, or the pod is stuck within the handshake",
        "tracepath {gateway-host}   # from the gateway's host to here, too; then lower the MTU, or clamp the MSS";
    WrongPod = "wrong-pod", PodTls, ClusterA,
        "the gateway's name server leads to another pod of the set: an address that was used again",
        "kubectl --context A -n {pod-namespace} get endpointslices,pods -o wide";
    PortNotServed = "port-not-served", PodTls, ClusterA,
        "the pod's shim does not serve port {remote-port} (--inbound)",
        "kubectl --context A -n {pod-namespace} get pod {pod-name} -o yaml | grep -A1 inbound";
    TlsVersion = "tls-version", PodTls, ClusterA,
        "the pod speaks nothing newer than TLS 1.2, which is not allowed here",
        "eastwest-shim --tls-min 1.2   # allows it here; better, let the pod speak 1.3";

    PodCertificateExpired = "pod-certificate-expired", Identities, ClusterA,
        "the pod's certificate, or that of its issuer, has expired by our clock",
        "kubectl --context A -n {pod-namespace} logs {pod-name} -c eastwest-shim --tail 20";
    PodCertificateNotYetValid = "pod-certificate-not-yet-valid", Identities, ClusterA,
        "the pod's certificate is not valid yet by our clock: a clock is wrong, there, here or at the issuer",
        "date -u   # at both ends";
    PodOtherRoot = "pod-other-root", Identities, ClusterA,
        "the pod's certificate leads to none of our roots: the clusters do not share a root",
        "openssl x509 -noout -subject -fingerprint -in {roots}   # at both ends";
    PodOtherTrustDomain = "pod-other-trust-domain", Identities, ClusterA,
        "the pod is of another trust domain than the route asks for",
        "eastwest lint {files}   # subjectAltNames of the ServiceEntry can name it";
    PodOtherAccount = "pod-other-account", Identities, ClusterA,
        "the pod has another service account, or another namespace, than the route asks for",
        "kubectl --context A -n {pod-namespace} get pod {pod-name} -o jsonpath='{.spec.serviceAccountName}'";
    PodOtherName = "pod-other-name", Identities, ClusterA,
        "the pod's certificate does not carry the pod's name, which the route asks for",
        "eastwest certs --help   # --dns puts a name into a certificate";
    PodCertificateUnusable = "pod-certificate-unusable", Identities, ClusterA,
        "the pod's certificate is not acceptable",
        "kubectl --context A -n {pod-namespace} logs {pod-name} -c eastwest-shim --tail 20";
    IdentityNotAllowed = "identity-not-allowed", Identities, ClusterA,
        "the pod knows who we are, and we are not on its list",
        "kubectl --context A -n {pod-namespace} get authorizationpolicies -o yaml   # or --allow of its shim";
    OurRootUnknown = "our-root-unknown", Identities, ClusterA,
        "the pod does not have the root that our certificate leads to",
        "openssl x509 -noout -subject -fingerprint -in {roots}   # at both ends";
    ClockSkew = "clock-skew", Identities, ClusterA,
        "our certificate is valid by our clock and not by the pod's: one of the two is wrong",
        "date -u   # at both ends";
    IdentityRefused = "identity-refused", Identities, ClusterA,
        "the pod does not accept our certificate, or who it says that we are",
        "kubectl --context A -n {pod-namespace} logs {pod-name} --tail 20   # of the sidecar";
    ShimSilent = "shim-silent", Identities, ClusterA,
        "the pod's shim has made the handshake, and does not say a word after it: it hangs",
        "kubectl --context A -n {pod-namespace} logs {pod-name} -c eastwest-shim --tail 20";
    HandshakeBroken = "handshake-broken", Identities, ClusterA,
        "the TLS handshake with the pod broke in a way that has no name here",
        "openssl s_client -connect {gateway} -servername {sni} -alpn istio </dev/null";

    AppDown = "app-down", App, ClusterA,
        "all of the way is open, and the app does not listen at port {remote-port} of its pod",
        "kubectl --context A -n {pod-namespace} logs {pod-name} --tail 20";
    AppSilent = "app-silent", App, ClusterA,
        "the app takes the connection and does not say what is expected of it",
        "kubectl --context A -n {pod-namespace} logs {pod-name} --tail 20";
    AppHungUp = "app-hung-up", App, ClusterA,
        "the app, or the sidecar before it, ended the connection before anything was said",
        "kubectl --context A -n {pod-namespace} logs {pod-name} --tail 20";
    AppNotHttp = "app-not-http", App, ClusterA,
        "the app is up, and what it speaks is not HTTP, as the ServiceEntry says",
        "kubectl --context A -n {pod-namespace} get pod {pod-name} -o yaml | grep -i port";
    AppNotMySql = "app-not-mysql", App, ClusterA,
        "the app is up, and what it speaks is not MySQL's protocol",
        "kubectl --context A -n {pod-namespace} get pod {pod-name} -o yaml | grep -i port";
    AppRefuses = "app-refuses", App, ClusterA,
        "MySQL answers with an error instead of a greeting, or lets nobody in",
        "mysql -e \"SELECT * FROM performance_schema.host_cache\"   # at the source; FLUSH HOSTS lifts a block, SET GLOBAL offline_mode = OFF another one";
}

impl Fault {
    /// The one of that code.
    #[must_use]
    pub fn of_code(code: &str) -> Option<Self> {
        let mut all = Self::ALL.iter().copied();
        all.find(|fault| fault.code().eq_ignore_ascii_case(code))
    }

    /// Whether it is what we hold against the certificate that the pod shows.
    pub(super) const fn is_of_the_pods_certificate(self) -> bool {
        matches!(
            self,
            Self::PodCertificateExpired
                | Self::PodCertificateNotYetValid
                | Self::PodOtherRoot
                | Self::PodOtherTrustDomain
                | Self::PodOtherAccount
                | Self::PodOtherName
                | Self::PodCertificateUnusable
        )
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn codes_are_distinct_and_in_the_order_of_the_way() {
        let codes: HashSet<_> = Fault::ALL.iter().map(|fault| fault.code()).collect();
        assert_eq!(codes.len(), Fault::ALL.len());
        let kebab = |code: &&str| code.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
        assert!(codes.iter().all(kebab));
        assert!(Fault::ALL.is_sorted_by_key(|fault| fault.step()));
    }
}

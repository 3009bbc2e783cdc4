"""Walks each path of kubernetes/ from a caller to a pod, with the containers of the manifests.

`python -m check.walk EASTWEST [MYSQL]`, as root. Pods are network namespaces, between which the manifests'
NetworkPolicies hold. Ours, and hello, are run as their manifests say (`runtime`), with the volumes that kubelet would
make (`volumes`). Stood in for are the databases (whoever connects is told the pod's name), the program in
hello's image, the clusters' DNS, what a Service does, and who issues certificates (`issuers`). With MYSQL, the
fields of `databases.Installed` as JSON, real servers replicate over the path as well.
"""
import concurrent.futures
import functools
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

from check import clusters, containers, databases, issuers, names, own_setups, runtime, stand_ins, volumes
from check.own_setups import GATEWAY, OFFSET, callers_of, flag, gateway_of, manifests, mode
from check.ground import ACCEPTS, FIRST, PAGE, Ground

DNS_OF_A, DNS_OF_B = "10.96.0.11", "10.96.0.10"
# The uid of mysqld in Percona's image; any but the shim's would do.
APP = 1001
OWN = "the pod's own server"
ADDRESS_OF_CALLER, ADDRESS_OF_RESOLVER = "10.2.0.10", "10.2.0.53"
# Of cluster A: what is in front of the databases, and a pod that has nothing to do with any of it.
HAPROXY, ADDRESS_OF_HAPROXY, STRANGER = "haproxy", "10.1.0.60", "stranger"


class Stranger:
    """As `clusters.Workload`, of a namespace without policies."""
    namespace, labels = "elsewhere", {}


def walk(a, b, ground, eastwest, mysql):
    """What does not get where it should."""
    caller = callers_of(b)[0]
    entries = list(manifests(b, caller, "ServiceEntry"))
    ports = {e["metadata"]["name"]: e["spec"]["ports"][0]["number"] for e in entries}
    says = yield from source_side(a, ground, eastwest, ports)
    yield from alike(says)
    led = services(b, ground)
    resolvers = [w for w in b.workloads if w.runs("resolver")]
    at_resolver = (ground.at(ADDRESS_OF_RESOLVER), 5353)
    zones = {h: at_resolver for e in entries for h in e["spec"]["hosts"] if resolvers}
    known = {h: address for h, (address, _) in led.items()} | issuers.found_at(b)
    ground.here(stand_ins.dns(ground.at(DNS_OF_B), {h: ground.at(address) for h, address in known.items()}, zones))
    for w in resolvers:
        yield from start(ground, b, w, w.name, ADDRESS_OF_RESOLVER, DNS_OF_B, eastwest)
    database = next((w for w in b.workloads if w.kind.startswith("Percona")), caller)
    ground.pod("caller", ADDRESS_OF_CALLER, (b, database), *names.resolv_conf(database, DNS_OF_B))
    user = next((c["securityContext"]["runAsUser"] for c in others(database)), APP)
    how = FIRST if database.kind.startswith("Percona") else PAGE
    if database.kind.startswith("Percona"):
        # It owns the port on all addresses, and must never be what an alias leads to.
        ground.run("caller", stand_ins.app(OWN, 3306, databases.bind_address(database)), APP, name="app")
    if mode(caller) == "service":
        yield from start(ground, b, caller, caller.name, "10.2.0.20", DNS_OF_B, eastwest)
        ground.lead(led.values(), "10.2.0.20")
    else:
        yield from start(ground, b, caller, "caller", None, DNS_OF_B, eastwest)
    ground.walls((a, DNS_OF_A), (b, DNS_OF_B))
    addresses = []
    for host, port in dials(b, caller, ports):
        pod = host.partition(".")[0].removeprefix("src-")
        said, address = ground.ask("caller", host, port, user, until=says[pod], how=how)
        addresses += [(host, port), (address, port)]
        if said != says[pod]:
            yield f"{host}:{port} is answered by {said}"
    if mysql and database.kind.startswith("Percona"):
        ground.end("db-pxc-0", "app")
        ground.end("caller", "app")
        source = next(w for w in a.workloads if w.kind.startswith("Percona"))
        if why := databases.replicates(ground, ("db-pxc-0", source), ("caller", database), mysql, addresses[0][1]):
            yield why
    ground.end(caller.name if mode(caller) == "service" else "caller", "shim")
    # By name and, since the shim may have been what answers names, by the address from before.
    for host, port in addresses:
        said, _ = ground.ask("caller", host, port, user, how=ACCEPTS)
        if not said.startswith("nobody"):
            yield f"without the shim {host}:{port} is answered by {said}"
    yield from around(a, ground, ports)
    if ground.leaked():
        yield "packets for a virtual address left the pod"
    # Nothing captures those of this pod, so that one must be seen.
    ground.ask(STRANGER, "240.240.0.5", 3306, APP)
    if not ground.leaked():
        yield "a packet for a virtual address would not be seen"


def around(a, ground, ports):
    """From the caller's pod, the gateway's, and one of another namespace, to what they are not to reach."""
    said, _ = ground.ask(HAPROXY, ground.at("10.1.0.11"), 3306, APP) if a.proxies else ("", None)
    if said.startswith("nobody"):
        yield f"HAProxy does not reach its database: {said}"
    for proxy in a.proxies:
        said, _ = ground.ask(STRANGER, ground.at(ADDRESS_OF_HAPROXY), 3306, APP, how=ACCEPTS)
        if not said.startswith("nobody"):
            yield f"a pod of another namespace reaches {proxy.name}: {said}"
        said, _ = ground.ask("db-pxc-0", ground.at(ADDRESS_OF_HAPROXY), 3306, APP)
        if said != OWN:
            yield f"a pod of its own namespace does not reach {proxy.name}: {said}"
    for number, port in enumerate(sorted(ports.items())):
        pod, address = port[0].removeprefix("src-"), ground.at(f"10.1.0.{10 + number}")
        for where, at in (("caller", 15444), ("caller", port[1]), ("eastwest-gateway", port[1]), (STRANGER, 15444), (STRANGER, port[1])):
            said, _ = ground.ask(where, address, at, APP, how=ACCEPTS)
            if not said.startswith("nobody"):
                yield f"{where} reaches {pod} at {at}: {said}"


def source_side(a, ground, eastwest, ports):
    """Cluster A: its gateway, and each pod that an alias is of; what is said by whom."""
    gateway, says = gateway_of(a), {}
    pods = [(alias.removeprefix("src-"), port, f"10.1.0.{10 + number}") for number, (alias, port) in enumerate(sorted(ports.items()))]
    pods = [(pod, port, address, next(w for w in a.workloads if pod in w.pods())) for pod, port, address in pods]
    known = {f"{pod}.{w.service}.{w.namespace}.{clusters.DOMAIN}": address for pod, _, address, w in pods} | issuers.found_at(a)
    ground.here(stand_ins.dns(ground.at(DNS_OF_A), {h: ground.at(address) for h, address in known.items()}, {}))
    yield from start(ground, a, gateway, gateway.name, GATEWAY, DNS_OF_A, eastwest)
    for pod, port, address, w in pods:
        yield from start(ground, a, w, pod, address, DNS_OF_A, eastwest)
        says[pod] = pod
        if w.kind.startswith("Percona"):
            ground.run(pod, stand_ins.app(pod, port, databases.bind_address(w)), APP, name="app")
        for c in others(w):
            says[pod] = yield from start_http_echo(ground, c, runtime.Pod(w, pod, ground.known_by(address)))
    # Of IPv4 too, of which the virtual addresses are: it shows that those who leave a pod would be seen.
    ground.pod(STRANGER, "10.1.0.70", (a, Stranger), [DNS_OF_A], ["cluster.local"], names.OPTIONS, ipv4=True)
    for proxy in a.proxies:
        ground.pod(HAPROXY, ADDRESS_OF_HAPROXY, (a, proxy), [DNS_OF_A], ["cluster.local"], names.OPTIONS)
        ground.run(HAPROXY, stand_ins.app(OWN, 3306, "*"), APP, name="app")
    return says


def alike(says):
    """What a pod says is what the manifests make of it: it shows who answered only where it is that pod's own name."""
    for pod, said in says.items():
        if pod not in re.split(r"[^-a-z0-9]+", said):
            yield f"{pod} says {said!r}, and not its name"
        if named := [other for other in says if other != pod and says[other] == said]:
            yield f"{pod} says the same as {', '.join(named)}: {said!r}"


def others(w):
    """The containers beside ours for which a manifest says all that there is to say: not the operator's."""
    return [c for c in w.plain_containers if runtime.OURS not in c.get("image", runtime.OURS) and c is not issuers.agent(w)]


def start_http_echo(ground, c, named):
    """The program is a stand-in that takes the same arguments; the rest is the manifest's. Returns what it says."""
    if beyond := {"command", "volumeMounts"} & set(c):
        raise volumes.Unknown(f"{c['name']}: {', '.join(sorted(beyond))}")
    ground.run(named.fields["metadata.name"], [*runtime.confined(c, named), *stand_ins.http_echo(runtime.arguments(c, named))], name=c["name"])
    yield from unanswered(named, [c])
    return next(a.removeprefix("-text=") for a in runtime.arguments(c, named) if a.startswith("-text="))


def start(ground, cluster, w, pod, address, dns, eastwest):
    """A pod, unless it is there, and its containers of ours, until all of their probes have good answers."""
    if address:
        ground.pod(pod, address, (cluster, w), *names.resolv_conf(w, dns))
    for s in w.pod.get("securityContext", {}).get("sysctls", []):
        ground.run(pod, ["sysctl", "-qw", f"{s['name']}={s['value']}"]).wait()
    home = ground.home / pod
    home.mkdir(exist_ok=True)
    named = runtime.Pod(w, pod, ground.known_by(address or ADDRESS_OF_CALLER))
    ours, agent = containers.of(w), issuers.agent(w)
    certificate = issuers.certificate(w, eastwest, ground.home / "pki")
    folders = volumes.made(cluster, w, home, certificate, runtime.mounted(ours))
    for c in ours:
        ground.run(pod, runtime.command(c, named, folders, eastwest, home / f"root-{c['name']}"), name=c["name"])
    if agent:
        inside = functools.partial(ground.inside, pod)
        yield from issuers.hand_out(inside, agent, runtime.environment(agent, named), folders, runtime.confined(agent, named), certificate)
    yield from unanswered(named, ours)


def unanswered(named, started):
    """The probes without a good answer at the pod's address, asked from outside of it as kubelet does."""
    address, end = named.fields["status.podIP"], time.monotonic() + containers.PATIENCE
    waiting = [(c["name"], probe) for c in started for probe in runtime.probes(c, address)]
    while waiting and time.monotonic() < end:
        waiting = [(name, probe) for name, probe in waiting if not containers.answers(probe)]
        time.sleep(0.05)
    for name, probe in waiting:
        yield f"{named.fields['metadata.name']}: {name}: {probe['path']} at {probe['host']}:{probe['port']} has no good answer"


def services(b, ground):
    """Addresses of the Services of aliases, by name, and where these lead."""
    found = [s for s in b.of("Service") if s["metadata"]["name"].startswith("src-")]
    return {
        f"{s['metadata']['name']}.{s['metadata']['namespace']}.{clusters.DOMAIN}":
            (f"10.96.1.{number}", s["spec"]["ports"][0])
        for number, s in enumerate(found, 1)
    }


def dials(b, caller, ports):
    """What an app dials: a channel's sources, or the aliases at their own ports."""
    databases = b.of("PerconaXtraDBCluster")
    if databases:
        return [(s["host"], s["port"]) for d in databases for c in d["spec"]["pxc"]["replicationChannels"] for s in c["sourcesList"]]
    offset = int(flag(caller.ours("shim"), "--port-offset", OFFSET)) if mode(caller) == "port" else 0
    return [(f"{name}.{caller.namespace}.{clusters.DOMAIN}", port + offset) for name, port in ports.items()]


def main(eastwest, mysql="null", only=None):
    if os.geteuid() != 0:
        sys.exit("pods are run as the users that their manifests name, which takes root")
    walks = own_setups.walks()
    if only is None:
        # A network of its own for each, which ends with the process, and all that is in it.
        def apart(name):
            return subprocess.run([
                "unshare", "--net", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child",
                sys.executable, "-B", "-m", "check.walk", eastwest, mysql, name]).returncode
        # Most of a walk is waiting.
        with concurrent.futures.ThreadPoolExecutor(2) as at_once:
            failed = [name for name, status in zip(walks, at_once.map(apart, walks)) if status]
        failed += [f"{folder}, which no set-up has" for folder in own_setups.unwalked(containers.DEPLOY)]
        sys.exit(f"not walked to its end: {'; '.join(failed)}" if failed else 0)
    if os.getpid() != 1:
        sys.exit("not the first process of its own namespaces")
    alone = only.endswith(own_setups.IPV6_ALONE)
    a, b = (clusters.Cluster(list(own_setups.applied(containers.DEPLOY, side))) for side in walks[only])
    installed = json.loads(mysql) and databases.Installed(**json.loads(mysql))
    with tempfile.TemporaryDirectory() as home:
        ground = Ground(pathlib.Path(home), ipv6=only.endswith(own_setups.WITH_IPV6), alone=alone)
        if alone:
            a, b = (clusters.Cluster(own_setups.with_gateway(c.objects, ground.at(GATEWAY))) for c in (a, b))
        found = list(walk(a, b, ground, eastwest, installed))
        if found:
            print(ground.logs(), file=sys.stderr)
    rows = ", rows to the replica" if installed and only.startswith("pxc") else ""
    certificates = issuers.said(only.rpartition(", ")[2])
    print(f"{only}: {'; '.join(found) or f'each alias led to its pod{rows}, and to nobody without the shim'} ({certificates})")
    sys.exit(bool(found))


if __name__ == "__main__":
    main(str(pathlib.Path(sys.argv[1]).resolve()), *sys.argv[2:])

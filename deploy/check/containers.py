"""Runs each container of ours in kubernetes/ as its manifest says, and asks it what Kubernetes would ask.

`python -m check.containers EASTWEST`, as root: every pod in a network namespace of its own, every
container with its own arguments, environment, mounts, user and capabilities, and no others, asked at the
pod's address. The program is the one that has all servers in it.
"""
import http.client
import json
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile
import time

from check import clusters, issuers, own_setups, runtime, volumes

DEPLOY = pathlib.Path(__file__).resolve().parent.parent
# From the start to the first good answer of every probe; a debug build on a busy machine is slow.
PATIENCE = 30


def of(w):
    """The containers of ours in a pod, in the order of their start."""
    return [c for c in [*w.init_containers, *w.plain_containers] if runtime.OURS in c.get("image", "")]


# Runs in the pod's network namespace: an address, and a way out, so that redirect rules have something to redirect.
INSIDE = """
ip link set lo up
ip link add eth0 type veth peer name there
ip link set there up
ip link set eth0 up
ip address add {address} dev eth0 nodad
ip route add default dev eth0
ip -6 route add default dev eth0 2>/dev/null
{sysctls}
exec {python} -B -m check.containers --pod
"""


def run(cluster, w, containers, eastwest, address="10.2.0.10"):
    """What is wrong with a pod of this address, as lines."""
    with tempfile.TemporaryDirectory() as home:
        home = pathlib.Path(home)
        home.chmod(0o755)
        certificate = issuers.certificate(w, eastwest, home / "pki")
        folders = volumes.made(cluster, w, home, certificate, runtime.mounted(containers))
        named = runtime.Pod(w, w.name, address)
        plan = [
            {"name": c["name"], "command": runtime.command(c, named, folders, eastwest, home / f"root-{c['name']}"),
             "log": str(home / f"{c['name']}.log"), "probes": list(runtime.probes(c, address)),
             "ports": [(p.get("protocol", "TCP"), p["containerPort"]) for p in c.get("ports", [])]}
            for c in containers
        ]
        sysctls = w.pod.get("securityContext", {}).get("sysctls", [])
        script = INSIDE.format(
            python=shlex.quote(sys.executable), address=f"{address}/{64 if ':' in address else 24}",
            sysctls="\n".join(f"sysctl -qw {shlex.quote(s['name'] + '=' + s['value'])}" for s in sysctls))
        inside = subprocess.run(
            ["unshare", "--net", "--pid", "--fork", "--mount-proc", "--kill-child", "bash", "-c", script],
            input=json.dumps(plan), text=True, capture_output=True, cwd=DEPLOY, timeout=4 * PATIENCE)
        if inside.returncode:
            yield f"{w.name}: {inside.stderr.strip()[-2000:]}"
        yield from (f"{w.name}: {line}" for line in inside.stdout.splitlines())


def answers(probe):
    asked = http.client.HTTPConnection(probe["host"], probe["port"], timeout=probe["timeout"])
    try:
        asked.request("GET", probe["path"])
        return asked.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        asked.close()


def listening():
    """The ports that this namespace takes connections and datagrams at from elsewhere."""
    for protocol in ("tcp", "tcp6", "udp", "udp6"):
        for line in pathlib.Path("/proc/net", protocol).read_text().splitlines()[1:]:
            address, state = line.split()[1], line.split()[3]
            host, port = address.split(":")
            # Of an unspecified address all digits are 0; 0A is LISTEN, 07 an unconnected datagram socket.
            if state == ("0A" if protocol.startswith("tcp") else "07") and not host.strip("0"):
                yield protocol[:3].upper(), int(port, 16)


def pod(plan):
    """Inside: starts the containers, waits for their probes, and prints what is not as it should be."""
    running = []
    for container in plan:
        with open(container["log"], "w") as log:
            running.append(subprocess.Popen(container["command"], stderr=log, stdout=log))
    waiting = [(c["name"], probe) for c in plan for probe in c["probes"]]
    end = time.monotonic() + PATIENCE
    while waiting and time.monotonic() < end and all(p.poll() is None for p in running):
        waiting = [(name, probe) for name, probe in waiting if not answers(probe)]
        time.sleep(0.1)
    for name, probe in waiting:
        print(f"{name}: {probe['path']} at {probe['host']}:{probe['port']} has no good answer")
    declared, open_ports = {tuple(p) for c in plan for p in c["ports"]}, set(listening())
    for protocol, port in sorted(declared ^ open_ports):
        print(f"{protocol} {port} is {'declared, and nobody listens' if (protocol, port) in declared else 'open and not declared'}")
    for process, container in zip(running, plan):
        if process.poll() is not None:
            print(f"{container['name']} has ended with {process.returncode}")
        process.kill()
        for line in pathlib.Path(container["log"]).read_text().splitlines():
            if " ERROR " in line or line.startswith("error"):
                print(f"{container['name']} says: {line}")


def main(eastwest):
    if os.geteuid() != 0:
        sys.exit("pods are run as the users that their manifests name, which takes root")
    seen, found = set(), []
    for name, a, b in clusters.load(DEPLOY, own_setups.setups()):
        # Where a certificate comes from makes no difference to the container that reads it.
        for cluster in (a, b) if name.endswith("secrets") else ():
            for w in cluster.workloads:
                containers = of(w)
                key = json.dumps([w.name, containers])
                if containers and key not in seen:
                    seen.add(key)
                    found += [f"{name}: {line}" for line in run(cluster, w, containers, eastwest)]
    for component, _, objects in own_setups.with_ipv6(DEPLOY):
        cluster = clusters.Cluster(objects)
        for w in (w for w in cluster.workloads if of(w)):
            seen.add(json.dumps(["IPv6", w.name, of(w)]))
            found += [f"ipv6/{component}: {line}" for line in run(cluster, w, of(w), eastwest, "fd00::10")]
    print(f"{len(seen)} pods")
    sys.exit("\n".join(found) or 0)


if __name__ == "__main__":
    if sys.argv[1] == "--pod":
        pod(json.load(sys.stdin))
    else:
        main(str(pathlib.Path(sys.argv[1]).resolve()))

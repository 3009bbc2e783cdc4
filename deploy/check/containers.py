"""Runs each container of ours in kubernetes/ as its manifest says, and asks it what Kubernetes would ask.

`python -m check.containers EASTWEST`, as root: every pod in a network namespace of its own, every
container with its own arguments, files, user and capabilities, and no others. The program is the
one that has all servers in it.
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

from check import clusters, own_setups
from check.pods import PROBES

DEPLOY = pathlib.Path(__file__).resolve().parent.parent
OURS = "/eastwest-"
# From the start to the first good answer of every probe; a debug build on a busy machine is slow.
PATIENCE = 30


def of(w):
    """The containers of ours in a pod, in the order of their start."""
    return [c for c in [*w.init_containers, *w.plain_containers] if OURS in c.get("image", "")]


def volumes(cluster, w, home, eastwest, pki):
    """A folder for each volume: the files of a ConfigMap, or a certificate of the pod's own account."""
    folders = {}
    for volume in w.volumes:
        folder = home / volume["name"]
        if "configMap" in volume:
            folder.mkdir()
            data = cluster.named("ConfigMap", w.namespace, volume["configMap"]["name"])["data"]
            for name, text in data.items():
                (folder / name).write_text(text)
        else:
            # In a folder of its own: two pods of one account may need it for different groups.
            made = [eastwest, "certs", "workload", "--ca", root(eastwest, pki), "--out", folder,
                    f"spiffe://cluster.local/ns/{w.namespace}/sa/{w.account}"]
            subprocess.run(made, check=True, capture_output=True)
            group = str(w.pod.get("securityContext", {}).get("fsGroup", w.ours("shim")["securityContext"]["runAsGroup"]))
            subprocess.run(["chgrp", "-R", group, folder], check=True)
            subprocess.run(["chmod", "-R", "g+rX", folder], check=True)
        folders[volume["name"]] = folder
    return folders


def root(eastwest, pki):
    """The CA that all pods' certificates are of."""
    if not pki.exists():
        subprocess.run([eastwest, "certs", "root", "--out", pki], check=True, capture_output=True)
    return pki


def command(container, folders, eastwest):
    """What the image's entrypoint is given, confined as the container's securityContext has it."""
    mounts = {m["mountPath"]: str(folders[m["name"]]) for m in container.get("volumeMounts", [])}
    context = container["securityContext"]
    added = "".join(f",+{c.lower()}" for c in context["capabilities"].get("add", []))
    server = container["image"].rpartition(OURS)[2].partition(":")[0]
    return [
        "setpriv", "--reuid", str(context["runAsUser"]), "--regid", str(context.get("runAsGroup", 0)), "--clear-groups",
        "--bounding-set", f"-all{added}", "--inh-caps", f"-all{added}", "--no-new-privs",
        eastwest, server, *(mounts.get(arg, arg) for arg in container["args"]),
    ]


# Runs in the pod's network namespace: a route out, so that redirect rules have something to redirect.
INSIDE = """
ip link set lo up
ip route add default dev lo
ip -6 route add default dev lo 2>/dev/null
{sysctls}
exec {python} -B -m check.containers --pod
"""


def run(cluster, w, containers, eastwest, host="127.0.0.1"):
    """What is wrong with a pod whose probes are asked there, as lines."""
    with tempfile.TemporaryDirectory() as home:
        home = pathlib.Path(home)
        home.chmod(0o755)
        folders = volumes(cluster, w, home, eastwest, home / "pki")
        plan = [
            {"name": c["name"], "command": command(c, folders, eastwest), "log": str(home / f"{c['name']}.log"),
             "probes": [c[p]["httpGet"] | {"host": host} for p in PROBES if p in c],
             "ports": [(p.get("protocol", "TCP"), p["containerPort"]) for p in c.get("ports", [])]}
            for c in containers
        ]
        sysctls = w.pod.get("securityContext", {}).get("sysctls", [])
        script = INSIDE.format(
            python=shlex.quote(sys.executable),
            sysctls="\n".join(f"sysctl -qw {shlex.quote(s['name'] + '=' + s['value'])}" for s in sysctls))
        inside = subprocess.run(
            ["unshare", "--net", "--pid", "--fork", "--mount-proc", "--kill-child", "bash", "-c", script],
            input=json.dumps(plan), text=True, capture_output=True, cwd=DEPLOY, timeout=4 * PATIENCE)
        if inside.returncode:
            yield f"{w.name}: {inside.stderr.strip()[-2000:]}"
        yield from (f"{w.name}: {line}" for line in inside.stdout.splitlines())


def answers(probe):
    asked = http.client.HTTPConnection(probe["host"], probe["port"], timeout=2)
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
        print(f"{name}: {probe['path']} at {probe['port']} has no good answer")
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
            seen.add(json.dumps(["::1", w.name, of(w)]))
            found += [f"ipv6/{component}: {line}" for line in run(cluster, w, of(w), eastwest, "::1")]
    print(f"{len(seen)} pods")
    sys.exit("\n".join(found) or 0)


if __name__ == "__main__":
    if sys.argv[1] == "--pod":
        pod(json.load(sys.stdin))
    else:
        main(str(pathlib.Path(sys.argv[1]).resolve()))

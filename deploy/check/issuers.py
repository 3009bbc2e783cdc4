"""Stands in for whoever issues certificates, and for Istio's agent: `eastwest certs` makes what they would."""
import json
import subprocess
import sys
import tempfile

from check.volumes import Unknown

# What the agent does in a cluster (security/pkg/nodeagent/util of Istio), once it has looked its CA up. It tries again, as
# long as it is let.
AGENT = """
import json, os, socket, sys, time
host, port = sys.argv[2].rsplit(":", 1)
while True:
    try:
        socket.getaddrinfo(host, int(port))
        break
    except OSError:
        time.sleep(0.2)
os.umask(0)
for name, text in json.load(sys.stdin).items():
    new = os.path.join(sys.argv[1], f"tmp-{name}")
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644), "w") as file:
        file.write(text)
    os.rename(new, os.path.join(sys.argv[1], name))
"""

# Nobody is there: the stand-in has its files, and only looks where its CA would be.
ISTIOD = "10.96.0.15"


def certificate(w, eastwest, pki):
    """The files of a certificate of the pod's account, by name."""
    if not pki.exists():
        subprocess.run([eastwest, "certs", "root", "--out", pki], check=True, capture_output=True)
    with tempfile.TemporaryDirectory(dir=pki) as folder:
        subprocess.run(
            [eastwest, "certs", "workload", "--ca", pki, "--out", f"{folder}/made", f"spiffe://cluster.local/ns/{w.namespace}/sa/{w.account}"],
            check=True, capture_output=True)
        return {name: open(f"{folder}/made/{name}").read() for name in ("cert-chain.pem", "key.pem", "root-cert.pem")}


def agent(w):
    """Istio's, in a pod that has it."""
    return next((c for c in w.containers if any(e["name"] == "OUTPUT_CERTS" for e in c.get("env", []))), None)


def hand_out(inside, container, environment, folders, confined, files):
    """The agent finds its CA by the pod's DNS, and writes where its OUTPUT_CERTS is mounted, as the user that it is.
    `inside` runs a command in the pod; what keeps it from that is told."""
    at = environment["OUTPUT_CERTS"]
    [mount] = [m for m in container["volumeMounts"] if m["mountPath"] == at]
    if mount.get("readOnly"):
        raise Unknown(f"{container['name']}: {at} is mounted read-only")
    command = [*confined, sys.executable, "-c", AGENT, folders[mount["name"]], environment["CA_ADDR"]]
    try:
        inside(command, json.dumps(files))
    except subprocess.TimeoutExpired:
        yield f"{container['name']}: {environment['CA_ADDR']} is not found by the pod's DNS, so that there never is a certificate"


def found_at(cluster):
    """Names that the agents of a cluster look for, and an address for each; of a Service, in full."""
    agents = [c for w in cluster.workloads if (c := agent(w))]
    asked = {e["value"] for c in agents for e in c["env"] if e["name"] == "CA_ADDR"}
    return {f"{a.rpartition(':')[0]}.cluster.local": ISTIOD for a in asked}


def said(identity):
    """What of a set-up's certificates has been stood in for."""
    return {
        "csi-driver-spiffe": "files as the driver lays them, issued by `eastwest certs` in place of cert-manager",
        "istiod": "files as Istio's agent writes them, issued by `eastwest certs` in place of istiod",
    }.get(identity, "a Secret of what `eastwest certs` makes")

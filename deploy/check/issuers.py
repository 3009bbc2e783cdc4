"""Stands in for whoever issues certificates, and for Istio's agent: `eastwest certs` makes what they would."""
import json
import subprocess
import sys
import tempfile

from check.volumes import Unknown

# What the agent does in a cluster: security/pkg/nodeagent/util of Istio.
AGENT = """
import json, os, sys
os.umask(0)
for name, text in json.load(sys.stdin).items():
    new = os.path.join(sys.argv[1], f"tmp-{name}")
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644), "w") as file:
        file.write(text)
    os.rename(new, os.path.join(sys.argv[1], name))
"""


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


def hand_out(container, environment, folders, confined, files):
    """The agent writes where its OUTPUT_CERTS is mounted, as the user that it is."""
    at = environment["OUTPUT_CERTS"]
    [mount] = [m for m in container["volumeMounts"] if m["mountPath"] == at]
    if mount.get("readOnly"):
        raise Unknown(f"{container['name']}: {at} is mounted read-only")
    command = [*confined, sys.executable, "-c", AGENT, folders[mount["name"]]]
    subprocess.run(command, check=True, input=json.dumps(files), text=True)


def said(identity):
    """What of a set-up's certificates has been stood in for."""
    return {
        "csi-driver-spiffe": "files as the driver lays them, issued by `eastwest certs` in place of cert-manager",
        "istiod": "files as Istio's agent writes them, issued by `eastwest certs` in place of istiod",
    }.get(identity, "a Secret of what `eastwest certs` makes")

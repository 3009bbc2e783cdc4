"""Stands in for docker, k3d, kubectl and istioctl: records each call, and answers from a folder.

The folder in $RECORDED has calls.log, and a file for each thing that exists or was told:
version.TOOL, docker.down, network.NAME, cluster.NAME, secret.CONTEXT, gateway.ip, gateway.hostname,
answer.POD, plaintext.answered, fail (a text; calls that contain it fail).
"""
import base64
import os
import pathlib
import re
import sys

WORLD = pathlib.Path(os.environ["RECORDED"])
VERSIONS = {
    "docker": "Docker version 28.2.2, build e6534b4",
    "k3d": "k3d version v5.8.3\nk3s version v1.31.5-k3s1 (default)",
    "kubectl": "Client Version: v1.32.4\nKustomize Version: v5.5.0",
    "istioctl": "client version: 1.30.3",
}


def told(name, default=""):
    file = WORLD / name
    return file.read_text() if file.exists() else default


def exists(name):
    sys.exit(0 if (WORLD / name).exists() else 1)


def docker(args, line):
    if args[0] == "info":
        sys.exit(1 if (WORLD / "docker.down").exists() else 0)
    thing = WORLD / f"network.{args[-1]}"
    match args[1]:
        case "inspect":
            exists(thing.name)
        case "create":
            thing.touch()
        case "rm":
            thing.unlink()


def k3d(args, line):
    thing = WORLD / f"cluster.{args[2]}"
    match args[1]:
        case "list" | "start":
            exists(thing.name)
        case "create":
            thing.touch()
        case "delete":
            thing.unlink()


def kubectl(args, line):
    context = args[args.index("--context") + 1] if "--context" in args else ""
    if args[0] == "kustomize":
        print((pathlib.Path(args[1]) / "kustomization.yaml").read_text())
        print("address: 172.21.0.3\ncidr: 172.21.0.3/32\nnameserver: 10.43.0.10:53")
    elif line.endswith("apply -f -"):
        (WORLD / f"applied.{context}").write_text(sys.stdin.read())
    elif "get secret cacerts" in line:
        print(told(f"secret.{context}"), end="")
    elif "create secret generic cacerts" in line:
        ca = pathlib.Path(re.search(r"--from-file=(\S*ca-cert\.pem)", line)[1])
        (WORLD / f"secret.{context}").write_text(base64.b64encode(ca.read_bytes()).decode())
    elif "get secret db-secrets" in line or "get crd" in line:
        exists("pxc")
    elif "ingress[0].ip" in line:
        print(told("gateway.ip"), end="")
    elif "ingress[0].hostname" in line:
        print(told("gateway.hostname"), end="")
    elif "get service kube-dns" in line:
        print("10.96.0.10", end="")
    elif "get serviceentry" in line:
        print("172.21.0.9", end="")
    elif "exec" in args and ":15443" in line:
        exists("plaintext.answered")
    elif found := re.search(r"src-([a-z0-9-]+)\.", line):
        if "mysql" in line and sys.stdin.read() != "":
            sys.exit("the password was expected to be empty here")
        default = found[1] if "mysql" in line else f"hello from {found[1]}"
        print(told(f"answer.{found[1]}", default))


def main():
    tool, args = pathlib.Path(sys.argv[0]).name, sys.argv[1:]
    line = " ".join(args)
    with (WORLD / "calls.log").open("a") as log:
        log.write(f"{tool} {line}\n")
    if (text := told("fail")) and text in line:
        sys.exit(f"{tool}: told to fail")
    if "version" in args[0]:
        print(told(f"version.{tool}", VERSIONS[tool]))
    elif handler := {"docker": docker, "k3d": k3d, "kubectl": kubectl}.get(tool):
        handler(args, line)


main()

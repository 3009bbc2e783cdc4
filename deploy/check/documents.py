"""The commands in the documents of kubernetes/: which are run where, and whether they can be right.

`python -m check.documents EASTWEST` runs those that need no cluster, with that program as `eastwest`, and holds the
commands of all documents of the tree against it (command_lines.py).
"""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from check import command_lines, kustomize, own_setups

DEPLOY = pathlib.Path(__file__).resolve().parent.parent
NEEDS_CLUSTER = "# needs a cluster\n"
# What a command names below this folder.
PATH = re.compile(r"deploy/kubernetes/[a-z0-9/.-]+")
# What is in the place of a kubectl that is not installed: it renders.
STAND_IN = """#!/bin/sh
[ "$1" = kustomize ] || exit 1
PYTHONPATH={deploy}:$PYTHONPATH exec {python} -c '
import sys, yaml
from check import kustomize, own_setups
print(yaml.safe_dump_all(kustomize.render(sys.argv[1]), width=1000))' "$2"
"""
# As a command replaces the address that stands for the gateway's, and looks for others of its network.
REPLACED = re.escape(own_setups.GATEWAY)
LEFT = REPLACED.removesuffix("10")
# A local port, by a command in the background; and how its first caller waits for it.
FORWARDED = re.compile(r"^kubectl .* port-forward .* (\d+):\d+ &$", re.MULTILINE)
AWAITED = "curl -sS --retry 10 --retry-delay 1 --retry-connrefused "
LINK = re.compile(r"\]\(([^)#]+)[^)]*\)")


def documents():
    return sorted((DEPLOY / "kubernetes").rglob("*.md"))


def blocks(text):
    """The shell commands of a document, in their order."""
    return re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def faults(document):
    """What is wrong with a document that can be seen without running it."""
    text = document.read_text()
    for link in LINK.findall(text):
        if "://" not in link and not (document.parent / link).exists():
            yield f"{link} is no file"
    for block in blocks(text):
        if "kubectl --context" in block and not block.startswith(NEEDS_CLUSTER):
            yield f"`{block.strip()}` is not said to need a cluster"
        yield from pasted(block)
        for path in PATH.findall(block):
            target = DEPLOY.parent / path
            if not target.exists():
                yield f"{path} is not there"
            elif f"-k {path}" in block or f"kustomize {path}" in block:
                kustomize.render(target)
        syntax = subprocess.run(["bash", "-n"], input=block, text=True, capture_output=True)
        if syntax.returncode:
            yield f"`{block.strip()}`: {syntax.stderr.strip()}"


def pasted(block):
    """What goes wrong when a block is pasted whole."""
    if re.search(r"\s(--watch|-w)\b", block):
        yield f"`{block.strip()}` does not end: --watch"
    if "--context" in block and REPLACED in block and f"! grep -n '{LEFT}' " not in block:
        yield f"`{block.strip()}` does not look for addresses of the documentation's that are left"
    yield from forwarded(block)
    for file in re.findall(r"> (\S+\.env)$", block, re.MULTILINE):
        if not re.search(rf"^rm {re.escape(file)}$", block, re.MULTILINE):
            yield f"`{block.strip()}` leaves the passwords in {file}"


def forwarded(block):
    """What goes wrong with a port-forward that goes on beside the lines after it."""
    for forward in FORWARDED.finditer(block):
        after = block[forward.end():]
        if (curl := re.search(r"^curl .*", after, re.MULTILINE)) and AWAITED not in curl.group():
            yield f"`{curl.group()}` does not wait until the port is forwarded: {AWAITED}"
        if not re.search(r"^kill %1$", after, re.MULTILINE):
            yield f"`{forward.group()}` is left running: kill %1"


def shared_ports():
    """Local ports that more than one block forwards: the second finds the first, where that one goes on."""
    ports = [port for document in documents() for port in FORWARDED.findall(document.read_text())]
    return sorted({port for port in ports if ports.count(port) > 1})


def folder(home, eastwest):
    """A place to run commands in: a copy of the tree's folder `deploy`, and the programs that they name."""
    shutil.copytree(DEPLOY, home / "deploy")
    (home / "bin").mkdir()
    (home / "bin" / "eastwest").symlink_to(pathlib.Path(eastwest).resolve())
    if shutil.which("kubectl") is None:
        stand_in = home / "bin" / "kubectl"
        stand_in.write_text(STAND_IN.format(deploy=DEPLOY, python=sys.executable))
        stand_in.chmod(0o755)


def run(document, eastwest):
    """Runs what needs no cluster, in order; returns how many blocks, and what went wrong."""
    ran = 0
    with tempfile.TemporaryDirectory() as home:
        home = pathlib.Path(home)
        folder(home, eastwest)
        for block in blocks(document.read_text()):
            if block.startswith(NEEDS_CLUSTER):
                continue
            script = f'set -euo pipefail; PATH="{home}/bin:$PATH"\n{block}'
            result = subprocess.run(["bash", "-c", script], cwd=home, text=True, capture_output=True)
            ran += 1
            if result.returncode:
                return ran, f"{document.name}: `{block.strip()}` ended with {result.returncode}: {result.stdout}{result.stderr}"
        if loose := loose_keys(home):
            return ran, f"{document.name}: a private key outside certs/, where git and images may take it: {loose}"
    return ran, None


def loose_keys(home):
    """The files with a private key that are not where .gitignore knows them (test_private_keys.py)."""
    files = (f for f in home.rglob("*") if f.is_file() and not f.is_symlink() and f.suffix == ".pem")
    named = [str(f.relative_to(home)) for f in files if "PRIVATE KEY" in f.read_text()]
    return [name for name in sorted(named) if not name.startswith("certs/")]


def main(eastwest):
    outcomes = [run(document, eastwest) for document in documents()]
    failed = [message for _, message in outcomes if message]
    ran = sum(ran for ran, _ in outcomes)
    marked = sum(block.startswith(NEEDS_CLUSTER) for document in documents() for block in blocks(document.read_text()))
    print(f"{ran} blocks run, {marked} need a cluster")
    checked = [command_lines.check(document, eastwest) for document in command_lines.documents()]
    failed += [fault for *_, faults in checked for fault in faults]
    commands, ours = (sum(counts) for counts in list(zip(*checked))[:2])
    print(f"{commands} commands in {len(checked)} documents, {ours} of them ours")
    sys.exit("\n".join(failed) or 0)


if __name__ == "__main__":
    main(sys.argv[1])

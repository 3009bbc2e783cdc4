"""The rotation of the root as docs/operations.md says it, after the certificates of the README: at each step every
pod has to trust every other, those that are a step behind as well.

`python -m check.rotation EASTWEST` runs the commands and verifies with openssl; with a folder besides it makes those of
the steps there, for others to use.
"""
import pathlib
import subprocess
import sys
import tempfile

from check import documents

KUBERNETES = documents.DEPLOY / "kubernetes"
HEADING = "## Rotation of the root"
# What the Secrets are made from, in this order.
STEPS = ("certs", "certs/step-1", "certs/step-2", "certs/new")


def commands():
    """The README's certificates; those that prepare the steps; those at the end."""
    readme = documents.blocks((KUBERNETES / "README.md").read_text())
    [first] = [block for block in readme if block.startswith("eastwest certs all ")]
    section = (KUBERNETES / "docs/operations.md").read_text().partition(HEADING)[2].partition("\n## ")[0]
    [prepare, finish] = documents.blocks(section)
    return first, prepare, finish


def pods(step):
    """The folders of the identities below a step's."""
    return sorted(str(chain.parent.relative_to(step)) for chain in step.glob("cluster-*/*/*/cert-chain.pem"))


def trusts(host, guest):
    """Whether who has the one folder accepts the certificate in the other."""
    chain = guest / "cert-chain.pem"
    command = ["openssl", "verify", "-CAfile", host / "root-cert.pem", "-untrusted", chain, chain]
    return subprocess.run(command, capture_output=True).returncode == 0


def fits(folder):
    """Whether the key is the certificate's."""
    chain, key = folder / "cert-chain.pem", folder / "key.pem"
    ours, theirs = (subprocess.run(command, capture_output=True, check=True).stdout for command in (
        ["openssl", "x509", "-in", chain, "-noout", "-pubkey"], ["openssl", "pkey", "-in", key, "-pubout"]))
    return ours == theirs


def faults(home):
    """What is wrong with the folders of the steps."""
    expected = pods(home / STEPS[0])
    for step in STEPS:
        if pods(home / step) != expected:
            yield f"{step} has {pods(home / step)}, and the README {expected}"
            return
        for pod in expected:
            folder = home / step / pod
            if files := {f.name for f in folder.iterdir()} ^ {"cert-chain.pem", "key.pem", "root-cert.pem"}:
                yield f"{step}/{pod}: {files}"
            if not fits(folder):
                yield f"{step}/{pod}: the key is not the certificate's"
            if (folder / "key.pem").stat().st_mode & 0o077:
                yield f"{step}/{pod}: others can read the key"
    # Within a step, and from each to the next while the pods take it up one by one.
    for earlier, later in zip(STEPS, (*STEPS[1:], STEPS[-1])):
        yield from parted(home, expected, earlier, later)
    if not any(parted(home, expected, STEPS[0], STEPS[-1])):
        yield "the new certificates are of the old root"


def parted(home, names, earlier, later):
    for host, guest in ((earlier, earlier), (earlier, later), (later, earlier)):
        # One for each set of roots, since that is all that openssl looks at there.
        hosts = {(home / host / name / "root-cert.pem").read_bytes(): name for name in names}
        for one in hosts.values():
            for other in names:
                if not trusts(home / host / one, home / guest / other):
                    yield f"{host}/{one} does not trust {guest}/{other}"


def contents(folder):
    return {f.relative_to(folder): f.read_bytes() for f in sorted(folder.rglob("*")) if f.is_file()}


def run(home, block):
    script = f'set -euo pipefail; PATH="{home}/bin:$PATH"\n{block}'
    subprocess.run(["bash", "-c", script], cwd=home, check=True, stdout=subprocess.DEVNULL)


def prepared(home, eastwest):
    first, prepare, _ = commands()
    documents.folder(home, eastwest)
    run(home, first)
    run(home, prepare)


def check(eastwest):
    _, prepare, finish = commands()
    with tempfile.TemporaryDirectory() as home:
        home = pathlib.Path(home)
        prepared(home, eastwest)
        yield from faults(home)
        old, new = contents(home / "certs/cluster-a"), contents(home / "certs/new")
        run(home, finish)
        left = contents(home / "certs")
        if {path: text for path, text in left.items() if path.parts[0] != "old"} != new:
            yield "at the end certs is not what certs/new was"
        if contents(home / "certs/old/cluster-a") != old:
            yield "at the end certs/old is not what certs was"
        # And once more, from what the first one left.
        run(home, prepare)
        yield from faults(home)
        run(home, finish)


def main(eastwest, home=None):
    found = list(check(eastwest)) if home is None else prepared(pathlib.Path(home), eastwest)
    sys.exit("\n".join(found or ()) or 0)


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Checks the manifests under deploy/: `python -m check`, run in deploy/ by check.sh."""
import pathlib
import sys

from check import chart, clusters, control_plane, guards, kustomize, own, own_setups, routes, schemas

DEPLOY = pathlib.Path(__file__).resolve().parent.parent
FOLDERS = ("istio", "mixed", "demo", "kubernetes")
# What `eastwest convert` and `render` write, as the tests of cli/ have it.
WRITTEN = [DEPLOY.parent / "cli" / "tests" / command / "golden" for command in ("convert", "render")]


def name(document):
    metadata = document.get("metadata", {})
    return f"{document.get('kind')} {metadata.get('namespace', '-')}/{metadata.get('name')}"


def check_files():
    count = 0
    for path in sorted(p for folder in FOLDERS for p in (DEPLOY / folder).rglob("*.yaml")):
        if path.name == "kustomization.yaml" or (chart.CHART in path.parents and chart.RENDERED not in path.parents):
            continue
        for document in kustomize.documents(path):
            count += 1
            for error in schemas.errors(document):
                yield f"{path.relative_to(DEPLOY)}: {name(document)}: {error}"
    print(f"{count} objects in files")


def check_written():
    for folder in WRITTEN:
        count = 0
        for path in sorted(folder.glob("*.yaml")):
            for document in kustomize.documents(path):
                count += 1
                for error in schemas.errors(document):
                    yield f"{path.name}: {name(document)}: {error}"
        if not count:
            yield f"nothing in {folder}"
        print(f"{count} objects as `eastwest {folder.parent.name}` writes them")


def check_rendered():
    count = 0
    for file in sorted(DEPLOY.rglob("kustomization.yaml")):
        if kustomize.is_component(file.parent):
            continue
        objects = kustomize.render(file.parent)
        count += len(objects)
        if message := kustomize.differs_from_kubectl(file.parent, objects):
            yield message
        for document in objects:
            for error in schemas.errors(document):
                yield f"{file.relative_to(DEPLOY)}: {name(document)}: {error}"
    beside = "the same as kubectl renders" if kustomize.has_kubectl() else "NOT compared with kubectl, which is not installed"
    print(f"{count} objects as rendered, {beside}")


def check_chart():
    yield from chart.check()
    print(f"{len(list(chart.cases()))} sets of values for the chart, beside the folders")


def check_setups():
    operators = clusters.control_planes(DEPLOY)
    for setup, a, b in clusters.load(DEPLOY):
        for line in (*routes.check(a, b), *guards.check(a, b), *control_plane.check(operators, a, b)):
            yield f"{setup}: {line}"
        print(f"set-up: {setup}")
    for setup, a, b in clusters.load(DEPLOY, own_setups.setups()):
        yield from (f"{setup}: {line}" for line in own.check(a, b))
        print(f"set-up: {setup}")


def main():
    try:
        found = [*check_files(), *check_rendered(), *check_written(), *check_chart(), *check_setups()]
    except kustomize.Unsupported as error:
        found = [str(error)]
    for line in found:
        print(line, file=sys.stderr)
    sys.exit(1 if found else 0)


main()

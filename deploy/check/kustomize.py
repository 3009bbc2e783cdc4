"""Renders the part of kustomize that deploy/ uses, and refuses every other key.

Where kubectl is installed its own rendering is compared with this one, so that they cannot differ.
"""
import pathlib
import re
import shutil
import subprocess

import yaml

from check import images, strict_yaml

KEYS = {"apiVersion", "kind", "resources", "components", "configMapGenerator", "generatorOptions", "patches", "transformers"}
# What may choose the objects of a patch.
TARGETS = ({"kind", "name"}, {"kind", "labelSelector"})


class Unsupported(Exception):
    pass


def documents(path):
    try:
        return [d for d in strict_yaml.load_all(path.read_text()) if d is not None]
    except yaml.YAMLError as error:
        raise Unsupported(f"{path}: {error}") from error


def is_component(folder):
    """Whether it only changes the objects of whoever names it under `components`."""
    [kustomization] = documents(pathlib.Path(folder) / "kustomization.yaml")
    return kustomization.get("kind") == "Component"


def parts(folder):
    """The folders that a folder is made of."""
    [kustomization] = documents(pathlib.Path(folder) / "kustomization.yaml")
    named = (name for key in ("resources", "components", "transformers") for name in kustomization.get(key, []))
    return [folder / name for name in named if (folder / name).is_dir()]


def render(folder, objects=()):
    """The objects of a folder with a kustomization.yaml; those of a component with what it is put on."""
    folder = pathlib.Path(folder)
    file = folder / "kustomization.yaml"
    [kustomization] = documents(file)
    if unknown := set(kustomization) - KEYS:
        raise Unsupported(f"{file}: {', '.join(sorted(unknown))}: not known here")
    objects = list(objects)
    for resource in kustomization.get("resources", []):
        path = folder / resource
        if path.is_dir():
            objects += render(path)
        elif path.is_file():
            objects += documents(path)
        else:
            raise Unsupported(f"{file}: {resource} does not exist")
    for generator in kustomization.get("configMapGenerator", []):
        objects.append(config_map(file, generator, kustomization.get("generatorOptions", {})))
    for component in kustomization.get("components", []):
        if not is_component(folder / component):
            raise Unsupported(f"{file}: {component} is no component")
        objects = render(folder / component, objects)
    for patch in kustomization.get("patches", []):
        apply_patch(file, patch, objects, kustomization.get("kind") == "Component")
    # What changes all comes last.
    for transformer in (t for name in kustomization.get("transformers", []) for t in render(folder / name)):
        if faults := [*images.errors(transformer)] if images.is_transformer(transformer) else ["no ImageTagTransformer"]:
            raise Unsupported(f"{file}: {transformer['metadata']['name']}: {faults[0]}")
        images.apply(transformer, objects)
    return objects


def config_map(file, generator, options):
    if set(generator) - {"name", "namespace", "files"} or options != {"disableNameSuffixHash": True}:
        raise Unsupported(f"{file}: a generator has name, namespace and files, and no hash")
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": generator["name"], "namespace": generator["namespace"]},
        "data": {pathlib.Path(name).name: (file.parent / name).read_text() for name in generator["files"]},
    }


def apply_patch(file, patch, objects, may_be_none):
    """A JSON patch (RFC 6902) for the objects that the target chooses."""
    target = patch["target"]
    if set(patch) != {"target", "patch"} or set(target) not in TARGETS:
        raise Unsupported(f"{file}: a patch has patch and target (kind, and name or labelSelector)")
    chosen = [o for o in objects if chooses(target, o)]
    # A component is for several folders, and not each has all that it would change.
    if not chosen and not may_be_none:
        raise Unsupported(f"{file}: no {' '.join(target.values())} to patch")
    try:
        steps = strict_yaml.load(patch["patch"])
    except yaml.YAMLError as error:
        raise Unsupported(f"{file}: patch: {error}") from error
    for o in chosen:
        for step in steps:
            apply_step(file, step, o)


def chooses(target, document):
    """Kinds and names are regular expressions there, for the whole of the text."""
    metadata = document["metadata"]
    if "labelSelector" in target:
        key, value = target["labelSelector"].split("=")
        named = metadata.get("labels", {}).get(key) == value
    else:
        named = re.fullmatch(target["name"], metadata["name"])
    return named and re.fullmatch(target["kind"], document["kind"])


def apply_step(file, step, document):
    *parents, last = [p.replace("~1", "/").replace("~0", "~") for p in step["path"].split("/")[1:]]
    here = document
    try:
        for key in parents:
            here = here[int(key)] if isinstance(here, list) else here[key]
        if isinstance(here, list):
            last = len(here) if last == "-" else int(last)
        if step["op"] == "add" and isinstance(here, list):
            here.insert(last, step["value"])
        elif step["op"] == "add":
            here[last] = step["value"]
        elif step["op"] == "replace":
            here[last]
            here[last] = step["value"]
        elif step["op"] == "remove":
            del here[last]
        elif step["op"] == "test":
            if here[last] != step["value"]:
                raise Unsupported(f"{file}: {step['path']} is {here[last]}, not {step['value']}")
        else:
            raise Unsupported(f"{file}: op {step['op']} is not known here")
    except (KeyError, IndexError, ValueError) as error:
        raise Unsupported(f"{file}: {step['op']} {step['path']}: nothing is there") from error


def has_kubectl():
    return shutil.which("kubectl") is not None


def differs_from_kubectl(folder, objects):
    """What kubectl renders otherwise, as a message; None where it is the same or not installed."""
    if not has_kubectl():
        return None
    result = subprocess.run(["kubectl", "kustomize", str(folder)], capture_output=True, text=True)
    if result.returncode:
        return f"{folder}: kubectl kustomize: {result.stderr.strip()}"

    def by_name(items):
        return {(o["kind"], o["metadata"].get("namespace"), o["metadata"]["name"]): o for o in items}

    theirs = by_name(d for d in strict_yaml.load_all(result.stdout) if d)
    ours = by_name(objects)
    other = [key for key in theirs.keys() | ours.keys() if theirs.get(key) != ours.get(key)]
    return f"{folder}: kubectl renders otherwise: {other}" if other else None

"""Names and tags of images as a kustomization's transformer gives them, done as kustomize does it."""
import re

KINDS = ("builtin", "ImageTagTransformer")
# The one kind of field besides a pod's containers: each of a list has an image.
LISTED = re.compile(r"((?:\w+/)+\w+)\[\]/image")


def is_transformer(document):
    return (document.get("apiVersion"), document.get("kind")) == KINDS


def errors(transformer):
    """What is not known here of a transformer."""
    if unknown := set(transformer) - {"apiVersion", "kind", "metadata", "imageTag", "fieldSpecs"}:
        yield f"{', '.join(sorted(unknown))}: not known here"
    tag = transformer.get("imageTag")
    if not isinstance(tag, dict) or set(tag) != {"name", "newName", "newTag"} or not all(isinstance(v, str) for v in tag.values()):
        yield f"imageTag has the strings name, newName and newTag, not {tag}"
    for spec in transformer.get("fieldSpecs", []):
        if set(spec) != {"kind", "path"} or not LISTED.fullmatch(spec["path"]):
            yield f"fieldSpecs: {spec} has not kind and a path such as spec/sidecars[]/image"


def name_and_tag(image):
    """`registry:5000/a` has no tag."""
    name, colon, tag = image.rpartition(":")
    return (name, tag) if colon and "/" not in tag else (image, "")


def apply(transformer, objects):
    tag = transformer["imageTag"]
    for o in objects:
        for container in containers(transformer, o):
            if name_and_tag(container.get("image", ""))[0] == tag["name"]:
                container["image"] = f"{tag['newName']}:{tag['newTag']}"


def containers(transformer, o):
    yield from of_pods(o)
    for spec in transformer.get("fieldSpecs", []):
        if o["kind"] == spec["kind"]:
            here = o
            for key in LISTED.fullmatch(spec["path"])[1].split("/"):
                here = here.get(key, {})
            yield from here


def of_pods(node):
    """All that is in `containers` or `initContainers`, wherever they are."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("containers", "initContainers") and isinstance(value, list):
                yield from (c for c in value if isinstance(c, dict))
            yield from of_pods(value)
    elif isinstance(node, list):
        for item in node:
            yield from of_pods(item)

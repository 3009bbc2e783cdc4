"""Strict schemas: what a cluster would silently prune is an error here."""
import json
import pathlib

import jsonschema
import kubernetes_validate

from check import images

# The oldest Kubernetes that runs native sidecars unasked (1.29), and the newest known here.
KUBERNETES = ("1.29", "1.34")
FOLDER = pathlib.Path(__file__).resolve().parent.parent / "schemas"

# IstioOperator has no schema to check against: every path that may be set is listed.
ISTIO_OPERATOR = {
    "apiVersion", "kind", "metadata.name", "metadata.namespace", "spec.profile",
    "spec.meshConfig.trustDomain",
    "spec.meshConfig.defaultConfig.holdApplicationUntilProxyStarts",
    "spec.meshConfig.defaultConfig.proxyMetadata.ISTIO_META_DNS_CAPTURE",
    "spec.values.global.meshID", "spec.values.global.multiCluster.clusterName",
}


def load():
    found = (json.loads(f.read_text()) for f in sorted(FOLDER.glob("*/*.json")))
    return {(crd["group"], crd["kind"]): crd for crd in found}


CRDS = load()


def strict(node):
    """A structural schema as JSON schema in which unknown fields are errors."""
    if isinstance(node, list):
        return [strict(item) for item in node]
    if not isinstance(node, dict):
        return node
    out = {}
    for key, value in node.items():
        if key == "properties":
            out[key] = {name: strict(schema) for name, schema in value.items()}
        elif key in ("items", "additionalProperties", "oneOf", "anyOf", "allOf", "not"):
            out[key] = strict(value)
        elif key not in ("format", "nullable"):
            out[key] = value
    if out.get("x-kubernetes-int-or-string"):
        out.pop("anyOf", None)
        out["type"] = ["integer", "string"]
    open_ended = out.get("x-kubernetes-preserve-unknown-fields") or "additionalProperties" in out
    if "properties" in out and out.get("type") == "object" and not open_ended:
        out["additionalProperties"] = False
    return out


def custom(document, crd, version):
    served = crd["versions"].get(version)
    if served is None:
        return [f"{document['apiVersion']} is no served version of {crd['kind']}"]
    served = crd["versions"][served.get("same_as", version)]
    schema = strict(served["openAPIV3Schema"])
    for key in ("apiVersion", "kind"):
        schema["properties"][key] = {"type": "string"}
    schema["properties"]["metadata"] = {"type": "object"}
    errors = jsonschema.Draft202012Validator(schema).iter_errors(document)
    return [f"{'.'.join(map(str, e.path)) or 'top'}: {e.message[:200]}" for e in errors]


def core(document):
    for version in KUBERNETES:
        try:
            kubernetes_validate.validate(document, version, strict=True)
        except kubernetes_validate.ValidationError as e:
            yield f"Kubernetes {version}: {'.'.join(map(str, e.path)) or 'top'}: {e.message[:200]}"
        except kubernetes_validate.SchemaNotFoundError:
            yield f"Kubernetes {version} has no {document['apiVersion']} {document['kind']}"


def leaves(node, path=""):
    if not isinstance(node, dict):
        return {path}
    return {leaf for key, value in node.items() for leaf in leaves(value, f"{path}.{key}" if path else key)}


def errors(document):
    """What a schema has against one object."""
    if not isinstance(document, dict) or not {"apiVersion", "kind", "metadata"} <= document.keys():
        return ["no Kubernetes object: apiVersion, kind and metadata are needed"]
    group, _, version = document["apiVersion"].rpartition("/")
    if (group, document["kind"]) == ("install.istio.io", "IstioOperator"):
        return [f"{path} is not in the list of known settings" for path in leaves(document) - ISTIO_OPERATOR]
    if images.is_transformer(document):
        return list(images.errors(document))
    if crd := CRDS.get((group, document["kind"])):
        return custom(document, crd, version)
    if group.endswith("istio.io") or group.startswith("pxc."):
        return [f"no schema for {document['apiVersion']} {document['kind']} in {FOLDER.name}/"]
    return list(core(document))

"""Prints Kubernetes objects as JSON, for tests that are not in Python: what is applied of each folder
with a kustomization.yaml, and what is in each file. `python -m check.rendered PATH...`"""
import json
import pathlib
import sys

from check import kustomize


def objects(path):
    return kustomize.render(path) if path.is_dir() else kustomize.documents(path)


def main():
    try:
        print(json.dumps({path: objects(pathlib.Path(path)) for path in sys.argv[1:]}))
    except (kustomize.Unsupported, OSError) as error:
        sys.exit(str(error))


main()

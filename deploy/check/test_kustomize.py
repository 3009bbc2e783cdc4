"""What the renderer does not know it refuses, so that nothing goes unchecked."""
import pathlib
import tempfile
import unittest

from check import kustomize

CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: b}\ndata: {c: d}\n"
PATCH = "patches: [{target: {kind: ConfigMap, name: %s}, patch: '[{op: %s, path: %s, value: x}]'}]"


class Kustomize(unittest.TestCase):
    def render(self, text):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            (folder / "kustomization.yaml").write_text(text)
            (folder / "a.yaml").write_text(CONFIG_MAP)
            (folder / "twice.yaml").write_text(CONFIG_MAP.replace("{c: d}", "{c: d, 'c': e}"))
            return kustomize.render(folder)

    def test_patches(self):
        for op, path in (("add", "/data/new"), ("replace", "/data/c")):
            [rendered] = self.render("resources: [a.yaml]\n" + PATCH % ("a", op, path))
            self.assertEqual(rendered["data"][path.split("/")[2]], "x")

    def test_refusals(self):
        for text in (
            "namePrefix: x-",
            "resources: [missing.yaml]",
            "configMapGenerator: [{name: a, namespace: b, files: [a.yaml]}]",
            "resources: [a.yaml]\n" + PATCH % ("other", "add", "/data/c"),
            "resources: [a.yaml]\n" + PATCH % ("a", "replace", "/data/none"),
            "resources: [a.yaml]\n" + PATCH % ("a", "move", "/data/c"),
            "resources: [a.yaml]\nresources: []",
            "resources: [a.yaml, twice.yaml]",
            "resources: [a.yaml]\npatches: [{target: {kind: ConfigMap, name: a}, patch: '[{op: add, op: replace, path: /data/c, value: x}]'}]",
        ):
            with self.subTest(text), self.assertRaises(kustomize.Unsupported):
                self.render(text)

    def test_a_key_that_is_there_twice_is_named_with_its_place(self):
        with self.assertRaisesRegex(kustomize.Unsupported, "key 'c' stands here twice(.|\n)*line 4, column 14"):
            self.render("resources: [twice.yaml]")


if __name__ == "__main__":
    unittest.main()

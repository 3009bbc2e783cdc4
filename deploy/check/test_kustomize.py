"""What the renderer does not know it refuses, so that nothing goes unchecked."""
import pathlib
import tempfile
import unittest

from check import kustomize

CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: b}\ndata: {c: d}\n"
PATCH = "patches: [{target: {kind: ConfigMap, name: %s}, patch: '[{op: %s, path: %s, value: x}]'}]"

COMPONENT = """kind: Component
patches:
- {target: {kind: ConfigMap|Secret, labelSelector: a=b}, patch: '[{op: add, path: /data/new, value: x}]'}
"""


class Kustomize(unittest.TestCase):
    def render(self, text):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            (folder / "kustomization.yaml").write_text(text)
            (folder / "a.yaml").write_text(CONFIG_MAP)
            for part in ("part", "labelled"):
                (folder / part).mkdir()
            (folder / "labelled" / "kustomization.yaml").write_text("resources: [a.yaml]")
            (folder / "labelled" / "a.yaml").write_text(CONFIG_MAP.replace("name: a", "name: a, labels: {a: b}"))
            (folder / "part" / "kustomization.yaml").write_text(COMPONENT)
            (folder / "twice.yaml").write_text(CONFIG_MAP.replace("{c: d}", "{c: d, 'c': e}"))
            return kustomize.render(folder)

    def test_patches(self):
        for op, path in (("add", "/data/new"), ("replace", "/data/c")):
            [rendered] = self.render("resources: [a.yaml]\n" + PATCH % ("a", op, path))
            self.assertEqual(rendered["data"][path.split("/")[2]], "x")

    def test_what_is_taken_out_and_what_is_compared(self):
        steps = "[{op: test, path: /data/c, value: d}, {op: remove, path: /data/c}]"
        [rendered] = self.render("resources: [a.yaml]\npatches: [{target: {kind: C.*, name: a}, patch: '%s'}]" % steps)
        self.assertEqual(rendered["data"], {})

    def test_a_component_changes_what_has_its_label(self):
        label = "resources: [a.yaml]\n" + (PATCH % ("a", "add", "/metadata/labels")).replace("value: x", "value: {a: %s}")
        [without] = self.render(label % "c" + "\ncomponents: [part]")
        self.assertNotIn("new", without["data"])
        # Components come before the patches of who names them.
        [rendered] = self.render("resources: [labelled]\ncomponents: [part]")
        self.assertEqual(rendered["data"]["new"], "x")

    def test_what_kubectl_renders_otherwise_is_told(self):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            (folder / "kustomization.yaml").write_text("resources: [a.yaml]")
            (folder / "a.yaml").write_text(CONFIG_MAP)
            objects = kustomize.render(folder)
            other = [objects[0] | {"data": {}}]
            if kustomize.has_kubectl():
                self.assertIsNone(kustomize.differs_from_kubectl(folder, objects))
                self.assertIn("renders otherwise", kustomize.differs_from_kubectl(folder, other))

    def test_refusals(self):
        for text in (
            "namePrefix: x-",
            "resources: [missing.yaml]",
            "configMapGenerator: [{name: a, namespace: b, files: [a.yaml]}]",
            "resources: [a.yaml]\n" + PATCH % ("other", "add", "/data/c"),
            "resources: [a.yaml]\n" + PATCH % ("a", "replace", "/data/none"),
            "resources: [a.yaml]\n" + PATCH % ("a", "move", "/data/c"),
            "resources: [a.yaml]\n" + PATCH % ("a", "test", "/data/c"),
            "resources: [a.yaml]\n" + PATCH % ("a", "remove", "/data/none"),
            "resources: [a.yaml]\ncomponents: [labelled]",
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

"""Images of one's own get into every container of ours: by the one file of kubernetes/images, by a copy of its folder
in a kustomization of one's own, and by the chart's values."""
import pathlib
import re
import shutil
import tempfile
import unittest

import yaml

from check import chart, images, kustomize

KUBERNETES = pathlib.Path(__file__).resolve().parent.parent / "kubernetes"
FILE = "images/images.yaml"
OURS = "ghcr.io/eastwest-mesh"
THEIRS, TAG = "registry.example:5000/mesh", "0.1.1"
IMAGE = re.compile(r"image: (\S*eastwest\S*)")
OVERLAY = "resources: [{}]\ntransformers: [{}]\n"


def folders(top):
    """Those that can be applied, and no component."""
    files = (f for f in sorted(top.rglob("kustomization.yaml")) if not kustomize.is_component(f.parent))
    return [f.parent for f in files if f.parent.name != "images"]


def name_ours(file):
    """What an operator changes in the file."""
    text = re.sub(r"newName: .*/", f"newName: {THEIRS}/", file.read_text())
    file.write_text(re.sub(r"newTag: .*", f"newTag: {TAG}", text))


def of(objects):
    return IMAGE.findall(yaml.safe_dump_all(objects, width=1000))


def renamed(found):
    return [image.replace(OURS, THEIRS).rpartition(":")[0] + f":{TAG}" for image in found]


class OwnImages(unittest.TestCase):
    def setUp(self):
        held = tempfile.TemporaryDirectory()
        self.addCleanup(held.cleanup)
        self.home = pathlib.Path(held.name).resolve()
        shutil.copytree(KUBERNETES, self.home / "kubernetes")

    def renders(self, folder, expected):
        objects = kustomize.render(folder)
        self.assertEqual(of(objects), expected)
        self.assertNotIn(OURS, yaml.safe_dump_all(objects))
        self.assertIsNone(kustomize.differs_from_kubectl(folder, objects))

    def test_one_file_names_the_images_of_every_folder(self):
        name_ours(self.home / "kubernetes" / FILE)
        total = 0
        for at in folders(KUBERNETES):
            before = of(kustomize.render(at))
            total += len(before)
            with self.subTest(at):
                self.renders(self.home / "kubernetes" / at.relative_to(KUBERNETES), renamed(before))
        self.assertGreater(total, 20)

    def test_a_copy_of_it_names_those_of_a_kustomization_of_ones_own(self):
        own = self.home / "own"
        shutil.copytree(KUBERNETES / "images", own / "images")
        name_ours(own / "images" / "images.yaml")
        for number, at in enumerate(folders(KUBERNETES)):
            folder = own / str(number)
            folder.mkdir()
            (folder / "kustomization.yaml").write_text(OVERLAY.format(
                f"../../kubernetes/{at.relative_to(KUBERNETES)}", "../images"))
            with self.subTest(at):
                self.renders(folder, renamed(of(kustomize.render(at))))

    def test_the_charts_registry_and_tag_are_those_of_all_its_images(self):
        for name, values, _ in chart.cases():
            objects = chart.render(values | {"image": {"registry": THEIRS, "tag": TAG}})
            with self.subTest(name):
                self.assertEqual(of(objects), renamed(of(chart.render(values))))
                self.assertNotIn(OURS, yaml.safe_dump_all(objects))

    def test_the_tag_is_the_projects_version(self):
        manifest = (KUBERNETES.parent.parent / "Cargo.toml").read_text()
        [version] = re.findall(r'^\[workspace\.package\]\n(?:(?!\[).*\n)*?version = "(.*)"', manifest, re.MULTILINE)
        self.assertEqual({d["imageTag"]["newTag"] for d in kustomize.documents(KUBERNETES / FILE)}, {version})
        self.assertEqual({image.rpartition(":")[2] for at in folders(KUBERNETES) for image in of(kustomize.render(at))}, {version})

    def test_a_port_of_the_registry_is_no_tag(self):
        self.assertEqual(images.name_and_tag("a:5000/b"), ("a:5000/b", ""))
        self.assertEqual(images.name_and_tag("a:5000/b:1"), ("a:5000/b", "1"))

    def test_a_transformer_that_is_not_known_here_is_refused(self):
        good = (KUBERNETES / FILE).read_text()
        for text in (
            good.replace("ImageTagTransformer", "PrefixTransformer"),
            good.replace("  newTag", "  digest"),
            good.replace("sidecars[]/image", "sidecars"),
            good.replace("fieldSpecs", "fieldSpec"),
        ):
            (self.home / "kubernetes" / FILE).write_text(text)
            with self.subTest(text), self.assertRaises(kustomize.Unsupported):
                kustomize.render(self.home / "kubernetes/pxc/source")


if __name__ == "__main__":
    unittest.main()

"""From one capture mode to another: what is to be taken away carries a label, and the document has the right commands."""
import re
import unittest

from check import clusters, confined, kustomize
from check.documents import DEPLOY

MODE = "eastwest.dev/mode"
DOCS = DEPLOY / "kubernetes/docs"
ENFORCE = re.compile(r"kubectl.*enforce=(\w+)")


def rendered(mode):
    return {
        (o["kind"], o["metadata"].get("namespace"), o["metadata"]["name"]): o
        for o in kustomize.render(DEPLOY / f"kubernetes/pxc/replica-{mode}")
    }


class Modes(unittest.TestCase):
    modes = {mode: rendered(mode) for mode in ("service", "port", "redirect")}

    def alone(self, mode):
        others = {key for other, objects in self.modes.items() if other != mode for key in objects}
        return self.modes[mode].keys() - others

    def test_what_a_mode_alone_has_carries_its_label(self):
        for mode, objects in self.modes.items():
            with self.subTest(mode):
                labelled = {key for key, o in objects.items() if MODE in o["metadata"].get("labels", {})}
                self.assertEqual(labelled, self.alone(mode))
                self.assertLessEqual({objects[key]["metadata"]["labels"][MODE] for key in labelled}, {mode})
        self.assertTrue(self.alone("service") and self.alone("port"))

    def test_the_document_takes_each_kind_of_it_away(self):
        text = (DOCS / "capture-modes.md").read_text().replace("\\\n", "")
        [(kinds, mode)] = re.findall(rf"delete ([a-z,]+) +-l {MODE}=(\w+)", text)
        self.assertEqual(mode, "service")
        there = {f"{kind.lower()}s".replace("policys", "policies") for m in ("service", "port") for kind, _, _ in self.alone(m)}
        self.assertEqual(set(kinds.split(",")), there)

    def test_the_document_labels_the_namespace_as_the_pods_need_it(self):
        levels = {mode: confined.needed(clusters.Cluster(list(objects.values())), "pxc") for mode, objects in self.modes.items()}
        source = clusters.Cluster(kustomize.render(DEPLOY / "kubernetes/pxc/source"))
        self.assertEqual({confined.needed(source, "pxc"), levels["port"], levels["service"]}, {"baseline"})
        said = ENFORCE.findall((DOCS / "pxc-replication.md").read_text())
        self.assertEqual(said, ["baseline", levels["redirect"]])
        self.assertEqual(ENFORCE.findall((DOCS / "capture-modes.md").read_text()), [levels["redirect"]])


if __name__ == "__main__":
    unittest.main()

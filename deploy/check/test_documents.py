"""What can be seen of the documents without running them, and that it is seen."""
import pathlib
import tempfile
import unittest

from check import documents

GOOD = "[this](a.md)\n```sh\n# needs a cluster\nkubectl --context a apply -k deploy/kubernetes/gateway\n```\n"


class Documents(unittest.TestCase):
    def faults(self, text):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "a.md"
            file.write_text(text)
            return list(documents.faults(file))

    def test_those_of_this_tree(self):
        found = [f"{d.name}: {fault}" for d in documents.documents() for fault in documents.faults(d)]
        self.assertEqual(found, [])
        self.assertGreater(len(documents.documents()), 5)

    def test_faults_are_found(self):
        self.assertEqual(self.faults(GOOD), [])
        for message, text in (
            ("is no file", GOOD.replace("a.md", "b.md")),
            ("is not said to need a cluster", GOOD.replace("# needs a cluster\n", "")),
            ("is not there", GOOD.replace("kubernetes/gateway", "kubernetes/gatewey")),
            ("unexpected end of file", GOOD.replace("kubectl", "(kubectl")),
        ):
            with self.subTest(text):
                self.assertTrue(any(message in fault for fault in self.faults(text)), self.faults(text))

    def test_what_is_pasted_ends_and_leaves_nothing(self):
        marked = "```sh\n# needs a cluster\n{}\n```\n"
        sed = 'sed "s/203\\.0\\.113\\.10/${GATEWAY:?}/g" a > b\n'
        look = "! grep -n '203\\.0\\.113\\.' b && "
        for message, good, bad in (
            ("does not end", "kubectl --context a get pods", " --watch"),
            ("does not end", "kubectl --context a get pods", " -w"),
            ("leaves the passwords", "echo a > b.env\nrm b.env", None),
            ("that are left", f"{sed}{look}kubectl --context b apply -f b", None),
        ):
            self.assertEqual(self.faults(marked.format(good)), [])
            broken = good + bad if bad else good.replace("rm b.env", "").replace(look, "")
            self.assertIn(message, " ".join(self.faults(marked.format(broken))))

    def test_a_command_that_fails_is_told(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "a.md"
            file.write_text("```sh\ntrue\n```\n```sh\neastwest no\n```\n")
            self.assertIn("ended with 1", documents.run(file, "/bin/false")[1])
            self.assertEqual(documents.run(file, "/bin/true"), (2, None))

    def test_a_private_key_outside_of_certs_is_told(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "a.md"
            for place, told in (("certs", None), ("pki", "pki/key.pem")):
                file.write_text(f"```sh\nmkdir {place}\necho '-----BEGIN PRIVATE KEY-----' > {place}/key.pem\n```\n")
                fault = documents.run(file, "/bin/true")[1]
                self.assertEqual(told is not None, fault is not None and told in fault, fault)


if __name__ == "__main__":
    unittest.main()

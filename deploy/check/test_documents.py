"""What can be seen of the documents without running them, and that it is seen."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

from check import documents

GOOD = "[this](a.md)\n```sh\n# needs a cluster\nkubectl --context a apply -k deploy/kubernetes/gateway\n```\n"
# In kubectl's place: a port that is forwarded a second late, behind which everything has an answer.
KUBECTL = """#!/bin/sh
case $* in *port-forward*) sleep 1; exec timeout 60 {python} -c '
import http.server, sys
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"eastwest_connections_open 1\\n")
    do_POST = do_GET
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1].split(":")[0])), Answer).serve_forever()' "$(eval echo \\$$#)" ;; esac
"""


class Documents(unittest.TestCase):
    def faults(self, text):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "a.md"
            file.write_text(text)
            return list(documents.faults(file))

    def test_those_of_this_tree(self):
        found = [f"{d.name}: {fault}" for d in documents.documents() for fault in documents.faults(d)]
        self.assertEqual(found, [])
        self.assertEqual(documents.shared_ports(), [])
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

    def test_a_port_that_is_forwarded_is_waited_for_and_given_back(self):
        block = "```sh\n# needs a cluster\nkubectl --context a port-forward pod/a 18000:15000 &\n{}\n```\n"
        good = f"{documents.AWAITED}http://127.0.0.1:18000/\nkill %1"
        self.assertEqual(self.faults(block.format(good)), [])
        for message, bad in (("does not wait", good.replace("--retry 10 ", "")), ("left running", good.replace("kill %1", ""))):
            self.assertIn(message, " ".join(self.faults(block.format(bad))))

    def test_each_block_that_forwards_a_port_shows_what_it_asks_for_when_it_is_pasted(self):
        forwarding = [b for d in documents.documents() for b in documents.blocks(d.read_text()) if "port-forward" in b]
        self.assertTrue(forwarding)
        with tempfile.TemporaryDirectory() as folder:
            kubectl = pathlib.Path(folder) / "kubectl"
            kubectl.write_text(KUBECTL.format(python=sys.executable))
            kubectl.chmod(0o755)
            for block in forwarding:
                with self.subTest(block):
                    # It ends when nobody has its output any more: what is in the background, too.
                    script = f'PATH="{folder}:$PATH"\n{block}'
                    ran = subprocess.run(["bash", "-c", script], text=True, capture_output=True, timeout=60)
                    self.assertEqual(ran.stdout.count("eastwest_connections"), block.count("curl "), ran)

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

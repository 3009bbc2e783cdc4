"""Private keys that the documents have made get into no commit and no image."""
import pathlib
import re
import subprocess
import tempfile
import unittest

TREE = pathlib.Path(__file__).resolve().parent.parent.parent
# Where setup-certs.sh writes, and the documents of kubernetes/ and istio/.
KEYS = ("certs/cluster-a/demo/hello/key.pem", "certs/pki/root/root-key.pem", "deploy/istio/certs/root/root-key.pem")
SOURCE = ("cli/src/certs/key.rs", "deploy/kubernetes/README.md")
OUT = re.compile(r"eastwest certs .*--out (\S+)")


class PrivateKeys(unittest.TestCase):
    def setUp(self):
        held = tempfile.TemporaryDirectory()
        self.addCleanup(held.cleanup)
        self.home = pathlib.Path(held.name)
        for name in (*KEYS, *SOURCE):
            (self.home / name).parent.mkdir(parents=True, exist_ok=True)
            (self.home / name).write_text("a key\n")

    def test_the_documents_make_them_below_certs_alone(self):
        for file in (*(TREE / "deploy").rglob("*.md"), TREE / "README.md"):
            for out in OUT.findall(file.read_text()):
                self.assertRegex(out, r"^certs(/|$)", file)

    def test_git_leaves_them_out_and_no_source(self):
        subprocess.run(["git", "init", "-q", self.home], check=True)
        for name in (".gitignore", "deploy/istio/.gitignore"):
            (self.home / name).write_text((TREE / name).read_text())
        shown = subprocess.run(["git", "ls-files", "--others", "--exclude-standard"], cwd=self.home, check=True, text=True, capture_output=True)
        self.assertEqual({line for line in shown.stdout.split() if ".gitignore" not in line}, set(SOURCE))

    def test_the_build_of_images_does_not_copy_them(self):
        [packed] = re.findall(r"^(tar .*-cf - \.) \|", (TREE / "deploy/images/build.sh").read_text(), re.MULTILINE)
        copied = subprocess.run(["bash", "-c", f"{packed} | tar -tf -"], cwd=self.home, check=True, text=True, capture_output=True)
        files = {line.removeprefix("./") for line in copied.stdout.split() if not line.endswith("/")}
        self.assertEqual(files, set(SOURCE))

    def test_dockers_context_is_without_them(self):
        ignored = [line.strip("/") for line in (TREE / "deploy/images/Dockerfile.dockerignore").read_text().splitlines()]
        for key in KEYS:
            self.assertTrue(any(key.startswith(f"{name}/") for name in ignored if name), key)
        for name in SOURCE:
            self.assertFalse(any(name.startswith(f"{ignore}/") for ignore in ignored if ignore), name)


if __name__ == "__main__":
    unittest.main()

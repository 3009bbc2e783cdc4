"""The scripts of deploy/istio against recorded tools: what they call, and what they say."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

ISTIO = pathlib.Path(__file__).resolve().parent.parent / "istio"
RECORDED = pathlib.Path(__file__).resolve().parent / "recorded.py"
TOOLS = ("docker", "k3d", "kubectl", "istioctl")
# All that the scripts may use of the system: what is not here they must not count on.
SYSTEM = ("bash", "basename", "cat", "cp", "dirname", "grep", "head", "mkdir", "mktemp", "mv", "openssl",
          "rm", "rmdir", "sed", "seq", "sleep", "sort")
SCRIPTS = {
    "setup-certs.sh": ("openssl",),
    "setup-clusters.sh": ("docker", "k3d", "kubectl"),
    "deploy-simple-multicluster.sh": ("kubectl", "istioctl"),
    "connect-clusters.sh": ("kubectl",),
    "test-simple-multicluster.sh": ("kubectl",),
    "cleanup.sh": ("docker", "k3d"),
}


class Scripts(unittest.TestCase):
    def setUp(self):
        self.home = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.home)
        self.world, self.bin = self.home / "world", self.home / "bin"
        self.world.mkdir()
        self.bin.mkdir()
        for name in SYSTEM:
            (self.bin / name).symlink_to(shutil.which(name))
        for name in TOOLS:
            tool = self.bin / name
            tool.write_text(f"#!{sys.executable}\n" + RECORDED.read_text())
            tool.chmod(0o755)
        self.tell("gateway.ip", "172.21.0.7")

    def tell(self, name, text=""):
        (self.world / name).write_text(text)

    def run_script(self, script, *args, status=0):
        environment = {"PATH": str(self.bin), "RECORDED": str(self.world), "HOME": str(self.home),
                       "EASTWEST_GATEWAY_TRIES": "1", "EASTWEST_TEST_PAUSE": "0"}
        (self.world / "calls.log").unlink(missing_ok=True)
        done = subprocess.run([str(ISTIO / script), *map(str, args)], env=environment, capture_output=True,
                              text=True, cwd="/", timeout=120)
        self.assertEqual(done.returncode, status, f"{script} {args}: {done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def calls(self, *words):
        log = self.world / "calls.log"
        lines = log.read_text().splitlines() if log.exists() else []
        return [line for line in lines if all(word in line for word in words)]

    def certs(self):
        """Certificates, made once for all tests: four keys of 4096 bits take some seconds."""
        if not hasattr(Scripts, "made"):
            Scripts.made = pathlib.Path(tempfile.mkdtemp())
            unittest.addModuleCleanup(shutil.rmtree, Scripts.made)
            self.run_script("setup-certs.sh", "--out", Scripts.made / "certs")
        return shutil.copytree(Scripts.made / "certs", self.home / "certs")

    def test_help_and_wrong_command_lines(self):
        for script in SCRIPTS:
            said = self.run_script(script, "--help")
            self.assertIn(f"Usage: ./{script}", said)
            self.assertIn("--nonsense is not known", self.run_script(script, "--nonsense", status=2))
            option = next(o for o in ("--out", "--network", "--context-b") if f"{o} " in said)
            self.assertIn("needs a value", self.run_script(script, option, status=2))
            self.assertEqual(self.calls(), [])

    def test_tools_are_missing_or_too_old(self):
        certs = self.certs()
        args = {"deploy-simple-multicluster.sh": ("--certs", certs)}
        for script, tools in SCRIPTS.items():
            for tool in tools:
                moved = (self.bin / tool).rename(self.home / "away")
                said = self.run_script(script, *args.get(script, ()), status=1)
                self.assertIn(f"{tool} is not installed; get ", said)
                moved.rename(self.bin / tool)
                if tool == "openssl":
                    continue
                self.tell(f"version.{tool}", f"{tool} version v0.9.7")
                self.assertIn(f"{tool} is 0.9.7; get", self.run_script(script, *args.get(script, ()), status=1))
                self.tell(f"version.{tool}", "who knows")
                self.assertIn("does not tell its version", self.run_script(script, *args.get(script, ()), status=1))
                (self.world / f"version.{tool}").unlink()
                self.assertEqual([c for c in self.calls() if "version" not in c], [])

    def test_certificates(self):
        certs = self.certs()
        before = {p: p.read_bytes() for p in certs.rglob("*.pem")}
        self.assertEqual(len(before), 10)
        self.assertIn("Next: ./setup-clusters.sh", self.run_script("setup-certs.sh", "--out", certs))
        self.assertEqual(before, {p: p.read_bytes() for p in certs.rglob("*.pem")})
        self.assertEqual(list(certs.glob(".new*")), [])
        for secret in ("cluster-a/ca-key.pem", "cluster-a", "root"):
            self.assertEqual((certs / secret).stat().st_mode & 0o077, 0)
        text = subprocess.run(["openssl", "x509", "-in", certs / "cluster-b/ca-cert.pem", "-noout", "-text"],
                              capture_output=True, text=True, check=True).stdout
        self.assertIn("CA:TRUE, pathlen:0", text)
        self.assertIn("L = cluster-b", text)

        shutil.rmtree(certs / "cluster-a")
        self.assertIn("making", self.run_script("setup-certs.sh", "--out", certs))
        (certs / "root").rename(self.home / "root")
        said = self.run_script("setup-certs.sh", "--out", certs, status=1)
        self.assertIn("cluster-a was not signed by", said)
        (certs / "root/root-key.pem").unlink()
        shutil.rmtree(certs / "cluster-b")
        (certs / "cluster-a").rename(self.home / "cluster-a")
        self.assertIn("root-key.pem is missing", self.run_script("setup-certs.sh", "--out", certs, status=1))
        self.run_script("setup-certs.sh", "--days", "soon", status=1)

    def test_what_is_wrong_with_certificates_is_said(self):
        certs = self.certs()
        script, b, other = "setup-certs.sh", certs / "cluster-b", certs / "cluster-a"

        def refused(path, content, message):
            """With this content, or none at all, the script ends, and keeps everything."""
            before = path.read_bytes()
            path.unlink() if content is None else path.write_bytes(content)
            said = self.run_script(script, "--out", certs, status=1)
            self.assertIn(message, said)
            self.assertIn("run this again", said)
            path.write_bytes(before)

        for file in ("ca-cert.pem", "ca-key.pem", "cert-chain.pem", "root-cert.pem"):
            refused(b / file, None, f"cluster-b/{file} is missing")
            refused(b / file, b"", f"cluster-b/{file} is empty")
            refused(b / file, b"garbage", f"cluster-b/{file} is no {'private key' if 'key' in file else 'certificate'}")
        root = certs / "root"
        refused(root / "root-cert.pem", None, "root/root-cert.pem is missing")
        refused(root / "root-cert.pem", b"garbage", "root/root-cert.pem is no certificate")
        refused(root / "root-key.pem", b"garbage", "root/root-key.pem is no private key")
        refused(root / "root-key.pem", (b / "ca-key.pem").read_bytes(), "root-key.pem is not the key of")
        refused(b / "ca-key.pem", (other / "ca-key.pem").read_bytes(), "cluster-b/ca-key.pem is not the key of")
        refused(b / "cert-chain.pem", (other / "cert-chain.pem").read_bytes(), "does not begin with")
        refused(b / "root-cert.pem", (b / "ca-cert.pem").read_bytes(), "is not " + str(root / "root-cert.pem"))
        refused(b / "ca-cert.pem", self.signed(b, root, "0"), "cluster-b/ca-cert.pem has expired")
        self.run_script(script, "--out", certs)
        # Kept elsewhere, as it should be.
        (root / "root-key.pem").unlink()
        self.run_script(script, "--out", certs)

    def signed(self, folder, root, days):
        """The certificate of a folder's key, for other days."""
        request = subprocess.run(["openssl", "req", "-new", "-key", folder / "ca-key.pem", "-subj", "/O=eastwest"],
                                 capture_output=True, check=True).stdout
        return subprocess.run(["openssl", "x509", "-req", "-days", days, "-CA", root / "root-cert.pem",
                               "-CAkey", root / "root-key.pem", "-set_serial", "1"],
                              input=request, capture_output=True, check=True).stdout

    def test_an_interrupted_root_leaves_none(self):
        certs = self.home / "certs"
        (self.bin / "openssl").unlink()
        openssl = self.bin / "openssl"
        openssl.write_text(f'#!/bin/sh\n[ "$1" != req ] || exit 1\nexec {shutil.which("openssl")} "$@"\n')
        openssl.chmod(0o755)
        self.run_script("setup-certs.sh", "--out", certs, status=1)
        self.assertEqual(list(certs.iterdir()), [])

    def test_clusters_are_made_once(self):
        said = self.run_script("setup-clusters.sh")
        self.assertIn("Next: ./setup-certs.sh", said)
        self.assertEqual(len(self.calls("k3d cluster create", "--network k3d-interconnect")), 2)
        self.assertEqual(len(self.calls("docker network create --subnet 172.21.0.0/16")), 1)
        self.assertIn("cluster-b is there: kept", self.run_script("setup-clusters.sh"))
        self.assertEqual(self.calls("create"), [])
        self.assertEqual(len(self.calls("k3d cluster start")), 2)

        self.tell("fail", "wait --for=condition=Ready")
        self.assertIn("not ready after", self.run_script("setup-clusters.sh", status=1))
        self.tell("fail", "")
        self.tell("docker.down")
        self.assertIn("docker does not answer", self.run_script("setup-clusters.sh", status=1))
        self.assertIn("docker does not answer", self.run_script("cleanup.sh", status=1))

    def test_deploy(self):
        self.assertIn("./setup-certs.sh", self.run_script("deploy-simple-multicluster.sh", "--certs", "/none", status=1))
        certs = self.certs()
        for secrets in (2, 0):
            said = self.run_script("deploy-simple-multicluster.sh", "--certs", certs)
            self.assertIn("Next: ./test-simple-multicluster.sh", said)
            self.assertEqual(len(self.calls("create secret generic cacerts")), secrets)
            self.assertEqual(len(self.calls("istioctl install --context k3d-cluster-", "-y")), 2)
        order = [self.calls(word)[0] for word in ("get secret cacerts", "istioctl install", "cluster-a/gateway",
                                                  "cluster-a/hello", "kustomize cluster-b/hello")]
        log = self.calls()
        self.assertEqual(order, sorted(order, key=log.index))
        self.assertEqual(self.calls("pxc"), [])

        self.tell("secret.k3d-cluster-b", "b3RoZXI=")
        said = self.run_script("deploy-simple-multicluster.sh", "--certs", certs, status=1)
        self.assertIn("k3d-cluster-b has another CA", said)
        self.tell("fail", "get namespace kube-system")
        said = self.run_script("deploy-simple-multicluster.sh", "--certs", certs, "--context-a", "prod", status=1)
        self.assertIn("the kubectl context prod does not answer", said)

    def test_deploy_with_databases(self):
        certs = self.certs()
        said = self.run_script("deploy-simple-multicluster.sh", "--certs", certs, "--pxc", status=1)
        self.assertIn("does not have the Percona operator", said)
        self.assertEqual(self.calls("apply -k cluster-a/pxc"), [])
        self.tell("pxc")
        self.run_script("deploy-simple-multicluster.sh", "--certs", certs, "--pxc")
        self.assertEqual(len(self.calls("apply -k cluster-a/pxc")), 1)
        self.assertEqual(len(self.calls("kustomize cluster-b/pxc")), 1)

    def test_connect_writes_the_real_addresses(self):
        for args, address in (((), "172.21.0.7"), (("--gateway", "203.0.113.5"), "203.0.113.5"),
                              (("--gateway", "255.0.199.249"), "255.0.199.249")):
            self.run_script("connect-clusters.sh", *args)
            applied = (self.world / "applied.k3d-cluster-b").read_text()
            self.assertIn(f"address: {address}\ncidr: {address}/32\nnameserver: 10.96.0.10:53", applied)
            self.assertNotIn("172.21.0.3", applied)
        self.assertEqual(self.calls("--context k3d-cluster-a"), [])
        overlay = "../mixed/our-shims/cluster-b/hello"
        self.run_script("connect-clusters.sh", "--kustomization", overlay)
        self.assertEqual(len(self.calls(f"kustomize {overlay}")), 1)
        self.assertEqual(self.calls("kustomize cluster-b/hello"), [])

    def test_connect_says_what_is_wrong(self):
        self.tell("gateway.ip", "")
        self.assertIn("has no address", self.run_script("connect-clusters.sh", status=1))
        self.tell("gateway.hostname", "lb.example.com")
        self.assertIn("host name lb.example.com", self.run_script("connect-clusters.sh", status=1))
        for wrong in ("lb", "999.999.999.999", "10.0.0.256", "10.0.0", "10.0.0.1.1", "10.0.0.01", "10.0.0.1/32"):
            said = self.run_script("connect-clusters.sh", "--gateway", wrong, status=1)
            self.assertIn(f"--gateway {wrong} is no IPv4 address", said)
        self.assertIn("no kustomization.yaml", self.run_script("connect-clusters.sh", "--kustomization", "/", status=1))
        self.assertEqual(self.calls("apply"), [])

    def test_the_test(self):
        said = self.run_script("test-simple-multicluster.sh")
        self.assertEqual(said.count("ok "), 4)
        self.assertIn("ok    src-hello-2: hello from hello-2", said)
        self.assertIn("Next: README.md", said)
        self.tell("pxc")
        self.assertEqual(self.run_script("test-simple-multicluster.sh", "--pxc").count("ok "), 7)
        self.tell("answer.hello-1", "hello from hello-0")
        said = self.run_script("test-simple-multicluster.sh", "--tries", "2", status=1)
        self.assertIn('FAIL  src-hello-1: expected "hello from hello-1", got "hello from hello-0"', said)
        self.assertEqual(len(self.calls("src-hello-1")), 2)
        (self.world / "answer.hello-1").unlink()
        self.tell("plaintext.answered")
        self.assertIn("was answered", self.run_script("test-simple-multicluster.sh", status=1))

    def test_cleanup(self):
        self.run_script("setup-clusters.sh")
        certs = self.certs()
        self.run_script("cleanup.sh")
        self.assertEqual(len(self.calls("k3d cluster delete")), 2)
        self.assertEqual(len(self.calls("docker network rm k3d-interconnect")), 1)
        self.assertTrue(certs.exists())
        self.run_script("cleanup.sh", "--certs", certs)
        self.assertEqual([*self.calls("delete"), *self.calls("network rm")], [])
        self.assertFalse(certs.exists())
        self.run_script("cleanup.sh", "--certs", certs)
        self.assertIn("not removed", self.run_script("cleanup.sh", "--certs", self.home, status=1))
        self.assertTrue(self.home.exists())


if __name__ == "__main__":
    unittest.main()

"""The Dockerfile, which no test here can run, says what `build.sh` does."""
import pathlib
import re
import subprocess
import unittest

IMAGES = pathlib.Path(__file__).resolve().parent.parent / "images"
PROGRAMS = {"eastwest-gateway", "eastwest-resolver", "eastwest-shim", "eastwest"}
LABEL = re.compile(r"org\.opencontainers\.image\.(\w+)=\"?([^\"\s]*)")


def stages(text):
    """The instructions of each stage, by its name."""
    return {name: body for name, body in re.findall(r"^FROM \S+ AS (\S+)\n(.*?)(?=^FROM |\Z)", text, re.MULTILINE | re.DOTALL)}


class Images(unittest.TestCase):
    dockerfile = (IMAGES / "Dockerfile").read_text()
    build = (IMAGES / "build.sh").read_text()

    def test_an_image_a_program_with_its_bill_of_materials_and_nothing_else(self):
        found = stages(self.dockerfile)
        self.assertEqual(set(found), PROGRAMS | {"build", "base"})
        for program in PROGRAMS:
            paths = f"/usr/bin/{program}", f"/usr/share/sbom/{program}.cdx.json"
            copied = re.findall(r"^COPY (.*)$", found[program], re.MULTILINE)
            self.assertEqual(copied, [f"--from=build /programs{path} {path}" for path in paths])
            self.assertIn(f'ENTRYPOINT ["{paths[0]}"]', found[program])
            self.assertIn(f"{program}=", found["build"])

    def test_labels_are_those_of_the_script(self):
        titled = dict(LABEL.findall(self.dockerfile))
        self.assertEqual(set(titled), set(dict(LABEL.findall(self.build))))
        for program in PROGRAMS:
            [about] = re.findall(rf'\[{program}\]="(.* .*)"', self.build)
            self.assertIn(f'org.opencontainers.image.description="{about}"', stages(self.dockerfile)[program])

    def test_versions_are_those_of_the_script_and_of_the_project(self):
        manifest = (IMAGES.parent.parent / "Cargo.toml").read_text()
        [version] = re.findall(r'^\[workspace\.package\]\n(?:(?!\[).*\n)*?version = "(.*)"', manifest, re.MULTILINE)
        self.assertEqual(dict(LABEL.findall(self.dockerfile))["version"], version)
        [tool] = re.findall(r"^cyclonedx_version=(\S+)$", self.build, re.MULTILINE)
        self.assertIn(f"--version {tool} cargo-cyclonedx", self.dockerfile)

    def test_both_build_what_the_lock_file_says_for_the_same_user(self):
        for text in (self.dockerfile, self.build):
            self.assertRegex(text, r"cargo build --release --locked")
            self.assertIn("1337:1337", text)
            self.assertIn("-C target-feature=+crt-static -C relocation-model=pie", text)

    def test_wrong_usage_is_told_in_the_scripts_own_words(self):
        for args, told in (
            (["--out"], "--out needs a folder"),
            (["--target", ""], "--target needs a triple"),
            (["--outt"], "unknown flag --outt (--help lists them)"),
            (["shim"], "there is no program shim: eastwest-gateway, eastwest-resolver, eastwest-shim, eastwest"),
        ):
            result = subprocess.run([IMAGES / "build.sh", *args], capture_output=True, text=True)
            self.assertEqual((result.returncode, result.stderr), (1, f"deploy/images/build.sh: {told}\n"))


if __name__ == "__main__":
    unittest.main()

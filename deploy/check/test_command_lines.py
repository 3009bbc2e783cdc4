"""Which commands a document has, and what is wrong with them."""
import pathlib
import tempfile
import unittest

from check import command_lines

# In the place of `eastwest`: it takes `lint` and `shim`, and of flags `-f` alone.
EASTWEST = """#!/bin/sh
case $1 in lint | shim) ;; *) echo "no $1" >&2; exit 2 ;; esac
for word in "$@"; do case $word in --help) echo "Usage: "; exit ;; -f | [!-]*) ;; *) echo "no $word" >&2; exit 2 ;; esac; done
"""


class CommandLines(unittest.TestCase):
    def check(self, text):
        with tempfile.TemporaryDirectory() as folder:
            eastwest = pathlib.Path(folder) / "eastwest"
            eastwest.write_text(EASTWEST)
            eastwest.chmod(0o755)
            file = pathlib.Path(folder) / "a.md"
            file.write_text(text)
            return command_lines.check(file, eastwest)

    def test_commands_are_found_wherever_they_stand(self):
        for text, words in (
            ("a b # c\n", [["a", "b"]]),
            ("a | b && c; d &\n", [["a"], ["b"], ["c"], ["d"]]),
            ("for x in y; do\n  A=1 b \\\n    c\ndone > d.env\n", [["for", "x", "in", "y"], ["b", "c"], ["done"], ["d.env"]]),
            ("A=$(b 'c d' 2>&1)\n! e\n", [["b", "c d"], ["e"]]),
            ("cat > a <<'X'\n- ../b\nX\n", [["cat"], ["a"]]),
        ):
            self.assertEqual(list(command_lines.commands(text)), words)

    def test_calls_of_our_programs_are_found_behind_others(self):
        for text, args in (
            ("eastwest lint a", ["lint", "a"]),
            ("eastwest-shim -f a", ["shim", "-f", "a"]),
            ("cargo run --release -- lint a", ["lint", "a"]),
            ("kubectl exec a -- /usr/bin/eastwest-shim -f a", ["shim", "-f", "a"]),
            ("cargo run -p eastwest-e2e --bin faults -- lint a", None),
            ("kubectl apply -f eastwest", None),
        ):
            self.assertEqual(command_lines.call(text.split()), args)

    def test_what_is_shown_is_no_command(self):
        for shown in ("cluster B      cluster A", "kind: Gateway", "eastwest-shim 0.1.0 on app-0", "  ok  dns"):
            self.assertEqual(self.check(f"a:\n\n    {shown}\n"), (0, 0, []))
        self.assertEqual(self.check("a:\n\n    ./a.md       # a\n    eastwest lint | head\n\nb\n"), (3, 1, []))

    def test_faults_are_found_in_fenced_and_in_indented_commands(self):
        for message, good, bad in (
            ("no lint2", "eastwest lint", "eastwest lint2"),
            ("no --files", "a | eastwest shim -f a", "a | eastwest shim --files a"),
            ("deploy/demos is not there", "ls deploy/demo", "ls deploy/demos"),
            ("./b.md is not there", "cat ./a.md", "cat ./b.md"),
            ("has no kustomization.yaml", "kubectl apply -k deploy/kubernetes/gateway", "kubectl apply -k deploy/kubernetes/docs"),
            ("no package eastwest-e3e", "cargo test -p eastwest-e2e", "cargo test -p eastwest-e3e"),
            ("has no --test wires", "cargo test -p eastwest-e2e --test wire", "cargo test -p eastwest-e2e --test wires"),
            ("unexpected end of file", "ls", "(ls"),
        ):
            for form in ("a:\n\n    {}\n\nb\n", "```sh\n# needs a cluster\n{}\n```\n"):
                with self.subTest(bad):
                    self.assertEqual(self.check(form.format(good))[2], [])
                    self.assertIn(message, " ".join(self.check(form.format(bad))[2]))

    def test_a_fence_whose_commands_nobody_would_read_is_a_fault(self):
        self.assertIn("fenced as bash", self.check("```bash\nls\n```\n")[2][0])


if __name__ == "__main__":
    unittest.main()

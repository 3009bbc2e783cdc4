"""The commands in all documents of the tree, fenced and indented, held against what is there.

Each call of our programs has to be one that `eastwest` takes: its words are given to it with `--help` behind them,
which reads them from left to right and runs nothing. Each path of the tree has to be there, and each test and
program that cargo is told.
"""
import functools
import os
import pathlib
import re
import shlex
import subprocess

TREE = pathlib.Path(__file__).resolve().parent.parent.parent
# What is built, and what is not ours.
NOT_READ = {"target", "node_modules"}
FENCED = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# A paragraph of four spaces: those of a list item have no line without text before them here.
INDENTED = re.compile(r"(?:\A|(?<=\n\n))((?:    .*\n(?:\n(?=    ))*)+)")
# What is indented and no command: drawings and tables, YAML, what a program prints.
SHOWN = re.compile(r" |.*\S  +\S|\w+: |eastwest-\w+ \d")
COMMENT = re.compile(r"(^|\s)#.*$", re.MULTILINE)
# What a command is given to read.
HEREDOC = re.compile(r"<<'?(\w+)'?\n.*?^\1$", re.MULTILINE | re.DOTALL)
# A redirection of a descriptor, which is no word.
DESCRIPTOR = re.compile(r"\d?>&\d|\b\d(?=>)")
OURS = re.compile(r"(?:/usr/bin/)?eastwest(?:-(gateway|resolver|shim))?")
# What comes before a command.
BEFORE = re.compile(r"[A-Z_]+=.*|do|then|else|if|while|until|!|\{|exec|sudo")
IN_TREE = re.compile(r"[\w./-]+")
CARGOS = {"--test": "tests", "--bench": "benches", "--bin": "src/bin"}


def documents():
    for folder, below, files in os.walk(TREE):
        below[:] = sorted(name for name in below if name not in NOT_READ and not name.startswith("."))
        yield from (pathlib.Path(folder) / name for name in sorted(files) if name.endswith(".md"))


def blocks(text):
    """The commands of a document as they are pasted: fenced ones, then indented ones."""
    yield from (body for language, body in FENCED.findall(text) if language == "sh")
    for block in INDENTED.findall(FENCED.sub("", text)):
        lines = [line.removeprefix("    ") for line in block.splitlines()]
        if not SHOWN.match(COMMENT.sub("", lines[0])):
            yield "\n".join(lines) + "\n"


def commands(block):
    """The words of each command of a block, in a pipe or a substitution too, without what comes before it."""
    text = HEREDOC.sub("", block).replace("\\\n", " ")
    text = DESCRIPTOR.sub("", COMMENT.sub("", text))
    reader = shlex.shlex(text, posix=True, punctuation_chars="();<>|&\n")
    reader.whitespace, reader.whitespace_split, reader.commenters = " \t", True, ""
    words = []
    for word in (*reader, "\n"):
        if set(word) <= set("();<>|&\n"):
            if words:
                yield words
            words = []
        elif words or not BEFORE.fullmatch(word):
            words.append(word)


def call(words):
    """What `eastwest` is given, where a command is a call of our programs; None where it is not."""
    if words[:2] == ["cargo", "run"] and "--" in words and not {"-p", "--bin"} & set(words):
        return words[words.index("--") + 1:]
    # As kubectl has a container's command.
    for start in [0, *(n + 1 for n, word in enumerate(words[:-1]) if word == "--")]:
        if ours := OURS.fullmatch(words[start]):
            return [*filter(None, ours.groups()), *words[start + 1:]]
    return None


def refused(eastwest, args):
    """What `eastwest` has against these words; None if nothing."""
    taken = subprocess.run([eastwest, *args, "--help"], text=True, capture_output=True, stdin=subprocess.DEVNULL)
    if taken.returncode == 0 and "Usage: " in taken.stdout:
        return None
    return taken.stderr.strip() or "prints no usage"


@functools.cache
def packages():
    """The folders of cargo's packages, by name."""
    manifests = (*TREE.glob("*/Cargo.toml"), *TREE.glob("*/fuzz/Cargo.toml"))
    name = re.compile(r'^name = "(.*)"', re.MULTILINE)
    return {name.search(file.read_text()).group(1): file.parent for file in manifests}


def not_built(words):
    """What cargo is told that is not there."""
    flags = dict(zip(words, words[1:]))
    package = flags.get("-p", "eastwest")
    if package not in packages():
        yield f"there is no package {package}"
        return
    for flag, folder in CARGOS.items():
        if flag in flags:
            target = packages()[package]
            declared = f'name = "{flags[flag]}"' in (target / "Cargo.toml").read_text()
            place = target / folder / flags[flag]
            if not (declared or place.with_suffix(".rs").exists() or (place / "main.rs").exists()):
                yield f"{package} has no {flag} {flags[flag]}"


def missing(document, words):
    """The paths of the tree that a command names and that are not there."""
    tops = {path.name for path in TREE.iterdir() if path.is_dir()} - NOT_READ
    for before, word in zip(("", *words), words):
        for path in IN_TREE.findall(word):
            if path.startswith(("./", "../")):
                place = document.parent / path
            elif "/" in path and path.split("/")[0] in tops and not word.startswith(("/", "$", "~", "http")):
                place = TREE / path
            else:
                continue
            if not place.exists():
                yield f"{path} is not there"
            elif before in ("-k", "kustomize") and not (place / "kustomization.yaml").exists():
                yield f"{path} has no kustomization.yaml"


def check(document, eastwest):
    """How many commands a document has, how many of them are calls of ours, and what is wrong with them."""
    counts, faults = [0, 0], []
    text = document.read_text()
    for language, body in FENCED.findall(text):
        if language not in ("sh", "yaml", "sql"):
            faults.append(f"`{body.strip()}` is fenced as {language or 'nothing'}: commands are as sh")
    for block in blocks(text):
        syntax = subprocess.run(["bash", "-n"], input=block, text=True, capture_output=True)
        if syntax.returncode:
            faults.append(f"`{block.strip()}`: {syntax.stderr.strip()}")
            continue
        for words in commands(block):
            counts[0] += 1
            said = [*missing(document, words)]
            if words[0] == "cargo" and words[1] in ("test", "bench", "run"):
                said += not_built(words)
            if (args := call(words)) is not None:
                counts[1] += 1
                said += filter(None, [refused(eastwest, args)])
            faults += [f"`{shlex.join(words)}`: {fault}" for fault in said]
    return *counts, [f"{os.path.relpath(document, TREE)}: {fault}" for fault in faults]

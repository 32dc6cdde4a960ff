"""Run the examples of one Markdown page: ``python page.py docs/backends.md``.

All ``py`` blocks of a page share one namespace, in reading order. A block with
prompts is a doctest, whose output is compared; any other is executed. The
line ``<!-- not run: REASON -->`` before a block leaves it out.

A block with a title, ```` ```py title="src/names.py" ````, is written to that file instead. A
``bash`` block is run only below the line ``<!-- run -->``; below ``<!-- run as: COMMAND -->``
that command is run in its place, which can do without a network. What it changes to with ``cd``
stays the working directory. Python finds what is put into the folder ``$SITE``.
"""

import doctest
import os
import re
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

BLOCK = re.compile(
    r"^(?P<indent> *)```(?P<language>py|python|toml|bash)\b(?P<info>[^\n]*)\n"
    r"(?P<code>.*?)^(?P=indent)```",
    re.MULTILINE | re.DOTALL,
)
MARK = re.compile(r"<!-- (?P<word>not run|run as|run)(?:: (?P<rest>.+))? -->\s*\Z")
TITLE = re.compile(r'title="(?P<file>[^"]+)"')


@dataclass(frozen=True)
class Example:
    """What is to be done at a place of a page: `kind` is ``'py'``, ``'file'`` or ``'bash'``."""

    kind: str
    line: int
    code: str
    file: str = ""


def examples(text: str) -> Iterator[Example]:
    """What there is to run, with the line before it."""
    for block in BLOCK.finditer(text):
        before = text[: block.start()]
        mark = MARK.search(before[before.rfind("\n", 0, len(before.rstrip())) + 1 :])
        word = mark["word"] if mark else ""
        line = text.count("\n", 0, block.start("code"))
        code = textwrap.dedent(block["code"])
        if word == "not run":
            continue
        if title := TITLE.search(block["info"]):
            yield Example("file", line, code, title["file"])
        elif block["language"] in ("py", "python"):
            yield Example("py", line, code)
        elif block["language"] == "bash" and mark:
            yield Example("bash", line, mark["rest"] or code)


def run(page: Path, site: Path) -> int:
    """Execute the examples of a page; how many there were."""
    names: dict[str, object] = {"__name__": "__main__"}
    runner = doctest.DebugRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    found = list(examples(page.read_text(encoding="utf-8")))
    for example in found:
        line, code = example.line, example.code
        if example.kind == "file":
            Path(example.file).write_text(code, encoding="utf-8")
        elif example.kind == "bash":
            shell(code, site, f"{page}, line {line}")
        elif ">>>" in code:
            test = doctest.DocTestParser().get_doctest(code, {}, page.name, str(page), line)
            test.globs = names
            runner.run(test, clear_globs=False)
        else:  # the empty lines make a traceback name the line of the page
            exec(compile("\n" * line + code, str(page), "exec"), names)
    return len(found)


def shell(script: str, site: Path, where: str) -> None:
    """Run a script in the working directory, and go where it ends."""
    last = site / "last-folder"
    paths = {"PATH": Path(sys.executable).parent, "PYTHONPATH": site}
    environment = os.environ | {
        name: os.pathsep.join(filter(None, [str(first), os.environ.get(name)]))
        for name, first in paths.items()
    }
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", f'{script}\npwd > "$SITE/{last.name}"'],
        env=environment | {"SITE": str(site)},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        sys.exit(f"{where}: status {done.returncode}\n{done.stdout}\n{done.stderr}")
    os.chdir(last.read_text().strip())


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="funfact-site-") as folder:
        print(run(Path(sys.argv[1]).resolve(), Path(folder)), "examples")

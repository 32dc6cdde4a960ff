"""Run the Python examples of one Markdown page: ``python page.py docs/backends.md``.

All ``py`` blocks of a page share one namespace, in reading order. A block with
prompts is a doctest, whose output is compared; any other is executed. The
line ``<!-- not run: REASON -->`` before a block leaves it out.
"""

import doctest
import re
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

BLOCK = re.compile(
    r"^(?P<indent> *)```(?:py|python)\b[^\n]*\n(?P<code>.*?)^(?P=indent)```",
    re.MULTILINE | re.DOTALL,
)
NOT_RUN = re.compile(r"<!-- not run: .+ -->\s*\Z")


def examples(text: str) -> Iterator[tuple[int, str]]:
    """The line before each example that is to be run, and its source."""
    for block in BLOCK.finditer(text):
        if not NOT_RUN.search(text, 0, block.start()):
            yield text.count("\n", 0, block.start("code")), textwrap.dedent(block["code"])


def run(page: Path) -> int:
    """Execute the examples of a page; how many there were."""
    names: dict[str, object] = {"__name__": "__main__"}
    runner = doctest.DebugRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    found = list(examples(page.read_text(encoding="utf-8")))
    for line, code in found:
        if ">>>" in code:
            test = doctest.DocTestParser().get_doctest(code, {}, page.name, str(page), line)
            test.globs = names
            runner.run(test, clear_globs=False)
        else:  # the empty lines make a traceback name the line of the page
            exec(compile("\n" * line + code, str(page), "exec"), names)
    return len(found)


if __name__ == "__main__":
    print(run(Path(sys.argv[1])), "examples")

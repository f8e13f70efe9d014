"""The fenced blocks of a Markdown page, and how each kind is run.

The info string says what a block is; all blocks of a page share one folder and one Python namespace, in order:

* ``python file=NAME`` is written to that file, ``python`` is executed;
* ``sh`` is run by bash in the folder; ``exit=N`` is the status it ends with, 0 by default;
* ``text`` is what the ``sh`` block before it prints: its lines occur there in this order, where any number stands for
  any other, white space counts as one space, and a line of three dots for any lines; with ``as-is`` it is a drawing;
* ``sh checkout`` is run in a copy of the whole tree, with an environment that finds the packages of this one;
* ``needs=a,b`` leaves a block out where one of these modules or programs is missing, and says so;
* ``toml``, ``json`` and ``yaml file=NAME`` are parsed; the last is only checked for being there.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

_FENCE = re.compile(r"^(?P<indent> *)```(?P<info>[^\n`]*)\n(?P<body>.*?)^(?P=indent)```\s*$", re.MULTILINE | re.DOTALL)
_NUMBER = re.compile(r"[-+]?\d[\d,]*(\.\d+)?(e[-+]?\d+)?")


@dataclass(frozen=True)
class Block:
    """One fenced block."""

    page: Path
    line: int
    language: str
    options: dict[str, str]
    body: str

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}"


def blocks(page: Path) -> list[Block]:
    """Return the fenced blocks of a page in order."""
    text = page.read_text(encoding="utf-8")
    found = []
    for match in _FENCE.finditer(text):
        language, *words = shlex.split(match["info"]) or [""]
        options = {word.partition("=")[0]: word.partition("=")[2] for word in words}
        body = re.sub(rf"^{match['indent']}", "", match["body"], flags=re.MULTILINE)
        found.append(Block(page, text.count("\n", 0, match.start()) + 1, language, options, body))
    return found


def unlike(expected: str, printed: str) -> str | None:
    """Return the first line of `expected` that is not in `printed` after the one before it, or None."""
    lines = [_normal(line) for line in printed.splitlines()]
    place = 0
    for line in expected.splitlines():
        wanted = _normal(line)
        if not wanted or wanted in ("...", "…"):
            continue
        while place < len(lines) and lines[place] != wanted:
            place += 1
        if place == len(lines):
            return line
        place += 1
    return None


def _normal(line: str) -> str:
    # A table's rules are as long as its widest cell, which may be a figure.
    line = re.sub(r"[─━═-]{3,}", "---", line)
    return " ".join(_NUMBER.sub("0", line).split())

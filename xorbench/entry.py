"""What is known of an implementation before anything of it is imported."""

from __future__ import annotations

import fnmatch
import importlib.util
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What the registry knows of an implementation without importing it."""

    name: str
    where: str  # "module:attribute"
    summary: str = ""
    requires: tuple[str, ...] = ()  # importable names
    install: str = ""  # the command that installs them
    learns: tuple[str, ...] = ("*",)  # patterns of tasks that it can take
    never: tuple[str, ...] = ()  # patterns of tasks that a theorem says it cannot learn
    why_never: str = ""
    trains: bool = True  # False: nothing is learned, the answer is built in
    devices: tuple[str, ...] = ("cpu",)  # kinds of device it can run on
    ensemble: str | None = None  # "module:attribute" of an array program that trains many seeds at once

    def takes(self, task: str) -> bool:
        """Whether this implementation can be given this task at all."""
        return any(fnmatch.fnmatchcase(task, pattern) for pattern in (*self.learns, *self.never))

    def can_learn(self, task: str) -> bool:
        """Whether it is supposed to learn this task; False where a theorem says it cannot."""
        return self.takes(task) and not any(fnmatch.fnmatchcase(task, pattern) for pattern in self.never)

    def missing(self) -> list[str]:
        """Return the required packages that are not installed, without importing them."""
        return [name for name in self.requires if not _is_installed(name)]


def _is_installed(name: str) -> bool:
    # For "a.b" find_spec imports "a", and raises where there is no "a": the top of the name is what is installed.
    try:
        return importlib.util.find_spec(name.partition(".")[0]) is not None
    except ValueError:  # a module in sys.modules without a spec is there all the same
        return True

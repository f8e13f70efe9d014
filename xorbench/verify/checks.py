"""The checks: plain functions of a subject, found in the suites by their names.

A check is a function ``test_<what>(subject)`` in a module ``suites/test_<suite>.py``. It returns, or raises
:class:`~xorbench.verify.outcomes.Failed` or :class:`~xorbench.verify.outcomes.NotChecked`. The command line, pytest and a
stranger's own test file run the same functions.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from dataclasses import dataclass

from xorbench.verify.subject import Subject

#: In the order in which they are run: what breaks everything else comes first.
SUITES = (
    "contract",
    "invariances",
    "determinism",
    "gradients",
    "starts",
    "capacity",
    "learning",
    "truth_table",
    "sequences",
    "reference",
    "devices",
)


@dataclass(frozen=True)
class CheckFunction:
    """A check and where it lives."""

    suite: str
    name: str
    run: Callable[[Subject], None]

    @property
    def id(self) -> str:
        """Its name in results, such as ``gradients/update-follows-the-gradient``."""
        return f"{self.suite.replace('_', '-')}/{self.name}"

    @property
    def says(self) -> str:
        """The property in words: the first line of its docstring."""
        return (self.run.__doc__ or "").strip().splitlines()[0]


@functools.cache
def all_checks() -> tuple[CheckFunction, ...]:
    """Return every check, in running order."""
    found = []
    for suite in SUITES:
        module = importlib.import_module(f"xorbench.suites.test_{suite}")
        for name, value in vars(module).items():
            if name.startswith("test_") and getattr(value, "__module__", None) == module.__name__:
                found.append(CheckFunction(suite, name.removeprefix("test_").replace("_", "-"), value))
    return tuple(found)

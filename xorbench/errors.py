"""Errors that a user can mend, the exit codes, and "did you mean"."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from enum import IntEnum


class ExitCode(IntEnum):
    """Exit statuses of every command; the first six follow pytest."""

    OK = 0
    FAILED = 1  # a check failed or a gate found a regression
    INTERRUPTED = 2
    INTERNAL = 3
    USAGE = 4
    NOTHING = 5  # nothing was checked or measured
    INCONCLUSIVE = 6


class XorbenchError(Exception):
    """Something that one clear sentence explains: the value, the rule it broke, and the mend."""

    exit_code: ExitCode = ExitCode.FAILED


class UsageError(XorbenchError):
    """The command line or an argument of the Python API is wrong."""

    exit_code = ExitCode.USAGE


class MissingDependencyError(UsageError):
    """A target needs a package that is not installed."""


class DeviceError(UsageError):
    """A device was named that does not exist here."""


class FactoryError(XorbenchError):
    """A stranger's factory did not give a model."""


class ContractError(XorbenchError):
    """A model broke its contract; `rule` is the rule that says so, `member` the member at fault."""

    def __init__(self, message: str, *, rule: str, member: str) -> None:
        super().__init__(message)
        self.rule = rule
        self.member = member


def did_you_mean(value: str, known: Iterable[str]) -> str:
    """Return ``"; did you mean 'x'?"`` for the nearest known spelling, or an empty string."""
    known = list(known)
    folded = {name.casefold(): name for name in known}
    close = difflib.get_close_matches(value.casefold(), list(folded), n=1, cutoff=0.6)
    return f"; did you mean {folded[close[0]]!r}?" if close else ""


def unknown(kind: str, value: str, known: Iterable[str]) -> UsageError:
    """Return the error for a name that is none of the known ones."""
    known = sorted(known)
    hint = did_you_mean(value, known) or f"; choose from {', '.join(known)}"
    return UsageError(f"unknown {kind} {value!r}{hint}")

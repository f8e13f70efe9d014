"""Options of the built-in implementations: each checked where it comes in, with the value, the rule and the mend."""

from __future__ import annotations

import math
from collections.abc import Mapping
from numbers import Integral, Real
from typing import TypeVar

from xorbench.errors import UsageError, unknown

Choice = TypeVar("Choice")


def choose(option: str, value: object, known: Mapping[str, Choice]) -> Choice:
    """Return what `value` names; raise UsageError with the nearest right name."""
    if not isinstance(value, str) or value not in known:
        raise unknown(option, str(value), known)
    return known[value]


def positive(option: str, value: object) -> float:
    """Return `value` as a float; raise UsageError unless it is a finite number above zero."""
    if isinstance(value, bool) or not isinstance(value, Real) or not 0.0 < float(value) < math.inf:
        raise UsageError(f"{option}={value!r}: a finite number above 0")
    return float(value)


def number(option: str, value: object) -> float:
    """Return `value` as a float; raise UsageError unless it is a finite number."""
    if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
        raise UsageError(f"{option}={value!r}: a finite number")
    return float(value)


def count(option: str, value: object, *, least: int = 1) -> int:
    """Return `value`; raise UsageError unless it is a whole number of at least `least`."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise UsageError(f"{option}={value!r}: a whole number of at least {least}")
    return int(value)


def widths(hidden: object, layers: object) -> tuple[int, ...]:
    """Return the widths of the hidden layers: ``layers="4-3"`` where given, else one layer of `hidden` units.

    ``layers=0`` is no hidden layer at all: a single logistic unit.
    """
    if layers is None:
        return (count("hidden", hidden),)
    if str(layers) == "0":
        return ()
    parts = str(layers).split("-")
    if not all(part.isdecimal() and int(part) >= 1 for part in parts):
        raise UsageError(f"layers={layers!r}: the widths of the hidden layers joined by '-', such as 4-3; 0 for none")
    return tuple(int(part) for part in parts)

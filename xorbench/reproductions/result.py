"""What a reproduction states: figures with their sources, and a verdict that a rule gives, not a person."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from xorbench.measure.statistics import Estimate


class Tag(StrEnum):
    """How well the stated figure is known. Only SEEN is called published."""

    SEEN = "published"  # read at the source that is named
    SECOND_HAND = "quoted second-hand"  # read where somebody else quotes it
    UNVERIFIED = "unverified"  # from memory of the literature; the source was not opened
    HERE = "from here"  # an earlier measurement of this project's, stated by nobody else


class Verdict(StrEnum):
    """What the comparison says."""

    YES = "reproduces"
    NO = "does not reproduce"
    AGREES = "agrees"  # with a figure that was neither read nor quoted
    DIFFERS = "differs"
    OPEN = "not comparable"  # nothing stated to compare with, or no figure came out


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One number: stated and measured."""

    what: str
    stated: float | str | None  # None: nobody states it
    tag: Tag
    source: str
    measured: float | str | None
    low: float | None = None  # of a 95 % interval of what was measured; None: exact, or open
    high: float | None = None
    n: int | None = None  # independent runs behind it
    tolerance: float = 0.0  # the share by which the stated figure itself may be off, from its own few runs or rounding
    note: str = ""

    @property
    def verdict(self) -> Verdict:
        """Exact figures must be equal; a measured one reproduces where its interval meets the stated one's."""
        if self.stated is None or self.measured is None:
            return Verdict.OPEN
        yes, no = (
            (Verdict.YES, Verdict.NO) if self.tag in (Tag.SEEN, Tag.SECOND_HAND) else (Verdict.AGREES, Verdict.DIFFERS)
        )
        return yes if self._meets(self.stated, self.measured) else no

    def _meets(self, stated: float | str, measured: float | str) -> bool:
        if isinstance(stated, str) or isinstance(measured, str) or (self.n is None and self.tolerance == 0.0):
            return stated == measured
        low = measured if self.low is None else self.low
        # Only a lower bound: the interval is open above.
        high = self.high if self.high is not None else measured if self.low is None else math.inf
        slack = abs(stated) * self.tolerance
        return low <= stated + slack and high >= stated - slack


@dataclass(frozen=True, kw_only=True)
class Reproduction:
    """A published result and the program that runs it again."""

    name: str
    title: str
    protocol: str  # complete: initial weights, updates, criterion, budget, policy for runs that fail
    caution: str  # what the source leaves open and was chosen here; empty: nothing
    run: Callable[[Literal["quick", "full"], int], Sequence[Figure]]  # (size, seed) -> figures
    quick: str  # what the quick size leaves out
    minutes: float  # of the full size, on one core, about


def estimated(
    what: str,
    stated: float | None,
    tag: Tag,
    source: str,
    estimate: Estimate,
    *,
    tolerance: float = 0.0,
    note: str = "",
) -> Figure:
    """Return the figure of an estimate, its interval and its reason with it."""
    return Figure(
        what=what,
        stated=stated,
        tag=tag,
        source=source,
        measured=estimate.value,
        low=estimate.low,
        high=estimate.high,
        n=estimate.n,
        tolerance=tolerance,
        note="; ".join(filter(None, (note, estimate.why))),
    )


def mean_interval(values: Sequence[float]) -> tuple[float, float, float]:
    """Return the mean and its 95 % t-interval; the interval is open (infinite) for fewer than two values."""
    import numpy as np
    from scipy.stats import t

    sample = np.asarray(values, dtype=np.float64)
    mean = float(sample.mean())
    if len(sample) < 2:
        return mean, -math.inf, math.inf
    width = float(t.ppf(0.975, len(sample) - 1) * sample.std(ddof=1) / math.sqrt(len(sample)))
    return mean, mean - width, mean + width

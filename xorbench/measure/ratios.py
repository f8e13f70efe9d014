"""Who is faster, from blocks in which all contenders ran: exact intervals, a noise floor, and three verdicts.

Within a block everything is shared, so a drifting machine cancels in the ratio; the order within it is random, so that
for identical code "head took longer than base" is a fair coin in every block, whatever the noise. Hence the sign test
and the intervals that invert it are exact: no normal distribution, no equal variances, no independence of the noise.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: All verdicts of one comparison together are wrong about identical code at most so often.
CONFIDENCE = 0.99

Verdict = Literal["faster", "slower", "not resolved"]


@dataclass(frozen=True, kw_only=True)
class Resolved:
    """A ratio of two times with its interval; a bound that is None does not exist for so few blocks."""

    ratio: float
    low: float | None
    high: float | None
    floor: float | None
    verdict: Verdict


def sign_interval(values: Sequence[float], confidence: float) -> tuple[float | None, float | None]:
    """Return the interval of the median that inverts the exact sign test; None for both where blocks are too few."""
    from scipy.stats import quantile_test

    if not values:
        return None, None
    interval = quantile_test(list(values), p=0.5).confidence_interval(confidence_level=confidence)
    low, high = float(interval.low), float(interval.high)
    return (low, high) if math.isfinite(low) and math.isfinite(high) else (None, None)


def fewest_blocks(comparisons: int, confidence: float = CONFIDENCE) -> int:
    """Return the number of blocks below which nothing can be resolved among so many comparisons."""
    alpha = (1 - confidence) / comparisons
    return math.ceil(1 - math.log2(alpha))


def resolve(
    base: NDArray[np.float64],
    again: NDArray[np.float64],
    head: NDArray[np.float64],
    *,
    comparisons: int = 1,
    confidence: float = CONFIDENCE,
) -> Resolved:
    """Judge times ``(blocks,)`` of the base, of the base a second time, and of the head.

    The interval's error is divided by the number of comparisons (Bonferroni): intervals and verdicts then agree, which
    those of Holm's method would not. The floor is the far end of the same interval for the base against itself; what
    does not exceed it is not resolved, however sure its sign.

    Raises ValueError where a time is not positive.
    """
    import numpy as np

    if not all((times > 0).all() for times in (base, again, head)):
        raise ValueError("a time of zero or less was measured: the clock is too coarse for these samples")
    level = 1 - (1 - confidence) / comparisons
    logs = np.log(head / base)  # (blocks,)
    low, high = sign_interval(logs.tolist(), level)
    floor_low, floor_high = sign_interval(np.log(again / base).tolist(), level)
    ratio = float(np.median(logs))
    verdict: Verdict = "not resolved"
    floor = None
    if low is not None and high is not None and floor_low is not None and floor_high is not None:
        floor = max(abs(floor_low), abs(floor_high))
        if low > 0 and ratio > floor:
            verdict = "slower"
        elif high < 0 and -ratio > floor:
            verdict = "faster"
    return Resolved(
        ratio=math.exp(ratio),
        low=None if low is None else math.exp(low),
        high=None if high is None else math.exp(high),
        floor=None if floor is None else math.exp(floor),
        verdict=verdict,
    )

"""What may be said of runs that did not all get there: shares, quantiles and costs, each with an interval.

A run that did not reach its target within its budget is *censored*: it is known to take longer than the budget, and it
counts in every figure here. What cannot be estimated has the value None and a sentence that says why. The methods are
scipy's: Clopper & Pearson (1934) for shares, Kaplan & Meier (1958) for times, the order-statistic interval of a
quantile (Conover 1999, section 3.2) where all runs had the same budget and the log-log interval of Brookmeyer & Crowley
(1982) where not, the log-rank test (Mantel 1966) for two samples.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from xorbench.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from xorbench.records import Run

    Floats = NDArray[np.float64]

#: A time to the target, None where it was not reached, and the budget it was looked for in.
Observation = tuple[float | None, float]

Target = Literal["to_75", "to_first", "to_stable"]


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A figure with its interval; a bound that is None is not known: open, or not estimable from so few runs."""

    value: float | None
    low: float | None
    high: float | None
    n: int  # runs behind it
    confidence: float
    why: str = ""  # why the value or a bound is missing, or what it means


@dataclass(frozen=True, kw_only=True)
class Share:
    """The share of runs that have reached the target by each of `times`, a step function that rises there."""

    times: tuple[float, ...]
    share: tuple[float, ...]
    low: tuple[float, ...]  # of a pointwise interval
    high: tuple[float, ...]
    n: int
    end: float  # the curve is known up to here: the largest budget
    confidence: float
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class LogRank:
    """The log-rank test of two samples of times."""

    statistic: float | None  # standard normal where both have the same distribution; positive: the first is faster
    p_value: float | None
    n: tuple[int, int]
    why: str = ""


def observe(
    runs: Sequence[Run],
    target: Target = "to_stable",
    *,
    unit: Literal["iterations", "seconds"] = "iterations",
    budget: float | None = None,
) -> list[Observation]:
    """Return the observation of each run; `budget` defaults to the longest run's.

    A run that diverged stopped early but would never have got there: it is censored at the full budget, not where it
    stopped. Seconds are known for ``to_stable`` alone.
    """
    if unit == "seconds" and target != "to_stable":
        raise UsageError(f"seconds to {target!r} are not recorded; seconds are known for 'to_stable'")
    spent = [run.wall_s if unit == "seconds" else float(run.iterations) for run in runs]
    if budget is None:
        budget = max(spent, default=0.0)
    observed: list[Observation] = []
    for run, own in zip(runs, spent, strict=True):
        count = getattr(run, target)
        time = (run.stable_s if count is not None else None) if unit == "seconds" else count
        limit = max(own, time or 0.0) if unit == "seconds" and not run.diverged else budget
        if time is not None:
            limit = max(limit, time)
        observed.append((None if time is None else float(time), float(limit)))
    return observed


def share_solved(observations: Iterable[Observation], *, confidence: float = 0.95) -> Estimate:
    """Return the share of runs that reached the target, with the exact interval of Clopper & Pearson."""
    seen = _checked(observations, confidence)
    if not seen:
        return _nothing(confidence)
    solved = sum(time is not None for time, _ in seen)
    low, high = _share_interval(solved, len(seen), confidence)
    return Estimate(
        value=solved / len(seen),
        low=low,
        high=high,
        n=len(seen),
        confidence=confidence,
    )


def quantile(observations: Iterable[Observation], q: float = 0.5, *, confidence: float = 0.95) -> Estimate:
    """Return the Kaplan-Meier quantile of the time to the target, the least time by which a share `q` is there.

    The value is None where fewer than that share got there; the lower bound then still holds.
    """
    if not 0 < q < 1:
        raise UsageError(f"q = {q!r}: a quantile lies between 0 and 1, both excluded")
    seen = _checked(observations, confidence)
    if not seen:
        return _nothing(confidence)
    import numpy as np

    times, budgets, solved = _arrays(seen)
    value, low, high = math.inf, math.nan, math.nan
    if _censored_last(times, budgets, solved):
        ordered = np.sort(np.where(solved, times, np.inf))  # (n,)
        # The inverse of the step function; the small number takes back the rounding of q * n.
        value = float(ordered[max(math.ceil(q * len(ordered) - 1e-9), 1) - 1])
        ranks = _interval_ranks(len(ordered), q, confidence)
        low, high = (math.nan if rank is None else float(ordered[rank]) for rank in ranks)
    else:
        knots, survival, below, above = _kaplan_meier(times, budgets, solved, confidence)

        def first(curve: Floats) -> float:
            there = np.flatnonzero(curve <= 1 - q + 1e-12)
            return float(knots[there[0]]) if len(there) else math.inf

        value, low, high = first(survival), first(below), first(above)
    return _quantile_estimate(value, low, high, q, float(budgets.max()), len(seen), confidence)


def quartiles(observations: Iterable[Observation], *, confidence: float = 0.95) -> tuple[Estimate, Estimate, Estimate]:
    """Return the lower quartile, the median and the upper quartile of the time to the target."""
    seen = list(observations)
    lower, median, upper = (quantile(seen, q, confidence=confidence) for q in (0.25, 0.5, 0.75))
    return lower, median, upper


def expected_running_time(
    observations: Iterable[Observation], *, confidence: float = 0.95, resamples: int = 999, seed: int = 0
) -> Estimate:
    """Return the expected cost of one success with restarts (ERT): all that was spent over the number of successes.

    A run that fails costs its whole budget, then one begins again with another seed (Auger & Hansen, CEC 2005; the ERT
    of COCO). The interval is a percentile bootstrap over runs; where resamples without any success are common,
    it is open above. From 1,000 runs with 100 successes on, the normal interval of the logarithm of the
    ratio is used: it is the bootstrap's limit and takes no time.
    """
    seen = _checked(observations, confidence)
    if not seen:
        return _nothing(confidence)
    import numpy as np

    times, budgets, solved = _arrays(seen)
    spent = np.where(solved, times, budgets)  # (n,)
    n, successes, total = len(seen), int(solved.sum()), float(spent.sum())
    if successes == 0:
        why = f"no run of {n} got there: {total:g} was spent without a success"
        return Estimate(value=None, low=None, high=None, n=n, confidence=confidence, why=why)
    value = total / successes
    if n == 1:
        why = "one run says nothing of the spread"
        return Estimate(value=value, low=None, high=None, n=n, confidence=confidence, why=why)
    if n >= 1000 and successes >= 100:
        low, high = _ratio_interval(spent, solved.astype(np.float64), confidence)
    else:
        low, high = _bootstrap_ratio(spent, solved.astype(np.float64), confidence, resamples, seed)
    open_above = f"so few of {n} runs got there ({successes}) that the cost has no upper bound"
    return Estimate(
        value=value,
        low=min(low, value),
        high=max(high, value) if math.isfinite(high) else None,
        n=n,
        confidence=confidence,
        why="" if math.isfinite(high) else open_above,
    )


def share_over_time(observations: Iterable[Observation], *, confidence: float = 0.95) -> Share:
    """Return the share of runs that have reached the target as a function of time (1 - Kaplan-Meier).

    The interval is pointwise: exact at each time where all runs had the same budget, log-log where not.
    """
    seen = _checked(observations, confidence)
    if not seen:
        return Share(times=(), share=(), low=(), high=(), n=0, end=0.0, confidence=confidence, why="no run")
    import numpy as np

    times, budgets, solved = _arrays(seen)
    end, n = float(budgets.max()), len(seen)
    if not solved.any():
        why = f"no run of {n} got there within {end:g}"
        return Share(times=(), share=(), low=(), high=(), n=n, end=end, confidence=confidence, why=why)
    if _censored_last(times, budgets, solved):
        from scipy.stats import beta

        knots, counts = np.unique(times[solved], return_counts=True)
        there = np.cumsum(counts)  # (knots,)
        share = there / n
        tail = (1 - confidence) / 2
        low = beta.ppf(tail, there, n - there + 1)  # Clopper-Pearson, all times at once
        high = np.where(there == n, 1.0, beta.ppf(1 - tail, there + 1, np.maximum(n - there, 1)))
    else:
        knots, survival, below, above = _kaplan_meier(times, budgets, solved, confidence)
        share, low, high = 1 - survival, 1 - above, 1 - below
    return Share(
        times=tuple(knots.tolist()),
        share=tuple(share.tolist()),
        low=tuple(low.tolist()),
        high=tuple(high.tolist()),
        n=n,
        end=end,
        confidence=confidence,
    )


def log_rank(first: Iterable[Observation], second: Iterable[Observation]) -> LogRank:
    """Test whether two samples of times come from one distribution (two-sided log-rank test)."""
    a, b = _checked(first, 0.95), _checked(second, 0.95)
    n = (len(a), len(b))
    if not a or not b:
        return LogRank(statistic=None, p_value=None, n=n, why="a sample is empty")
    if not any(time is not None for time, _ in (*a, *b)):
        return LogRank(statistic=None, p_value=None, n=n, why="no run of either got there: nothing to tell them apart")
    import numpy as np
    from scipy.stats import logrank

    with np.errstate(divide="ignore", invalid="ignore"):  # all at one time: no variance, answered below
        result = logrank(_censored(*_arrays(a)), _censored(*_arrays(b)))
    if not math.isfinite(result.statistic):
        why = "all got there at one time: the test has no variance"
        return LogRank(statistic=None, p_value=None, n=n, why=why)
    return LogRank(statistic=float(result.statistic), p_value=float(result.pvalue), n=n)


def _checked(observations: Iterable[Observation], confidence: float) -> list[Observation]:
    if not 0 < confidence < 1:
        raise UsageError(f"confidence = {confidence!r}: a share between 0 and 1, such as 0.95")
    seen = list(observations)
    for time, budget in seen:
        if not math.isfinite(budget) or budget < 0:
            raise UsageError(f"budget {budget!r}: a finite number, at least 0")
        if time is not None and not 0 <= time <= budget:
            raise UsageError(f"time {time!r}: None, or a number from 0 to the budget {budget:g}")
    return seen


def _nothing(confidence: float) -> Estimate:
    return Estimate(value=None, low=None, high=None, n=0, confidence=confidence, why="no run")


@functools.lru_cache(maxsize=4096)
def _share_interval(solved: int, n: int, confidence: float) -> tuple[float, float]:
    from scipy.stats import binomtest

    interval = binomtest(solved, n).proportion_ci(confidence_level=confidence, method="exact")
    return float(interval.low), float(interval.high)


@functools.lru_cache(maxsize=4096)
def _interval_ranks(n: int, q: float, confidence: float) -> tuple[int | None, int | None]:
    """Return which of `n` ordered times, from 0, bound a quantile; None where that bound is beyond them."""
    import numpy as np
    from scipy.stats import quantile_test

    interval = quantile_test(np.arange(n), p=q).confidence_interval(confidence_level=confidence)
    low, high = (None if math.isnan(bound) else int(bound) for bound in (interval.low, interval.high))
    return low, high


def _arrays(seen: list[Observation]) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    import numpy as np

    solved = np.array([time is not None for time, _ in seen])  # (n,)
    budgets = np.array([budget for _, budget in seen], dtype=np.float64)  # (n,)
    times = np.array([budget if time is None else time for time, budget in seen], dtype=np.float64)  # (n,)
    return times, budgets, solved


def _censored_last(times: Floats, budgets: Floats, solved: NDArray[np.bool_]) -> bool:
    """Whether no run was given up before the last success: then the order of all times is known."""
    if solved.all() or not solved.any():
        return True
    return bool(budgets[~solved].min() >= times[solved].max())


def _censored(times: Floats, budgets: Floats, solved: NDArray[np.bool_]) -> Any:
    import numpy as np
    from scipy.stats import CensoredData

    return CensoredData.right_censored(np.where(solved, times, budgets), ~solved)


def _kaplan_meier(
    times: Floats, budgets: Floats, solved: NDArray[np.bool_], confidence: float
) -> tuple[Floats, Floats, Floats, Floats]:
    """Return the times of success, the survival function there and its log-log interval."""
    import warnings

    import numpy as np
    from scipy.stats import ecdf

    survival = ecdf(_censored(times, budgets, solved)).sf
    with warnings.catch_warnings(), np.errstate(divide="ignore", invalid="ignore"):
        warnings.simplefilter("ignore", RuntimeWarning)  # undefined where none are left, answered below
        interval = survival.confidence_interval(confidence_level=confidence, method="log-log")
    falls = np.diff(survival.probabilities, prepend=1.0) < 0
    value = survival.probabilities[falls]
    low = np.nan_to_num(interval.low.probabilities[falls], nan=0.0)
    # Where none are left Greenwood's variance says nothing; the bound of the time before still holds.
    high = np.nan_to_num(interval.high.probabilities[falls], nan=1.0)
    return survival.quantiles[falls], value, low, np.minimum.accumulate(high)


def _quantile_estimate(
    value: float, low: float, high: float, q: float, budget: float, n: int, confidence: float
) -> Estimate:
    why = ""
    if math.isinf(value):
        why = f"fewer than {q:.0%} of {n} runs got there: beyond the budget of {budget:g}"
    elif not (math.isfinite(low) and math.isfinite(high)):
        open_end = "upper" if math.isfinite(low) else "lower" if math.isfinite(high) else "lower and upper"
        why = f"{n} runs do not fix the {open_end} bound at {confidence:.0%} confidence"
    return Estimate(
        value=value if math.isfinite(value) else None,
        low=low if math.isfinite(low) else budget if math.isinf(low) else None,
        high=high if math.isfinite(high) else None,
        n=n,
        confidence=confidence,
        why=why,
    )


def _ratio_interval(spent: Floats, solved: Floats, confidence: float) -> tuple[float, float]:
    """Return the delta-method interval of the ratio of two means, on the log scale."""
    import numpy as np
    from scipy.stats import norm

    ratio = spent.sum() / solved.sum()
    if ratio == 0:
        return 0.0, 0.0
    relative = (spent / spent.mean() - solved / solved.mean()).std(ddof=1) / math.sqrt(len(spent))
    width = float(norm.ppf((1 + confidence) / 2) * relative)
    return float(ratio * np.exp(-width)), float(ratio * np.exp(width))


def _bootstrap_ratio(
    spent: Floats, solved: Floats, confidence: float, resamples: int, seed: int
) -> tuple[float, float]:
    import numpy as np
    from scipy.stats import bootstrap

    # Rescaled by the mean and turned into a share: finite and monotone even where a resample has no success or no cost.
    unit = spent.mean() or 1.0

    def success_share(cost: Floats, success: Floats, axis: int = -1) -> Floats:
        count, total = success.sum(axis=axis), cost.sum(axis=axis) / unit
        share: Floats = count / np.maximum(count + total, 1e-12)
        return share

    if np.ptp(spent) == 0 and np.ptp(solved) == 0:  # all alike, and so is every resample
        return float(spent[0]), float(spent[0])
    interval = bootstrap(
        (spent, solved),
        success_share,
        paired=True,
        vectorized=True,
        n_resamples=resamples,
        confidence_level=confidence,
        method="percentile",
        rng=seed,
    ).confidence_interval
    low, high = (unit * (1 / share - 1) if share > 0 else math.inf for share in (interval.high, interval.low))
    return float(low), float(high)

"""Two runs side by side: rows paired by name, and what may be said of the difference of each pair.

Learning is exact counts over seeds, so that runs of different days and machines can be tested against each other.
Times are not: what two runs differ by is the machine's as much as the code's, and only a large ratio is believed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from xorbench.measure.statistics import Observation, log_rank
from xorbench.records import CheckResult, Timings
from xorbench.report.summary import Failure, Group, Learning, Row, Runtime

#: All verdicts on learning of one comparison together are wrong about equal samples at most so often.
ALPHA = 0.01
#: Ratios of times between runs are not believed below this: identical code differs by 16 % when one run follows the
#: other on one machine, by 26 % between jobs of one provider.
BETWEEN_RUNS = 1.5

Key = tuple[str, str, str]  # target, task, device
LearningVerdict = Literal["identical", "better", "worse", "not resolved"]


@dataclass
class Measured:
    """All that one run says of one implementation on one task and device."""

    key: Key
    learnings: dict[int, Learning] = field(default_factory=dict)  # by budget
    timings: Timings | None = None
    check: CheckResult | None = None
    failures: tuple[Failure, ...] = ()
    machine: str = ""

    @property
    def name(self) -> str:
        """The row as it is spoken of."""
        target, task, device = self.key
        return f"{target} on {task}" + ("" if device == "cpu" else f" ({device})")


def measured(groups: Iterable[Group]) -> dict[Key, Measured]:
    """Return what a run says, by row. Of a row that several machines measured, the last: they are never pooled."""
    found: dict[Key, Measured] = {}
    for group in groups:
        here: dict[Key, Measured] = {}
        for row in group.rows:
            _add(here.setdefault(_key(row), Measured(_key(row), machine=group.machine)), row)
        found.update(here)
    return found


def _key(row: Row) -> Key:
    return row.target, row.task, row.device


def _add(entry: Measured, row: Row) -> None:
    if row.learning is not None:
        entry.learnings[row.budget] = row.learning
    entry.timings = row.runtime.timings if row.runtime is not None else entry.timings
    entry.check = row.check or entry.check
    entry.failures = row.failures or entry.failures


@dataclass(frozen=True, kw_only=True)
class LearningDifference:
    """How a head learns against its base, over their seeds."""

    base: Learning
    head: Learning
    identical: bool  # every seed did the same
    p_worse: float  # one-sided, of the share solved, the time to it and the accuracy together; uncorrected
    p_better: float
    drop: float  # of the share solved; negative: more solve it
    accuracy_drop: float  # of the mean final accuracy
    medians: tuple[float | None, float | None]  # iterations of base and head; None: beyond the budget
    slowdown: float  # their ratio; infinite where only the head has none, 0 where only the base has none


def learning_difference(base: Learning, head: Learning) -> LearningDifference:
    """Test whether two samples of runs differ.

    In the share that solves the task (Fisher), in the iterations that takes (log-rank), and in final accuracy
    (Mann-Whitney), which tells networks apart that never quite get there.
    """
    from scipy.stats import fisher_exact, mannwhitneyu, norm

    table = [[head.solved, head.n - head.solved], [base.solved, base.n - base.solved]]
    # The smaller budget is what both were given: a run that needed more is censored there in both.
    budget = float(min(base.budget, head.budget))
    seen = [[_censored(one, budget) for one in found.observations] for found in (base, head)]
    ranked = log_rank(*seen)
    accuracies = [[run.accuracy for run in found.runs] for found in (base, head)]

    def p_value(alternative: Literal["less", "greater"]) -> float:
        found = [float(fisher_exact(table, alternative=alternative).pvalue)]
        if ranked.statistic is not None:  # positive: the base was faster
            found.append(float(norm.sf(ranked.statistic if alternative == "less" else -ranked.statistic)))
        if len({*accuracies[0], *accuracies[1]}) > 1:
            found.append(float(mannwhitneyu(accuracies[1], accuracies[0], alternative=alternative).pvalue))
        return min(1.0, len(found) * min(found))  # several looks at one question

    before, after = (_median(observations) for observations in seen)
    return LearningDifference(
        base=base,
        head=head,
        identical=_outcomes(base) == _outcomes(head),
        p_worse=p_value("less"),
        p_better=p_value("greater"),
        drop=base.solved / base.n - head.solved / head.n,
        accuracy_drop=base.accuracy[0] - head.accuracy[0],
        medians=(before, after),
        slowdown=_ratio(before, after),
    )


def _censored(observation: Observation, budget: float) -> Observation:
    time, limit = observation
    return (time if time is not None and time <= budget else None), min(limit, budget)


def _median(observations: Sequence[Observation]) -> float | None:
    # With one budget for all, runs that did not get there come last, and the order of the others is known.
    ordered = sorted(math.inf if time is None else time for time, _ in observations)
    found = ordered[(len(ordered) - 1) // 2]
    return None if math.isinf(found) else found


def _outcomes(found: Learning) -> list[tuple[int, int | None, int | None, float]]:
    return [(run.seed, run.to_first, run.to_stable, run.accuracy) for run in found.runs]


def _ratio(base: float | None, head: float | None) -> float:
    if base is None or head is None:
        return 1.0 if base is head else (math.inf if head is None else 0.0)
    return head / base if base else (1.0 if not head else math.inf)


def verdicts(differences: Sequence[LearningDifference], alpha: float = ALPHA) -> list[LearningVerdict]:
    """Return the verdict of each difference, corrected for their number by Holm's method."""
    worse = holm([one.p_worse for one in differences])
    better = holm([one.p_better for one in differences])
    found: list[LearningVerdict] = []
    for place, one in enumerate(differences):
        if one.identical:
            found.append("identical")
        elif 2 * worse[place] <= alpha:  # two sides
            found.append("worse")
        elif 2 * better[place] <= alpha:
            found.append("better")
        else:
            found.append("not resolved")
    return found


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values adjusted for their number (Holm, Scandinavian Journal of Statistics 6, 1979), in their order."""
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for rank, place in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = highest
    return adjusted


@dataclass(frozen=True, kw_only=True)
class TimeDifference:
    """One timed action in two runs, seconds per call; bounds are those of both medians together."""

    action: str
    rows: int
    base_s: float
    head_s: float
    low: float | None
    high: float | None
    verdict: Literal["faster", "slower", "not resolved", "other machine"]

    @property
    def ratio(self) -> float:
        """Head over base."""
        return self.head_s / self.base_s


def time_differences(base: Measured, head: Measured) -> list[TimeDifference]:
    """Return the difference of every action that both runs timed."""
    if base.timings is None or head.timings is None:
        return []
    old, new = Runtime(timings=base.timings), Runtime(timings=head.timings)
    found: list[TimeDifference] = []
    for timing in base.timings.timings:
        before, after = old.median(timing.action, timing.rows), new.median(timing.action, timing.rows)
        if before is None or after is None or not before.value or not after.value:
            continue
        low = after.low / before.high if after.low and before.high else None
        high = after.high / before.low if after.high and before.low else None
        found.append(
            TimeDifference(
                action=timing.action,
                rows=timing.rows,
                base_s=before.value,
                head_s=after.value,
                low=low,
                high=high,
                verdict=_time_verdict(low, high, same_machine=base.machine == head.machine),
            )
        )
    return found


def _time_verdict(
    low: float | None, high: float | None, *, same_machine: bool
) -> Literal["faster", "slower", "not resolved", "other machine"]:
    if not same_machine:
        return "other machine"
    if low is not None and low > BETWEEN_RUNS:
        return "slower"
    if high is not None and high < 1 / BETWEEN_RUNS:
        return "faster"
    return "not resolved"


def renamed(
    missing: Mapping[Key, Measured], new: Mapping[Key, Measured], told: Mapping[str, str] | None = None
) -> dict[Key, Key]:
    """Return which new rows are missing ones under another name: as told, or because every seed did the same.

    `told` maps old targets to new ones. A row that is like two others is not guessed at.
    """
    told = told or {}
    pairs: dict[Key, Key] = {}
    for key, before in missing.items():
        if key[0] in told:
            wanted = (told[key[0]], *key[1:])
            if wanted in new:
                pairs[key] = wanted
            continue
        alike = [other for other, after in new.items() if other[1:] == key[1:] and _same_course(before, after)]
        if len(alike) == 1:
            pairs[key] = alike[0]
    claimed = list(pairs.values())
    return {old: name for old, name in pairs.items() if claimed.count(name) == 1}


def _same_course(before: Measured, after: Measured) -> bool:
    """Whether two rows trained, and did exactly the same; losses too, since counts alone can coincide."""

    def course(one: Measured) -> list[object]:
        return [
            (budget, run.seed, run.to_first, run.to_stable, run.accuracy, run.loss)
            for budget, learning in sorted(one.learnings.items())
            for run in learning.runs
        ]

    return (
        bool(course(before))
        and any(
            run.iterations > 0 and run.loss is not None
            for learning in before.learnings.values()
            for run in learning.runs
        )
        and course(before) == course(after)
    )

"""Whether a run may pass: every row of the baseline is looked for, judged, and accounted for.

Correctness and learning are hard: they are counts over seeds. Wall time is not, unless an interleaved comparison calls
a row slower beyond the margin, twice. What cannot be told is inconclusive, which is neither pass nor failure; a gate
that compared nothing says so with a status of its own.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from xorbench.errors import ExitCode, UsageError
from xorbench.measure.success import Verdict
from xorbench.records import CheckResult, Comparison, Ratio
from xorbench.report.differences import Key, LearningDifference, Measured, holm, learning_difference, measured, renamed
from xorbench.report.policy import Policy, learning_gate
from xorbench.report.summary import Failure, Source, gather


class Mark(StrEnum):
    """What one item says."""

    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"
    PASSED = "passed"
    SAID = "said"  # for information; changes nothing


@dataclass(frozen=True, kw_only=True)
class Item:
    """One thing that the gate looked at."""

    row: str
    aspect: str  # "rows", "correctness", "learning", "time"
    mark: Mark
    why: str


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """All items, the worst first, and how many of them compared the run with something."""

    items: tuple[Item, ...]
    compared: int
    run: str
    baseline: str

    @property
    def counts(self) -> Counter[str]:
        """Items by mark."""
        return Counter(str(item.mark) for item in self.items)

    @property
    def status(self) -> ExitCode:
        """The exit status: nothing compared, else failed, else inconclusive, else passed."""
        if not self.compared:
            return ExitCode.NOTHING
        if self.counts[Mark.FAILED]:
            return ExitCode.FAILED
        return ExitCode.INCONCLUSIVE if self.counts[Mark.INCONCLUSIVE] else ExitCode.OK

    @property
    def sentence(self) -> str:
        """The verdict in a sentence."""
        if not self.compared:
            return f"nothing compared: {self.run} and {self.baseline} have no row in common"
        counts = self.counts
        word = {ExitCode.OK: "passed", ExitCode.FAILED: "failed"}.get(self.status, "inconclusive")
        return (
            f"gate {word}: {self.compared} compared, {counts[Mark.FAILED]} failed, "
            f"{counts[Mark.INCONCLUSIVE]} inconclusive, {counts[Mark.PASSED]} passed"
        )


def judge(
    run: Source,
    baseline: Source,
    policy: Policy,
    *,
    checks: Iterable[CheckResult] = (),
    comparisons: Sequence[Comparison] = (),
) -> Judgement:
    """Hold a run against its baseline.

    `checks` are results of `xorbench check`, `comparisons` those of `xorbench compare --interleave`.

    Raises UsageError where the two are one and the same run, or where the run is older than its baseline.
    """
    _not_swapped(run, baseline)
    before, after = measured(gather([baseline])), measured(gather([run]))
    missing = {key: row for key, row in before.items() if key not in after}
    new = {key: row for key, row in after.items() if key not in before}
    names = renamed(missing, new, policy.rename)
    items: list[Item] = []
    for old, name in names.items():
        items.append(_item(after[name], "rows", Mark.SAID, f"renamed: was {before[old].name}"))
    pairs = [(before[key], after[names.get(key, key)]) for key in before if key in after or key in names]
    gone = Mark.FAILED if policy.missing == "fail" else Mark.SAID
    items += [
        _item(row, "rows", gone, "missing: the baseline has this row and the run does not")
        for key, row in missing.items()
        if key not in names
    ]
    fresh = [row for key, row in new.items() if key not in names.values()]
    items += [_item(row, "rows", Mark.SAID, "new: the baseline does not have this row") for row in fresh]

    judged = [*_learning(pairs, policy)]
    for old_row, row in pairs:
        judged += _measures(old_row, row, gone)
    for found in comparisons:
        judged += _times(found, policy)
    if not comparisons and policy.time.required:
        judged.append(Item(row="all rows", aspect="time", mark=Mark.INCONCLUSIVE, why=_NO_COMPARISON))
    # What a new row or a check by itself does wrong is wrong whatever the baseline; it compares nothing with it.
    alone = [item for row in fresh for item in _own(row)]
    alone += [_checked(check.target, check) for check in checks]
    alone += [item for row in after.values() for item in _claims(row, policy)]
    order = list(Mark)
    return Judgement(
        items=tuple(sorted([*items, *judged, *alone], key=lambda item: order.index(item.mark))),
        compared=sum(item.mark is not Mark.SAID for item in judged),
        run=run.name,
        baseline=baseline.name,
    )


_NO_COMPARISON = "the policy wants an interleaved comparison and none was given; see xorbench compare --interleave"


def _item(row: Measured, aspect: str, mark: Mark, why: str) -> Item:
    return Item(row=row.name, aspect=aspect, mark=mark, why=why)


def _not_swapped(run: Source, baseline: Source) -> None:
    ours, theirs = (
        {(record.id, record.started_at, record.wall_s) for record in one.records} for one in (run, baseline)
    )
    if ours and ours == theirs:
        raise UsageError(
            f"{run.name} and {baseline.name} hold the same records: a run compared with itself cannot fail"
        )
    last = max((record.started_at for record in run.records), default="")
    first = min((record.started_at for record in baseline.records if record.started_at), default="")
    if last and first and last < first:
        raise UsageError(
            f"{run.name} ended at {last}, before its baseline {baseline.name} began at {first}: are they swapped?"
        )


def _learning(pairs: Sequence[tuple[Measured, Measured]], policy: Policy) -> list[Item]:
    items: list[Item] = []
    found: list[tuple[Measured, int, LearningDifference]] = []
    for before, after in pairs:
        for budget, learning in before.learnings.items():
            now = after.learnings.get(budget)
            if now is not None and now.version != learning.version:
                why = (
                    f"not comparable: convergence as version {now.version} measures it, the baseline has version "
                    f"{learning.version}; make a new baseline"
                )
                items.append(_item(after, "learning", Mark.INCONCLUSIVE, why))
            elif now is not None:
                found.append((after, budget, learning_difference(learning, now)))
            elif not any(failure.measure == "convergence" for failure in after.failures):
                others = ", ".join(f"{other:,}" for other in after.learnings) or "none"
                why = f"missing: convergence with a budget of {budget:,}; the run has {others}"
                items.append(_item(after, "learning", Mark.FAILED if policy.missing == "fail" else Mark.SAID, why))
    adjusted = holm([difference.p_worse for _, _, difference in found])
    for (row, _, difference), p_value in zip(found, adjusted, strict=True):
        items.append(_learned(row, difference, p_value, policy))
    return items


def _learned(row: Measured, found: LearningDifference, p_value: float, policy: Policy) -> Item:
    limits = policy.learning_of(*row.key)
    base, head = found.base, found.head
    said = f"{head.solved} of {head.n} seeds solve it, {base.solved} of {base.n} before"
    if found.identical:
        return _item(row, "learning", Mark.PASSED, f"{said}; every seed as before")
    medians = ("beyond the budget" if median is None else f"{median:,.0f}" for median in found.medians)
    said += f"; median iterations {' → '.join(medians)}"
    if found.accuracy_drop > 0:
        said += f"; mean accuracy {base.accuracy[0]:.1%} → {head.accuracy[0]:.1%}"
    worse = (
        found.drop > limits.share_drop or found.slowdown > limits.slowdown or found.accuracy_drop > limits.accuracy_drop
    )
    if not worse:
        return _item(row, "learning", Mark.PASSED, said)
    if p_value <= limits.alpha:
        return _item(row, "learning", Mark.FAILED, f"learns worse: {said} (p = {p_value:.2g})")
    why = f"looks worse, and so few seeds cannot tell: {said} (p = {p_value:.2g}); run more seeds"
    return _item(row, "learning", Mark.INCONCLUSIVE, why)


def _claims(row: Measured, policy: Policy) -> list[Item]:
    """Hold a row against the share that the policy claims for it."""
    limits = policy.learning_of(*row.key)
    if limits.at_least is None:
        return []
    marks = {Verdict.PASS: Mark.PASSED, Verdict.FAIL: Mark.FAILED, Verdict.UNDECIDED: Mark.INCONCLUSIVE}
    items = []
    for learning in row.learnings.values():
        found = learning_gate(limits).judge(run.to_stable is not None for run in learning.runs)
        items.append(_item(row, "learning", marks[found.verdict], found.why))
    return items


def _measures(before: Measured, after: Measured, gone: Mark) -> list[Item]:
    """Compare what could be measured at all, and the checks."""
    items: list[Item] = []
    failed_before = {failure.measure: failure for failure in before.failures}
    for failure in after.failures:
        known = failed_before.get(failure.measure)
        if known is not None and known.outcome == failure.outcome:
            # What neither could measure compares nothing.
            mark = Mark.SAID if failure.outcome == "unavailable" else Mark.PASSED
            items.append(_item(after, "correctness", mark, f"{_failed(failure)}, as in the baseline"))
        else:
            items.append(_item(after, "correctness", _mark(failure), _failed(failure)))
    told = {failure.measure for failure in after.failures}
    if before.timings is not None and after.timings is None and "timing" not in told:
        items.append(_item(after, "rows", gone, "missing: the baseline has its timings and the run does not"))
    if before.check is not None and after.check is None and "check" not in told:
        items.append(_item(after, "rows", gone, "missing: the baseline has its check and the run does not"))
    if after.check is not None:
        items.append(_checked(after.name, after.check, before.check))
    if after.timings is not None and any(": wrong," in note for note in after.timings.notes):
        why = next(note for note in after.timings.notes if ": wrong," in note)
        items.append(_item(after, "correctness", Mark.FAILED, why))
    return items


def _own(row: Measured) -> list[Item]:
    """Judge a row that the baseline does not have."""
    items = [_item(row, "correctness", _mark(failure), _failed(failure)) for failure in row.failures]
    return items + ([_checked(row.name, row.check)] if row.check is not None else [])


def _mark(failure: Failure) -> Mark:
    # A device or package that is not there says nothing of the implementation.
    return Mark.INCONCLUSIVE if failure.outcome == "unavailable" else Mark.FAILED


def _failed(failure: Failure) -> str:
    return f"{failure.measure} gave no result, {failure.said}"


def _checked(name: str, check: CheckResult, before: CheckResult | None = None) -> Item:
    if check.verdict == "passed":
        return Item(
            row=name, aspect="correctness", mark=Mark.PASSED, why=f"{check.counts.get('passed', 0)} checks passed"
        )
    errors = [found for found in check.findings if found.severity == "error"]
    rules = list(dict.fromkeys(found.rule for found in errors))
    known = set() if before is None else {found.rule for found in before.findings if found.severity == "error"}
    if before is not None and check.verdict == before.verdict and known.issuperset(rules):
        why = f"check {check.verdict} ({', '.join(rules) or 'no rule'}), as in the baseline"
        return Item(row=name, aspect="correctness", mark=Mark.PASSED, why=why)
    first = next((found for found in errors if found.rule not in known), None)
    what = f": {first.rule} {first.where} {first.message}".rstrip() if first is not None else ""
    return Item(row=name, aspect="correctness", mark=Mark.FAILED, why=f"check {check.verdict}{what}")


def _times(comparison: Comparison, policy: Policy) -> list[Item]:
    name = f"{comparison.head} on {comparison.task}"
    key: Key = (comparison.head, comparison.task, comparison.device)
    items: list[Item] = []
    if not comparison.checked:
        why = "what was timed is not shown to be right: " + "; ".join(comparison.notes)
        wrong = any(": wrong," in note for note in comparison.notes if note.startswith("head"))
        items.append(Item(row=name, aspect="time", mark=Mark.FAILED if wrong else Mark.INCONCLUSIVE, why=why))
    again = {
        (ratio.action, ratio.rows): ratio for ratio in (comparison.rounds[1] if len(comparison.rounds) > 1 else ())
    }
    for ratio in comparison.rounds[0] if comparison.rounds else ():
        mark, why = _timed(ratio, again.get((ratio.action, ratio.rows)), policy, key)
        action = f"{ratio.action} of {ratio.rows:,} rows" if ratio.rows else ratio.action
        items.append(Item(row=name, aspect="time", mark=mark, why=f"{action}: {why}"))
    return items


def _timed(first: Ratio, second: Ratio | None, policy: Policy, key: Key) -> tuple[Mark, str]:
    limits = policy.time_of(*key)
    said = f"{first.verdict}, {_shown(first)}"
    if second is not None:
        said += f"; again {second.verdict}, {_shown(second)}"
    both = [first] if second is None else [first, second]
    if all(one.high is not None and (one.high - 1) * one.base_s <= limits.floor_s for one in both):
        return Mark.PASSED, said
    beyond = [one.verdict == "slower" and (one.low or 0.0) > limits.margin for one in both]
    if second is not None and all(beyond):
        return Mark.FAILED, f"slower than {limits.margin:g} allows, twice: {said}"
    # Neither shown to be beyond the margin twice, nor shown to be within it.
    if any(beyond) or all((one.high or math.inf) > limits.margin for one in both):
        return Mark.INCONCLUSIVE, f"may be slower than {limits.margin:g} allows: {said}"
    return Mark.PASSED, said


def _shown(ratio: Ratio) -> str:
    bounds = "" if ratio.low is None or ratio.high is None else f" [{ratio.low:.3f}, {ratio.high:.3f}]"
    return f"ratio {ratio.ratio:.3f}{bounds}"

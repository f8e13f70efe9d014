"""From records to rows: what the tables, the figures and the page say of one implementation on one task and device.

Records of one run of one machine are pooled over seeds; records of different machines, runs or budgets never are.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import msgspec

from xorbench.measure.statistics import (
    Estimate,
    Observation,
    Share,
    expected_running_time,
    observe,
    quantile,
    quartiles,
    share_over_time,
    share_solved,
)
from xorbench.records import (
    CheckOutcome,
    CheckResult,
    Convergence,
    Curve,
    Environment,
    OutcomeKind,
    Portrait,
    Record,
    Run,
    Timing,
    Timings,
)

UNKNOWN_MACHINE = "unknown"


@dataclass(frozen=True, kw_only=True)
class Source:
    """The records of one run and the name that it bears in a report."""

    name: str
    records: Sequence[Record]
    environments: Sequence[Environment]


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A cell that gave no result, and why."""

    target: str
    task: str
    device: str
    measure: str
    outcome: OutcomeKind
    detail: str

    @property
    def said(self) -> str:
        """The outcome and the last line of its detail, where a traceback keeps its message."""
        lines = [line.strip() for line in self.detail.strip().splitlines() if line.strip()]
        return f"{self.outcome}: {lines[-1]}" if lines else self.outcome


@dataclass(frozen=True, kw_only=True)
class Missed:
    """Cells of one implementation that failed in one way."""

    target: str
    device: str
    tasks: tuple[str, ...]
    measures: tuple[str, ...]
    said: str

    @property
    def where(self) -> str:
        """What was to be measured, in a few words."""
        tasks = ", ".join(self.tasks[:3]) + (f" and {len(self.tasks) - 3} more" if len(self.tasks) > 3 else "")
        return f"{', '.join(self.measures)} on {tasks} ({self.device})"


@dataclass(frozen=True, kw_only=True)
class Learning:
    """Runs of several seeds with one budget, pooled, and what may be said of them."""

    runs: tuple[Run, ...]
    budget: int
    rows: int
    how: str
    resolution: int
    curves: tuple[Curve, ...]
    version: int = 1  # of the measure: figures of two versions do not compare

    @cached_property
    def observations(self) -> list[Observation]:
        return observe(self.runs, budget=max([float(self.budget), *(float(run.iterations) for run in self.runs)]))

    @cached_property
    def solved(self) -> int:
        return sum(run.to_stable is not None for run in self.runs)

    @property
    def n(self) -> int:
        return len(self.runs)

    @cached_property
    def trained(self) -> bool:
        """Whether anything was learned at all: a model without `step` and `fit` has its answer built in."""
        return any(run.iterations for run in self.runs)

    @cached_property
    def share(self) -> Estimate:
        return share_solved(self.observations)

    @cached_property
    def quartiles(self) -> tuple[Estimate, Estimate, Estimate]:
        return quartiles(self.observations)

    @property
    def median(self) -> Estimate:
        return self.quartiles[1]

    @cached_property
    def restarts(self) -> Estimate:
        """Expected iterations to a success with restarts (ERT)."""
        return expected_running_time(self.observations)

    @cached_property
    def over_time(self) -> Share:
        return share_over_time(self.observations)

    @cached_property
    def seconds(self) -> Estimate:
        """Median time to a stable solution; runs that did not get there are censored at what they took."""
        return quantile(observe(self.runs, unit="seconds"))

    @cached_property
    def accuracy(self) -> tuple[float, float, float]:
        """Mean, least and greatest final accuracy over the runs."""
        found = [run.accuracy for run in self.runs]
        return statistics.fmean(found), min(found), max(found)

    @cached_property
    def loss(self) -> float | None:
        """Median of the last reported losses; None where no run reported one."""
        found = [run.loss for run in self.runs if run.loss is not None]
        return statistics.median(found) if found else None

    @property
    def diverged(self) -> int:
        return sum(run.diverged for run in self.runs)


@dataclass(frozen=True, kw_only=True)
class Runtime:
    """Timed actions of one implementation on one device."""

    timings: Timings

    def of(self, action: str, rows: int | None = None) -> Timing | None:
        """Return the timing of an action at this batch size, or at the smallest that was timed."""
        found = [timing for timing in self.timings.timings if timing.action == action and timing.samples_s]
        if rows is not None:
            found = [timing for timing in found if timing.rows == rows]
        return min(found, key=lambda timing: timing.rows, default=None)

    def median(self, action: str, rows: int | None = None) -> Estimate | None:
        """Return the median seconds of an action with its order-statistic interval."""
        timing = self.of(action, rows)
        return None if timing is None else quantile([(sample, sample) for sample in timing.samples_s])

    @cached_property
    def step(self) -> Estimate | None:
        return self.median("step")

    @cached_property
    def predict(self) -> Estimate | None:
        return self.median("predict")

    @cached_property
    def construct(self) -> Estimate | None:
        return self.median("construct")


@dataclass(frozen=True, kw_only=True)
class Row:
    """One implementation on one task and device, in one run on one machine."""

    run: str
    target: str
    task: str
    device: str
    budget: int
    learning: Learning | None = None
    runtime: Runtime | None = None
    check: CheckResult | None = None
    portraits: tuple[Portrait, ...] = ()
    failures: tuple[Failure, ...] = ()
    started_at: str = ""

    @property
    def verified(self) -> str:
        """The verdict of the check in a word or two; empty where none was made."""
        if self.check is None:
            return ""
        rules = list(dict.fromkeys(found.rule for found in self.check.findings if found.severity == "error"))
        return self.check.verdict + (f" ({', '.join(rules)})" if rules else "")

    @property
    def label(self) -> str:
        """The target, with its device where that is not the CPU."""
        return self.target if self.device == "cpu" else f"{self.target} on {self.device}"


@dataclass(frozen=True, kw_only=True)
class Group:
    """What was measured on one machine."""

    machine: str
    environments: tuple[Environment, ...]
    rows: tuple[Row, ...]
    runs: tuple[str, ...]

    @cached_property
    def failures(self) -> list[Failure]:
        return list(dict.fromkeys(failure for row in self.rows for failure in row.failures))

    @cached_property
    def missed(self) -> list[Missed]:
        """The failures, those of one implementation with one reason taken together."""
        alike: dict[tuple[str, str, str], list[Failure]] = {}
        for failure in self.failures:
            alike.setdefault((failure.target, failure.device, failure.said), []).append(failure)
        return [
            Missed(
                target=target,
                device=device,
                tasks=tuple(dict.fromkeys(failure.task for failure in found)),
                measures=tuple(dict.fromkeys(failure.measure for failure in found)),
                said=said,
            )
            for (target, device, said), found in alike.items()
        ]


@dataclass
class _Draft:
    convergence: dict[tuple[int, str], list[Record]] = field(default_factory=dict)
    others: dict[str, list[Record]] = field(default_factory=dict)
    failed: list[Record] = field(default_factory=list)


def gather(sources: Iterable[Source]) -> list[Group]:
    """Return the rows of all runs, grouped by machine, best first within a task.

    A cell that was run again counts once, with its last result; one of an older version of its measure not at all,
    where a newer one is there.
    """
    machines: dict[str, dict[tuple[str, str, str, str], _Draft]] = {}
    seen: dict[str, dict[str, Environment]] = {}
    for source in sources:
        known = {environment.id: environment for environment in source.environments}
        latest: dict[tuple[str, str], Record] = {}
        for record in source.records:
            machine = known[record.environment].machine if record.environment in known else UNKNOWN_MACHINE
            latest[machine, record.id] = record
            if record.environment in known:
                seen.setdefault(machine, {})[record.environment] = known[record.environment]
        newest: dict[tuple[str, ...], int] = {}
        for (machine, _), record in latest.items():
            place = (machine, *_place(record))
            newest[place] = max(newest.get(place, 0), record.cell.version)
        for (machine, _), record in latest.items():
            cell = record.cell
            if cell.version < newest[machine, *_place(record)]:
                continue
            drafts = machines.setdefault(machine, {})
            draft = drafts.setdefault((source.name, cell.target, cell.task, cell.device), _Draft())
            if record.result is None:
                draft.failed.append(record)
            elif isinstance(record.result, Convergence):
                settings = msgspec.json.encode(cell.settings, order="deterministic").decode()
                draft.convergence.setdefault((cell.budget, settings), []).append(record)
            else:
                draft.others.setdefault(cell.measure, []).append(record)
    groups = []
    for machine, drafts in machines.items():
        rows = [row for key, draft in drafts.items() for row in _rows(key, draft)]
        tasks = {task: place for place, task in enumerate(dict.fromkeys(["xor", *(row.task for row in rows)]))}
        rows.sort(key=lambda row: (tasks[row.task], *_rank(row)))
        runs = tuple(dict.fromkeys(run for run, *_ in drafts))
        groups.append(
            Group(machine=machine, environments=tuple(seen.get(machine, {}).values()), rows=_shared(rows), runs=runs)
        )
    return groups


def _place(record: Record) -> tuple[str, str, str, str]:
    return record.cell.target, record.cell.task, record.cell.device, record.cell.measure


def _rows(key: tuple[str, str, str, str], draft: _Draft) -> list[Row]:
    run, target, task, device = key
    timings = [record.result for record in draft.others.get("timing", ()) if isinstance(record.result, Timings)]
    checks = [record.result for record in draft.others.get("check", ()) if isinstance(record.result, CheckOutcome)]
    portraits = [record.result for record in draft.others.get("portrait", ()) if isinstance(record.result, Portrait)]
    every = [
        *(record for records in draft.convergence.values() for record in records),
        *(record for records in draft.others.values() for record in records),
        *draft.failed,
    ]
    rest = {
        "run": run,
        "target": target,
        "task": task,
        "device": device,
        "runtime": Runtime(timings=timings[-1]) if timings else None,
        "check": checks[-1].result if checks else None,
        "portraits": tuple(portraits),
        "failures": tuple(
            Failure(
                target=target,
                task=task,
                device=device,
                measure=record.cell.measure,
                outcome=record.outcome,
                detail=record.detail,
            )
            for record in draft.failed
        ),
        "started_at": min((record.started_at for record in every if record.started_at), default=""),
    }
    learned = [_learning(records) for records in draft.convergence.values()]
    if not learned:
        return [Row(budget=0, **rest)]  # type: ignore[arg-type]
    return [Row(budget=learning.budget, learning=learning, **rest) for learning in learned]  # type: ignore[arg-type]


def _learning(records: list[Record]) -> Learning:
    results = [record.result for record in records if isinstance(record.result, Convergence)]
    runs = {run.seed: run for result in results for run in result.runs}  # a seed that was run again counts once
    curves = {curve.seed: curve for result in results for curve in result.curves}
    last = results[-1]
    return Learning(
        runs=tuple(runs[seed] for seed in sorted(runs)),
        budget=records[-1].cell.budget,
        rows=last.rows,
        how=last.how,
        resolution=last.resolution,
        curves=tuple(curves[seed] for seed in sorted(curves)),
        version=records[-1].cell.version,
    )


def _rank(row: Row) -> tuple[float, float, str, str, str]:
    if row.learning is None or not row.learning.n:
        return 3.0, 0.0, row.target, row.device, row.run
    if not row.learning.trained:
        return 2.0, 0.0, row.target, row.device, row.run
    share = row.learning.solved / row.learning.n
    spent = sum(budget if time is None else time for time, budget in row.learning.observations)
    return -share, spent / max(row.learning.solved, 1), row.target, row.device, row.run


def _shared(rows: list[Row]) -> tuple[Row, ...]:
    """Let each row of a target show its check, made once for the CPU, where it has none of its own."""
    from dataclasses import replace

    checks = {(row.run, row.target, row.task): row.check for row in rows if row.check is not None}
    return tuple(
        row
        if row.check is not None or (row.run, row.target, row.task) not in checks
        else replace(row, check=checks[row.run, row.target, row.task])
        for row in rows
    )

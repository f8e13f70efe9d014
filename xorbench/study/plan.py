"""Which cells a run is made of: targets x tasks x devices x what to measure, as data."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

import msgspec

from xorbench.entry import Entry
from xorbench.errors import DeviceError, MissingDependencyError, UsageError, unknown
from xorbench.records import Cell, Measure
from xorbench.registry import entries, resolve, split_target
from xorbench.sandbox import Limits, Outcome, call
from xorbench.study.work import Job, search_path
from xorbench.tasks import GATES, Task, get_task

Kind = Literal["convergence", "timing", "portrait", "check", "spectrum"]
KINDS: tuple[Kind, ...] = ("convergence", "timing", "portrait", "check", "spectrum")
DEVICE_KINDS = ("cpu", "cuda", "mps", "xpu")

#: Seeds of one cell where each is trained by itself: cells small enough to run side by side.
SEEDS_PER_CELL = 5
SPECTRUM_SEEDS = 4
#: Iterations where none are asked for.
BUDGET = 2_000
SAMPLED_BUDGET = 400  # of a task without a truth table, whose step takes a whole batch


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for; `targets` empty: every built-in implementation that takes the task."""

    targets: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ("xor",)
    devices: tuple[str, ...] = ("cpu",)
    seeds: tuple[int, ...] = tuple(range(20))
    budget: int | None = None  # None: what suits the task
    kinds: tuple[Kind, ...] = KINDS


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """The jobs of a plan, and what is known of some of them already: a target that cannot even be imported."""

    jobs: list[Job]
    known: dict[str, Outcome]  # id of a cell -> outcome


@dataclasses.dataclass(frozen=True)
class _Target:
    name: str
    entry: Entry
    source: str
    outcome: Outcome | None  # of looking at it, where that failed


def make_plan(plan: Plan, *, time_limit_s: float | None, memory_limit_mib: int | None, folder: str) -> Planned:
    """Return the jobs of a plan; targets are looked at in supervised children, for their code runs there.

    `folder` is where relative paths in targets begin. Raises UsageError for an unknown task, device or target, an
    empty list of seeds, a budget below 1, and a named target that takes none of the tasks.
    """
    tasks = [get_task(name) for name in plan.tasks]
    for device in plan.devices:
        check_device(device)
    if not plan.seeds:
        raise UsageError("no seeds: name one or more, such as --seeds 20 or --seeds 0,3,7")
    if plan.budget is not None and plan.budget < 1:
        raise UsageError(f"budget {plan.budget}: the number of iterations is 1 or more")
    if bad := [seed for seed in plan.seeds if not 0 <= seed < 2**32]:
        raise UsageError(f"seed {bad[0]}: a seed is a whole number from 0 to {2**32 - 1}")
    for name in plan.targets:
        if not name.isprintable():
            raise UsageError(f"target {name!r} has characters that cannot be printed; rename the file")
    limits = Limits(time_s=time_limit_s, memory_bytes=None if memory_limit_mib is None else memory_limit_mib << 20)
    names = list(dict.fromkeys(plan.targets)) or list(built_in_targets(tasks))
    with ThreadPoolExecutor(4) as pool:
        targets = list(pool.map(lambda name: _look_at(name, limits, folder), names))

    jobs: dict[str, Job] = {}
    known: dict[str, Outcome] = {}
    for target in targets:
        cells = list(_cells(plan, target, tasks, named=bool(plan.targets)))
        if plan.targets and not cells:
            raise UsageError(
                f"{target.name} takes none of {', '.join(plan.tasks)}, or cannot be measured so; "
                f"it learns {', '.join(target.entry.learns)}"
            )
        if target.outcome is not None:  # one record per task and device says it all
            cells = list({(cell.task, cell.device): (cell, outcome) for cell, outcome in reversed(cells)}.values())
        for cell, outcome in cells:
            jobs[cell.id] = Job(
                cell=cell,
                time_limit_s=time_limit_s,
                memory_limit_mib=memory_limit_mib,
                folder=folder,
                path=search_path(),
            )
            if outcome is not None:
                known[cell.id] = outcome
    order = {measure: place for place, measure in enumerate(("check", "convergence", "portrait", "timing"))}
    return Planned(jobs=sorted(jobs.values(), key=lambda job: order[job.cell.measure]), known=known)


def built_in_targets(tasks: Iterable[Task]) -> Iterator[str]:
    """Yield the names of the built-in implementations that take one of the tasks."""
    tasks = list(tasks)
    for name, entry in entries().items():
        if entry.where.startswith("xorbench.") and any(entry.takes(task.name) for task in tasks):
            yield name


def check_device(device: str) -> None:
    """Raise UsageError for a string that names no device; whether it is there shows where the cell runs."""
    kind, colon, number = device.partition(":")
    if kind not in DEVICE_KINDS:
        raise unknown("device", device, DEVICE_KINDS)
    if colon and not number.isdigit():
        raise UsageError(f"device {device!r}: {number!r} is no number of a device; write {kind} or {kind}:0")


def default_budget(task: Task) -> int:
    """Return the iterations that suit a task where none are asked for."""
    return BUDGET if task.finite else SAMPLED_BUDGET


def _look_at(name: str, limits: Limits, folder: str) -> _Target:
    outcome = call("xorbench.study.plan:look_at", {"target": name}, limits=limits, folder=folder)
    base, _ = split_target(name)
    entry = entries().get(base) or Entry(name=base, where=base)
    if outcome.kind != "ok":
        return _Target(name, entry, "", outcome)
    if mistake := outcome.value["mistake"]:
        raise UsageError(mistake)
    return _Target(name, msgspec.convert(outcome.value["entry"], Entry), outcome.value["source"], None)


def look_at(argument: dict[str, Any], send: Callable[[Any], None]) -> dict[str, Any]:
    """Resolve a target and say what the plan has to know of it; called in the child."""
    try:
        found = resolve(argument["target"])
    except (MissingDependencyError, DeviceError):
        raise
    except UsageError as error:
        return {"mistake": str(error)}
    return {"mistake": "", "entry": dataclasses.asdict(found.entry), "source": found.source}


def _cells(plan: Plan, target: _Target, tasks: Sequence[Task], *, named: bool) -> Iterator[tuple[Cell, Outcome | None]]:
    entry = target.entry
    for task in tasks:
        if not entry.takes(task.name):
            continue
        budget = plan.budget or default_budget(task)
        for device in plan.devices:
            if not _runs_on(entry, device):
                if not named:
                    continue
                said = f"{entry.name} runs on {', '.join(entry.devices)} only"
                outcome: Outcome | None = Outcome(kind="unavailable", detail=said)
            else:
                outcome = target.outcome
            about: dict[str, Any] = {"target": target.name, "task": task.name, "source": target.source}
            first_device = device == plan.devices[0]
            if "convergence" in plan.kinds:
                for seeds in _chunks(plan.seeds, entry):
                    yield _cell("convergence", **about, device=device, seeds=seeds, budget=budget), outcome
            if "timing" in plan.kinds:
                yield _cell("timing", **about, device=device, seeds=plan.seeds[:1]), outcome
            if "portrait" in plan.kinds and entry.trains and task.finite and task.inputs == 2 and first_device:
                yield _cell("portrait", **about, device=device, seeds=plan.seeds[:1], budget=budget), outcome
            if "check" in plan.kinds and device == "cpu":
                yield _cell("check", **about, seeds=plan.seeds[:1], settings={"examples": 3}), outcome
            if "spectrum" in plan.kinds and entry.trains and first_device:
                yield from (
                    (
                        _cell("convergence", **{**about, "task": gate}, device=device, seeds=seeds, budget=budget),
                        outcome,
                    )
                    for gate in GATES
                    if gate not in plan.tasks and entry.takes(gate)
                    for seeds in _chunks(plan.seeds[:SPECTRUM_SEEDS], entry)
                )


def _cell(measure: Measure, **about: Any) -> Cell:
    return Cell(measure=measure, **about)


def _chunks(seeds: tuple[int, ...], entry: Entry) -> Iterator[tuple[int, ...]]:
    if not entry.trains:
        yield seeds[:1]  # nothing is learned: every seed gives the same
        return
    size = len(seeds) if entry.ensemble else SEEDS_PER_CELL
    for start in range(0, len(seeds), size):
        yield seeds[start : start + size]


def _runs_on(entry: Entry, device: str) -> bool:
    return device.partition(":")[0] in entry.devices

"""Which cells a run is made of: targets x tasks x devices x what to measure, as data."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

import msgspec

from xorbench.entry import Entry
from xorbench.errors import DeviceError, MissingDependencyError, UsageError
from xorbench.records import Cell, Measure
from xorbench.registry import entries, resolve, split_target
from xorbench.sandbox import Limits, Outcome, call, shutdown
from xorbench.study.work import Job, search_path
from xorbench.tasks import GATES, Task, get_task

Kind = Literal["convergence", "timing", "portrait", "check", "spectrum"]
KINDS: tuple[Kind, ...] = ("convergence", "timing", "portrait", "check", "spectrum")
DEVICE_KINDS = ("cpu", "cuda", "mps", "xpu")

#: Seeds of one cell where each is trained by itself: cells small enough to run side by side.
SEEDS_PER_CELL = 5
#: Iterations where none are asked for: for a target of the user's, and for the built-in ones, which all need fewer.
BUDGET = 2_000
BUILT_IN_BUDGET = 300
SAMPLED_BUDGET = 400  # of a task without a truth table, whose step takes a whole batch
#: The spectrum of gates: seeds, and seeds where each is trained by itself; at most so many iterations.
SPECTRUM_SEEDS = (4, 2)
SPECTRUM_BUDGET = 150
#: Knobs of the measures for the built-in ones side by side, so that the default run takes a minute.
_QUICK: dict[str, dict[str, Any]] = {"timing": {"predict_rows": [1, 4, 1024], "limit_s": 0.5}, "check": {"examples": 3}}


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
        try:
            targets = list(pool.map(lambda name: _look_at(name, limits, folder), names))
        except BaseException:
            shutdown(now=True)  # a mistake, or Ctrl-C: wait for none of the others
            raise

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
        near = difflib.get_close_matches(kind.casefold(), DEVICE_KINDS, n=1, cutoff=0.7)  # "gpu" is not close to "cpu"
        hint = f"did you mean {near[0]!r}?" if near else f"choose from {', '.join(DEVICE_KINDS)}"
        raise UsageError(f"unknown device {device!r}; {hint}")
    if colon and not number.isdigit():
        raise UsageError(f"device {device!r}: {number!r} is no number of a device; write {kind} or {kind}:0")


def default_budget(task: Task, *, named: bool) -> int:
    """Return the iterations that suit a task where none are asked for; `named`: for targets that the user named."""
    if not task.finite:
        return SAMPLED_BUDGET
    return BUDGET if named else BUILT_IN_BUDGET


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
    """Yield the cells of one target, each with its outcome where that is known without running it."""
    entry = target.entry
    for task in tasks:
        if not entry.takes(task.name):
            continue
        for device in plan.devices:
            outcome = target.outcome
            if device.partition(":")[0] not in entry.devices:
                if not named:
                    continue
                outcome = Outcome(kind="unavailable", detail=f"{entry.name} runs on {', '.join(entry.devices)} only")
            for cell in _measures(plan, target, task, device, named=named):
                yield cell, outcome


def _measures(plan: Plan, target: _Target, task: Task, device: str, *, named: bool) -> Iterator[Cell]:
    entry = target.entry
    budget = plan.budget or default_budget(task, named=named)
    quick = {} if named else _QUICK
    one = plan.seeds[:1]
    once = device == plan.devices[0]  # what does not depend on the device

    def cell(measure: Measure, **about: Any) -> Cell:
        given = {"target": target.name, "task": task.name, "source": target.source, "device": device}
        return Cell(**{**given, "measure": measure, **about})

    if "check" in plan.kinds and once:
        yield cell("check", device="cpu", seeds=one, settings=quick.get("check", {}))
    if "convergence" in plan.kinds:
        for seeds in _chunks(plan.seeds, entry):
            yield cell("convergence", seeds=seeds, budget=budget)
    if "portrait" in plan.kinds and once and entry.trains and task.finite and task.inputs == 2:
        yield cell("portrait", seeds=one, budget=budget)
    if "spectrum" in plan.kinds and once and entry.trains and task.name == "xor":
        seeds = plan.seeds[: SPECTRUM_SEEDS[0 if entry.ensemble else 1]]
        for gate in GATES:
            if gate not in plan.tasks and entry.takes(gate):
                yield cell("convergence", task=gate, seeds=seeds, budget=min(budget, SPECTRUM_BUDGET))
    if "timing" in plan.kinds:
        yield cell("timing", seeds=one, settings=quick.get("timing", {}))


def _chunks(seeds: tuple[int, ...], entry: Entry) -> Iterator[tuple[int, ...]]:
    if not entry.trains:
        yield seeds[:1]  # nothing is learned: every seed gives the same
        return
    size = len(seeds) if entry.ensemble else SEEDS_PER_CELL
    for start in range(0, len(seeds), size):
        yield seeds[start : start + size]

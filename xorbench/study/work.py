"""One cell from data to record: what an executor runs, here or on another machine.

A job goes in as JSON and a record comes out as JSON, so that any executor can carry both.
"""

from __future__ import annotations

import datetime
import functools
import importlib
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from xorbench.environment import describe
from xorbench.errors import XorbenchError
from xorbench.loading import keep_compiled
from xorbench.records import (
    Cell,
    CheckOutcome,
    CheckResult,
    Convergence,
    Environment,
    Portrait,
    Record,
    Result,
    Timings,
)
from xorbench.sandbox import Limits, Outcome, call

#: Measure -> the module and function that measures; imported in the child, when it is needed.
MEASURES: dict[str, tuple[str, str]] = {
    "convergence": ("xorbench.measure.training", "converge"),
    "timing": ("xorbench.measure.timing", "time_implementation"),
    "portrait": ("xorbench.measure.portrait", "draw"),
    "check": ("xorbench.verify.check", "verify"),
}
#: Measure -> what it must come back as.
_RESULTS: dict[str, Any] = {
    "convergence": Convergence,
    "timing": Timings,
    "portrait": Portrait,
    "check": CheckOutcome,
}


_NO_LIMIT_S = 86_400.0  # a day: the judge always has a limit


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A cell and what it may take; `folder` and `path` are where and with what its target is looked up."""

    cell: Cell
    time_limit_s: float | None
    memory_limit_mib: int | None
    folder: str
    path: tuple[str, ...] = ()

    @property
    def limits(self) -> Limits:
        """The limits as the sandbox takes them."""
        memory = None if self.memory_limit_mib is None else self.memory_limit_mib << 20
        return Limits(time_s=self.time_limit_s, memory_bytes=memory)


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """A record and the environment it refers to."""

    record: Record
    environment: Environment


def run_job(job: bytes) -> bytes:
    """Run one :class:`Job` to its end, whatever its target does, and return a :class:`Done`."""
    asked = msgspec.json.decode(job, type=Job)
    _extend_path(asked.path)
    return msgspec.json.encode(
        Done(record=run_cell(asked), environment=environment_of(asked.cell.device, asked.folder))
    )


def run_cell(job: Job) -> Record:
    """Measure a cell in a supervised child and return its record; never raises for what the target does."""
    started_at, started = now(), time.monotonic()
    cell = job.cell
    folder = job.folder if Path(job.folder).is_dir() else None
    if cell.measure == "check":
        outcome = _check(job)
    else:
        outcome = call(
            "xorbench.study.work:measure",
            {"cell": msgspec.to_builtins(cell), "target": cell.target},
            limits=job.limits,
            device=cell.device,
            folder=folder,
            preload=[MEASURES[cell.measure][0]],
        )
    return record_of(job, outcome, started_at=started_at, wall_s=time.monotonic() - started)


def record_of(job: Job, outcome: Outcome, *, started_at: str, wall_s: float) -> Record:
    """Return the record of an outcome; a value that is no result of this measure makes it "invalid"."""
    cell = job.cell
    kind, detail, result = outcome.kind, outcome.detail, None
    if kind == "ok":
        try:
            result = msgspec.convert(outcome.value, _RESULTS[cell.measure])
        except msgspec.ValidationError as error:
            kind, detail = "invalid", f"what came back is no result of {cell.measure}: {error}"
    return Record(
        id=cell.id,
        cell=cell,
        outcome=kind,
        environment=environment_of(cell.device, job.folder).id,
        result=result,
        detail=detail,
        output="" if kind == "ok" else outcome.output,
        wall_s=wall_s,
        started_at=started_at,
    )


def measure(argument: dict[str, Any], send: Callable[[Any], None]) -> Result:
    """Measure a cell here; called in the child."""
    from xorbench.registry import resolve
    from xorbench.tasks import get_task

    cell = msgspec.convert(argument["cell"], Cell)
    implementation = resolve(cell.target)
    if cell.source and implementation.source != cell.source:
        raise XorbenchError(f"the source of {cell.target} changed after the run had begun; run the same command again")
    module, name = MEASURES[cell.measure]
    function = getattr(importlib.import_module(module), name)
    keywords: dict[str, Any] = {"device": cell.device, **cell.settings}
    if cell.measure == "convergence":
        keywords |= {"seeds": cell.seeds, "budget": cell.budget}
    elif cell.measure == "portrait":
        keywords |= {"seed": cell.seeds[0], "budget": cell.budget}
    elif cell.seeds:
        keywords["seed"] = cell.seeds[0]
    result: Result = function(implementation, get_task(cell.task), **keywords)
    return result


def warm_up() -> None:
    """Measure something small of our own, which a new child's parent does once; see :mod:`xorbench.sandbox.supervisor`."""
    here = Path(__file__).resolve().parents[1] / "implementations" / "if_else.py"
    cell = Cell(target=f"{here}:IfElse", task="xor", measure="convergence", seeds=(0,), budget=1)
    msgspec.json.encode(measure({"cell": msgspec.to_builtins(cell)}, lambda message: None))


def remember(argument: dict[str, Any], folder: str) -> None:
    """Keep what the next child can use of a call that went well in `folder`; called in a child's parent."""
    place, colon, _ = argument["target"].partition("[")[0].rpartition(":")
    if colon and place.endswith(".py"):
        path = Path(folder, Path(place).expanduser())
        about = path.stat()
        _remember(path, about.st_mtime_ns, about.st_size)


@functools.lru_cache(maxsize=64)
def _remember(path: Path, changed_ns: int, size: int) -> None:
    keep_compiled(path)


def _check(job: Job) -> Outcome:
    """Verify a cell's target. The judge supervises its own children, check by check, so this is none."""
    module, name = MEASURES["check"]
    cell = job.cell
    started = time.monotonic()
    try:
        verify = getattr(importlib.import_module(module), name)
        absolute = _absolute(cell.target, job.folder)
        found: CheckResult = verify(
            absolute,
            task=cell.task,
            seed=cell.seeds[0] if cell.seeds else 0,
            time_limit_s=job.time_limit_s or _NO_LIMIT_S,
            memory_limit_mib=job.memory_limit_mib,
            **cell.settings,
        )
    except Exception as error:
        from xorbench.sandbox.child import stranger_traceback

        return Outcome(kind="raised", detail=stranger_traceback(error), wall_s=time.monotonic() - started)
    # Findings and the lines that reproduce them name the target as the user did, not where it lies on this machine.
    here, asked = (msgspec.json.encode(name)[1:-1] for name in (absolute, cell.target))
    found = msgspec.json.decode(msgspec.json.encode(found).replace(here, asked), type=CheckResult)
    result = CheckOutcome(result=msgspec.structs.replace(found, target=cell.target))
    return Outcome(kind="ok", value=msgspec.to_builtins(result), wall_s=time.monotonic() - started)


def _absolute(target: str, folder: str) -> str:
    """Return a target that names the same file from anywhere; a worker may have been started in another folder."""
    base, bracket, options = target.partition("[")
    place, colon, attribute = base.rpartition(":")
    if not place.endswith(".py") or Path(place).expanduser().is_absolute():
        return target
    return f"{Path(folder, place)}{colon}{attribute}{bracket}{options}"


@functools.cache
def environment_of(device: str, folder: str) -> Environment:
    """Describe the environment of children on this machine; looked at once in a process."""
    outcome = call(
        "xorbench.study.work:_describe",
        {"device": device},
        limits=Limits(time_s=120),
        device=device,
        folder=folder if Path(folder).is_dir() else None,
    )
    if outcome.kind != "ok":
        return describe()
    return msgspec.convert(outcome.value, Environment)


def _describe(argument: dict[str, Any], send: Callable[[Any], None]) -> Environment:
    return describe(argument["device"])


def now() -> str:
    """Return the time as records have it: ISO 8601, UTC, whole seconds."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def search_path() -> tuple[str, ...]:
    """Return where this process looks for modules of the user's, as a job carries it; not where Python itself is."""
    entries = [os.path.abspath(entry or os.curdir) for entry in sys.path]
    python = (sys.prefix, sys.base_prefix)
    return tuple(entry for entry in entries if not entry.startswith(python))


def _extend_path(path: tuple[str, ...]) -> None:
    # On another machine a folder may not be there; what is there may be needed for a target "module:attribute".
    for entry in path:
        if entry not in sys.path and os.path.isdir(entry):
            sys.path.append(entry)

"""A contender of an interleaved comparison: a process of its own, told from outside when to take which sample.

Base and head may be two versions of one package under the same module names; one process could hold only one of them.
"""

from __future__ import annotations

import contextlib
import functools
import socket
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO

import msgspec

from xorbench import sandbox
from xorbench.errors import XorbenchError
from xorbench.measure.clock import clock_for
from xorbench.measure.conditions import Conditions
from xorbench.measure.honesty import state
from xorbench.measure.interleave import Sampler
from xorbench.measure.sampling import timed
from xorbench.measure.timing import Counted, answer, constructor, timing_batch
from xorbench.model import Capability
from xorbench.sandbox import Limits, Outcome


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What one contender is and which rows it can be asked for."""

    target: str
    task: str
    device: str
    seed: int
    rows: tuple[tuple[str, int, int], ...]  # action, rows per call, calls per sample
    wait: bool  # steps leave work undone: wait for it within the sample
    threads: int = 1
    address: str = ""  # of the socket that asks


def serve(argument: dict[str, Any], send: Callable[[Any], None]) -> None:
    """Take samples until told to stop; called in the child."""
    from xorbench.registry import resolve
    from xorbench.tasks import get_task

    plan = msgspec.convert(argument, Plan)
    task, implementation = get_task(plan.task), resolve(plan.target)
    clock = clock_for(plan.device)
    make = functools.partial(implementation.build, inputs=task.inputs, seed=plan.seed, device=plan.device)
    with warnings.catch_warnings(), Conditions(plan.threads) as conditions, socket.socket(socket.AF_UNIX) as line:
        warnings.simplefilter("ignore")
        model, asked = make(), make()
        conditions.hold()
        batch = timing_batch(task, plan.seed)
        wait = functools.partial(state, model, batch[0]) if plan.wait else None
        if asked.can(Capability.STEP):
            Counted(asked, batch)()
        elif asked.can(Capability.FIT):
            asked.fit(*batch, 1)
        actions: list[tuple[Callable[[], object], int, Callable[[], object] | None]] = []
        for action, rows, loops in plan.rows:
            if action == "construct":
                actions.append((constructor(implementation, task, seed=plan.seed, device=plan.device), loops, None))
            elif action == "step":
                actions.append((Counted(model, batch), loops, wait))
            else:
                inputs, _ = timing_batch(task, plan.seed, rows)
                actions.append((functools.partial(answer, asked.instance.predict, inputs), loops, None))
        line.connect(plan.address)
        with line.makefile("rw") as text:
            for asked_for in text:
                call, loops, finish = actions[int(asked_for)]
                conditions.tidy()
                print(repr(timed(clock, call, loops, finish) / loops), file=text, flush=True)


@contextlib.contextmanager
def contender(plan: Plan, *, limits: Limits, folder: str | None = None) -> Iterator[Sampler]:
    """Start a contender and yield what takes its samples; afterwards it is gone.

    The first sample asked for waits until it is warm, so that the contenders of a block start side by side: on a GPU
    that takes seconds. `folder` is where its target is looked up. Asking raises XorbenchError with what the child said
    where it ends before it is told to.
    """
    outcome: list[Outcome] = []

    def run() -> None:
        argument = msgspec.to_builtins(msgspec.structs.replace(plan, address=address))
        outcome.append(sandbox.call(f"{__name__}:serve", argument, limits=limits, device=plan.device, folder=folder))

    def connected() -> TextIO:
        while True:
            with contextlib.suppress(TimeoutError):
                line, _ = server.accept()
                line.settimeout(None)
                stack.enter_context(line)
                return stack.enter_context(line.makefile("rw"))
            if not child.is_alive():
                raise XorbenchError(f"{plan.target} ended before it could be timed: {_said(outcome)}")

    def ask(row: int) -> float:
        if not lines:
            lines.append(connected())
        with contextlib.suppress(OSError):
            print(row, file=lines[0], flush=True)
            if said := lines[0].readline():
                return float(said)
        child.join()
        raise XorbenchError(f"{plan.target} ended while it was timed: {_said(outcome)}")

    lines: list[TextIO] = []
    with tempfile.TemporaryDirectory(prefix="xorbench-") as place, socket.socket(socket.AF_UNIX) as server:
        address = str(Path(place) / "line")
        server.bind(address)
        server.listen()
        server.settimeout(0.2)
        child = threading.Thread(target=run, daemon=True)
        child.start()
        try:
            with contextlib.ExitStack() as stack:
                yield ask
        finally:
            server.close()  # a child that waits to be asked ends
            child.join()


def _said(outcome: Sequence[Outcome]) -> str:
    if not outcome:
        return "its process could not be started"
    lines = outcome[0].detail.strip().splitlines() or ["without a word"]
    return f"{outcome[0].kind}: {lines[-1]}"

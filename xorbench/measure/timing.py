"""The runtime of one implementation: construct, first step, step, predict by batch size, and peak memory.

The calls are the stranger's own, on arrays made beforehand: the harness's copies are not in the figures. Afterwards
the parameters and outputs must equal those of a fresh model that took the same steps untimed, and a model that returns
before its work is done is found out and timed with the wait that it left to others.
"""

from __future__ import annotations

import functools
import itertools
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from xorbench.measure.clock import Clock, clock_for
from xorbench.measure.conditions import Conditions
from xorbench.measure.honesty import compare_with_untimed, leaves_work_undone, same_outputs
from xorbench.measure.memory import peak_memory_bytes
from xorbench.measure.sampling import LIMIT_S, MINIMUM_S, SAMPLES, calibrate, sample
from xorbench.model import Capability, Model, as_array
from xorbench.records import Timing, Timings
from xorbench.registry import Implementation
from xorbench.tasks import Task

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Batch = tuple[NDArray[np.float64], NDArray[np.bool_]]

#: Batch sizes of `predict`.
PREDICT_ROWS = (1, 4, 1024, 65_536)
#: The note that every result bears.
HELD = "garbage collected between samples only"


def time_implementation(
    implementation: Implementation,
    task: Task,
    *,
    device: str = "cpu",
    seed: int = 0,
    predict_rows: Sequence[int] = PREDICT_ROWS,
    samples: int = SAMPLES,
    minimum_s: float = MINIMUM_S,
    limit_s: float = LIMIT_S,
    threads: int = 1,
    clock: Clock | None = None,
) -> Timings:
    """Time an implementation on a task's batch and return seconds per call, with what was checked about them.

    A row that cannot be timed is a note with its reason, never a figure. Exceptions of the model pass through.

    Raises UsageError for a device that is not there.
    """
    clock = clock or clock_for(device)
    with warnings.catch_warnings(), Conditions(threads) as conditions:
        warnings.simplefilter("ignore")
        stopwatch = _Stopwatch(clock, conditions, samples=samples, minimum_s=minimum_s, limit_s=limit_s)
        clock.reset_memory()
        make = functools.partial(implementation.build, inputs=task.inputs, seed=seed, device=device)
        stopwatch.time("construct", 0, constructor(implementation, task, seed=seed, device=device))
        conditions.hold()  # what the implementation imported when it was first built
        batch = timing_batch(task, seed)
        right = _time_steps(stopwatch, make, batch)
        right &= _time_predict(stopwatch, make, task, batch, seed=seed, sizes=predict_rows)
    return Timings(
        timings=tuple(stopwatch.timings),
        peak_memory_bytes=peak_memory_bytes(),
        device_memory_bytes=clock.peak_memory(),
        threads=threads,
        checked=right,
        notes=(HELD, *stopwatch.notes),
    )


def timing_batch(task: Task, seed: int, rows: int | None = None) -> Batch:
    """Return the rows that a timed call is given: the truth table, else a batch like those of the evaluation.

    With `rows`, that many, drawn; sequences have the length of the evaluation, so that two seeds do the same work.
    """
    import numpy as np

    if rows is None and task.finite:
        return task.table()
    draw = task.draw_evaluation or task.draw
    return draw(np.random.default_rng([seed, 0x71AE]), rows or task.batch_rows)


class _Stopwatch:
    """Collects the rows of one implementation."""

    def __init__(self, clock: Clock, conditions: Conditions, *, samples: int, minimum_s: float, limit_s: float) -> None:
        self.clock = clock
        self.timings: list[Timing] = []
        self.notes: list[str] = []
        self.minimum_s = minimum_s
        self.limit_s = limit_s
        self._conditions = conditions
        self._samples = samples

    def time(
        self, action: str, rows: int, call: Callable[[], object], *, finish: Callable[[], object] | None = None
    ) -> float:
        """Add a row, warmed up and calibrated, and return its median in seconds."""
        pace = calibrate(self.clock, call, minimum_s=self.minimum_s, finish=finish)
        samples = sample(
            self.clock, call, pace, self._conditions, samples=self._samples, limit_s=self.limit_s, finish=finish
        )
        self.timings.append(Timing(action=action, rows=rows, samples_s=samples, loops=pace.loops, warmup=pace.calls))
        return sorted(samples)[len(samples) // 2]

    def time_first(self, action: str, rows: int, call: Callable[[], object]) -> None:
        """Add the row of a call that there is only one of."""
        self.timings.append(Timing(action=action, rows=rows, samples_s=(self.clock.time(call),)))


def constructor(implementation: Implementation, task: Task, *, seed: int, device: str) -> Callable[[], object]:
    """Return the call of the factory alone, without the harness around it."""
    keywords = implementation.keywords(inputs=task.inputs, seed=seed, device=device)
    return functools.partial(implementation.factory, **keywords)


class Counted:
    """The steps of one model on the pieces of a batch, counted so that a twin can take as many."""

    def __init__(self, model: Model, batch: Batch) -> None:
        size = model.declaration.max_rows or len(batch[1])
        self.pieces = [
            (batch[0][start : start + size].copy(), batch[1][start : start + size])
            for start in range(0, len(batch[1]), size)
        ]
        self.rows = len(self.pieces[0][1])
        self.count = 0
        self._turns = itertools.cycle([(rows, model.encode(labels)) for rows, labels in self.pieces])
        self._step = model.instance.step

    def __call__(self) -> None:
        self.count += 1
        self._step(*next(self._turns))


def _time_steps(stopwatch: _Stopwatch, make: Callable[[], Model], batch: Batch) -> bool:
    model = make()
    if not model.can(Capability.STEP):
        stopwatch.notes.append("step: not timed, the model has no step()")
        return True
    steps = Counted(model, batch)
    if steps.rows < len(batch[1]):
        stopwatch.notes.append(f"step: the model takes {steps.rows} of the {len(batch[1])} rows at a time")
    stopwatch.time_first("first_step", steps.rows, steps)
    pace = calibrate(stopwatch.clock, steps, minimum_s=stopwatch.minimum_s)
    finish, said = leaves_work_undone(stopwatch.clock, model, steps, pace.loops, batch[0])
    stopwatch.notes += said
    stopwatch.time("step", steps.rows, steps, finish=finish)
    right, said = compare_with_untimed(model, make, steps.pieces, steps.count, batch[0])
    stopwatch.notes += said
    return right


def answer(predict: Callable[[NDArray[np.float64]], object], rows: NDArray[np.float64]) -> NDArray[Any]:
    """Predict and have the numbers in hand: an engine that computes when it is read computes here."""
    return as_array(predict(rows))


def _time_predict(
    stopwatch: _Stopwatch, make: Callable[[], Model], task: Task, batch: Batch, *, seed: int, sizes: Sequence[int]
) -> bool:
    model, twin = make(), make()
    for one in (model, twin):  # parameters may come into being at the first step, or only by fitting
        if one.can(Capability.STEP):
            steps = Counted(one, batch)
            steps()
        elif one.can(Capability.FIT):
            one.fit(*batch, 1)
    right = True
    per_row = 0.0
    for size in sizes:
        if per_row * size > stopwatch.limit_s:
            stopwatch.notes.append(
                f"predict of {size:,} rows: not timed, one call would take about {per_row * size:.2g} s"
            )
            continue
        rows, _ = timing_batch(task, seed, size)
        call = functools.partial(answer, model.instance.predict, rows)
        per_row = stopwatch.time("predict", size, call) / size
        said = same_outputs(call(), twin, timing_batch(task, seed, size)[0])
        stopwatch.notes += said
        right &= not said
    return right

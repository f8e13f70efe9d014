"""Convergence: the harness owns the loop, so that an iteration means the same for every implementation.

An *iteration* is one call of `step`; an *epoch* one pass over the batch. A model that takes at most `max_rows` rows per
step gets each batch in pieces, in order, one iteration per piece. Counts start before training: 0 means that the
untrained model was there already. Runs that do not get there are censored at the budget: None, never dropped.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import itertools
import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from xorbench.errors import UsageError
from xorbench.measure.clock import Clock, clock_for
from xorbench.model import Capability, Model
from xorbench.records import Convergence, Curve, Run
from xorbench.registry import Implementation
from xorbench.tasks import Task

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Batch = tuple[NDArray[np.float64], NDArray[np.bool_]]

#: A table of at most this many rows is looked at after every iteration; a look costs about as much as a step there.
CHEAP_ROWS = 64
#: Looks at a task that is costly to evaluate.
LOOKS = 100
#: Seeds whose curves are kept, and about how many points each has.
CURVES = 3
CURVE_POINTS = 64
#: Rows that a model which can only be fitted is given where a task has no table: so many batches.
FIT_BATCHES = 16

ENSEMBLES = "xorbench.measure.ensemble"


def converge(
    implementation: Implementation,
    task: Task,
    *,
    seeds: Sequence[int],
    budget: int,
    device: str = "cpu",
    on_run: Callable[[Run], None] | None = None,
) -> Convergence:
    """Train one model per seed for `budget` iterations and say when each had learned the task.

    An ensemble that the implementation offers trains all seeds at once; it is proved equal to single runs elsewhere.
    `on_run` is told of each finished run. Exceptions of the model pass through, but for arithmetic that overflows,
    which is divergence.

    Raises UsageError for no seeds, a budget below 1, or a device that is not there.
    """
    if not seeds:
        raise UsageError("no seeds: convergence is measured over one seed or more")
    if budget < 1:
        raise UsageError(f"budget {budget!r}: the number of iterations is 1 or more")
    together = _ensemble(implementation, task, seeds=seeds, budget=budget, device=device)
    if together is not None:
        for run in together.runs:
            if on_run is not None:
                on_run(run)
        return together
    clock = clock_for(device)
    runs: list[Run] = []
    curves: list[Curve] = []
    how, dtype = "single", ""
    # A stranger's warnings fail nothing, and a thousand of them hide what matters.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for seed in seeds:
            make = functools.partial(implementation.build, inputs=task.inputs, seed=seed, device=device)
            watch = Watch(task, budget)
            model = make()
            if model.can(Capability.STEP):
                _step(model, task, watch, seed=seed, budget=budget, clock=clock)
            elif model.can(Capability.FIT):
                how = "fit"
                model = _fit(make, task, watch, seed=seed, budget=budget, clock=clock)
            else:
                watch.look(model, 0, 0.0)
            runs.append(watch.run(seed))
            if len(curves) < CURVES:
                curves.append(watch.curve(seed))
            if on_run is not None:
                on_run(runs[-1])
            dtype = dtype or _dtype(model)
    return Convergence(
        runs=tuple(runs),
        resolution=resolution_of(task, budget),
        rows=len(task.evaluation()[1]),
        how=how,
        dtype=dtype,
        curves=tuple(curves),
    )


def resolution_of(task: Task, budget: int) -> int:
    """Return after how many iterations "solved" is looked at: every one where a look is cheap."""
    return 1 if task.finite and len(task.table()[1]) <= CHEAP_ROWS else max(1, budget // LOOKS)


def training_batches(task: Task, seed: int, max_rows: int | None) -> Iterator[Batch]:
    """Yield what each step is given: batches of the task, cut into pieces of at most `max_rows` rows."""
    for rows, labels in task.batches(seed):
        size = max_rows or len(labels)
        for start in range(0, len(labels), size):
            yield rows[start : start + size], labels[start : start + size]


def curve_points(budget: int) -> list[int]:
    """Return the iterations that a curve keeps: 0, the budget, and about equal steps on a log scale between."""
    steps = max(1, CURVE_POINTS - 2)
    return sorted({0, budget, *(round(budget ** (i / steps)) for i in range(steps))})


def _ensemble(implementation: Implementation, task: Task, **about: Any) -> Convergence | None:
    if implementation.entry.ensemble is None or importlib.util.find_spec(ENSEMBLES) is None:
        return None
    made: Convergence | None = importlib.import_module(ENSEMBLES).converge_ensemble(implementation, task, **about)
    return made


class Watch:
    """Looks at one model while it learns, and keeps what a run and a curve are made of."""

    def __init__(self, task: Task, budget: int) -> None:
        self._rows, self._labels = task.evaluation()  # (n, d), (n,)
        self._threshold = task.threshold
        self._points = curve_points(budget)
        self._shown: dict[int, float] = {}  # iteration of the curve -> accuracy
        self._losses: dict[int, float | None] = {}  # iteration of the curve -> loss of the model as it was then
        self._to_75: int | None = None
        self._to_first: int | None = None
        self._stable: tuple[int, float] | None = None  # where the present streak of solved looks began
        self._accuracy = 0.0
        self._loss: float | None = None
        self._trained_s = 0.0
        self.iterations = 0
        self.diverged = False

    def look(self, model: Model, iteration: int, trained_s: float) -> bool:
        """Judge the model after `iteration` steps that took `trained_s`; return whether its outputs are finite."""
        import numpy as np

        outputs = model.predict(self._rows)  # (n,)
        finite = np.isfinite(outputs)  # (n,)
        right = (model.decide(outputs) == self._labels) & finite  # (n,)  NaN is right about nothing
        accuracy = float(np.count_nonzero(right) / len(right))
        if accuracy >= 0.75 and self._to_75 is None:
            self._to_75 = iteration
        if accuracy < self._threshold:
            self._stable = None
        else:
            self._to_first = iteration if self._to_first is None else self._to_first
            self._stable = self._stable or (iteration, trained_s)
        if self._points and iteration >= self._points[0]:
            self._shown[iteration] = accuracy
            while self._points and self._points[0] <= iteration:
                self._points.pop(0)
        self._accuracy, self._trained_s, self.iterations = accuracy, trained_s, iteration
        return bool(finite.all())

    def report(self, iteration: int, loss: float | None) -> None:
        """Take the loss that the step after `iteration` reported: that of the model before the step."""
        if loss is not None and not math.isfinite(loss):
            self.diverged, loss = True, None
        self._loss = loss
        if iteration in self._shown:
            self._losses[iteration] = loss

    def run(self, seed: int) -> Run:
        """Return what came of this seed."""
        # Who stops early was not right at every later iteration of the budget.
        to_stable, stable_s = self._stable or (None, None)
        return Run(
            seed=seed,
            iterations=self.iterations,
            to_75=self._to_75,
            to_first=self._to_first,
            to_stable=to_stable,
            accuracy=self._accuracy,
            loss=self._loss,
            diverged=self.diverged,
            wall_s=self._trained_s,
            stable_s=stable_s,
        )

    def stop(self, iteration: int) -> None:
        """Note that the model diverged at `iteration` and was trained no further."""
        self.iterations, self.diverged, self._stable = iteration, True, None

    def curve(self, seed: int) -> Curve:
        """Return the looks that the curve keeps. The last has no loss: nobody stepped from there."""
        at = sorted(self._shown)
        return Curve(
            seed=seed,
            iterations=tuple(at),
            loss=tuple(self._losses.get(iteration) for iteration in at),
            accuracy=tuple(self._shown[iteration] for iteration in at),
        )


def _step(model: Model, task: Task, watch: Watch, *, seed: int, budget: int, clock: Clock) -> None:
    batches = training_batches(task, seed, model.declaration.max_rows)
    resolution = resolution_of(task, budget)
    # A network may be built by its first step and be unable to answer before; if it cannot after, that raises.
    with contextlib.suppress(Exception):
        watch.look(model, 0, 0.0)
    iteration, trained_s = 0, 0.0
    try:
        while iteration < budget:
            block = list(itertools.islice(batches, min(resolution, budget - iteration)))  # drawing is not training
            started = clock.now()
            for rows, labels in block:
                watch.report(iteration, model.step(rows, labels))
                iteration += 1
            trained_s += clock.now() - started
            if not watch.look(model, iteration, trained_s):
                watch.stop(iteration)
                return
    except (OverflowError, FloatingPointError):  # how plain Python says "infinite"
        watch.stop(iteration)


def _fit(make: Callable[[], Model], task: Task, watch: Watch, *, seed: int, budget: int, clock: Clock) -> Model:
    """Fit a fresh model at each of a doubling series of budgets; an iteration here is one epoch, which `fit` counts."""
    import numpy as np

    batches = list(itertools.islice(task.batches(seed), 1 if task.finite else FIT_BATCHES))
    batches = [batch for batch in batches if batch[0].shape == batches[0][0].shape]  # sequences of one length
    rows = np.concatenate([batch[0] for batch in batches])  # (n, d)
    labels = np.concatenate([batch[1] for batch in batches])  # (n,)
    for epochs in [*itertools.takewhile(lambda count: count < budget, (2**i for i in itertools.count())), budget]:
        model = make()
        started = clock.now()
        try:
            model.fit(rows, labels, epochs)
            finite = watch.look(model, epochs, clock.now() - started)
        except (OverflowError, FloatingPointError):
            finite = False
        if not finite:
            watch.stop(epochs)
            break
    return model


def _dtype(model: Model) -> str:
    if not model.can(Capability.PARAMETERS):
        return ""
    parameters = list(model.get_parameters().values())
    return str(parameters[0].dtype) if parameters else ""

"""One seed looked at closely: what a model answers, how its hidden units see the rows, where its parameters go.

Frames are taken at iterations about equally far apart on a log scale: early changes are fast and late ones slow. A
model shows what its members allow; what cannot be drawn is said in :attr:`Portrait.missing`, with the member that would
show it.
"""

from __future__ import annotations

import base64
import itertools
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from xorbench.errors import UsageError
from xorbench.measure.surface import surface
from xorbench.measure.training import FIT_BATCHES, training_batches
from xorbench.model import Capability, Model
from xorbench.records import Frame, Portrait
from xorbench.registry import Implementation
from xorbench.tasks import Task

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Labels = NDArray[np.bool_]

#: About so many frames of a model that steps, and of one that is fitted afresh for each.
FRAMES, FITS = 40, 6
#: Points of the decision region on each side.
GRID = 32
#: Rows whose answers and hidden activations are kept.
ROWS = 32
#: Widest hidden layer kept unit by unit; a wider one is kept as its principal components.
UNITS, COMPONENTS = 8, 3
#: Most parameters kept by name.
PARAMETERS = 120
#: Seconds that the regions of all but the last frame may take in all; slow models have fewer.
PATIENCE_S = 6.0


@dataclass
class _Album:
    """Frames as they are taken, in arrays."""

    iterations: list[int] = field(default_factory=list)
    losses: list[float | None] = field(default_factory=list)
    accuracies: list[float] = field(default_factory=list)
    outputs: list[Floats] = field(default_factory=list)
    hidden: list[Floats] = field(default_factory=list)
    parameters: list[Floats] = field(default_factory=list)
    regions: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    missing: dict[str, None] = field(default_factory=dict)
    spent_s: float = 0.0


def draw(
    implementation: Implementation, task: Task, *, seed: int = 0, budget: int = 2000, device: str = "cpu"
) -> Portrait:
    """Train one model of this seed for `budget` iterations and return its portrait.

    A model that can only be fitted is fitted afresh for each of a few rising budgets; one that does neither has a
    single frame. Exceptions of the model's `predict`, `step` and `fit` pass through; those of other members become a
    sentence.

    Raises UsageError for a budget below 1.
    """
    if budget < 1:
        raise UsageError(f"budget {budget!r}: the number of iterations is 1 or more")
    camera = _Camera(task)

    def make() -> Model:
        return implementation.build(inputs=task.inputs, seed=seed, device=device)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a stranger's warnings fail nothing
        model = make()
        if model.can(Capability.STEP):
            _step(model, camera, task, seed=seed, budget=budget)
        elif model.can(Capability.FIT):
            model = _fit(make, camera, task, seed=seed, budget=budget)
        else:
            camera.take(model, 0, last=True)
            camera.album.missing["training: the model has neither step() nor fit()"] = None
        return camera.portrait(model, seed)


def schedule(budget: int, frames: int = FRAMES) -> list[int]:
    """Return the iterations of the frames: 0, the budget, and about equal steps on a log scale between."""
    return sorted({0, budget, *(round(budget ** (place / (frames - 2))) for place in range(frames - 1))})


def shown_rows(task: Task) -> tuple[Floats, Labels]:
    """Return the rows that a portrait keeps answers for: the table's, or the evaluation's first."""
    rows, labels = task.table() if task.finite else task.evaluation()
    return rows[:ROWS], labels[:ROWS]


def unit(model: Model, outputs: Floats) -> Floats:
    """Return outputs ``(n,)`` on one scale for all models: 0 surely false, 0.5 the threshold, 1 surely true."""
    import numpy as np

    declared = model.declaration
    if declared.output == "logit":
        return 1 / (1 + np.exp(-np.clip(outputs, -500, 500)))
    if declared.output == "probability":
        return np.clip(outputs, 0.0, 1.0)
    false, true = declared.targets
    return np.clip((outputs - false) / (true - false), 0.0, 1.0)


def _step(model: Model, camera: _Camera, task: Task, *, seed: int, budget: int) -> None:
    batches = training_batches(task, seed, model.declaration.max_rows)
    wanted = schedule(budget)
    try:
        camera.take(model, 0, last=False)
    except Exception:
        # A network may be built by its first step; if it cannot answer after that, it raises there.
        camera.album.missing["the untrained model: predict() raises before the first step"] = None
    done = 0
    for point in wanted[1:]:
        reported = None
        try:
            for rows, labels in itertools.islice(batches, point - done):
                reported = model.step(rows, labels)
        except (OverflowError, FloatingPointError):  # how plain Python says "infinite"
            camera.album.missing[f"after iteration {done:,}: the numbers overflow"] = None
            return
        done = point
        if not camera.take(model, done, last=done == budget, reported=reported):
            return


def _fit(make: Callable[[], Model], camera: _Camera, task: Task, *, seed: int, budget: int) -> Model:
    import numpy as np

    batches = list(itertools.islice(task.batches(seed), 1 if task.finite else FIT_BATCHES))
    rows = np.concatenate([batch[0] for batch in batches if batch[0].shape[1] == batches[0][0].shape[1]])  # (n, d)
    labels = np.concatenate([batch[1] for batch in batches if batch[0].shape[1] == batches[0][0].shape[1]])  # (n,)
    for epochs in schedule(budget, FITS)[1:]:
        model = make()
        model.fit(rows, labels, epochs)
        if not camera.take(model, epochs, last=epochs == budget):
            break
    camera.album.missing["single iterations: the model has fit() but no step(); each frame is a fit of its own"] = None
    return model


class _Camera:
    """Takes frames of a model on a task."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.album = _Album()
        self.rows, self.labels = shown_rows(task)  # (r, d), (r,)
        self.evaluation, self.truth = task.evaluation()  # (n, d), (n,)
        low, high = (-2.0, 2.0) if self.evaluation.min() < -0.5 and task.finite else (-0.5, 1.5)
        self.low, self.high = low, high
        self.grid = self._grid() if task.inputs == 2 else None  # (grid * grid, 2)
        if self.grid is None:
            self.album.missing[f"decision region: the task has {task.inputs} inputs, a picture has 2"] = None

    def _grid(self) -> Floats:
        import numpy as np

        axis = np.linspace(self.low, self.high, GRID)  # (g,)
        x2, x1 = np.meshgrid(axis, axis, indexing="ij")  # row by row from the lowest x2
        return np.stack([x1.ravel(), x2.ravel()], axis=1)  # (g * g, 2)

    def take(self, model: Model, iteration: int, *, last: bool, reported: float | None = None) -> bool:
        """Take a frame; return False, and take none, where the outputs are not finite."""
        import numpy as np

        album = self.album
        raw = model.predict(self.evaluation)  # (n,)
        if not np.isfinite(raw).all():
            album.missing[f"after iteration {album.iterations[-1] if album.iterations else 0:,}: not finite"] = None
            return False
        outputs = unit(model, raw[: len(self.rows)])  # (r,)  the shown rows come first in the evaluation
        album.regions.append(self._region(model, last=last))
        album.iterations.append(iteration)
        album.accuracies.append(float(np.mean(model.decide(raw) == self.truth)))
        album.outputs.append(outputs)
        album.losses.append(self._loss(model, reported))
        hidden = self._optional("hidden space", model, Capability.HIDDEN, self._hidden)
        if hidden is not None:
            album.hidden.append(hidden)
        parameters = self._optional("parameters and loss surface", model, Capability.PARAMETERS, self._parameters)
        if parameters is not None:
            album.parameters.append(parameters)
        return True

    def _region(self, model: Model, *, last: bool) -> str:
        import numpy as np

        if self.grid is None or (self.album.spent_s > PATIENCE_S and not last):
            return ""
        started = time.perf_counter()
        answers = unit(model, np.nan_to_num(model.predict(self.grid), posinf=1e300, neginf=-1e300))  # (g * g,)
        self.album.spent_s += time.perf_counter() - started
        return base64.b64encode(np.round(answers * 255).astype(np.uint8).tobytes()).decode()

    def _loss(self, model: Model, reported: float | None) -> float | None:
        import numpy as np

        def own(model: Model) -> float:
            # On the shown rows, one piece after the other where the model takes few at a time.
            size = model.declaration.max_rows or len(self.rows)
            starts = range(0, len(self.rows), size)
            pieces = [model.loss(self.rows[at : at + size], self.labels[at : at + size]) for at in starts]
            return float(np.mean(pieces))

        found = self._optional("loss of each frame", model, Capability.LOSS, own)
        value = reported if found is None else found
        return value if value is not None and np.isfinite(value) else None

    def _hidden(self, model: Model) -> Floats:
        layers = model.hidden(self.rows)
        if not layers:
            raise ValueError("it returned no layer")
        return layers[0]  # (r, width)

    def _parameters(self, model: Model) -> Floats:
        import numpy as np

        found = model.get_parameters()
        if not self.album.names:
            self.album.names = [
                name + (f"[{','.join(map(str, index))}]" if index else "")
                for name, value in found.items()
                for index in np.ndindex(value.shape)
            ]
        return np.concatenate(
            [np.asarray(value, dtype=np.float64).ravel() for value in found.values()] or [np.empty(0)]
        )

    def _optional(self, what: str, model: Model, needs: Capability, look: Callable[[Model], Any]) -> Any:
        """Return what `look` sees, or None where the model cannot show it; the reason is noted once."""
        from xorbench.model import missing_members

        if not model.can(needs):
            self.album.missing[f"{what}: {missing_members(model.instance).get(needs, 'not shown')}"] = None
            return None
        try:
            return look(model)
        except Exception as error:
            self.album.missing[f"{what}: {needs}() raised {type(error).__name__}: {error}"[:300]] = None
            return None

    def portrait(self, model: Model, seed: int) -> Portrait:
        """Return the frames taken so far, and the loss around the path of the parameters."""
        album = self.album
        whole = len(album.iterations)
        # Of a model that stopped showing something half-way, or changed its shape, half a story would mislead.
        hidden = _uniform(album.hidden, whole)
        parameters = _uniform(album.parameters, whole)
        found = None
        if parameters is not None and whole:
            found, reason = surface(model, parameters, self.rows, self.labels)
            if reason:
                album.missing[f"loss surface: {reason}"] = None
        frames = zip(
            album.iterations,
            album.losses,
            album.accuracies,
            album.outputs,
            self._reduced(hidden) if hidden is not None else itertools.repeat(()),
            (tuple(row) for row in parameters[:, self._kept()].tolist())
            if parameters is not None
            else itertools.repeat(()),
            album.regions,
            strict=False,
        )
        return Portrait(
            seed=seed,
            solved=bool(album.accuracies) and album.accuracies[-1] >= self.task.threshold,
            frames=tuple(
                Frame(
                    iteration=iteration,
                    loss=loss,
                    accuracy=accuracy,
                    outputs=tuple(outputs.tolist()),
                    hidden=seen,
                    parameters=values,
                    region=region,
                )
                for iteration, loss, accuracy, outputs, seen, values, region in frames
            ),
            names=tuple(album.names[place] for place in self._kept()) if parameters is not None else (),
            grid=GRID if self.grid is not None else 0,
            low=self.low,
            high=self.high,
            surface=found,
            missing=tuple(album.missing),
        )

    def _kept(self) -> list[int]:
        count = len(self.album.names)
        if count <= PARAMETERS:
            return list(range(count))
        self.album.missing[f"most parameters: {PARAMETERS} of {count:,} are kept, evenly spread"] = None
        return [place * count // PARAMETERS for place in range(PARAMETERS)]

    def _reduced(self, hidden: Floats) -> Iterator[tuple[tuple[float, ...], ...]]:
        import numpy as np

        width = hidden.shape[-1]  # (frames, r, width)
        if width > UNITS:
            flat = hidden.reshape(-1, width)
            centred = flat - flat.mean(axis=0)
            axes = np.linalg.svd(centred, full_matrices=False)[2][:COMPONENTS]  # (3, width)
            # The sign of a principal axis is arbitrary: its largest entry is made positive.
            axes *= np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)])[:, None]
            hidden = (centred @ axes.T).reshape(*hidden.shape[:2], -1)
            self.album.missing[
                f"single hidden units: {width} units are shown as their {COMPONENTS} first components"
            ] = None
        for frame in hidden.tolist():
            yield tuple(tuple(row) for row in frame)


def _uniform(found: Sequence[Floats], count: int) -> Floats | None:
    import numpy as np

    if len(found) != count or not count or len({array.shape for array in found}) != 1:
        return None
    stacked = np.stack(found)
    return stacked if stacked.size and np.isfinite(stacked).all() else None

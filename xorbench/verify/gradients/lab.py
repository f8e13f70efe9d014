"""The lab: updates of fresh models at chosen points of the parameter space."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from xorbench.model import Capability, Model
from xorbench.verify.gradients.jacobian import Jacobian, differentiate, precision_of
from xorbench.verify.gradients.reference import Reference, identify
from xorbench.verify.outcomes import Failed, NotChecked, finding
from xorbench.verify.subject import Subject, global_random_state, quiet

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Rows = NDArray[np.float64]
    Labels = NDArray[np.bool_]
    Parameters = Mapping[str, NDArray[np.floating[Any]]]

Point = dict[str, "Rows"]


@dataclass(frozen=True)
class Update:
    """One step: flat parameters before and after it ``(P,)``, and the loss that it reported."""

    before: Rows
    after: Rows
    reported: float | None

    @property
    def moved(self) -> Rows:
        """Before minus after: the rate times the implied gradient ``(P,)``."""
        return self.before - self.after


class Lab:
    """Builds fresh models of a subject, puts them at a point, and watches their steps. Results are kept."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self._measured: dict[tuple[str, tuple[bytes, ...]], Jacobian] = {}
        subject.need(Capability.PARAMETERS)

    @functools.cached_property
    def names(self) -> tuple[str, ...]:
        """The parameter names, in order."""
        names = tuple(self.fresh().get_parameters())
        if not names:
            raise NotChecked("get_parameters() returned nothing, before and after a step")
        return names

    def fresh(self, rate: float | None = None, seed: int | None = None) -> Model:
        """Return a fresh model whose parameters exist; one throw-away step where they come into being at the first."""
        subject = self.subject
        model = subject.build(seed, learning_rate=rate)
        with quiet():
            try:
                there = bool(model.get_parameters())
            except Exception:
                there = False
            if not there and model.can(Capability.STEP):
                rows, labels = next(subject.chunks(*subject.table))
                model.step(rows, labels)
        return model

    @functools.cached_property
    def start(self) -> Point:
        """The parameters of a fresh model, float64, as they are."""
        with global_random_state(1), quiet():
            return {name: array.astype(np.float64) for name, array in self.fresh().get_parameters().items()}

    @functools.cached_property
    def points(self) -> dict[str, Point]:
        """Points to probe at: the start, jittered off kinks; the same times 4; and one drawn at random."""
        generator = np.random.default_rng(self.subject.seed + 17)
        start: Point = {}
        drawn: Point = {}
        for name, array in self.start.items():
            spread = 0.02 * max(1.0, float(np.sqrt(np.mean(array**2))) if array.size else 1.0)
            start[name] = array + generator.normal(0, spread, size=array.shape)
            drawn[name] = generator.normal(0, 0.8, size=array.shape) + 0.1
        return {"start": start, "random": drawn, "start x 4": {name: 4 * array for name, array in start.items()}}

    @functools.cached_property
    def precision(self) -> float:
        """The rounding unit of the model's arithmetic."""
        with quiet():
            model = self.fresh()
            model.set_parameters(self.points["random"])
            held = self.flat(model.get_parameters())
            wanted = self.flat(self.points["random"])
            unit = precision_of(model, model.predict(self.subject.table[0]))
        # What is kept in float32 may be shown as Python's numbers: what was set and is read back tells.
        lost = float((np.abs(held - wanted) / (1 + np.abs(wanted))).max(initial=0.0))
        if lost > 1e-5:
            raise NotChecked(f"the parameters hold too few digits to differentiate: they are rounded by {lost:.1g}")
        return max(unit, float(np.finfo(np.float32).eps)) if lost > 1e-12 else unit

    def flat(self, parameters: Parameters) -> Rows:
        """Concatenate parameters, float64 ``(P,)``."""
        if tuple(parameters) != self.names and set(parameters) != set(self.names):
            raise Failed(
                finding(
                    "XA01",
                    f"the parameters' names changed between calls: {list(self.names)} became {list(parameters)}",
                    where="get_parameters",
                )
            )
        return np.concatenate([np.asarray(parameters[name], dtype=np.float64).ravel() for name in self.names])

    @functools.cached_property
    def labels_of_components(self) -> NDArray[np.str_]:
        """For each flat component its group: a layer's weights or bias where the network was recognised, else its name."""
        reference = self.reference
        by_name = np.concatenate([np.full(array.size, name) for name, array in self.start.items()])
        if reference is None:
            return by_name
        return np.array([reference.group_of(i, str(by_name[i])) for i in range(len(by_name))])

    @functools.cached_property
    def reference(self) -> Reference | None:
        """The float64 reference of the network, where one was found."""
        if self.subject.first.declaration.reads == "sequence":
            return None
        with global_random_state(1), quiet():
            try:
                return identify(self.fresh(), self.points["random"], self.subject.task.inputs)
            except Failed:
                raise
            except Exception:
                return None

    def updates(
        self,
        point: Point,
        batches: Sequence[tuple[Rows, Labels]],
        *,
        rate: float | None = None,
        seed: int | None = None,
    ) -> list[Update]:
        """Step a fresh model, put at `point`, on these batches one after the other."""
        seen = []
        with global_random_state(1 if seed is None else seed + 2), quiet():
            model = self.fresh(rate, seed)
            model.set_parameters(point)
            before = self.flat(model.get_parameters())
            for rows, labels in batches:
                reported = model.step(rows, labels)
                after = self.flat(model.get_parameters())
                seen.append(Update(before, after, reported))
                before = after
        return seen

    def repeats(self, point: Point, batch: tuple[Rows, Labels], times: int) -> list[Rows]:
        """Step one model on one batch, putting it back to `point` before each step; return the updates ``(P,)``."""
        moved = []
        with global_random_state(1), quiet():
            model = self.fresh()
            for _ in range(times):
                model.set_parameters(point)
                before = self.flat(model.get_parameters())
                model.step(*batch)
                moved.append(before - self.flat(model.get_parameters()))
        return moved

    def outputs(self, point: Point, rows: Rows, *, seed: int) -> Rows:
        """Return the outputs of a fresh model of another seed at a point ``(n,)``."""
        with global_random_state(1), quiet():
            model = self.fresh(seed=seed)
            model.set_parameters(point)
            return model.predict(rows)

    def gradient_member(self, point: Point, batch: tuple[Rows, Labels], times: int = 1) -> Rows:
        """Return what `gradients()` says, flat ``(P,)``, the last of `times` calls."""
        with global_random_state(1), quiet():
            model = self.fresh()
            model.set_parameters(point)
            for _ in range(times):
                gradients = model.gradients(*batch)
        missing = set(self.names) - set(gradients)
        if missing:
            raise Failed(
                finding(
                    "XA01",
                    f"gradients() lacks {', '.join(sorted(missing))}; its names must be those of get_parameters()",
                    where="gradients",
                )
            )
        parts = []
        for name in self.names:
            part = np.asarray(gradients[name], dtype=np.float64)
            if part.size != self.start[name].size:
                raise Failed(
                    finding(
                        "XA01",
                        f"gradients()[{name!r}] has shape {part.shape}, its parameter {self.start[name].shape}",
                        where="gradients",
                    )
                )
            parts.append(part.ravel())
        return np.concatenate(parts)

    def output_jacobian(self, point: Point, rows: Rows) -> Jacobian:
        """Return d output / d parameter for these rows."""

        def measure() -> Jacobian:
            with global_random_state(1), quiet():
                return differentiate(self.fresh(), point, lambda model: model.predict(rows), precision=self.precision)

        return self._once(point, (rows.tobytes(),), measure)

    def loss_jacobian(self, point: Point, batches: Sequence[tuple[Rows, Labels]]) -> Jacobian:
        """Return d loss() / d parameter for each of these batches."""

        def measure() -> Jacobian:
            with global_random_state(1), quiet():
                model = self.fresh()
                model.set_parameters(point)
                outputs = np.concatenate([np.abs(model.predict(rows)).ravel() for rows, _ in batches])
                return differentiate(
                    model,
                    point,
                    lambda model: np.array([model.loss(*batch) for batch in batches]),
                    precision=self.precision,
                    within=float(np.nan_to_num(outputs, posinf=0.0).max(initial=1.0)),
                )

        return self._once(point, tuple(array.tobytes() for batch in batches for array in batch), measure)

    def _once(self, point: Point, about: tuple[bytes, ...], measure: Callable[[], Jacobian]) -> Jacobian:
        """Return what was measured at one of the probed points before; step and gradients() are held against the same."""
        name = next((name for name, probed in self.points.items() if probed is point), None)
        if name is None:
            return measure()
        if (name, about) not in self._measured:
            self._measured[name, about] = measure()
        return self._measured[name, about]

    def probed(self, jacobian: Jacobian) -> NDArray[np.intp]:
        """Return the flat positions of the components that a Jacobian probed."""
        offset = 0
        parts = []
        for name in self.names:
            parts.append(jacobian.index[name] + offset)
            offset += self.start[name].size
        return np.concatenate(parts)

    def matrix(self, jacobian: Jacobian) -> tuple[Rows, Rows]:
        """Return a Jacobian's values and errors side by side over all groups, ``(n, K)`` each."""
        return (
            np.concatenate([jacobian.values[name] for name in self.names], axis=1),
            np.concatenate([jacobian.errors[name] for name in self.names], axis=1),
        )


def unflatten(lab: Lab, flat: Rows) -> Point:
    """Return a flat point as a mapping."""
    point: Point = {}
    start = 0
    for name, array in lab.start.items():
        point[name] = flat[start : start + array.size].reshape(array.shape)
        start += array.size
    return point

"""Derivatives of outputs and losses with respect to parameters, by central differences with an error estimate.

The difference quotient is extrapolated twice (Richardson): with D(h) the central difference of step h,
R(h) = (4 D(h) - D(2h)) / 3 has an error of order h**4, and |R(h) - R(2h)| / 15 estimates it. A component whose estimate is
large sits on a kink, or where differences cannot be trusted, and is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from xorbench.model import Model

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Rows = NDArray[np.float64]
    Parameters = Mapping[str, NDArray[np.floating[Any]]]

#: Groups larger than this are probed at this many components, spread evenly.
MAX_COMPONENTS = 48


def is_buffer(name: str) -> bool:
    """Whether a name is that of a running statistic, which a state_dict() shows among the parameters."""
    return name.endswith(("running_mean", "running_var", "num_batches_tracked"))


@dataclass(frozen=True)
class Jacobian:
    """d value / d parameter, at one point.

    `values` and `errors` are ``(n, k)`` per group: n values (outputs of n rows, or one loss), k probed components; `index`
    tells which. `precision` is the relative rounding of the model's arithmetic.
    """

    at: dict[str, Rows]
    outputs: Rows  # (n,)
    values: dict[str, Rows]  # (n, k)
    errors: dict[str, Rows]  # (n, k)
    index: dict[str, NDArray[np.intp]]  # (k,)
    precision: float

    def pick(self, parameters: Parameters, name: str) -> Rows:
        """Return the probed components of a group, flat ``(k,)`` float64."""
        return np.asarray(parameters[name], dtype=np.float64).ravel()[self.index[name]]


def precision_of(model: Model, outputs: Rows) -> float:
    """Return the rounding unit of the model's arithmetic: of float32 where a parameter or the outputs are float32."""
    parameters = model.get_parameters()
    if any(array.dtype.itemsize <= 4 for array in parameters.values() if array.size):
        return float(np.finfo(np.float32).eps)
    fractional = outputs[(outputs != np.round(outputs)) & (outputs != 0.5)]
    # Two outputs or more: a single one may be exact in float32 by chance.
    if len(fractional) > 1 and np.array_equal(fractional.astype(np.float32).astype(np.float64), fractional):
        return float(np.finfo(np.float32).eps)
    return float(np.finfo(np.float64).eps)


def differentiate(
    model: Model,
    at: Parameters,
    value: Callable[[Model], Rows],
    *,
    precision: float | None = None,
    within: float = 0.0,
) -> Jacobian:
    """Differentiate ``value(model)`` ``(n,)`` with respect to every parameter group at the point `at`.

    The model is left at that point. Uses 6 evaluations per component. `within` is the size of what the value was
    computed from: a loss of 1e-7 is a difference of logits of 20, and rounded as they are.
    """
    model.set_parameters(at)
    base = {name: np.asarray(array, dtype=np.float64) for name, array in model.get_parameters().items()}
    outputs = np.atleast_1d(value(model))
    unit = precision or precision_of(model, outputs)
    step = 3e-4 if unit < 1e-10 else 2e-2
    values: dict[str, Rows] = {}
    errors: dict[str, Rows] = {}
    index: dict[str, NDArray[np.intp]] = {}
    for name, array in base.items():
        chosen = np.unique(np.linspace(0, array.size - 1, min(array.size, MAX_COMPONENTS)).astype(np.intp))
        chosen = chosen[:0] if is_buffer(name) else chosen
        index[name] = chosen
        columns = [_component(model, base, name, component, value, outputs, step, unit, within) for component in chosen]
        shape = (len(outputs), len(chosen))
        values[name] = np.stack([column[0] for column in columns], axis=1) if columns else np.zeros(shape)  # (n, k)
        errors[name] = np.stack([column[1] for column in columns], axis=1) if columns else np.zeros(shape)  # (n, k)
    model.set_parameters(base)
    return Jacobian(at=base, outputs=outputs, values=values, errors=errors, index=index, precision=unit)


def _component(
    model: Model,
    base: Mapping[str, Rows],
    name: str,
    component: np.intp,
    value: Callable[[Model], Rows],
    here: Rows,
    step: float,
    unit: float,
    within: float,
) -> tuple[Rows, Rows]:
    centre = base[name].ravel()[component]
    scale = step * max(1.0, abs(centre))

    def at(offset: float) -> tuple[Rows, float]:
        moved = dict(base)
        array = base[name].copy()
        array.ravel()[component] = centre + offset
        moved[name] = array
        model.set_parameters(moved)
        real = offset
        if unit > 1e-10:  # the model rounds what it is given: divide by the move that was really made
            real = float(np.asarray(model.get_parameters()[name], dtype=np.float64).ravel()[component] - centre)
        return np.atleast_1d(value(model)), real

    quotients, bends = [], []
    for factor in (1.0, 2.0, 4.0):
        (high, up), (low, down) = at(factor * scale), at(-factor * scale)
        quotients.append((high - low) / (up - down) if up != down else np.zeros_like(high))
        # The slopes of the two sides: apart by h f'' for a smooth function, by the whole jump of the slope on a kink.
        bends.append(np.abs((high - here) / up - (here - low) / -down) if up and down else np.zeros_like(high))
    near, middle, far = quotients
    best = (4 * near - middle) / 3  # (n,)
    coarse = (4 * middle - far) / 3  # (n,)
    magnitude = np.maximum(np.maximum(np.abs(high), np.abs(low)), within)
    rounding = 8 * unit * magnitude / scale
    # For a smooth function D(2h) - D(4h) is 4 times D(h) - D(2h); where it is not, a kink lies within reach.
    first, second = near - middle, middle - far
    smooth = np.abs(second - 4 * first) <= 0.6 * np.abs(second) + 8 * rounding
    error = np.where(smooth, np.abs(best - coarse) / 15, np.abs(near - far)) + rounding
    kinked = bends[0] > 0.75 * bends[1] + 8 * rounding
    error = np.where(kinked, np.maximum(error, bends[0] / 2), error)
    return best, np.where(np.isfinite(best), error, np.inf)

"""Oracles and data that the tests of the implementations share."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from xorbench.tasks import get_task

Array = NDArray[np.float64]


def table(task: str = "xor") -> tuple[Array, Array]:
    """Return inputs ``(n, d)`` and targets ``(n, 1)`` in 0 and 1."""
    inputs, labels = get_task(task).table()
    return inputs, labels[:, None].astype(np.float64)


def clouds(seed: int, *, rows: int = 16, inputs: int = 2) -> tuple[Array, Array]:
    """Return rows around the corners, off every kink, with targets of either kind for similar rows."""
    generator = np.random.default_rng(seed)
    bits = generator.integers(0, 2, (rows, inputs))
    targets = (bits.sum(axis=1, keepdims=True) + (generator.random((rows, 1)) < 0.25)) % 2
    return bits + generator.normal(0.0, 0.15, bits.shape), targets.astype(np.float64)


def numerical_gradient(model: Any, inputs: Array, targets: Array, *, step: float = 1e-5) -> dict[str, Array]:
    """Return the central differences of `loss` with respect to each parameter; the model is left as it was."""
    start = model.get_parameters()
    found = {}
    for name, values in start.items():
        gradient = np.zeros(values.shape)
        for index in np.ndindex(values.shape):
            losses = []
            for sign in (1.0, -1.0):
                moved = {other: value.copy() for other, value in start.items()}
                moved[name][index] += sign * step
                model.set_parameters(moved)
                losses.append(model.loss(inputs, targets))
            gradient[index] = (losses[0] - losses[1]) / (2 * step)
        found[name] = gradient
    model.set_parameters(start)
    return found


def distance(one: dict[str, Array], other: dict[str, Array]) -> float:
    """Return the largest difference of two sets of parameters, relative to the largest value where that is above 1."""
    assert list(one) == list(other)
    scale = max(1.0, *(float(np.abs(value).max()) for value in one.values()))
    return max(float(np.abs(one[name] - other[name]).max()) for name in one) / scale

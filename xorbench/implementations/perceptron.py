"""Rosenblatt's perceptron: one threshold unit, changed only where it is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from xorbench.implementations.options import count, positive
from xorbench.implementations.parameters import Parameters

Array = NDArray[np.float64]


@final
class Perceptron:
    """A unit that fires where w x + b > 0, from zero weights; w <- w + lr (t - y) x, b likewise, row after row.

    On a separable task it makes at most (R |w*| / margin)^2 changes, whatever the order of the rows (Novikoff 1962):
    51 for AND, 27 for OR. The rule is applied to the rows of a batch one by one, in their order, each against the
    weights that the rows before it left; it is no gradient of a loss, so there is no `loss`. `updates` counts changes.
    """

    output = "label"
    targets = (0.0, 1.0)
    optimiser = "other"

    def __init__(self, *, inputs: int = 2, learning_rate: float = 1.0) -> None:
        self.learning_rate = positive("learning_rate", learning_rate)
        self.updates = 0
        self._parameters = Parameters({"W1": (count("inputs", inputs), 1), "b1": (1,)})

    def predict(self, inputs: Array) -> Array:
        """Return 1.0 where the unit fires, else 0.0: ``(n, d)`` -> ``(n,)``."""
        views = self._parameters.views
        z = np.asarray(inputs, dtype=np.float64) @ views["W1"] + views["b1"]  # (n, 1)
        return (z[:, 0] > 0.0).astype(np.float64)

    def step(self, inputs: Array, targets: Array) -> None:
        """Apply the rule once to each row, in order."""
        weights, bias = self._parameters.views["W1"][:, 0], self._parameters.views["b1"]
        for x, target in zip(np.asarray(inputs, dtype=np.float64), np.ravel(targets), strict=True):
            error = float(target) - float(x @ weights + bias[0] > 0.0)
            if error:
                weights += self.learning_rate * error * x
                bias += self.learning_rate * error
                self.updates += 1

    def get_parameters(self) -> dict[str, Array]:
        """Return copies of W1 ``(inputs, 1)`` and b1 ``(1,)``."""
        return self._parameters.copy()

    def set_parameters(self, parameters: Mapping[str, NDArray[np.floating[Any]]]) -> None:
        """Take these parameters."""
        self._parameters.assign(parameters)

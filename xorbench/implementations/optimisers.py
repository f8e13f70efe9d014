"""Optimisers: each turns gradients into updates in place, elementwise on an array of any one shape.

The formulas are those of `torch.optim` (SGD, Adam, Rprop), operation by operation where rounding could show, so that a
network here and one in PyTorch that start at the same weights stay together. State is made at the first update.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final, Protocol, final

import numpy as np
from numpy.typing import NDArray

from xorbench.errors import UsageError
from xorbench.implementations.options import choose, positive

# Any floating dtype: ensembles may train in float32.
Array = NDArray[np.floating[Any]]


class Optimiser(Protocol):
    """Updates parameters from gradients and remembers what it needs between updates."""

    def update(self, parameters: Array, gradient: Array) -> None:
        """Change `parameters` in place; `gradient` has their shape and is left alone."""


@final
class SGD:
    """Steepest descent, w <- w - lr g; with momentum mu, v <- mu v + g and w <- w - lr v from v = 0.

    PyTorch's form of momentum: the rate multiplies the velocity, and the velocity takes the whole gradient.
    """

    def __init__(self, *, learning_rate: float, momentum: float = 0.0) -> None:
        self.learning_rate = learning_rate
        self.momentum = momentum
        self._velocity: Array | None = None

    def update(self, parameters: Array, gradient: Array) -> None:
        """Make one step down the gradient, or along the velocity."""
        if self.momentum:
            if self._velocity is None:
                self._velocity = np.zeros_like(parameters)
            self._velocity *= self.momentum
            self._velocity += gradient
            gradient = self._velocity
        parameters -= self.learning_rate * gradient


@final
class Adam:
    """Adam (Kingma & Ba 2015, algorithm 1), betas .9 and .999, epsilon 1e-8 beside the corrected root."""

    BETA1: Final = 0.9
    BETA2: Final = 0.999
    EPSILON: Final = 1e-8

    def __init__(self, *, learning_rate: float) -> None:
        self.learning_rate = learning_rate
        self._steps = 0
        self._mean: Array | None = None
        self._square: Array | None = None

    def update(self, parameters: Array, gradient: Array) -> None:
        """Make one step, each element scaled by its own running root mean square."""
        if self._mean is None or self._square is None:
            self._mean = np.zeros_like(parameters)
            self._square = np.zeros_like(parameters)
        self._steps += 1
        self._mean += (1.0 - self.BETA1) * (gradient - self._mean)
        self._square *= self.BETA2
        self._square += (1.0 - self.BETA2) * (gradient * gradient)
        size = self.learning_rate / (1.0 - self.BETA1**self._steps)
        root = np.sqrt(self._square)
        root /= math.sqrt(1.0 - self.BETA2**self._steps)
        root += self.EPSILON
        parameters -= size * (self._mean / root)


@final
class RPROP:
    """RPROP without weight-backtracking (Riedmiller & Braun 1993, as in `torch.optim.Rprop`).

    Each element has its own step size, `learning_rate` at first: times 1.2 (at most 50) while its gradient keeps its
    sign, times 0.5 (at least 1e-6) when the sign changes, and then the element rests for one step.
    """

    GROW: Final = 1.2
    SHRINK: Final = 0.5
    SMALLEST: Final = 1e-6
    LARGEST: Final = 50.0

    def __init__(self, *, learning_rate: float) -> None:
        self.learning_rate = learning_rate
        self._previous: Array | None = None
        self._size: Array | None = None

    def update(self, parameters: Array, gradient: Array) -> None:
        """Make one step of each element's own size against the sign of its gradient."""
        if self._previous is None or self._size is None:
            self._previous = np.zeros_like(parameters)
            self._size = np.full_like(parameters, self.learning_rate)
        agreement = gradient * self._previous
        turned = agreement < 0.0
        self._size *= np.where(turned, self.SHRINK, np.where(agreement > 0.0, self.GROW, 1.0))
        np.clip(self._size, self.SMALLEST, self.LARGEST, out=self._size)
        self._previous = np.where(turned, 0.0, gradient)
        parameters -= np.sign(self._previous) * self._size


#: The rates that learn XOR with a few hidden units in tens to hundreds of full-batch steps.
DEFAULT_RATES: Final[dict[str, float]] = {"sgd": 0.5, "momentum": 0.1, "adam": 0.05, "rprop": 0.01}
DEFAULT_MOMENTUM: Final = 0.9


@dataclass(frozen=True)
class OptimiserChoice:
    """A checked choice, as the contract declares it: `name` says "momentum" exactly when there is some."""

    name: str
    learning_rate: float
    momentum: float = 0.0


def choose_optimiser(name: str, learning_rate: float | None, momentum: float | None) -> OptimiserChoice:
    """Check the options `optimiser`, `learning_rate` and `momentum` of a built-in; None stands for the usual value.

    The usual momentum is 0 for sgd and 0.9 for momentum; sgd with momentum is momentum. Raises UsageError for an
    unknown name, a rate that is not positive, a momentum outside [0, 1), or one where the optimiser has none.
    """
    usual_rate = choose("optimiser", name, DEFAULT_RATES)
    rate = usual_rate if learning_rate is None else positive("learning_rate", learning_rate)
    if name not in ("sgd", "momentum"):
        if momentum is not None:
            raise UsageError(f"momentum={momentum!r}: optimiser {name!r} has none; it goes with sgd or momentum")
        return OptimiserChoice(name, rate)
    if momentum is None:
        momentum = DEFAULT_MOMENTUM if name == "momentum" else 0.0
    if isinstance(momentum, (bool, str)) or not 0.0 <= momentum < 1.0:
        raise UsageError(f"momentum={momentum!r}: a number from 0 to below 1")
    return OptimiserChoice("momentum" if momentum else "sgd", rate, float(momentum))


def make_optimiser(choice: OptimiserChoice) -> Optimiser:
    """Return a fresh optimiser, its state empty."""
    if choice.name == "adam":
        return Adam(learning_rate=choice.learning_rate)
    if choice.name == "rprop":
        return RPROP(learning_rate=choice.learning_rate)
    return SGD(learning_rate=choice.learning_rate, momentum=choice.momentum)

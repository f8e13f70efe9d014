"""One hidden layer of ReLU units on sparse parity, hinge loss and gradient descent, several seeds side by side."""

from __future__ import annotations

from typing import Any, final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


def parity_rows(generator: np.random.Generator, shape: tuple[int, ...], support: int) -> tuple[Array, Array]:
    """Draw inputs -1 and +1 of `shape` ``(..., n)`` and the products of the first `support` of them ``(...)``."""
    rows = (2 * generator.integers(0, 2, shape, dtype=np.int8) - 1).astype(np.float32)
    return rows, rows[..., :support].prod(axis=-1)


@final
class ReluNets:
    """S networks of n inputs, `width` ReLU units and one output; PyTorch's default start, U[-1, 1) / sqrt(fan-in)."""

    def __init__(self, generator: np.random.Generator, seeds: int, n: int, width: int) -> None:
        def draw(*shape: int, fan_in: int) -> Array:
            return np.asarray(generator.uniform(-1.0, 1.0, shape) / np.sqrt(fan_in), dtype=np.float32)

        self.W1, self.b1 = draw(seeds, n, width, fan_in=n), draw(seeds, 1, width, fan_in=n)
        self.W2, self.b2 = draw(seeds, width, 1, fan_in=width), draw(seeds, 1, 1, fan_in=width)

    def outputs(self, rows: Array) -> Array:
        """Return the outputs ``(S, m)`` for rows ``(S, m, n)`` or ``(m, n)``."""
        out: Array = (np.maximum(rows @ self.W1 + self.b1, 0) @ self.W2 + self.b2)[..., 0]
        return out

    def accuracy(self, rows: Array, labels: Array) -> NDArray[np.float64]:
        """Return the share of rows on the right side of 0, ``(S,)``."""
        share: NDArray[np.float64] = (self.outputs(rows) * labels > 0).mean(axis=-1)
        return share

    def step(self, rows: Array, labels: Array, *, rate: float, decay: float = 0.0) -> None:
        """Make one step on the mean hinge loss max(0, 1 - t y) of ``(S, m, n)`` and ``(S, m)``, with weight decay."""
        z = rows @ self.W1 + self.b1  # (S, m, width)
        a = np.maximum(z, 0)
        y = (a @ self.W2 + self.b2)[..., 0]  # (S, m)
        delta = (np.where(labels * y < 1, -labels, 0) / labels.shape[-1]).astype(np.float32)[..., None]  # (S, m, 1)
        back = (delta * self.W2.transpose(0, 2, 1)) * (z > 0)  # (S, m, width)
        gradients: list[tuple[Any, Any]] = [
            (self.W1, rows.transpose(0, 2, 1) @ back),
            (self.b1, back.sum(axis=1, keepdims=True)),
            (self.W2, a.transpose(0, 2, 1) @ delta),
            (self.b2, delta.sum(axis=1, keepdims=True)),
        ]
        for value, gradient in gradients:
            value -= np.float32(rate) * (gradient + np.float32(decay) * value)

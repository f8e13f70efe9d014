"""Losses of one logit per row, elementwise: value and derivative with respect to the logit.

The mean over the rows is taken by the caller, who knows which axis the rows lie on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from xorbench.implementations.activations import sigmoid

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Loss:
    """A loss of logits against targets 0 and 1 (or between them), both of one shape or broadcastable."""

    name: str  # the loss_kind of the contract, whose "mean" is over rows
    value: Callable[[Array, Array], Array]  # (logit, target) -> loss
    slope: Callable[[Array, Array], Array]  # (logit, target) -> d loss / d logit


def bce(logits: Array, targets: Array) -> Array:
    """Return the binary cross-entropy -t log p - (1 - t) log(1 - p), p = sigmoid(z), finite for any finite logit.

    Written as max(z, 0) - t z + log(1 + exp(-|z|)), in which nothing overflows and, for a target of 0 or 1, nothing
    cancels: a loss of 1e-18 comes out as 1e-18.
    """
    value: Array = np.log1p(np.exp(-np.abs(logits)))
    value += np.maximum(logits, 0.0) - targets * logits
    return value


def bce_slope(logits: Array, targets: Array) -> Array:
    """Return p - t: the sigmoid's derivative cancels against the logarithm's."""
    return sigmoid(logits) - targets


def mse(logits: Array, targets: Array) -> Array:
    """Return (p - t)^2, p = sigmoid(z)."""
    error: Array = sigmoid(logits) - targets
    error *= error
    return error


def mse_slope(logits: Array, targets: Array) -> Array:
    """Return 2 (p - t) p (1 - p)."""
    p = sigmoid(logits)
    slope: Array = 2.0 * (p - targets)
    slope *= p * (1.0 - p)
    return slope


LOSSES: Final[dict[str, Loss]] = {
    "bce": Loss(name="bce", value=bce, slope=bce_slope),
    "mse": Loss(name="mse", value=mse, slope=mse_slope),
}

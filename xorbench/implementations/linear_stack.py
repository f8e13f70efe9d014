"""Layers without activations between them: however many, together they are one matrix."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from xorbench.implementations.numpy_mlp import NumpyMLP
from xorbench.implementations.options import count

Array = NDArray[np.float64]


def linear_stack(
    *,
    inputs: int = 2,
    seed: int = 0,
    learning_rate: float | None = None,
    depth: int = 2,
    hidden: int = 2,
    init: str = "glorot-uniform",
    loss: str = "bce",
    optimiser: str = "sgd",
    momentum: float | None = None,
) -> NumpyMLP:
    """Return `depth` linear layers, the inner ones `hidden` wide, and a logistic output.

    Depth buys nothing: :func:`collapse` gives the single layer that computes the same. It can learn the 14 separable
    gates, and on XOR no weights put more than three of the four rows right.
    """
    width = count("hidden", hidden)
    layers = "-".join([str(width)] * (count("depth", depth) - 1)) or 0
    return NumpyMLP(
        inputs=inputs,
        seed=seed,
        learning_rate=learning_rate,
        layers=layers,
        activation="identity",
        init=init,
        loss=loss,
        optimiser=optimiser,
        momentum=momentum,
    )


def collapse(stack: NumpyMLP) -> tuple[Array, Array]:
    """Return W ``(inputs, 1)`` and b ``(1,)`` of the one layer that computes the logit of the whole stack."""
    parameters = stack.get_parameters()
    weights, bias = parameters["W1"], parameters["b1"]
    for layer in range(2, len(parameters) // 2 + 1):
        bias = bias @ parameters[f"W{layer}"] + parameters[f"b{layer}"]
        weights = weights @ parameters[f"W{layer}"]
    return weights, bias

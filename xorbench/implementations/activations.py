"""Hidden activations and their derivatives, elementwise on arrays of any shape.

A derivative is a function of the pre-activation z *and* the activation a = f(z), so that the cheaper of the two is used
and no caller can hand it the wrong one. At the kink of the piecewise linear ones the derivative is the one from the
left, as in PyTorch: 0 for relu, 0.01 for leaky-relu.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Slope of leaky-relu left of zero; PyTorch's default.
LEAK: Final = 0.01


@dataclass(frozen=True, kw_only=True)
class Activation:
    """An activation function with its derivative; both keep the shape of their arguments."""

    name: str
    value: Callable[[Array], Array]  # z -> a
    derivative: Callable[[Array, Array], Array]  # (z, a) -> da/dz


def sigmoid(z: Array) -> Array:
    """Return 1 / (1 + exp(-z)), for any z without a warning."""
    # exp(-z) overflows to inf below -709, and 1 / (1 + inf) = 0 is the right limit.
    with np.errstate(over="ignore"):
        e: Array = np.exp(-z)
    e += 1.0
    return np.reciprocal(e)


def softplus(z: Array) -> Array:
    """Return log(1 + exp(z)), for any z: the larger of z and 0, and a remainder that cannot overflow."""
    value: Array = np.log1p(np.exp(-np.abs(z)))
    value += np.maximum(z, 0.0)
    return value


def _tanh(z: Array) -> Array:
    value: Array = np.tanh(z)
    return value


def _relu(z: Array) -> Array:
    value: Array = np.maximum(z, 0.0)
    return value


def _leaky_relu(z: Array) -> Array:
    value: Array = np.maximum(z, LEAK * z)
    return value


def _identity(z: Array) -> Array:
    return z


def _one(z: Array, a: Array) -> Array:
    return np.ones_like(z)


def _sigmoid_derivative(z: Array, a: Array) -> Array:
    return a * (1.0 - a)


def _tanh_derivative(z: Array, a: Array) -> Array:
    return 1.0 - a * a


def _relu_derivative(z: Array, a: Array) -> Array:
    return (z > 0.0).astype(np.float64)


def _leaky_relu_derivative(z: Array, a: Array) -> Array:
    return np.where(z > 0.0, 1.0, LEAK)


def _softplus_derivative(z: Array, a: Array) -> Array:
    # sigmoid(z) = 1 - exp(-log(1 + exp(z))); expm1 keeps the digits where a is small.
    derivative: Array = -np.expm1(-a)
    return derivative


ACTIVATIONS: Final[dict[str, Activation]] = {
    activation.name: activation
    for activation in (
        Activation(name="sigmoid", value=sigmoid, derivative=_sigmoid_derivative),
        Activation(name="tanh", value=_tanh, derivative=_tanh_derivative),
        Activation(name="relu", value=_relu, derivative=_relu_derivative),
        Activation(name="leaky-relu", value=_leaky_relu, derivative=_leaky_relu_derivative),
        Activation(name="softplus", value=softplus, derivative=_softplus_derivative),
        Activation(name="identity", value=_identity, derivative=_one),
    )
}

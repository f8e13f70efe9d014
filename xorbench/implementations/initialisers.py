"""Initial weights: each a function of a generator and a layer's fans, drawn in float64.

The ones that come from published XOR runs (uniform, normal) draw the biases too, after the weights; the ones that are
derived from variances (Glorot, He) start the biases at zero.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: (generator, fan_in, fan_out) -> weights (fan_in, fan_out), biases (fan_out,)
Initialiser = Callable[[np.random.Generator, int, int], tuple[Array, Array]]


def uniform(generator: np.random.Generator, fan_in: int, fan_out: int) -> tuple[Array, Array]:
    """Draw weights and biases from U[-1, 1)."""
    weights = generator.uniform(-1.0, 1.0, (fan_in, fan_out))
    return weights, generator.uniform(-1.0, 1.0, fan_out)


def normal(generator: np.random.Generator, fan_in: int, fan_out: int) -> tuple[Array, Array]:
    """Draw weights and biases from N(0, 1)."""
    weights = generator.standard_normal((fan_in, fan_out))
    return weights, generator.standard_normal(fan_out)


def glorot_uniform(generator: np.random.Generator, fan_in: int, fan_out: int) -> tuple[Array, Array]:
    """Draw weights from U[-r, r), r = sqrt(6 / (fan_in + fan_out)) (Glorot & Bengio 2010, eq. 16; "Xavier")."""
    limit = np.sqrt(6.0 / (fan_in + fan_out))
    return generator.uniform(-limit, limit, (fan_in, fan_out)), np.zeros(fan_out)


def glorot_normal(generator: np.random.Generator, fan_in: int, fan_out: int) -> tuple[Array, Array]:
    """Draw weights from N(0, 2 / (fan_in + fan_out)) (Glorot & Bengio 2010, eq. 12)."""
    deviation = np.sqrt(2.0 / (fan_in + fan_out))
    return deviation * generator.standard_normal((fan_in, fan_out)), np.zeros(fan_out)


def he(generator: np.random.Generator, fan_in: int, fan_out: int) -> tuple[Array, Array]:
    """Draw weights from N(0, 2 / fan_in) (He et al. 2015, eq. 10)."""
    deviation = np.sqrt(2.0 / fan_in)
    return deviation * generator.standard_normal((fan_in, fan_out)), np.zeros(fan_out)


def zeros(generator: np.random.Generator, fan_in: int, fan_out: int) -> tuple[Array, Array]:
    """Start at zero, to show why not: every hidden unit gets the same gradient and stays a copy of the others."""
    return np.zeros((fan_in, fan_out)), np.zeros(fan_out)


INITIALISERS: Final[dict[str, Initialiser]] = {
    "uniform": uniform,
    "normal": normal,
    "glorot-uniform": glorot_uniform,
    "glorot-normal": glorot_normal,
    "he": he,
    "zeros": zeros,
}

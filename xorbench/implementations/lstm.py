"""The LSTM that numpy-lstm and torch-lstm both are: its shapes and its start.

One layer with a forget gate (Gers et al. 2000) reads one number per time step; a logistic unit reads its last state.
Gates lie in the order input, forget, cell, output, as in PyTorch, with one bias for each: PyTorch's second one only
doubles the rate of the first and stays at zero.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def lstm_shapes(hidden: int) -> dict[str, tuple[int, ...]]:
    """Return the shapes of the parameters: gates stacked on the first axis, outputs first as in PyTorch."""
    return {
        "W_ih": (4 * hidden, 1),
        "W_hh": (4 * hidden, hidden),
        "b": (4 * hidden,),
        "W_out": (1, hidden),
        "b_out": (1,),
    }


def initial_lstm(hidden: int, *, forget_bias: float, seed: int) -> dict[str, Array]:
    """Draw weights from U[-1/sqrt(hidden), 1/sqrt(hidden)), PyTorch's default; biases 0, of the forget gate as given.

    A forget bias of 1 lets the state, and the gradient, live for some steps from the start (Jozefowicz et al. 2015).
    """
    generator = np.random.default_rng(seed)
    limit = 1.0 / np.sqrt(hidden)
    drawn = {
        name: generator.uniform(-limit, limit, shape) if name.startswith("W") else np.zeros(shape)
        for name, shape in lstm_shapes(hidden).items()
    }
    drawn["b"][hidden : 2 * hidden] = forget_bias
    return drawn

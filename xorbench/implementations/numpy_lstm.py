"""A long short-term memory network in NumPy alone, trained by back-propagation through the whole sequence."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from xorbench.implementations.activations import sigmoid
from xorbench.implementations.losses import LOSSES
from xorbench.implementations.lstm import initial_lstm, lstm_shapes
from xorbench.implementations.optimisers import choose_optimiser, make_optimiser
from xorbench.implementations.options import choose, count, number, positive
from xorbench.implementations.parameters import Parameters

Array = NDArray[np.float64]


@dataclass(frozen=True)
class _Pass:
    """What a forward pass leaves for the way back; T time steps, H units, n sequences, which lie on the last axis."""

    x: Array  # (T, n)
    gates: Array  # (T, 4H, n), after their activations
    cells: Array  # (T + 1, H, n), the first one zero
    cells_tanh: Array  # (T, H, n)
    states: Array  # (T + 1, H, n), the first one zero
    logits: Array  # (n, 1)


@final
class NumpyLSTM:
    """Reads the bits of a row one at a time, any number of them; the target is that of the whole row.

    z = W_ih x + W_hh h + b; i, f, o = sigmoid, g = tanh of their parts of z; c <- f c + i g; h <- o tanh(c); at the end
    the logit W_out h + b_out. `clip` bounds the norm of the whole gradient in an update (Pascanu et al. 2013).
    """

    output = "probability"
    targets = (0.0, 1.0)
    reads = "sequence"
    max_rows = None

    def __init__(
        self,
        *,
        seed: int = 0,
        learning_rate: float | None = 0.01,
        hidden: int = 10,
        forget_bias: float = 1.0,
        loss: str = "bce",
        optimiser: str = "adam",
        momentum: float | None = None,
        clip: float | None = None,
    ) -> None:
        self._width = count("hidden", hidden)
        self._loss = choose("loss", loss, LOSSES)
        self.loss_kind = self._loss.name
        choice = choose_optimiser(optimiser, learning_rate, momentum)
        self._clip = None if clip is None else positive("clip", clip)
        # With clipping the update is none of the named ones.
        self.optimiser = choice.name if clip is None else "other"
        self.learning_rate = choice.learning_rate
        self._optimiser = make_optimiser(choice)
        shapes = lstm_shapes(hidden)
        self._parameters, self._gradients = Parameters(shapes), Parameters(shapes)
        self._parameters.assign(initial_lstm(hidden, forget_bias=number("forget_bias", forget_bias), seed=seed))

    def predict(self, inputs: Array) -> Array:
        """Return the probability of true for each sequence: ``(n, T)`` -> ``(n,)``."""
        return sigmoid(self._forward(inputs).logits)[:, 0]

    def step(self, inputs: Array, targets: Array) -> float:
        """Make one update on ``(n, T)`` and ``(n, 1)``; return the loss before it."""
        loss = self._backward(inputs, targets)
        gradient = self._gradients.flat
        if self._clip is not None:
            # As torch.nn.utils.clip_grad_norm_, to the epsilon.
            gradient = gradient * min(1.0, self._clip / (math.sqrt(gradient @ gradient) + 1e-6))
        self._optimiser.update(self._parameters.flat, gradient)
        return loss

    def loss(self, inputs: Array, targets: Array) -> float:
        """Return the mean loss over the sequences."""
        return float(self._loss.value(self._forward(inputs).logits, np.reshape(targets, (-1, 1))).mean())

    def gradients(self, inputs: Array, targets: Array) -> dict[str, Array]:
        """Return the gradient of the loss by parameter name, before any clipping."""
        self._backward(inputs, targets)
        return self._gradients.copy()

    def hidden(self, inputs: Array) -> list[Array]:
        """Return the last state ``(n, hidden)``, as the only hidden layer."""
        return [self._forward(inputs).states[-1].T.copy()]

    def get_parameters(self) -> dict[str, Array]:
        """Return copies of the parameters by name, from input to output."""
        return self._parameters.copy()

    def set_parameters(self, parameters: Mapping[str, NDArray[np.floating[Any]]]) -> None:
        """Take these parameters; the optimiser's state stays as it is."""
        self._parameters.assign(parameters)

    def _forward(self, inputs: Array) -> _Pass:
        views, width = self._parameters.views, self._width
        x = np.asarray(inputs, dtype=np.float64).T  # (T, n)
        steps, rows = x.shape
        gates = x[:, None, :] * views["W_ih"] + views["b"][:, None]  # (T, 4H, n)
        cells, states = np.zeros((steps + 1, width, rows)), np.zeros((steps + 1, width, rows))
        cells_tanh = np.empty((steps, width, rows))
        for t in range(steps):
            z = gates[t]  # (4H, n), becomes the gates in place
            z += views["W_hh"] @ states[t]
            z[: 2 * width] = sigmoid(z[: 2 * width])
            np.tanh(z[2 * width : 3 * width], out=z[2 * width : 3 * width])
            z[3 * width :] = sigmoid(z[3 * width :])
            i, f, g, o = z.reshape(4, width, rows)
            np.multiply(f, cells[t], out=cells[t + 1])
            cells[t + 1] += i * g
            np.tanh(cells[t + 1], out=cells_tanh[t])
            np.multiply(o, cells_tanh[t], out=states[t + 1])
        logits = states[-1].T @ views["W_out"].T + views["b_out"]  # (n, 1)
        return _Pass(x, gates, cells, cells_tanh, states, logits)

    def _backward(self, inputs: Array, targets: Array) -> float:
        """Fill the gradients of the mean loss and return it."""
        views, gradients, width = self._parameters.views, self._gradients.views, self._width
        made = self._forward(inputs)
        steps, rows = made.x.shape
        targets = np.reshape(targets, (-1, 1))  # (n, 1)
        d_logit = self._loss.slope(made.logits, targets) / rows  # (n, 1)
        np.matmul(d_logit.T, made.states[-1].T, out=gradients["W_out"])
        np.add.reduce(d_logit, axis=0, out=gradients["b_out"])
        d_state = views["W_out"].T @ d_logit.T  # (H, n)
        d_cell = np.zeros((width, rows))
        d_z = np.empty_like(made.gates)  # (T, 4H, n)
        # The derivatives of all gates at once: a (1 - a) for the sigmoids, 1 - a^2 for the tanh.
        slopes = made.gates * (1.0 - made.gates)
        slopes[:, 2 * width : 3 * width] = 1.0 - made.gates[:, 2 * width : 3 * width] ** 2
        cell_slopes = 1.0 - made.cells_tanh**2  # (T, H, n)
        for t in range(steps - 1, -1, -1):
            i, f, g, o = made.gates[t].reshape(4, width, rows)
            d_i, d_f, d_g, d_o = d_z[t].reshape(4, width, rows)
            np.multiply(d_state, made.cells_tanh[t], out=d_o)
            d_cell += d_state * o * cell_slopes[t]
            np.multiply(d_cell, g, out=d_i)
            np.multiply(d_cell, made.cells[t], out=d_f)
            np.multiply(d_cell, i, out=d_g)
            d_z[t] *= slopes[t]
            d_cell *= f
            d_state = views["W_hh"].T @ d_z[t]
        gradients["W_ih"][...] = (d_z @ made.x[:, :, None]).sum(axis=0)
        gradients["W_hh"][...] = (d_z @ made.states[:-1].transpose(0, 2, 1)).sum(axis=0)
        gradients["b"][...] = d_z.sum(axis=(0, 2))
        return float(self._loss.value(made.logits, targets).mean())

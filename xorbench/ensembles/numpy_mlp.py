"""Many `numpy-mlp` at once in NumPy: every operation of one step on arrays with the members on the last axis."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, Final, final

import numpy as np
from numpy.typing import NDArray

from xorbench.ensembles.looks import Looks
from xorbench.implementations.activations import ACTIVATIONS, sigmoid
from xorbench.implementations.losses import LOSSES
from xorbench.implementations.numpy_mlp import initial_parameters, layer_shapes
from xorbench.implementations.optimisers import choose_optimiser, make_optimiser
from xorbench.implementations.options import choose, positive, widths

Floats = NDArray[Any]  # float64, or float32 where that was asked for

#: Bytes of the largest array of a step; with 128 KiB temporary arrays come fresh from the system, three times slower.
CACHE_BYTES: Final = 48 * 1024


@final
class NumpyMLPEnsemble:
    """Multilayer perceptrons of one shape and many seeds on one truth table.

    `parameters` ``(P, S)`` holds member `s` in column `s`, in the order of the single model's flat parameters.
    """

    def __init__(
        self,
        *,
        seeds: Sequence[int],
        inputs: NDArray[np.float64],  # (n, d), the table
        labels: NDArray[np.bool_],  # (n,)
        dtype: str = "float64",
        learning_rate: float | None,
        hidden: int,
        layers: str | int | None,
        activation: str,
        init: str,
        scale: float,
        loss: str,
        optimiser: str,
        momentum: float | None,
    ) -> None:
        inner = widths(hidden, layers)
        chosen = choose("activation", activation, ACTIVATIONS)
        self._value, self._derivative = chosen.value, chosen.derivative
        self._loss = choose("loss", loss, LOSSES)
        self._optimiser = make_optimiser(choose_optimiser(optimiser, learning_rate, momentum))
        rows, features = inputs.shape
        self._table = np.concatenate([inputs, np.ones((rows, 1))], axis=1).astype(dtype)  # (n, d + 1)
        self._targets = labels.astype(dtype)[:, None]  # (n, 1)
        self.names = layer_shapes(features, inner)
        self._sizes = (features, *inner, 1)
        self.parameters = start(seeds, features, inner, init=init, scale=positive("scale", scale)).astype(dtype)
        self._gradients = np.empty_like(self.parameters)
        self._layers = self._views(self.parameters)
        self._layer_gradients = self._views(self._gradients)
        self._looks = Looks(labels, len(seeds), dtype)

    @staticmethod
    def block(rows: int, options: dict[str, Any], dtype: str) -> int:
        """Return how many members fit the cache."""
        widest = max(widths(options["hidden"], options["layers"]))
        return max(64, CACHE_BYTES // (rows * widest * np.dtype(dtype).itemsize))

    @property
    def counts(self) -> NDArray[np.int32]:
        """Counts ``(4, S)`` of :mod:`xorbench.ensembles.looks`."""
        return self._looks.counts

    def advance(self, begin: int, end: int) -> None:
        """Make iterations `begin` to `end` - 1, each looked at before its update."""
        with np.errstate(all="ignore"):  # overflow is divergence, and that is looked for
            for iteration in range(begin, end):
                self._step(iteration)

    def outputs(self) -> NDArray[np.float64]:
        """Return the probabilities ``(n, S)`` of the table's rows, float64."""
        with np.errstate(all="ignore"):
            return sigmoid(self._forward()[1][-1][:, 0].astype(np.float64))

    def losses(self) -> NDArray[np.float64]:
        """Return the mean loss of each member, ``(S,)`` float64."""
        with np.errstate(all="ignore"):
            logits = self._forward()[1][-1][:, 0].astype(np.float64)  # (n, S)
            value: NDArray[np.float64] = self._loss.value(logits, self._targets).mean(axis=0)
        return value

    def member(self, index: int) -> dict[str, Floats]:
        """Return copies of one member's parameters by name."""
        found, begin = {}, 0
        for name, shape in self.names.items():
            end = begin + int(np.prod(shape))
            found[name] = self.parameters[begin:end, index].reshape(shape).copy()
            begin = end
        return found

    def _views(self, flat: Floats) -> list[tuple[Floats, Floats, Floats]]:
        """Return for each layer its W ``(below, above, S)``, its b ``(above, S)``, and both as one matrix."""
        views, begin = [], 0
        for below, above in itertools.pairwise(self._sizes):
            middle, end = begin + below * above, begin + (below + 1) * above
            views.append(
                (
                    flat[begin:middle].reshape(below, above, -1),
                    flat[middle:end],
                    flat[begin:end].reshape(below + 1, -1),  # (below + 1, above * S)
                )
            )
            begin = end
        return views

    def _forward(self) -> tuple[list[Floats], list[Floats]]:
        """Return z and a of each layer, ``(n, width, S)``; the last a is the logit."""
        rows = len(self._table)
        z: Floats = (self._table @ self._layers[0][2]).reshape(rows, self._sizes[1], -1)
        a: Floats = self._value(z)
        pre_activations, activations = [z], [a]
        for index, (W, b, _) in enumerate(self._layers[1:], start=2):
            z = a[:, 0, None] * W[0]  # (n, above, S)
            for unit in range(1, len(W)):
                z += a[:, unit, None] * W[unit]
            z += b
            a = self._value(z) if index < len(self._layers) else z
            pre_activations.append(z)
            activations.append(a)
        return pre_activations, activations

    def _step(self, iteration: int) -> None:
        pre_activations, activations = self._forward()
        logits = activations[-1][:, 0]  # (n, S)
        self._looks.see(iteration, logits)
        # The sum of squares overflows or is NaN where anything is amiss: one pass instead of several.
        if not np.vdot(logits, logits) < 1e30:
            self._looks.suspect(logits)
        delta: Floats = self._loss.slope(logits, self._targets)[:, None]  # (n, 1, S)
        delta /= np.asarray(len(self._table), dtype=delta.dtype)
        for layer in range(len(self._layers) - 1, 0, -1):
            W, (gW, gb, _) = self._layers[layer][0], self._layer_gradients[layer]
            below = activations[layer - 1]  # (n, width below, S)
            np.add.reduce(delta, axis=0, out=gb)
            for unit in range(gW.shape[1]):
                np.add.reduce(below * delta[:, unit, None], axis=0, out=gW[:, unit])
            back = delta[:, 0, None] * W[:, 0]  # (n, width below, S)
            for unit in range(1, gW.shape[1]):
                back += delta[:, unit, None] * W[:, unit]
            back *= self._derivative(pre_activations[layer - 1], below)
            delta = back
        np.matmul(self._table.T, delta.reshape(len(self._table), -1), out=self._layer_gradients[0][2])
        self._optimiser.update(self.parameters, self._gradients)


def start(seeds: Sequence[int], features: int, inner: tuple[int, ...], *, init: str, scale: float) -> Floats:
    """Return the initial parameters ``(P, S)`` of the single models of these seeds, float64."""
    columns = [
        np.concatenate([value.ravel() for value in drawn.values()])
        for drawn in (initial_parameters(features, inner, init=init, scale=scale, seed=seed) for seed in seeds)
    ]
    return np.stack(columns, axis=-1)

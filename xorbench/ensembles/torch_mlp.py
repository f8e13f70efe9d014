"""Many `torch-mlp` at once: autograd and torch.optim on parameters with the members on the last axis, on any device."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Final, final

import numpy as np
import torch
from numpy.typing import NDArray

from xorbench.ensembles.numpy_mlp import start
from xorbench.ensembles.torch_looks import TorchEnsemble
from xorbench.implementations.activations import LEAK
from xorbench.implementations.numpy_mlp import layer_shapes
from xorbench.implementations.optimisers import choose_optimiser
from xorbench.implementations.options import choose, positive, widths

Function = Callable[[torch.Tensor], torch.Tensor]

_ACTIVATIONS: Final[dict[str, Function]] = {
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "leaky-relu": lambda z: torch.nn.functional.leaky_relu(z, LEAK),
    "softplus": lambda z: torch.nn.functional.softplus(z, threshold=100.0),
    "identity": lambda z: z,
}


@final
class TorchMLPEnsemble(TorchEnsemble):
    """Multilayer perceptrons of one shape and many seeds; parameters as the single model's, ``(..., S)``."""

    def __init__(
        self,
        *,
        seeds: Sequence[int],
        inputs: NDArray[np.float64],  # (n, d), the table
        labels: NDArray[np.bool_],  # (n,)
        device: str,
        dtype: str,
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
        self._activation = choose("activation", activation, _ACTIVATIONS)
        self._sizes = (inputs.shape[1], *inner, 1)
        flat = start(seeds, inputs.shape[1], inner, init=init, scale=positive("scale", scale))  # (P, S)
        shapes = layer_shapes(inputs.shape[1], inner)
        ends = list(itertools.accumulate(int(np.prod(shape)) for shape in shapes.values()))
        first = {
            name: part.reshape(*shape, len(seeds))
            for (name, shape), part in zip(shapes.items(), np.split(flat, ends[:-1]), strict=True)
        }
        super().__init__(
            first,
            labels,
            loss=loss,
            choice=choose_optimiser(optimiser, learning_rate, momentum),
            device=device,
            dtype=dtype,
        )
        self._inputs = torch.as_tensor(inputs, dtype=self.dtype, device=self.device)  # (n, d)

    def logits(self) -> torch.Tensor:
        """Return the logits of the table's rows, ``(n, S)``."""
        W, b = self.parameters["W1"], self.parameters["b1"]
        rows, members = len(self._inputs), b.shape[-1]
        z = (self._inputs @ W.reshape(W.shape[0], -1)).reshape(rows, -1, members) + b  # (n, width, S)
        for layer in range(2, len(self._sizes)):
            W, b = self.parameters[f"W{layer}"], self.parameters[f"b{layer}"]
            z = (self._activation(z)[:, :, None] * W).sum(dim=1) + b  # (n, above, S)
        return z[:, 0]

"""The multilayer perceptron of numpy-mlp in PyTorch: the same options, the same start for the same seed, any device."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any, Final, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from xorbench.implementations.activations import LEAK
from xorbench.implementations.numpy_mlp import initial_parameters
from xorbench.implementations.optimisers import choose_optimiser
from xorbench.implementations.options import choose, count, positive, widths
from xorbench.implementations.torch_support import DTYPES, Rows, TorchModel, blank, find_device

_ACTIVATIONS: Final[dict[str, Callable[[], nn.Module]]] = {
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
    "relu": nn.ReLU,
    "leaky-relu": lambda: nn.LeakyReLU(LEAK),
    # Beyond its threshold PyTorch replaces softplus by z, by default from 20 on, which is off by 2e-9 there.
    "softplus": lambda: nn.Softplus(threshold=100.0),
    "identity": nn.Identity,
}


@final
class TorchMLP(TorchModel):
    """Fully connected layers and one logistic output: nn.Linear, nn.BCEWithLogitsLoss and torch.optim.

    Parameters have the names and shapes of numpy-mlp, W1 ``(inputs, width)``, b1 ``(width,)``, W2 ... In float64 it
    follows numpy-mlp to rounding error, step by step. PyTorch programs mostly run in float32, so that is the default.
    """

    reads = "vector"

    def __init__(
        self,
        *,
        inputs: int = 2,
        seed: int = 0,
        device: str = "cpu",
        learning_rate: float | None = None,
        hidden: int = 4,
        layers: str | int | None = None,
        activation: str = "tanh",
        init: str = "glorot-uniform",
        scale: float = 1.0,
        loss: str = "bce",
        optimiser: str = "sgd",
        momentum: float | None = None,
        dtype: str = "float32",
    ) -> None:
        inner = widths(hidden, layers)
        make_activation = choose("activation", activation, _ACTIVATIONS)
        place, number = find_device(device), choose("dtype", dtype, DTYPES)
        sizes = (count("inputs", inputs), *inner, 1)
        linears = [blank(nn.Linear, a, b, device=place, dtype=number) for a, b in itertools.pairwise(sizes)]
        modules = [module for linear in linears for module in (linear, make_activation())][:-1]
        named: dict[str, tuple[nn.Parameter, bool]] = {}
        for index, linear in enumerate(linears, start=1):
            named |= {f"W{index}": (linear.weight, True), f"b{index}": (linear.bias, False)}
        choice = choose_optimiser(optimiser, learning_rate, momentum)
        super().__init__(nn.Sequential(*modules), named, device=place, dtype=number, loss=loss, choice=choice)
        self.set_parameters(initial_parameters(inputs, inner, init=init, scale=positive("scale", scale), seed=seed))

    def hidden(self, inputs: Rows) -> list[NDArray[np.floating[Any]]]:
        """Return the activations ``(n, width)`` of each hidden layer."""
        found = []
        with torch.no_grad():
            a = self._tensor(inputs)  # (n, d)
            for module in self._network:
                a = module(a)
                if not isinstance(module, nn.Linear):
                    found.append(self._array(a))
        return found

"""A one-dimensional convolution over the bits of a row, then a dense layer: parity in PyTorch."""

from __future__ import annotations

from typing import final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from xorbench.implementations.initialisers import glorot_uniform
from xorbench.implementations.optimisers import choose_optimiser
from xorbench.implementations.options import choose, count
from xorbench.implementations.torch_support import DTYPES, Rows, TorchModel, blank, find_device


@final
class TorchCNN(TorchModel):
    """Bits ``(n, d)`` -> convolution, tanh -> ``(n, channels, p)`` -> dense layer, tanh -> one logit.

    The convolution sees a window of `kernel` bits at each position, with `kernel` // 2 zeros beyond either end, so p =
    d + 2 (kernel // 2) - kernel + 1. All windows share its weights; the dense layer puts them together. Parameters K1
    ``(channels, 1, kernel)``, b1 ``(channels,)``, W2 ``(channels p, hidden)``, b2, W3 ``(hidden, 1)``, b3; weights
    Glorot-uniform. The defaults learn parity of up to six bits within some hundred steps.
    """

    reads = "vector"

    def __init__(
        self,
        *,
        inputs: int = 2,
        seed: int = 0,
        device: str = "cpu",
        learning_rate: float | None = 0.01,
        channels: int = 16,
        kernel: int = 3,
        hidden: int = 64,
        loss: str = "bce",
        optimiser: str = "adam",
        momentum: float | None = None,
        dtype: str = "float32",
    ) -> None:
        place, kind = find_device(device), choose("dtype", dtype, DTYPES)
        padding = count("kernel", kernel) // 2
        positions = count("inputs", inputs) + 2 * padding - kernel + 1
        features = count("channels", channels) * positions
        convolution = blank(nn.Conv1d, 1, channels, kernel, device=place, dtype=kind, padding=padding)
        dense = blank(nn.Linear, features, count("hidden", hidden), device=place, dtype=kind)
        out = blank(nn.Linear, hidden, 1, device=place, dtype=kind)
        self._convolution = nn.Sequential(nn.Unflatten(1, (1, inputs)), convolution, nn.Tanh(), nn.Flatten())
        self._dense = nn.Sequential(dense, nn.Tanh())
        super().__init__(
            nn.Sequential(self._convolution, self._dense, out),
            {
                "K1": (convolution.weight, False),
                "b1": (convolution.bias, False),
                "W2": (dense.weight, True),
                "b2": (dense.bias, False),
                "W3": (out.weight, True),
                "b3": (out.bias, False),
            },
            device=place,
            dtype=kind,
            loss=loss,
            choice=choose_optimiser(optimiser, learning_rate, momentum),
        )
        generator = np.random.default_rng(seed)
        start: dict[str, NDArray[np.float64]] = {}
        for name, (fan_in, fan_out) in {"1": (kernel, channels), "2": (features, hidden), "3": (hidden, 1)}.items():
            start[f"W{name}"], start[f"b{name}"] = glorot_uniform(generator, fan_in, fan_out)
        start["K1"] = start.pop("W1").T[:, None, :]  # (channels, 1, kernel), as nn.Conv1d has it
        self.set_parameters(start)

    def hidden(self, inputs: Rows) -> list[NDArray[np.floating]]:
        """Return the features ``(n, channels p)`` and the dense activations ``(n, hidden)``."""
        with torch.no_grad():
            features = self._convolution(self._tensor(inputs))
            return [self._array(features), self._array(self._dense(features))]

"""The LSTM of numpy-lstm as nn.LSTM: the same options, the same start for the same seed, any device."""

from __future__ import annotations

from typing import final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from xorbench.implementations.lstm import initial_lstm
from xorbench.implementations.optimisers import choose_optimiser
from xorbench.implementations.options import choose, count, number, positive
from xorbench.implementations.torch_support import DTYPES, Rows, TorchModel, blank, find_device


@final
class _Reader(nn.Module):  # type: ignore[misc]  # torch is not read by mypy here
    """Rows ``(n, T)``, one number per time step, to logits ``(n, 1)``."""

    def __init__(self, hidden: int, *, device: torch.device, dtype: torch.dtype) -> None:
        super().__init__()
        self.lstm = blank(nn.LSTM, 1, hidden, device=device, dtype=dtype, batch_first=True)
        self.out = blank(nn.Linear, hidden, 1, device=device, dtype=dtype)
        with torch.no_grad():
            self.lstm.bias_hh_l0.zero_()
        self.lstm.bias_hh_l0.requires_grad_(False)  # a second bias beside the first

    def last_state(self, rows: torch.Tensor) -> torch.Tensor:
        """Return the state after the last step, ``(n, hidden)``; every sequence starts from a state of zero."""
        _, (state, _) = self.lstm(rows[:, :, None])
        return state[0]

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """Return the logits ``(n, 1)``."""
        return self.out(self.last_state(rows))


@final
class TorchLSTM(TorchModel):
    """Reads the bits of a row one at a time, any number of them; the target is that of the whole row.

    Parameters have the names, shapes and gate order of numpy-lstm, which it follows to rounding error in float64.
    """

    reads = "sequence"

    def __init__(
        self,
        *,
        seed: int = 0,
        device: str = "cpu",
        learning_rate: float | None = 0.01,
        hidden: int = 10,
        forget_bias: float = 1.0,
        loss: str = "bce",
        optimiser: str = "adam",
        momentum: float | None = None,
        clip: float | None = None,
        dtype: str = "float32",
    ) -> None:
        place, kind = find_device(device), choose("dtype", dtype, DTYPES)
        network = _Reader(count("hidden", hidden), device=place, dtype=kind)
        named = {
            "W_ih": (network.lstm.weight_ih_l0, False),
            "W_hh": (network.lstm.weight_hh_l0, False),
            "b": (network.lstm.bias_ih_l0, False),
            "W_out": (network.out.weight, False),
            "b_out": (network.out.bias, False),
        }
        super().__init__(
            network,
            named,
            device=place,
            dtype=kind,
            loss=loss,
            choice=choose_optimiser(optimiser, learning_rate, momentum),
            clip=None if clip is None else positive("clip", clip),
        )
        self.set_parameters(initial_lstm(hidden, forget_bias=number("forget_bias", forget_bias), seed=seed))

    def hidden(self, inputs: Rows) -> list[NDArray[np.floating]]:
        """Return the last state ``(n, hidden)``, as the only hidden layer."""
        with torch.no_grad():
            return [self._array(self._network.last_state(self._tensor(inputs)))]

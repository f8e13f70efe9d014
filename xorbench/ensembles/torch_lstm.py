"""Many `torch-lstm` at once: batched products with the members on the first axis, on any device."""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

import numpy as np
import torch
from numpy.typing import NDArray

from xorbench.ensembles.torch_looks import TorchEnsemble
from xorbench.implementations.lstm import initial_lstm
from xorbench.implementations.optimisers import choose_optimiser
from xorbench.implementations.options import count, number, positive


@final
class TorchLSTMEnsemble(TorchEnsemble):
    """LSTMs of one width and many seeds on a table of sequences; parameters as the single model's, ``(S, ...)``."""

    member_axis = 0

    def __init__(
        self,
        *,
        seeds: Sequence[int],
        inputs: NDArray[np.float64],  # (n, T), the table
        labels: NDArray[np.bool_],  # (n,)
        device: str,
        dtype: str,
        learning_rate: float | None,
        hidden: int,
        forget_bias: float,
        loss: str,
        optimiser: str,
        momentum: float | None,
        clip: float | None,
    ) -> None:
        width, bias = count("hidden", hidden), number("forget_bias", forget_bias)
        drawn = [initial_lstm(width, forget_bias=bias, seed=seed) for seed in seeds]
        super().__init__(
            {name: np.stack([one[name] for one in drawn]) for name in drawn[0]},
            labels,
            loss=loss,
            choice=choose_optimiser(optimiser, learning_rate, momentum),
            device=device,
            dtype=dtype,
            clip=None if clip is None else positive("clip", clip),
        )
        self._inputs = torch.as_tensor(inputs, dtype=self.dtype, device=self.device)  # (n, T)

    def logits(self) -> torch.Tensor:
        """Return the logits of the table's sequences, ``(n, S)``."""
        p = self.parameters
        members, rows, width = len(p["b"]), len(self._inputs), p["W_hh"].shape[2]
        W_hh, b = p["W_hh"].transpose(1, 2), p["b"][:, None]  # (S, h, 4h), (S, 1, 4h)
        W_ih = p["W_ih"].transpose(1, 2)  # (S, 1, 4h)
        state = cell = self._inputs.new_zeros(members, rows, width)  # (S, n, h)
        for bits in self._inputs.T:  # (n,)
            gates = torch.baddbmm(bits[:, None] * W_ih + b, state, W_hh)  # (S, n, 4h)
            entry, forget, candidate, exit_ = gates.chunk(4, dim=2)
            cell = torch.sigmoid(forget) * cell + torch.sigmoid(entry) * torch.tanh(candidate)
            state = torch.sigmoid(exit_) * torch.tanh(cell)
        logits = torch.baddbmm(p["b_out"][:, None], state, p["W_out"].transpose(1, 2))  # (S, n, 1)
        return logits[:, :, 0].T

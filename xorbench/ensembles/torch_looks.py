"""What the PyTorch ensembles have in common: the step of all members, and the looks, without leaving the device."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from xorbench.ensembles.looks import LARGEST_LOGIT, fresh_counts, needed
from xorbench.errors import UsageError
from xorbench.implementations.optimisers import OptimiserChoice
from xorbench.implementations.torch_support import DTYPES, find_device


class TorchEnsemble(ABC):
    """Members whose losses are summed, so that the gradient of each is its own; torch.optim works elementwise.

    A subclass keeps its parameters in :attr:`parameters`, each with a member axis, and computes logits ``(n, S)``.
    """

    member_axis = -1

    def __init__(
        self,
        parameters: Mapping[str, NDArray[np.float64]],
        labels: NDArray[np.bool_],  # (n,)
        *,
        loss: str,
        choice: OptimiserChoice,
        device: str,
        dtype: str,
        clip: float | None = None,  # largest norm of one member's whole gradient
    ) -> None:
        self.device, self.dtype = find_device(device), DTYPES[dtype]
        if loss not in ("bce", "mse"):
            raise UsageError(f"loss {loss!r}: an ensemble takes bce or mse")
        self._loss, self._clip = loss, clip
        self.parameters = {
            name: torch.as_tensor(value, dtype=self.dtype, device=self.device).clone().requires_grad_()
            for name, value in parameters.items()
        }
        tensors = list(self.parameters.values())
        members = tensors[0].shape[self.member_axis]
        self._targets = (
            torch.as_tensor(labels, device=self.device).to(self.dtype)[:, None].expand(-1, members)
        )  # (n, S)
        self._right_labels = torch.as_tensor(labels, device=self.device)[:, None]  # (n, 1)
        self._most = needed(0.75, len(labels))
        self._counts = torch.as_tensor(fresh_counts(members), device=self.device)
        self._optimiser: torch.optim.Optimizer
        if choice.name == "adam":
            self._optimiser = torch.optim.Adam(tensors, lr=choice.learning_rate)
        elif choice.name == "rprop":
            self._optimiser = torch.optim.Rprop(tensors, lr=choice.learning_rate)
        else:
            self._optimiser = torch.optim.SGD(tensors, lr=choice.learning_rate, momentum=choice.momentum)

    @abstractmethod
    def logits(self) -> torch.Tensor:
        """Return the logits of the table's rows, ``(n, S)``."""

    @property
    def counts(self) -> NDArray[np.int32]:
        """Counts ``(4, S)`` of :mod:`xorbench.ensembles.looks`."""
        counts: NDArray[np.int32] = self._counts.cpu().numpy()
        return counts

    def advance(self, begin: int, end: int) -> None:
        """Make iterations `begin` to `end` - 1, each looked at before its update."""
        for iteration in range(begin, end):
            self._optimiser.zero_grad()
            logits = self.logits()  # (n, S)
            with torch.no_grad():
                self._look(iteration, logits)
            self._member_losses(logits).sum().backward()
            if self._clip is not None:
                self._clip_gradients(self._clip)
            self._optimiser.step()

    def outputs(self) -> NDArray[np.float64]:
        """Return the probabilities ``(n, S)`` of the table's rows."""
        with torch.no_grad():
            return _float64(torch.sigmoid(self.logits()))

    def losses(self) -> NDArray[np.float64]:
        """Return the mean loss of each member, ``(S,)``."""
        with torch.no_grad():
            return _float64(self._member_losses(self.logits()))

    def member(self, index: int) -> dict[str, NDArray[Any]]:
        """Return copies of one member's parameters by name."""
        return {
            name: value.detach().select(self.member_axis, index).cpu().numpy().copy()
            for name, value in self.parameters.items()
        }

    def _member_losses(self, logits: torch.Tensor) -> torch.Tensor:
        if self._loss == "bce":
            return functional.binary_cross_entropy_with_logits(logits, self._targets, reduction="none").mean(dim=0)
        return functional.mse_loss(torch.sigmoid(logits), self._targets, reduction="none").mean(dim=0)

    def _look(self, iteration: int, logits: torch.Tensor) -> None:
        right = ((torch.sigmoid(logits) > 0.5) == self._right_labels).sum(dim=0)  # (S,)
        rows = len(logits)
        solved = right == rows
        to_75, to_first, streak, suspect = self._counts
        to_75.masked_fill_((to_75 < 0) & (right >= self._most), iteration)
        to_first.masked_fill_((to_first < 0) & solved, iteration)
        streak.masked_fill_((streak < 0) & solved, iteration)
        streak.masked_fill_(~solved, -1)
        suspect |= ~(logits.abs() < LARGEST_LOGIT).all(dim=0)

    def _clip_gradients(self, most: float) -> None:
        """Scale each member's gradient to at most this norm, as torch.nn.utils.clip_grad_norm_ does for one model."""
        gradients = [value.grad.movedim(self.member_axis, 0) for value in self.parameters.values()]
        squares = sum(gradient.flatten(1).square().sum(dim=1) for gradient in gradients)
        factor = (most / (torch.as_tensor(squares).sqrt() + 1e-6)).clamp(max=1.0)  # (S,)
        for gradient in gradients:
            gradient *= factor.reshape(-1, *[1] * (gradient.dim() - 1))


def _float64(tensor: torch.Tensor) -> NDArray[np.float64]:
    return np.asarray(tensor.cpu().numpy(), dtype=np.float64)

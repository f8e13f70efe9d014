"""What the PyTorch implementations have in common: device, dtype, loss, optimiser, and the contract around a module."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from xorbench.errors import DeviceError, UsageError
from xorbench.implementations.optimisers import OptimiserChoice
from xorbench.implementations.options import choose
from xorbench.implementations.parameters import check_parameters

Rows = NDArray[np.float64]
Arrays = dict[str, NDArray[np.floating[Any]]]

DTYPES: Final[dict[str, torch.dtype]] = {"float32": torch.float32, "float64": torch.float64}


def find_device(name: str) -> torch.device:
    """Return the device; raise UsageError for a name that PyTorch does not know, DeviceError where it is not there."""
    try:
        device = torch.device(name)
    except RuntimeError:
        raise UsageError(f"device {name!r}: PyTorch knows no such device; write cpu, cuda, cuda:1, mps ...") from None
    if device.type == "meta":
        raise UsageError("device 'meta' holds no numbers; write cpu, cuda, cuda:1, mps ...")
    try:
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise DeviceError(f"device {name!r} is not there: {str(error).splitlines()[0]}") from None
    return device


class Squared(nn.Module):  # type: ignore[misc]  # torch is not read by mypy here
    """The mean over rows of (sigmoid(logit) - target)^2."""

    def forward(self, logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Return the loss of ``(n, 1)`` and ``(n, 1)``."""
        return nn.functional.mse_loss(torch.sigmoid(logits), targets)


CRITERIA: Final[dict[str, type[nn.Module]]] = {"bce": nn.BCEWithLogitsLoss, "mse": Squared}


def blank(kind: type[nn.Module], *sizes: int, device: torch.device, dtype: torch.dtype, **settings: Any) -> Any:
    """Return a module whose parameters are not drawn: PyTorch would draw them from its global generator."""
    # As nn.utils.skip_init, which refuses nn.LSTM for its signature.
    return kind(*sizes, device="meta", dtype=dtype, **settings).to_empty(device=device)


class TorchModel(ABC):
    """The contract around a module that maps rows ``(n, d)`` to logits ``(n, 1)``.

    Nothing global is touched: weights come from outside, the random state, default dtype and threads stay as they are.
    """

    output = "probability"
    targets = (0.0, 1.0)
    max_rows = None

    def __init__(
        self,
        network: nn.Module,
        named: Mapping[str, tuple[nn.Parameter, bool]],  # by contract name; whether the contract has it transposed
        *,
        device: torch.device,
        dtype: torch.dtype,
        loss: str,
        choice: OptimiserChoice,
        clip: float | None = None,  # largest norm of the whole gradient
    ) -> None:
        self._network, self._named = network, dict(named)
        self._device, self._dtype, self._clip = device, dtype, clip
        self._criterion = choose("loss", loss, CRITERIA)()
        self.loss_kind = loss
        self.optimiser = choice.name if clip is None else "other"
        self.learning_rate = choice.learning_rate
        self._optimiser = _optimiser([parameter for parameter, _ in self._named.values()], choice)

    @abstractmethod
    def hidden(self, inputs: Rows) -> list[NDArray[np.floating[Any]]]:
        """Return the activations ``(n, width)`` of each hidden layer."""

    def predict(self, inputs: Rows) -> NDArray[np.floating[Any]]:
        """Return the probability of true for each row: ``(n, d)`` -> ``(n,)``."""
        with torch.no_grad():
            return self._array(torch.sigmoid(self._network(self._tensor(inputs)))[:, 0])

    def step(self, inputs: Rows, targets: Rows) -> float:
        """Make one update on ``(n, d)`` and ``(n, 1)``; return the loss before it."""
        self._optimiser.zero_grad()
        loss = self._loss(inputs, targets)
        loss.backward()
        if self._clip is not None:
            nn.utils.clip_grad_norm_([parameter for parameter, _ in self._named.values()], self._clip)
        self._optimiser.step()
        return float(loss.detach())

    def loss(self, inputs: Rows, targets: Rows) -> float:
        """Return the mean loss over the rows."""
        with torch.no_grad():
            return float(self._loss(inputs, targets))

    def gradients(self, inputs: Rows, targets: Rows) -> Arrays:
        """Return the gradient of the loss by parameter name, before any clipping."""
        loss = self._loss(inputs, targets)
        found = torch.autograd.grad(loss, [parameter for parameter, _ in self._named.values()])
        return {
            name: self._array(gradient.T if transposed else gradient)
            for (name, (_, transposed)), gradient in zip(self._named.items(), found, strict=True)
        }

    def get_parameters(self) -> Arrays:
        """Return copies of the parameters by name, from input to output."""
        return {
            name: self._array(parameter.detach().T if transposed else parameter.detach())
            for name, (parameter, transposed) in self._named.items()
        }

    def set_parameters(self, parameters: Mapping[str, NDArray[np.floating[Any]]]) -> None:
        """Take these parameters, rounded to the model's dtype; the optimiser's state stays as it is."""
        shapes = {name: tuple((p.T if transposed else p).shape) for name, (p, transposed) in self._named.items()}
        check_parameters(parameters, shapes)
        with torch.no_grad():
            for name, (parameter, transposed) in self._named.items():
                value = self._tensor(parameters[name])
                parameter.copy_(value.T if transposed else value)

    def _loss(self, inputs: Rows, targets: Rows) -> torch.Tensor:
        logits = self._network(self._tensor(inputs))  # (n, 1)
        return self._criterion(logits, self._tensor(targets).reshape(-1, 1))

    def _tensor(self, array: NDArray[np.floating[Any]]) -> torch.Tensor:
        # A copy: PyTorch takes no negative strides and warns of arrays that are read-only.
        return torch.tensor(np.ascontiguousarray(array), dtype=self._dtype, device=self._device)

    def _array(self, tensor: torch.Tensor) -> NDArray[np.floating[Any]]:
        copied: NDArray[np.floating[Any]] = np.array(tensor.detach().cpu().numpy(), order="C")
        return copied


def _optimiser(parameters: list[nn.Parameter], choice: OptimiserChoice) -> torch.optim.Optimizer:
    if choice.name == "adam":
        return torch.optim.Adam(parameters, lr=choice.learning_rate)
    if choice.name == "rprop":
        return torch.optim.Rprop(parameters, lr=choice.learning_rate)
    return torch.optim.SGD(parameters, lr=choice.learning_rate, momentum=choice.momentum)

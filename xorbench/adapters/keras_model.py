"""Compiled Keras models, as a stranger's function returns them: `train_on_batch` is one update."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Rows = NDArray[np.float64]

_MEMBERS = ("train_on_batch", "test_on_batch", "predict_on_batch", "get_weights", "set_weights")


def adapt(instance: Any) -> Any | None:
    """Return the model for an object with Keras's members, or None for anything else."""
    if inspect.isclass(instance) or hasattr(instance, "step"):
        return None
    return KerasModel(instance) if all(callable(getattr(instance, name, None)) for name in _MEMBERS) else None


class KerasModel:
    """A compiled model with one output, squashed or not; weights are the parameters, in Keras's order.

    A model can be trained only after `compile(optimizer=..., loss=...)`; the loss says what the output means.
    """

    def __init__(self, model: Any) -> None:
        self.model = model
        loss = _loss_name(model)
        # A squashed output is a probability, whatever the loss takes it for.
        logits = loss == "bce-from-logits" and not _is_squashed(model)
        self.output = "logit" if logits else "probability" if loss.startswith("bce") else "score"
        self.loss_kind = {"bce-from-logits": "bce", "bce": "bce", "mse": "mse"}.get(loss, "own")
        rate = getattr(getattr(model, "optimizer", None), "learning_rate", None)
        self.learning_rate = float(rate) if rate is not None else None

    def predict(self, inputs: Rows) -> Any:
        """Return the outputs ``(n, 1)``."""
        return self.model.predict_on_batch(inputs)

    def step(self, inputs: Rows, targets: Rows) -> float:
        """Make one update; return the loss before it."""
        return _first(self.model.train_on_batch(inputs, targets))

    def loss(self, inputs: Rows, targets: Rows) -> float:
        """Return the loss without an update."""
        return _first(self.model.test_on_batch(inputs, targets))

    def get_parameters(self) -> dict[str, NDArray[Any]]:
        """Return copies of the weights, numbered in Keras's order."""
        return {f"w{index:02d}": weights.copy() for index, weights in enumerate(self.model.get_weights())}

    def set_parameters(self, parameters: Mapping[str, NDArray[Any]]) -> None:
        """Give the model these weights."""
        self.model.set_weights([parameters[name] for name in sorted(parameters)])


def _first(value: Any) -> float:
    """Return the loss of what may be the loss alone or the loss and the metrics."""
    return float(value[0] if isinstance(value, (list, tuple)) else value)


def _is_squashed(model: Any) -> bool:
    layers = getattr(model, "layers", None)
    activation = getattr(layers[-1], "activation", None) if layers else None
    return getattr(activation, "__name__", "") in ("sigmoid", "hard_sigmoid")


def _loss_name(model: Any) -> str:
    loss = getattr(model, "loss", None)
    name = loss if isinstance(loss, str) else getattr(loss, "name", "")
    if name in ("binary_crossentropy", "bce"):
        return "bce-from-logits" if getattr(loss, "from_logits", False) else "bce"
    return "mse" if name in ("mse", "mean_squared_error") else "own"

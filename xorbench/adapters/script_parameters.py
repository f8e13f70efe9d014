"""The parameters of a script: which of its variables they are, what they hold, and how others are put into them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from xorbench.adapters.script_values import is_module, is_tensor
from xorbench.errors import FactoryError, did_you_mean
from xorbench.model import as_array

if TYPE_CHECKING:
    from numpy.typing import NDArray


def trained_by_torch(namespace: Mapping[str, Any], data: Sequence[str]) -> list[str]:
    """Return the variables that hold what torch trains, in the order in which the file made them.

    These are modules with parameters, and tensors that require a gradient; not the batch, which `data` names.
    """
    return [
        name
        for name, value in namespace.items()
        if name not in data
        and (
            (is_module(value) and any(each.requires_grad for each in value.parameters()))
            or (is_tensor(value) and value.requires_grad and value.is_leaf)
        )
    ]


def get(namespace: Mapping[str, Any], names: Sequence[str], file: str) -> dict[str, NDArray[Any]]:
    """Return copies by name; a module's parameters stand under its name and theirs."""
    import numpy as np

    found: dict[str, NDArray[Any]] = {}
    for key, value in _each(namespace, names, file):
        array = np.array(as_array(value))
        found[key] = array if array.dtype.kind == "f" else array.astype(float)
    return found


def put(namespace: dict[str, Any], names: Sequence[str], file: str, values: Mapping[str, NDArray[Any]]) -> None:
    """Put these values into the variables: in place where it can be, since objects may hold the same array."""
    for key, old in list(_each(namespace, names, file)):
        new = values[key]
        if is_tensor(old):
            _fill(old, new)
        elif hasattr(old, "shape") and old.shape == new.shape and old.shape:
            old[...] = new
        else:
            _assign(
                namespace, key, float(new) if new.ndim == 0 else new.tolist() if isinstance(old, list) else new.copy()
            )


def _fill(tensor: Any, new: NDArray[Any]) -> None:
    """Copy into a tensor that stays the one which its optimiser knows."""
    import torch

    with torch.no_grad():
        tensor.copy_(torch.as_tensor(new))


def _assign(namespace: dict[str, Any], key: str, new: Any) -> None:
    owner, _, last = key.rpartition(".")
    if owner:
        setattr(_looked_up(namespace, owner), last, new)
    else:
        namespace[key] = new


def _each(namespace: Mapping[str, Any], names: Sequence[str], file: str) -> Iterator[tuple[str, Any]]:
    """Yield every parameter with its name, each tensor once: a layer may also be part of a module that is named."""
    seen: set[int] = set()
    for name in names:
        try:
            value = _looked_up(namespace, name)
        except (KeyError, AttributeError):
            hint = did_you_mean(name, namespace)
            raise FactoryError(f"{file} leaves no variable {name!r}{hint}") from None
        parts = value.named_parameters() if is_module(value) else [("", value)]
        for part, each in parts:
            if id(each) in seen or (part and not each.requires_grad):
                continue
            seen.add(id(each))
            yield f"{name}.{part}" if part else name, each


def _looked_up(namespace: Mapping[str, Any], name: str) -> Any:
    """Return what a name stands for: a variable, or an attribute of one, such as ``net.W1``."""
    first, *rest = name.split(".")
    value = namespace[first]
    for attribute in rest:
        value = getattr(value, attribute)
    return value

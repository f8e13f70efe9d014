"""Parameters that a module holds in a plain list, dict or attribute, where `parameters()` does not see them.

An optimiser made of `parameters()` never moves them. They are shown with the others, so that the checks see it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def unregistered_layers(module: Any) -> list[Any]:
    """Return the modules in plain containers of a module, of its own modules and of those found."""
    import torch

    registered = {id(each) for each in module.modules()}
    found = (value for _, value in _held(module) if isinstance(value, torch.nn.Module))
    return [each for each in dict.fromkeys(found) if id(each) not in registered]


def unregistered(module: Any) -> dict[str, Any]:
    """Return by name the tensors in plain containers that require a gradient and that `parameters()` lacks."""
    import torch

    known = {id(each) for each in module.parameters()}
    found: dict[str, Any] = {}
    for name, value in _held(module):
        layer = isinstance(value, torch.nn.Module)
        for part, tensor in value.named_parameters() if layer else [("", value)]:
            if tensor.requires_grad and tensor.is_leaf and id(tensor) not in known:
                known.add(id(tensor))
                found[f"{name}.{part}" if part else name] = tensor
    return found


def _held(module: Any, seen: set[int] | None = None) -> Iterator[tuple[str, Any]]:
    """Yield the modules and tensors in the plain attributes of a module and of all modules in it, with their names.

    Each once: a layer may hold the module that holds it.
    """
    seen = set() if seen is None else seen
    seen.add(id(module))
    for prefix, owner in module.named_modules():
        for attribute, value in vars(owner).items():
            if attribute not in _TORCH_S_OWN:
                yield from _inside(f"{prefix}.{attribute}" if prefix else attribute, value, seen)


#: Where torch itself keeps what is registered.
_TORCH_S_OWN = ("_parameters", "_buffers", "_modules")


def _inside(name: str, value: Any, seen: set[int]) -> Iterator[tuple[str, Any]]:
    import torch

    if id(value) in seen:
        return
    if isinstance(value, torch.Tensor):
        yield name, value
    elif isinstance(value, torch.nn.Module):
        yield name, value
        for part, each in _held(value, seen):
            yield f"{name}.{part}", each
    elif isinstance(value, (list, tuple, Mapping)):
        seen.add(id(value))
        parts = value.items() if isinstance(value, Mapping) else enumerate(value)
        for key, each in list(parts):
            yield from _inside(f"{name}.{key}", each, seen)

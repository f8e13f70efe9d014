"""The harness's rows as a script holds its own: a list, an array or a tensor, of the type that its variable has."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Rows = NDArray[np.float64]


def like(value: Rows, old: Any, *, flat: bool = False) -> Any:
    """Return `value` in the kind, type and device of the script's variable `old`; `flat` where that may be ``(n,)``.

    A script that made its data float32 or a tensor would fail on anything else. Whole numbers stay whole where the
    values are; a batch that is not keeps its fractions.
    """
    import numpy as np

    if flat and old is not None and np.ndim(old) == 1:
        value = value.ravel()
    if isinstance(old, list):
        return value.tolist()
    if is_tensor(old):
        import torch

        fits = old.dtype.is_floating_point or bool((value == np.round(value)).all())
        return torch.as_tensor(value, dtype=old.dtype if fits else torch.get_default_dtype(), device=old.device)
    kind = getattr(old, "dtype", None)
    if isinstance(kind, np.dtype) and (kind.kind == "f" or (kind.kind in "iu" and _whole(value, kind))):
        return value.astype(kind)
    return value


def for_module(value: Rows, module: Any) -> Any:
    """Return `value` as a tensor of the type and on the device of the module's parameters."""
    import torch

    first = next(module.parameters(), None)
    return value if first is None else torch.as_tensor(value, dtype=first.dtype, device=first.device)


def is_tensor(value: Any) -> bool:
    """Whether this is a tensor of torch; it imports nothing."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def is_module(value: Any) -> bool:
    """Whether this is a module of torch; it imports nothing."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.nn.Module)


def _whole(value: Rows, kind: np.dtype[Any]) -> bool:
    """Whether these numbers are whole, and none is negative where the type has no sign."""
    return bool((value == value.round()).all()) and (kind.kind == "i" or bool((value >= 0).all()))

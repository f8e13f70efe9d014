"""The loss in a plane of the parameter space, and the path of the descent on it.

The plane is that of the path: through its end, along the first two principal directions of the steps that lead there
(Li et al., Visualizing the Loss Landscape of Neural Nets, NeurIPS 2018, section 7). With two parameters it is all there
is.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from xorbench.model import Capability, Model
from xorbench.records import Surface

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Labels = NDArray[np.bool_]

#: Points on each side: usual, and where the model is slow.
SIDE, SIDE_SLOW = 31, 13
PATIENCE_S = 6.0


def surface(model: Model, path: Floats, rows: Floats, labels: Labels) -> tuple[Surface | None, str]:
    """Return the loss of `model` around `path` ``(frames, parameters)``, or None and the reason.

    The loss is the model's own where it has `loss`, else the squared error of its outputs. The model's parameters are
    put back afterwards.
    """
    import numpy as np

    before = model.get_parameters()
    if path.shape[1] < 2:
        return None, f"the model has {path.shape[1]} parameter{'s' if path.shape[1] != 1 else ''}, a plane needs 2"
    if not np.ptp(path, axis=0).any():
        return None, "the parameters did not move"
    centre = path[-1]  # (p,)
    axes, names, explained = _plane(path, list(before))
    flat = (path - centre) @ axes.T  # (frames, 2)
    if path.shape[1] == 2:
        flat, centre = path, np.zeros(2)
    try:
        if not _set(model, before, path[-1]):
            return None, "set_parameters() did not take"
        started = time.perf_counter()
        _loss(model, rows, labels)
        side = SIDE if (time.perf_counter() - started) * SIDE**2 < PATIENCE_S else SIDE_SLOW
        x, y = (_axis(flat[:, place], side) for place in (0, 1))
        grid = [[_at(model, before, centre + u * axes[0] + v * axes[1], rows, labels) for u in x] for v in y]
    except Exception as error:
        return None, f"{type(error).__name__}: {error}"[:200]
    finally:
        model.set_parameters(before)
    if all(value is None for row in grid for value in row):
        return None, "no loss in the plane is finite"
    return (
        Surface(
            axes=names,
            x=tuple(x.tolist()),
            y=tuple(y.tolist()),
            loss=tuple(tuple(row) for row in grid),
            path=tuple((float(u), float(v)) for u, v in flat),
            explained=explained,
        ),
        "",
    )


def _plane(path: Floats, names: list[str]) -> tuple[Floats, tuple[str, str], float]:
    """Return two orthonormal directions ``(2, p)``, what they are, and the share of the path's variance in them."""
    import numpy as np

    if path.shape[1] == 2:
        labels = names if len(names) == 2 else [f"{names[0]}[0]", f"{names[0]}[1]"]
        return np.eye(2), (labels[0], labels[1]), 1.0
    _, singular, directions = np.linalg.svd(path - path[-1], full_matrices=False)
    share = singular**2 / (singular**2).sum()
    first = directions[0]
    # The sign of a principal direction is arbitrary: the path is made to come from the left and from below.
    first = first * (-1 if (path[0] - path[-1]) @ first > 0 else 1)
    if len(share) > 1 and share[1] > 1e-9:
        second = directions[1] * (-1 if (path[0] - path[-1]) @ directions[1] > 0 else 1)
        label = f"second direction of the path ({share[1]:.2%})"
        return (
            np.stack([first, second]),
            (f"first direction of the path ({share[0]:.2%})", label),
            float(share[:2].sum()),
        )
    second = np.random.default_rng(0).normal(size=path.shape[1])
    second -= second @ first * first
    second /= np.linalg.norm(second)
    return np.stack([first, second]), ("direction of the path (100%)", "a random direction across it"), 1.0


def _axis(values: Floats, side: int) -> Floats:
    import numpy as np

    low, high = float(values.min()), float(values.max())
    room = 0.35 * (high - low) or 1.0
    return np.linspace(low - room, high + room, side)


def _set(model: Model, like: dict[str, NDArray[np.floating]], flat: Floats) -> bool:
    import numpy as np

    wanted, at = {}, 0
    for name, value in like.items():
        wanted[name] = flat[at : at + value.size].reshape(value.shape).astype(value.dtype)
        at += value.size
    model.set_parameters(wanted)
    found = model.get_parameters()
    return all(name in found and np.array_equal(found[name], value) for name, value in wanted.items())


def _at(
    model: Model,
    like: dict[str, NDArray[np.floating]],
    flat: Floats,
    rows: Floats,
    labels: Labels,
) -> float | None:
    import numpy as np

    _set(model, like, flat)
    try:
        value = _loss(model, rows, labels)
    except (OverflowError, FloatingPointError, ZeroDivisionError, ValueError):
        return None
    return float(value) if np.isfinite(value) else None


def _loss(model: Model, rows: Floats, labels: Labels) -> float:
    import numpy as np

    if model.can(Capability.LOSS):
        size = model.declaration.max_rows or len(rows)
        return float(
            np.mean([model.loss(rows[at : at + size], labels[at : at + size]) for at in range(0, len(rows), size)])
        )
    false, true = model.declaration.targets
    return float(np.mean((model.predict(rows) - np.where(labels, true, false)) ** 2))

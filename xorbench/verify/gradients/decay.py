"""Weight decay: u = k J + w p (or w sign(p)), in all groups or in all but the biases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xorbench.records import Finding
from xorbench.verify.gradients.groups import is_bias
from xorbench.verify.gradients.rows import RowView
from xorbench.verify.outcomes import finding

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Rows = NDArray[np.float64]


@dataclass(frozen=True)
class Decay:
    """u = k J + w p: the decay w, rate included, and each row's multiple k ``(n,)`` without it."""

    w: float
    k: Rows
    pull: Rows  # (P,) what w multiplies: the parameters, or their signs, and zero where nothing decays


def fit_decay(view: RowView) -> Decay | None:
    """Return the decay, w > 0, where one explains every row and group, else None."""
    found = _pull(view)
    return found if found is not None and found.w > 0 else None


def growth(view: RowView) -> Finding | None:
    """XM15 where all that is wrong is a decay of the wrong sign: weights are pushed away from zero."""
    found = _pull(view)
    if found is None or found.w > 0:
        return None
    w = found.w
    message = (
        f"each step adds {-w:.3g} of the weights to them: the gradient of a penalty on the weights has the wrong sign"
    )
    return finding("XM15", message, where="weight decay", point=view.name, decay=w)


def _pull(view: RowView) -> Decay | None:
    """Return a decay of either sign where u = k J + w p in every row and group, else None."""
    labels = view.lab.labels_of_components
    everyone = np.ones(len(labels), dtype=bool)
    weights = np.array([not is_bias(str(label)) for label in labels])
    for pull in (view.before, np.sign(view.before)):
        for decayed in (everyone, weights):
            if not decayed.any():
                continue
            found = _fit(view, np.where(decayed, pull, 0.0))
            if found is not None:
                return found
    return None


def _fit(view: RowView, everywhere: Rows) -> Decay | None:
    pull = everywhere[view.probed]  # (K,)
    u = view.u[:, view.probed]  # (n, K)
    usable = (view.dj < 0.02 * np.abs(view.j).max(axis=1, keepdims=True) + 1e-9) & np.isfinite(view.j)
    j = np.where(usable, view.j, 0.0)
    target = np.where(usable, u, 0.0)
    rows = len(u)
    if usable.sum() < rows + 4:
        return None
    # One unknown k per row and one w: eliminate each row's k, then solve for w.
    pulls = np.where(usable, np.broadcast_to(pull, u.shape), 0.0)
    square = (j**2).sum(axis=1, keepdims=True)
    square[square == 0] = 1.0
    rest_u = target - (target * j).sum(axis=1, keepdims=True) / square * j
    rest_p = pulls - (pulls * j).sum(axis=1, keepdims=True) / square * j
    bottom = float((rest_p**2).sum())
    if bottom == 0.0:
        return None
    w = float((rest_u * rest_p).sum()) / bottom
    size = np.abs(target).max(axis=1, keepdims=True)
    k = np.abs((target * j).sum(axis=1, keepdims=True) / square)
    allowed = 3 * view.relative * size + 4 * (k * np.where(usable, view.dj, 0) + view.du[:, view.probed])
    fits = bool((np.abs(rest_u - w * rest_p) <= allowed).all())
    if not fits:
        return None
    weak = abs(w) * np.abs(pull).max() <= 10 * view.relative * size.max()
    # What is too weak to be seen beside the largest is there if without it every group is a plain multiple.
    if weak and (w < 0 or not view.agreement(view.u - w * everywhere).unanimous):
        return None
    return Decay(w, ((target - w * pulls) * j).sum(axis=1) / square[:, 0], everywhere)

"""Groups that each move along their own gradient, by a multiple of their own: per-layer rates, LARS, a clip per tensor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xorbench.verify.gradients.consensus import Consensus
from xorbench.verify.gradients.rows import RowView

if TYPE_CHECKING:
    from numpy.typing import NDArray


def along_their_own_gradients(consensus: Consensus) -> bool:
    """Whether every group moves along its gradient in every row, all of them the same way, if not equally far."""
    groups = [fit for fit in consensus.groups.values() if fit.informative.any()]
    if len(groups) < 2 or not all(fit.straight[fit.informative].all() for fit in groups):
        return False
    ways = np.sign(np.array([np.where(fit.informative, fit.k, np.nan) for fit in groups]))  # (groups, n)
    with np.errstate(invalid="ignore"):
        return bool(
            (np.nanmax(ways, axis=0) == np.nanmin(ways, axis=0)).all() and (np.nan_to_num(ways, nan=1.0) != 0).all()
        )


def norms_of_their_own(view: RowView, consensus: Consensus) -> bool:
    """Whether each group that dissents moves equally far in every row: its update has been given a norm."""
    if not consensus.dissenting or not along_their_own_gradients(consensus):
        return False
    labels = view.lab.labels_of_components
    if _clipped_by_one_bound(view, consensus, labels):
        return True
    normed = 0
    for name in consensus.dissenting:
        norms = np.linalg.norm(view.u[:, labels == name], axis=1)  # (n,)
        longest = norms.max()
        # A gradient below the bound of a clip is left as it is; two rows at one length are no chance.
        if longest == 0 or (np.abs(norms - longest) <= 1e-3 * longest).sum() < 2:
            return False
        normed += int((labels == name).sum() > 1)
    return normed > 0


def _clipped_by_one_bound(view: RowView, consensus: Consensus, labels: NDArray[np.str_]) -> bool:
    """Whether no group moves further than a bound, and those that stay below it share the row's multiple."""
    groups = [fit for fit in consensus.groups.values() if fit.informative.any()]
    norms = np.array([np.linalg.norm(view.u[:, labels == fit.name], axis=1) for fit in groups])  # (groups, n)
    multiples = np.abs(np.array([np.where(fit.informative, fit.k, np.nan) for fit in groups]))  # (groups, n)
    bound = norms.max()
    cut = norms >= bound * (1 - 1e-3)
    if cut.sum() < 3 or cut.all():
        return False
    for row in range(norms.shape[1]):
        free = multiples[~cut[:, row], row]
        free = free[np.isfinite(free)]
        if len(free) and (np.ptp(free) > 1e-3 * free.max() or np.nanmax(multiples[:, row]) > free.max() * (1 + 1e-3)):
            return False
    return True

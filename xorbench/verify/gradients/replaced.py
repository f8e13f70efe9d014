"""Groups whose update is not a wrong gradient but a wrong use of it: assigned, or mixed with another group's state."""

from __future__ import annotations

import numpy as np

from xorbench.records import Finding
from xorbench.verify.gradients.groups import numbers_of
from xorbench.verify.gradients.rows import RowView
from xorbench.verify.outcomes import finding


def assigned(view: RowView, name: str) -> Finding | None:
    """XM10 in one group: the new value is the step itself, the old value is gone."""
    if view.source == "gradients" or not view.consensus.agreeing:
        return None
    fit = view.consensus.groups[name]
    replaced = view.agreement(view.u - view.before).groups[name]  # minus the new value
    telling = replaced.informative & np.isfinite(view.consensus.k)
    if not telling.any() or not replaced.straight[telling].all() or fit.straight[telling].all():
        return None
    ratio = replaced.k[telling] / view.consensus.k[telling]
    if np.abs(np.abs(ratio) - 1).max() > 1e-3:
        return None
    return finding(
        "XM10",
        f"{name} is replaced by its update instead of moved by it: its new value is {np.sign(-ratio[0]):+.0f} times the step",
        where=name,
        **numbers_of(view, fit),
    )


def shared_state(view: RowView, name: str) -> Finding | None:
    """XM11 at the first step: what is too much in a group is a share of another group's update."""
    if view.source == "gradients" or not view.consensus.agreeing or not np.isfinite(view.consensus.k).all():
        return None
    fit = view.consensus.groups[name]
    if fit.straight[fit.informative].all():
        return None
    member = view.labels == name
    u = view.u[:, view.probed]
    extra = u[:, member] - view.consensus.k[:, None] * view.j[:, member]  # (n, m)
    others = u[:, np.isin(view.labels, view.consensus.agreeing)]
    share: float | None = None
    matched = 0
    for row in range(len(u)):
        allowed = 1e-5 * np.abs(u[row]).max() + 8 * view.du[row].max()
        too_much = extra[row][np.abs(extra[row]) > allowed]
        if not len(too_much):
            continue
        top = too_much[np.argmax(np.abs(too_much))]
        with np.errstate(divide="ignore", invalid="ignore"):
            shares = (
                [share]
                if share is not None
                else [s for s in top / others[row] if np.isfinite(s) and 1e-3 < abs(s) < 0.999]
            )
        good = [s for s in shares if all(np.abs(s * others[row] - x).min() <= allowed for x in too_much)]
        if not good:
            return None
        share = good[0]
        matched += len(too_much)
    if share is None or matched < 3:
        return None
    return finding(
        "XM11",
        f"{name} moves by its own gradient plus {share:.3g} times the last update of other parameters: their state is shared",
        where=name,
        share=share,
        components=matched,
    )

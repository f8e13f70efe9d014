"""Dissenting groups named by their ratio to the agreeing ones alone: for networks that no reference reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from xorbench.records import Finding
from xorbench.verify.gradients.consensus import GroupFit, constant, fit_groups
from xorbench.verify.gradients.groups import is_bias, numbers_of
from xorbench.verify.gradients.rows import RowView
from xorbench.verify.outcomes import finding

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Rows = NDArray[np.float64]


def hidden_majority(view: RowView) -> Finding | None:
    """Find the output's derivative missing in all hidden layers at once, when those outnumber the output layer."""
    consensus = view.consensus
    dissenting = [consensus.groups[name] for name in consensus.dissenting]
    if not dissenting or not consensus.agreeing or not all(fit.straight[fit.informative].all() for fit in dissenting):
        return None
    order = list(consensus.groups)
    if min(order.index(fit.name) for fit in dissenting) < max(order.index(name) for name in consensus.agreeing):
        return None
    for fit in dissenting:
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = consensus.k / fit.k
            doubt = np.abs(ratio) * (fit.doubt / np.abs(fit.k) + consensus.doubt / np.abs(consensus.k)) + 1e-6
        said = output_slope_missing(view, ratio, doubt)
        if said is None:
            return None
    where = ", ".join(consensus.agreeing)
    message = f"{where}: the output activation's derivative is missing on the path into it (ratio {said})"
    return finding("XM02", message, where=where, point=view.name, ratio=ratio)


def by_ratio(view: RowView, fit: GroupFit, slow: RowView | None) -> Finding | None:
    """Name a dissenting group from its ratio to the agreeing ones alone."""
    consensus, name = view.consensus, fit.name
    numbers = numbers_of(view, fit)
    if fit.informative.any() and fit.still[fit.informative].all():
        return finding("XM06", f"{name} never changes although its gradient is not zero", where=name, **numbers)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = fit.k / consensus.k
        doubt = np.abs(ratio) * (fit.doubt / np.abs(fit.k) + consensus.doubt / np.abs(consensus.k)) + 1e-6
    straight = bool(fit.straight[fit.informative].all()) and fit.informative.any()
    even = constant(ratio, doubt) if straight else None
    if even is not None:
        if abs(even + 1) < 1e-3:
            return finding(
                "XM03", f"{name} moves uphill: its update is the gradient with the sign flipped", where=name, **numbers
            )
        return _scaled(view, fit, even, slow, numbers)
    if straight and np.isfinite(ratio).any():
        missing = output_slope_missing(view, ratio, doubt)
        if missing is not None:
            return finding(
                "XM02",
                f"{name}: the output activation's derivative is missing on the path into it (ratio {missing})",
                where=name,
                **numbers,
            )
    if (after := _from_updated_weights(view, fit, slow)) is not None:
        return finding(
            "XM05",
            f"{name} was back-propagated through weights that were already updated: {after}",
            where=name,
            **numbers,
        )
    lost = view.lab.reference is None and len(consensus.dissenting) > len(consensus.agreeing)
    if not consensus.agreeing or lost:
        return finding("XM15", f"{name}: the update is no multiple of the gradient", where=name, **numbers)
    if is_bias(name):
        return finding(
            "XM07", f"{name}: the bias gradient is wrong while {consensus.agreeing[-1]} is right", where=name, **numbers
        )
    return finding(
        "XM04",
        f"{name}: the error signal that reaches it is wrong while {', '.join(consensus.agreeing)} is right",
        where=name,
        **numbers,
    )


def says_no_more_than_wrong(one: Finding) -> bool:
    """Whether a finding gives no reason: its group is no multiple of the right gradient, and of no known wrong one."""
    return one.rule in ("XM04", "XM07", "XM15") and any(
        said in one.message for said in ("is wrong while", "no multiple of", "does not follow the gradient of loss()")
    )


def _scaled(view: RowView, fit: GroupFit, even: float, slow: RowView | None, numbers: dict[str, Any]) -> Finding | None:
    name = fit.name
    if slow is not None and name in slow.consensus.groups:
        with np.errstate(divide="ignore", invalid="ignore"):
            other = slow.consensus.groups[name].k / slow.consensus.k
        other_even = constant(other, np.abs(other) * 1e-3 + 1e-9)
        if other_even and slow.rate and view.rate:
            rates = view.rate / slow.rate
            if abs(even / other_even / rates - 1) < 1e-2:
                numbers["ratio_at_smaller_rate"] = other_even
                return finding(
                    "XM09",
                    f"{name} is scaled by the learning rate twice: at rate {view.rate:g} it is {even:.4g} times the "
                    f"gradient step, at rate {slow.rate:g} {other_even:.4g} times",
                    where=name,
                    **numbers,
                )
            if abs(even / other_even * rates - 1) < 1e-2:
                agreeing = ", ".join(view.consensus.agreeing)
                return finding(
                    "XM09",
                    f"{agreeing} is scaled by the learning rate twice: at rate {view.rate:g} {name} moves {even:.4g} times "
                    f"as much for its gradient, at rate {slow.rate:g} {other_even:.4g} times",
                    where=agreeing,
                    **numbers,
                )
    if is_bias(name):
        return finding(
            "XM07", f"{name}: the bias gradient is {even:.4g} times what it should be", where=name, **numbers
        )
    return finding("XM15", f"{name}: the gradient is {even:.4g} times what it should be", where=name, **numbers)


def output_slope_missing(view: RowView, ratio: Rows, doubt: Rows) -> str | None:
    """Return which slope of the output the ratio is the reciprocal of, row by row, or None."""
    o = view.outputs
    with np.errstate(divide="ignore", invalid="ignore"):
        for slope, said in ((o * (1 - o), "1/(o(1-o))"), (1 - o**2, "1/(1-o^2)")):
            scaled = ratio * slope
            if (value := constant(scaled, np.abs(scaled) * 1e-4 + doubt * np.abs(slope))) is not None and abs(
                value - 1
            ) < 1e-3:
                return said
    return None


def _from_updated_weights(view: RowView, fit: GroupFit, slow: RowView | None) -> str | None:
    """Decide XM05 without a reference: the update is the gradient taken with the later groups' new values."""
    lab, name = view.lab, fit.name
    labels = lab.labels_of_components
    positions = np.flatnonzero(labels == name)
    if not len(positions) or positions.max() >= len(labels) - 1 or view.source == "gradients":
        return None
    later = np.arange(len(labels)) > positions.max()
    if fit.straight[fit.informative].all():
        # One unit wide: direction tells nothing, only that the deviation is linear in the rate.
        return _linear_in_rate(view, fit, slow)
    straight = []
    for row in range(len(view.rows)):
        if not fit.informative[row]:
            continue
        flat = view.before.copy()
        flat[later] = view.steps[row].after[later]
        jacobian = lab.output_jacobian(_unflat(view, flat), view.rows[row : row + 1])
        values, errors = lab.matrix(jacobian)
        u = view.u[row : row + 1, view.probed]
        du = view.du[row : row + 1, view.probed]
        moved = fit_groups(u, du, values, errors, view.labels, relative=view.relative * 10)[name]
        straight.append(bool(moved.straight.all()))
    if straight and all(straight):
        return "its update is exactly the gradient taken with the new values of the later layers"
    return None


def _linear_in_rate(view: RowView, fit: GroupFit, slow: RowView | None) -> str | None:
    if slow is None or not view.rate or not slow.rate:
        return None
    other = slow.consensus.groups.get(fit.name)
    if other is None:
        return None
    with np.errstate(divide="ignore", invalid="ignore"):
        mine = fit.k / view.consensus.k - 1
        smaller = other.k / slow.consensus.k - 1
        ratio = mine / smaller / (view.rate / slow.rate)
    telling = np.isfinite(ratio) & (np.abs(mine) > 1e-5)
    if telling.any() and np.all(np.abs(ratio[telling] - 1) < 0.2):
        return "its deviation is proportional to the learning rate"
    return None


def _unflat(view: RowView, flat: Rows) -> dict[str, Rows]:
    point: dict[str, Rows] = {}
    start = 0
    for name in view.lab.names:
        shape = view.point[name].shape
        size = int(np.prod(shape))
        point[name] = flat[start : start + size].reshape(shape)
        start += size
    return point

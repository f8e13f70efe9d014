"""A batch against its rows: the sum, the mean, a replay row by row, or something that forgets or mixes rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xorbench.verify.gradients.decay import fit_decay
from xorbench.verify.gradients.groups import is_bias
from xorbench.verify.gradients.jacobian import is_buffer
from xorbench.verify.gradients.lab import Lab
from xorbench.verify.gradients.rows import RowView
from xorbench.verify.gradients.study import Study
from xorbench.verify.losses import codes
from xorbench.verify.outcomes import finding

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Rows = NDArray[np.float64]


def study_batch(lab: Lab, *views: RowView) -> Study:
    """Compare one step on all rows with steps on single rows from the same point; the first view that tells, decides."""
    part = Study()
    most = lab.subject.first.declaration.max_rows
    count = min(len(views[0].rows), 4, most or 4)
    if count < 2:
        part.unchecked.append("batches: the model takes one row at a time")
        return part
    for view in views:
        part = _study(lab, view, count)
        if part.findings or part.shown:
            return part
    return part


def study_batch_loss(lab: Lab, views: list[RowView]) -> Study:
    """Compare one step on all rows with the gradient of loss() on all rows, where the rows alone do not explain it."""
    part = Study()
    wrong = [view for view in views if view.loss_consensus.dissenting]
    if wrong and len(wrong) * 2 > len(views):
        where = ", ".join(wrong[0].loss_consensus.dissenting)
        message = f"{where}: in a batch the update does not follow the gradient of loss(), though it does row by row"
        part.findings.append(finding("XM15", message, where=where))
    elif any(view.loss_consensus.unanimous for view in views):
        part.shown.append("a batch moves along the gradient of loss() on that batch")
    return part


def _study(lab: Lab, view: RowView, count: int) -> Study:
    part = Study()
    order = np.arange(count)
    batch = lab.updates(view.point, [(view.rows[order], view.truth[order])], rate=view.rate)[0].moved  # (P,)
    single = view.u[:count]  # (n, P)
    noise = 16 * lab.precision * (1 + np.abs(view.before)) + 4 * view.relative * np.abs(batch).max(initial=0.0)
    total = single.sum(axis=0)
    factors = factors_by_group(lab, batch, total, noise)
    known = {name: value for name, value in factors.items() if value is not None}
    if known and len(known) == len(factors) and even(list(known.values())):
        share = float(np.median(list(known.values())))
        said = (
            "the sum"
            if abs(share - 1) < 1e-4
            else "the mean"
            if abs(share * count - 1) < 1e-4
            else f"{share:.4g} times the sum"
        )
        part.share = 1.0 if said == "the sum" else share
        part.shown.append(f"a batch of {count} rows moves by {said} of its rows")
        return part
    if (replayed := _replay(lab, view, count, batch, noise)) is not None:
        part.remark = f"row by row within a step ({replayed})"
        part.shown.append(f"a batch is replayed row by row, {replayed}")
        return part
    if (share_of_rows := _beside_decay(view, single, batch, noise)) is not None:
        part.shown.append(f"a batch of {count} rows moves by {share_of_rows} of its rows, beside its weight decay")
        return part
    weights = _row_weights(view, single, batch, noise)
    if weights is not None:
        _weighted(part, lab, view, count, weights, batch)
        return part
    values = list(known.values())
    usual = max(values, key=lambda value: sum(abs(value - other) < 1e-4 for other in values), default=0.0)
    # Where no group is the sum or the mean of its rows, the rows mix while they train, as in batch normalisation.
    if not any(abs(usual - whole) < 1e-3 * whole for whole in (1.0, 1.0 / count)):
        _without_rows(part, lab, view, count)
        return part
    if len(set(np.round(values, 5))) > 1:
        odd = [name for name, value in known.items() if abs(value - usual) > 1e-4 * max(1.0, abs(usual))]
        rule = "XM07" if all(is_bias(name) for name in odd) else "XM15"
        part.findings.append(
            finding(
                rule,
                f"{', '.join(odd)}: in a batch of {count} rows the gradient is {known[odd[0]] / usual:.4g} times what the other "
                "groups' is: mean for sum, or the reverse",
                where=", ".join(odd),
                batch_over_sum_of_rows=known,
            )
        )
        return part
    lost = [name for name, value in factors.items() if value is None]
    if lost and len(known) >= len(lost):
        rule = "XM07" if all(is_bias(name) for name in lost) else "XM15"
        part.findings.append(
            finding(
                rule,
                f"{', '.join(lost)}: right for single rows, but in a batch of {count} rows not the sum of its rows",
                where=", ".join(lost),
                batch_over_sum_of_rows=known,
            )
        )
        return part
    _without_rows(part, lab, view, count)
    return part


def factors_by_group(lab: Lab, batch: Rows, total: Rows, noise: Rows) -> dict[str, float | None]:
    """Return by group the factor between the batch update and the sum of the rows' updates; None: no one factor."""
    found: dict[str, float | None] = {}
    labels = lab.labels_of_components
    for name in dict.fromkeys(labels.tolist()):
        if is_buffer(name):
            continue
        member = labels == name
        b, t, n = batch[member], total[member], noise[member]
        if np.abs(t).max() <= 100 * n.max():
            if np.abs(b).max() > 100 * n.max():
                found[name] = None
            continue
        factor = float(b @ t) / float(t @ t)
        found[name] = factor if (np.abs(b - factor * t) <= n * (1 + abs(factor))).all() else None
    return found


def even(values: list[float]) -> bool:
    """Whether these factors are one, to 1e-4."""
    return bool(np.ptp(values) <= 1e-4 * max(abs(value) for value in values))


def _beside_decay(view: RowView, single: Rows, batch: Rows, noise: Rows) -> str | None:
    """Say what of its rows a batch moves by, where a weight decay is not a row's: divided by the rows in a batch."""
    decay = fit_decay(view)
    if decay is None:
        return None
    total = (single - decay.w * decay.pull).sum(axis=0)  # (P,)
    basis = np.stack([total, decay.pull], axis=1)  # (P, 2)
    (share, pulled), *_ = np.linalg.lstsq(basis, batch, rcond=None)
    if pulled < 0 or (np.abs(basis @ np.array([share, pulled]) - batch) > 4 * noise * (1 + abs(share))).any():
        return None
    if abs(share - 1) < 1e-3:
        return "the sum"
    return "the mean" if abs(share * len(single) - 1) < 1e-3 else None


def _replay(lab: Lab, view: RowView, count: int, batch: Rows, noise: Rows) -> str | None:
    from xorbench.verify.gradients.orders import orders_of

    for order in orders_of(count):
        updates = lab.updates(view.point, [view.batch(row) for row in order], rate=view.rate)
        moved = updates[0].before - updates[-1].after
        for scale in (1.0, 1.0 / count):
            if scale == 1.0 and (np.abs(moved - batch) <= 8 * noise).all():
                return "in their order" if order == tuple(range(count)) else "in another order"
    return None


def _row_weights(view: RowView, single: Rows, batch: Rows, noise: Rows) -> Rows | None:
    """Return the weight of each row's own update in the batch's ``(n,)``, where that is all there is in it."""
    if not np.isfinite(batch).all():
        return None
    weights, *_ = np.linalg.lstsq(single.T, batch, rcond=1e-9)
    if (np.abs(single.T @ weights - batch) <= 4 * noise * (1 + np.abs(weights).sum())).all():
        return np.asarray(weights)
    return None


def _weighted(part: Study, lab: Lab, view: RowView, count: int, weights: Rows, batch: Rows) -> None:
    broadcast = _broadcast(lab, view, count, weights)
    if broadcast is not None:
        part.findings.append(
            finding(
                "XD02",
                f"predictions and targets are broadcast to ({count}, {count}): every output is pulled to the mean of all targets",
                where="loss",
                weights_of_rows=weights,
            )
        )
        return
    top = np.abs(weights).max()
    ignored = np.flatnonzero(np.abs(weights) < 1e-4 * top)
    used = np.setdiff1d(np.arange(count), ignored)
    if len(ignored) and np.ptp(weights[used]) <= 1e-3 * top:
        # The same places in another order: a place that is always ignored, not a row drawn at random.
        order = np.arange(count)[::-1]
        other = lab.updates(view.point, [(view.rows[order], view.truth[order])], rate=view.rate)[0].moved
        again, *_ = np.linalg.lstsq(view.u[order].T, other, rcond=1e-9)
        same_place = np.array_equal(np.abs(again) < 1e-4 * np.abs(again).max(), np.abs(weights) < 1e-4 * top)
        same_row = np.array_equal((np.abs(again) < 1e-4 * np.abs(again).max())[::-1], np.abs(weights) < 1e-4 * top)
        if (same_place or same_row) and not _varies(lab, view, count, weights):
            part.findings.append(
                finding(
                    "XD04",
                    f"of {count} rows in a batch, the update uses only number {', '.join(str(row + 1) for row in used)}",
                    where="batch",
                    weights_of_rows=weights,
                )
            )
        else:
            part.remark = "a random part of the batch at each step"
            part.shown.append("each step uses a random part of its batch")
        return
    if lab.subject.first.declaration.optimiser in (None, "other"):
        part.remark = "rows weighted unequally in a batch"
    part.unchecked.append("in a batch the rows are weighted unequally, as clipping or normalising per row does")


def _varies(lab: Lab, view: RowView, count: int, weights: Rows) -> bool:
    """Whether other random numbers choose other rows."""
    ignored = np.abs(weights) < 1e-4 * np.abs(weights).max()
    for seed in (11, 12, 13):
        batch = lab.updates(view.point, [(view.rows[:count], view.truth[:count])], rate=view.rate, seed=seed)[0].moved
        again, *_ = np.linalg.lstsq(view.u[:count].T, batch, rcond=1e-9)
        if not np.array_equal(np.abs(again) < 1e-4 * np.abs(again).max(), ignored):
            return True
    return False


def _broadcast(lab: Lab, view: RowView, count: int, weights: Rows) -> float | None:
    """Whether the weights are those of outputs against every target: sum_s l'(o_r, y_s) for l'(o_r, y_r)."""
    declaration = lab.subject.first.declaration
    o = view.outputs[:count]
    if declaration.output == "logit":
        o = 0.5 * (1 + np.tanh(o / 2))
        y = view.truth[:count].astype(float)
    else:
        y = codes(view.truth[:count], declaration)
    expected = (count * o - y.sum()) / (o - y)
    if np.abs(expected - expected.mean()).max() < 1e-6:
        return None
    factor = float(weights @ expected) / float(expected @ expected)
    close = np.abs(weights - factor * expected).max() <= 1e-3 * np.abs(weights).max()
    return factor if close else None


def _without_rows(part: Study, lab: Lab, view: RowView, count: int) -> None:
    part.unchecked.append(f"a step on {count} rows is neither the sum of its rows nor their replay")

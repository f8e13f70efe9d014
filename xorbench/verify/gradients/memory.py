"""Two and three steps in a row: what does an update remember of the ones before?

A fresh model put at the same point makes the memoryless update F. What the second step U2 has beyond F2 is memory: a multiple
of the first update. Zero is plain descent, a share of it momentum, all of it a gradient buffer that is never reset.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xorbench.verify.gradients.lab import Lab, unflatten
from xorbench.verify.gradients.rows import RowView
from xorbench.verify.gradients.study import Study
from xorbench.verify.outcomes import finding

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Rows = NDArray[np.float64]


def study_memory(lab: Lab, view: RowView, optimiser: str) -> Study:
    """Compare consecutive updates with those of fresh models at the same points."""
    part = Study()
    count = len(view.rows)
    # Rows that move it most come first: a row that a hinge ignores leaves nothing to remember.
    order = np.argsort(-np.abs(view.u).max(axis=1), kind="stable")
    batches = [view.batch(int(order[i % count])) for i in (0, 1, 2)]
    one, two, three = lab.updates(view.point, batches, rate=view.rate)
    fresh2 = lab.updates(unflatten(lab, one.after), [batches[1]], rate=view.rate)[0]
    fresh3 = lab.updates(unflatten(lab, two.after), [batches[2]], rate=view.rate)[0]
    if not all(np.isfinite(update.after).all() for update in (one, two, three, fresh2, fresh3)):
        part.unchecked.append(f"{view.name}: two steps in a row leave the finite numbers")
        part.optimiser = optimiser
        return part
    noise = 64 * lab.precision * (1 + np.abs(one.before))
    extra = two.moved - fresh2.moved
    if (np.abs(extra) <= noise).all():
        part.forgets = True
        part.shown.append("consecutive steps carry nothing over")
        part.optimiser = optimiser
        return part
    if (schedule := _multiple(two.moved, fresh2.moved, noise)) is not None and 0 < schedule < 2:
        part.optimiser = f"{optimiser} with a learning-rate schedule ({schedule:.4g} at the second step)"
        return part
    shares = _shares(lab, extra, one.moved, noise)
    known = {name: share for name, share in shares.items() if share is not None}
    lost = [name for name, share in shares.items() if share is None]
    values = np.array(list(known.values()))
    if lost or not len(values):
        if (looking_ahead := _lookahead(lab, view, one.moved, one.after, two.moved, batches[1], noise)) is not None:
            part.optimiser = f"Nesterov momentum {looking_ahead:.3g}"
        elif (damped := _damped(two.moved, fresh2.moved, one.moved, noise)) is not None:
            part.optimiser = f"momentum {damped[1]:.3g} with dampening {1 - damped[0]:.3g}"
        elif lost and len(values) and np.ptp(values) <= 1e-3 and abs(values[0]) > 1e-2:
            part.findings.append(
                finding(
                    "XM11",
                    f"{', '.join(lost)} does not keep its own optimiser state: its second step is neither its fresh step nor "
                    "that plus a share of its first",
                    where=", ".join(lost),
                    shares=known,
                )
            )
        else:
            part.unchecked.append("a second step depends on the first in a way that no known optimiser explains")
            part.optimiser = "an optimiser with a memory that is not known"
        return part
    full = [name for name, share in known.items() if abs(share - 1) < 1e-3]
    none = [name for name, share in known.items() if abs(share) < 1e-3]
    if full:
        part.findings.append(
            finding(
                "XM08",
                f"gradients are not reset between steps: the second update of {', '.join(full)} is a fresh one plus the whole first",
                where=", ".join(full),
                share_of_first_update=1.0,
            )
        )
        return part
    if none:
        part.findings.append(
            finding(
                "XM11",
                f"{', '.join(none)} has no optimiser state while {', '.join(n for n in known if n not in none)} keeps "
                f"{max(values):.3g} of its last update",
                where=", ".join(none),
                shares=known,
            )
        )
        return part
    if np.ptp(values) > 1e-3:
        part.findings.append(
            finding(
                "XM11",
                "parameter groups keep different shares of their last update",
                where=", ".join(known),
                shares=known,
            )
        )
        return part
    share = float(np.median(values))
    later = _shares(lab, three.moved - fresh3.moved, two.moved, noise)
    steady = all(value is not None and abs(value - share) < 1e-2 for value in later.values())
    if -1 < share < -1e-2 and lab.subject.first.declaration.optimiser != "other":
        message = f"each step takes back {-share:.3g} of the last: the momentum has the wrong sign"
        part.findings.append(finding("XM03", message, where="momentum", share_of_first_update=share))
    elif 0 < share < 1:
        part.optimiser = f"momentum {share:.3g}" if steady else "Nesterov momentum"
        part.shown.append(f"each step keeps {share:.3g} of the last, in every group")
    else:
        part.unchecked.append(f"a second step has {share:.3g} times the first in it, which is no momentum")
    return part


def _shares(lab: Lab, extra: Rows, first: Rows, noise: Rows) -> dict[str, float | None]:
    """Return per group the factor between `extra` and the first update; None where they are no multiples."""
    found: dict[str, float | None] = {}
    labels = lab.labels_of_components
    for name in dict.fromkeys(labels.tolist()):
        member = labels == name
        e, f, n = extra[member], first[member], noise[member]
        if np.abs(f).max() <= 50 * n.max():
            if np.abs(e).max() > 50 * n.max():
                found[name] = None
            continue
        share = float(e @ f) / float(f @ f)
        allowed = n * (1 + abs(share)) + 1e-5 * np.abs(e).max()
        found[name] = share if (np.abs(e - share * f) <= allowed).all() else None
    return found


def _multiple(u: Rows, f: Rows, noise: Rows) -> float | None:
    square = float(f @ f)
    if square == 0:
        return None
    factor = float(u @ f) / square
    return factor if (np.abs(u - factor * f) <= 2 * noise + 1e-6 * np.abs(u).max()).all() else None


def _damped(u: Rows, f: Rows, first: Rows, noise: Rows) -> tuple[float, float] | None:
    basis = np.stack([f, first], axis=1)  # (P, 2)
    (a, b), *_ = np.linalg.lstsq(basis, u, rcond=None)
    if (np.abs(u - basis @ np.array([a, b])) <= 2 * noise + 1e-6 * np.abs(u).max()).all() and 0 < a < 1 and 0 < b < 1:
        return float(a), float(b)
    return None


def _lookahead(
    lab: Lab, view: RowView, first: Rows, after: Rows, second: Rows, batch: tuple[Rows, NDArray[np.bool_]], noise: Rows
) -> float | None:
    """Nesterov's form with the gradient at the look-ahead point: u2 = beta u1 + F(p1 - beta u1)."""
    for beta in (0.9, 0.5, 0.8, 0.95, 0.99, 0.7, 0.6, 0.85):
        ahead = lab.updates(unflatten(lab, after - beta * first), [batch], rate=view.rate)[0].moved
        if (np.abs(second - beta * first - ahead) <= 4 * noise + 1e-6 * np.abs(second).max()).all():
            return beta
    return None

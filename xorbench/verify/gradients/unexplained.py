"""Updates that are neither a gradient step nor a known optimiser's: a wrong gradient, or something that cannot be judged."""

from __future__ import annotations

import numpy as np

from xorbench.model import Capability
from xorbench.verify.gradients import dissent
from xorbench.verify.gradients.adaptive import study_adaptive
from xorbench.verify.gradients.bench import Bench
from xorbench.verify.gradients.rows import RowView
from xorbench.verify.gradients.study import Study
from xorbench.verify.outcomes import finding


def study_unexplained(bench: Bench, points: list[str]) -> Study:
    """Decide between "wrong" and "not checked" for updates of which no group is a multiple of its derivative.

    A sum over rows that is proportional to the rate is plain descent of some vector field; where that field is not the
    gradient, it is wrong. Everything else may be an optimiser that is not known here, and is not judged.
    """
    part = Study(optimiser="not recognised")
    view = bench.main if bench.main.name in points else bench.views[points[0]]
    if np.abs(view.u).max() == 0.0:
        batches = [view.batch(row % len(view.rows)) for row in (0, 1, 2, 3)]
        later = bench.lab.updates(view.point, batches, rate=view.rate)[1:]
        if any(np.abs(update.moved).max() > 0 for update in later):
            part.findings.append(
                finding(
                    "XM14",
                    "the first step() changes nothing and later ones do: each applies the gradient of an earlier batch",
                    where="step",
                )
            )
            return part
        part.findings.append(finding("XM06", "step() changes no parameter at all", where="all"))
        return part
    assigned = view.agreement(view.u - view.before)  # after = -k J
    if bench.has_loss and not assigned.agreeing:
        assigned = view.loss_agreement(view.u - view.before)
    if assigned.agreeing and len(assigned.agreeing) >= len(assigned.groups) / 2:
        part.findings.append(
            finding(
                "XM10",
                "the update assigns: the new parameters are a multiple of the gradient, the old ones are gone",
                where="all",
                k=assigned.k,
            )
        )
        return part
    if _several_outputs(bench):
        part.unchecked.append("the network has several outputs, whose loss no single one determines; loss() would tell")
        return part
    if bench.goes_its_own_way(view):
        part.optimiser = "gradient descent with a step length of each group's own"
        part.shown.append("single rows: every parameter group moves along its numerical gradient")
        return part
    adaptive = study_adaptive(bench.lab, view, bench.rate)
    if adaptive.shown:
        return adaptive
    named = [
        one for one in dissent.explain(view, slow=bench.slow(view.name)) if one.rule not in ("XM15", "XM04", "XM07")
    ]
    if named:
        part.findings.extend(named)
        part.optimiser = "gradient descent"
        return part
    if _is_sum(bench, view) and _is_linear(bench, view):
        part.optimiser = "descent of a field that is not the gradient"
        part.findings.extend(dissent.explain(view, slow=bench.slow(view.name)))
        return part
    if (half := _by_its_sign(bench, view)) is not None:
        message = f"gradients() is right, and step() {half}"
        part.findings.append(finding("XM14", message, where="step"))
        return part
    if (near := _nearly_plain(bench, view)) is not None:
        part.findings.append(
            finding(
                "XM14",
                f"gradients() times the rate is nearly the step, but not quite: they differ by {near:.2g} of it",
                where="step",
                difference=near,
            )
        )
        return part
    declared = bench.declaration.optimiser
    if declared == "sgd":
        part.findings.append(
            finding(
                "XM14",
                "declared optimiser 'sgd', but the update is no multiple of the gradient in any group",
                where="all",
            )
        )
        return part
    part.unchecked.append(
        "the update is no gradient step and none of the optimisers that are known; gradients() would tell whether the gradient is right"
    )
    return part


def _by_its_sign(bench: Bench, view: RowView) -> str | None:
    """Say what step() makes of gradients of one sign, where those of the other move as they should, or nothing."""
    if not bench.subject.first.can(Capability.GRADIENTS) or bench.declaration.optimiser == "other":
        return None
    g, u = bench.view(view.name, source="gradients").u, view.u  # (n, P)
    clear = np.abs(g) > 1e-3 * np.abs(g).max()
    for kept in (1, -1):
        right, odd = clear & (np.sign(g) == kept), clear & (np.sign(g) == -kept)
        if right.sum() < 3 or odd.sum() < 3:
            continue
        rate = float(np.median(u[right] / g[right]))
        with_it = np.abs(u[right] - rate * g[right]) <= 1e-3 * np.abs(rate * g[right])
        if rate <= 0 or with_it.mean() < 0.5:  # the others may be at the bound of a clip
            continue
        name = "negative" if kept > 0 else "positive"
        if (np.abs(u[odd]) <= 1e-12).all():
            return f"leaves every component still whose gradient is {name}"
        if (np.sign(u[odd]) == kept).all():
            return f"moves every component uphill whose gradient is {name}"
    return None


def _nearly_plain(bench: Bench, view: RowView) -> float | None:
    """Return the share by which a step differs from rate x gradients(), where it is near but not the same."""
    if not bench.subject.first.can(Capability.GRADIENTS) or not bench.rate:
        return None
    expected = bench.rate * bench.view(view.name, source="gradients").u  # (n, P)
    size = np.abs(expected).max(axis=1)
    telling = size > 0
    if not telling.any():
        return None
    share = np.abs(view.u - expected).max(axis=1)[telling] / size[telling]
    middle = float(np.median(share))
    return middle if 1e-4 < middle < 0.3 else None


def _several_outputs(bench: Bench) -> bool:
    if bench.lab.reference is not None:
        return bench.lab.reference.layers[-1].weights.shape[1] > 1 and not bench.has_loss
    last = list(bench.lab.start.values())[-1]
    return last.ndim <= 2 and last.size in (2, 3) and not bench.has_loss


def _is_sum(bench: Bench, view: RowView) -> bool:
    count = min(len(view.rows), bench.declaration.max_rows or 4, 4)
    if count < 2:
        return True
    batch = bench.lab.updates(view.point, [(view.rows[:count], view.truth[:count])], rate=view.rate)[0].moved
    total = view.u[:count].sum(axis=0)
    square = float(total @ total)
    if square == 0.0:
        return False
    factor = float(batch @ total) / square
    return bool(np.abs(batch - factor * total).max() <= 1e-5 * np.abs(batch).max())


def _is_linear(bench: Bench, view: RowView) -> bool:
    slow = bench.slow(view.name)
    if slow is None:
        return True
    return bool(np.abs(view.u - 10 * slow.u).max() <= 1e-4 * np.abs(view.u).max() + 640 * bench.lab.precision)

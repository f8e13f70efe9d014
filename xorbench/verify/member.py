"""`gradients()` against the numerical gradient: exact, so its scale counts too."""

from __future__ import annotations

import numpy as np

from xorbench.model import Capability
from xorbench.records import Finding
from xorbench.verify.bench import Bench
from xorbench.verify.consensus import constant
from xorbench.verify.outcomes import finding
from xorbench.verify.rows import RowView
from xorbench.verify.study import Study


def study_member(bench: Bench) -> Study:
    """Compare what `gradients()` returns, row by row and for the whole batch, at every point."""
    bench.subject.need(Capability.GRADIENTS)
    result = Study()
    views = [bench.view(name, source="gradients") for name in bench.lab.points]
    for view in views:
        if _accumulates(bench, view):
            message = "gradients() doubles when called twice: its buffer is not reset"
            result.add(finding("XM08", message, where="gradients", ratio=2.0))
            return result
    telling = [view for view in views if any(fit.informative.any() for fit in bench.basis(view).groups.values())]
    if not telling:
        result.unchecked.append("the outputs do not vary with the parameters")
        return result
    dissenting = [view for view in telling if not bench.basis(view).unanimous and not bench.benign(view)]
    if len(dissenting) * 2 > len(telling):
        result.add(*bench.dissent(dissenting[0]))
        return result
    if bench.has_loss:
        result.add(*_against_loss(telling))
        result.add(*_whole_batch(bench))
    if not any(one.severity == "error" for one in result.findings):
        result.shown.append("gradients() is the numerical gradient in every group")
    return result


def _accumulates(bench: Bench, view: RowView) -> bool:
    row = 1 % len(view.rows)
    twice = bench.lab.gradient_member(view.point, view.batch(row), times=2)
    once = view.u[row]
    return bool(np.abs(once).max() > 0 and np.abs(twice - 2 * once).max() <= 1e-6 * np.abs(once).max())


def _against_loss(views: list[RowView]) -> list[Finding]:
    """The multiple of loss()'s gradient must be one number, and should be 1."""
    scales = []
    others = 0
    for view in views:
        c = constant(view.loss_consensus.k, view.loss_consensus.doubt * 10)
        if c is None and view.loss_consensus.agreeing:
            others += 1
        elif c is not None:
            scales.append(c)
    if others * 2 > len(views):
        k = views[0].loss_consensus.k
        return [finding("XM16", "gradients() is the gradient of another loss than loss()", where="gradients", k=k)]
    if scales and all(abs(c - 1) > 1e-4 for c in scales):
        message = f"gradients() is {scales[0]:.4g} times the gradient of loss()"
        return [finding("XM13", message, where="gradients", ratio=scales[0])]
    return []


def _whole_batch(bench: Bench) -> list[Finding]:
    """A slip in the reduction over rows shows in a batch alone."""
    wrong = []
    for name in bench.lab.points:
        view = bench.view(name, source="gradients", whole=True)
        if view.loss_consensus.agreeing or view.loss_consensus.dissenting:
            wrong.append(view if view.loss_consensus.dissenting else None)
    seen = [view for view in wrong if view is not None]
    if seen and len(seen) * 2 > len(wrong):
        where = ", ".join(seen[0].loss_consensus.dissenting)
        message = f"{where}: in a batch gradients() is not the gradient of loss(), though it is row by row"
        return [finding("XM15", message, where=where)]
    return []

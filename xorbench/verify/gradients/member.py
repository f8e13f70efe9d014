"""`gradients()` against the numerical gradient: exact, so its scale counts too."""

from __future__ import annotations

import numpy as np

from xorbench.model import Capability
from xorbench.records import Finding
from xorbench.verify.gradients.batches import factors_by_group
from xorbench.verify.gradients.bench import Bench
from xorbench.verify.gradients.consensus import constant
from xorbench.verify.gradients.groups import is_bias
from xorbench.verify.gradients.rows import RowView
from xorbench.verify.gradients.study import Study
from xorbench.verify.outcomes import finding


def study_member(bench: Bench) -> Study:
    """Compare what `gradients()` returns, row by row and for the whole batch, at every point."""
    bench.subject.need(Capability.GRADIENTS)
    result = Study()
    views = [view for name in bench.lab.points if (view := bench.view(name, source="gradients")).finite]
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
    if not result.wrong:
        result.add(*_whole_batch(bench))
    if not result.wrong:
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
    """A slip in the reduction over rows shows in a batch alone: against loss(), or against the sum of the rows."""
    if bench.has_loss:
        views = [bench.view(name, source="gradients", whole=True) for name in bench.views]
        telling = [view for view in views if view.loss_consensus.agreeing or view.loss_consensus.dissenting]
        wrong = [view for view in telling if view.loss_consensus.dissenting]
        if not wrong or len(wrong) * 2 <= len(telling):
            return []
        where = ", ".join(wrong[0].loss_consensus.dissenting)
        rule = "XM07" if all(is_bias(name) for name in wrong[0].loss_consensus.dissenting) else "XM15"
        message = f"{where}: in a batch gradients() is not the gradient of loss(), though it is row by row"
        return [finding(rule, message, where=where)]
    return _sum_of_rows(bench)


def _sum_of_rows(bench: Bench) -> list[Finding]:
    view = bench.view(bench.main.name, source="gradients")
    count = bench.subject.batch_rows(4)
    if count < 2:
        return []
    batch = bench.lab.gradient_member(view.point, (view.rows[:count], view.truth[:count]))
    noise = 16 * bench.lab.precision * (1 + np.abs(batch)) + 4 * view.relative * np.abs(batch).max(initial=0.0)
    factors = factors_by_group(bench.lab, batch, view.u[:count].sum(axis=0), noise)
    known = {name: value for name, value in factors.items() if value is not None}
    if not known:
        return []
    values = list(known.values())
    usual = max(values, key=lambda value: sum(abs(value - other) < 1e-4 for other in values))
    odd = [name for name in factors if name not in known or abs(known[name] - usual) > 1e-4 * max(1.0, abs(usual))]
    if not odd or len(odd) >= len(factors):
        return []
    rule = "XM07" if all(is_bias(name) for name in odd) else "XM15"
    where = ", ".join(odd)
    message = f"{where}: in a batch of {count} rows gradients() is not reduced over rows as the other groups are"
    return [finding(rule, message, where=where, batch_over_sum_of_rows=known)]

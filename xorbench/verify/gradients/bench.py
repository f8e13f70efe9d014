"""What the parts of a gradient study share: the lab, the views at each point, and what counts as right."""

from __future__ import annotations

import functools
import inspect
from typing import TYPE_CHECKING, Any

import numpy as np

from xorbench.model import Capability
from xorbench.records import Finding
from xorbench.verify.gradients import dissent
from xorbench.verify.gradients.consensus import Consensus, constant
from xorbench.verify.gradients.decay import fit_decay
from xorbench.verify.gradients.groups import is_bias
from xorbench.verify.gradients.lab import Lab
from xorbench.verify.gradients.own_rates import along_their_own_gradients, norms_of_their_own
from xorbench.verify.gradients.rows import RowView
from xorbench.verify.outcomes import NotChecked, finding
from xorbench.verify.subject import Subject

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Bench:
    """One subject on the bench; every view is taken once."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.lab = subject.once("lab", lambda: Lab(subject))
        self.declaration = subject.first.declaration
        self.has_loss = subject.first.can(Capability.LOSS)

    def view(self, point: str, *, rate: float | None = None, source: str = "step", whole: bool = False) -> RowView:
        """Return the single-row updates at a point, or those of the whole batch."""
        return RowView(self.lab, point, self.lab.points[point], rate, source, whole)

    @functools.cached_property
    def rate(self) -> float | None:
        """The learning rate in use: declared, or the factory's default."""
        if self.declaration.learning_rate is not None:
            return self.declaration.learning_rate
        default = self.subject.implementation.option_defaults().get("learning_rate")

        try:
            named: Any = inspect.signature(self.subject.implementation.factory).parameters.get("learning_rate")
        except (TypeError, ValueError):
            named = None
        default = named.default if named is not None else None
        return float(default) if isinstance(default, (int, float)) and not isinstance(default, bool) else None

    @functools.cached_property
    def views(self) -> dict[str, RowView]:
        """The views at every point at the model's own rate (or a tenth where its updates leave the finite)."""
        rate = self.rate if self.subject.rate_is_settable else None
        source = "step" if self.subject.first.can(Capability.STEP) else "gradients"
        views = {name: self.view(name, rate=rate, source=source) for name in self.lab.points}
        # At four times the weights, or at random ones, a right model may overflow; the start must not.
        finite = {name: view for name, view in views.items() if view.finite}
        if not finite:
            raise NotChecked("outputs or updates are not finite at any probed point")
        return finite

    @property
    def main(self) -> RowView:
        """The view that tells most: at random parameters, where that is finite."""
        return self.views.get("random") or next(iter(self.views.values()))

    def dissent(self, view: RowView, slow: RowView | None = None) -> list[Finding]:
        """Return the findings for the groups that dissent at a view."""
        if self.has_loss and self.many_outputs:
            return self._loss_dissent(view)
        return dissent.explain(view, slow=slow)

    def basis(self, view: RowView) -> Consensus:
        """Return the consensus that judges a view: on loss() where that explains it, else on the outputs."""
        if self.has_loss and (view.loss_consensus.unanimous or self.many_outputs):
            return view.loss_consensus
        return view.consensus

    @functools.cached_property
    def many_outputs(self) -> bool:
        """Whether the output's derivative cannot tell the loss: predict is flat, or the net has two outputs."""
        reference = self.lab.reference
        if reference is not None:
            return False
        view = self.main
        if not any(fit.informative.any() for fit in view.consensus.groups.values()):
            return True
        return self.has_loss and not view.consensus.unanimous and view.loss_consensus.unanimous

    def benign(self, view: RowView) -> str:
        """Name what makes a right update no plain multiple of the gradient, or return an empty text."""
        decay = self.decay(view)
        if decay is not None:
            return f"gradient descent with weight decay {decay:.3g}"
        return "gradient descent with clipped values" if self.clipped(view) else ""

    def slow(self, point: str) -> RowView | None:
        """Return the view of this point at a tenth of the rate; None where the rate cannot be set."""
        if not self.subject.rate_is_settable or not self.rate:
            return None
        return self.view(point, rate=self.rate / 10)

    def decay(self, view: RowView) -> float | None:
        """Return the weight decay w that makes u = k J + w p in every group, or None."""

        found = fit_decay(view)
        if found is None:
            return None
        return found.w / self.rate if self.rate else found.w

    def multiples(self, view: RowView) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the multiple of each row, and its doubt, ``(n,)`` each; without the decay where there is one."""
        consensus = view.consensus
        decay = None if consensus.unanimous else fit_decay(view)
        if decay is None:
            return consensus.k, consensus.doubt
        return decay.k, 3 * view.relative * np.abs(decay.k)

    def goes_its_own_way(self, view: RowView) -> bool:
        """Whether each group has a step length of its own, by a norm per tensor or as the declared "other" may."""
        basis = self.basis(view)
        if self.declaration.optimiser == "other" and along_their_own_gradients(basis):
            return True
        return self.declaration.optimiser is None and norms_of_their_own(view, basis)

    def clipped(self, view: RowView) -> bool:
        """Whether components beyond a bound move by that bound, and all others by the gradient."""
        slopes, errors = view.loss_slope if self.has_loss else (view.j, view.dj)
        u = view.u[:, view.probed]
        bound = np.abs(u).max()
        at_bound = np.abs(np.abs(u) - bound) <= 1e-6 * bound
        clear = np.abs(slopes) > 1e3 * errors + 1e-12
        free = clear & ~at_bound
        if at_bound.sum() < 2 or (free.sum(axis=1) >= 3).sum() < 2:
            return False
        cut = False
        for row in range(len(u)):
            if not free[row].any():
                continue
            k = u[row][free[row]] / slopes[row][free[row]]
            beyond = np.abs(np.median(k) * slopes[row][at_bound[row]])
            if np.ptp(k) > 1e-4 * np.abs(k).max() or k.min() * k.max() <= 0 or np.any(beyond < bound * (1 - 1e-6)):
                return False
            cut |= bool(np.any(beyond > 1.01 * bound))
        return cut  # weights and bias of a unit move alike where its inputs are ones, clipped or not

    def _loss_dissent(self, view: RowView) -> list[Finding]:
        consensus = view.loss_consensus
        found = []
        for name in consensus.dissenting or tuple(consensus.groups):
            fit = consensus.groups[name]
            numbers: dict[str, Any] = {
                "point": view.name,
                "cosine": float(np.nanmin(fit.cosine)) if np.isfinite(fit.cosine).any() else None,
            }
            with np.errstate(divide="ignore", invalid="ignore"):
                ratio = fit.k / consensus.k
            even = constant(ratio, np.abs(ratio) * 1e-4 + 1e-6)
            if fit.informative.any() and fit.still[fit.informative].all():
                found.append(
                    finding("XM06", f"{name} never changes although its gradient is not zero", where=name, **numbers)
                )
            elif even is not None and abs(even + 1) < 1e-3:
                found.append(finding("XM03", f"{name} moves uphill", where=name, **numbers))
            elif is_bias(name) and consensus.agreeing:
                found.append(finding("XM07", f"{name}: the bias gradient is wrong", where=name, **numbers))
            else:
                rule = "XM04" if consensus.agreeing else "XM15"
                found.append(finding(rule, f"{name} does not follow the gradient of loss()", where=name, **numbers))
        return found

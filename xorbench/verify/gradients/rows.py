"""What single-row updates at one point say: the raw material of the diagnosis."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xorbench.verify.gradients.consensus import RELATIVE, Consensus, agree, fit_groups
from xorbench.verify.gradients.lab import Lab, Point, Update
from xorbench.verify.losses import family_of, slopes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Rows = NDArray[np.float64]
    Labels = NDArray[np.bool_]


@dataclass
class RowView:
    """Updates of fresh models at one point, one row each, beside the derivative of the output (or of loss())."""

    lab: Lab
    name: str  # of the point
    point: Point
    rate: float | None = None
    source: str = "step"  # or "gradients"
    whole: bool = False  # one batch of all rows in place of each row

    @functools.cached_property
    def rows(self) -> Rows:
        """The rows ``(n, d)``: at most eight of the table."""
        return self.lab.subject.table[0][:8]

    @functools.cached_property
    def truth(self) -> Labels:
        """Their labels ``(n,)``."""
        return self.lab.subject.table[1][:8]

    def batch(self, row: int) -> tuple[Rows, Labels]:
        """Return one row as a batch, or the whole batch."""
        if self.whole:
            most = self.lab.subject.batch_rows(4)
            return self.rows[:most], self.truth[:most]
        return self.rows[row : row + 1], self.truth[row : row + 1]

    @property
    def count(self) -> int:
        """The number of batches."""
        return 1 if self.whole else len(self.rows)

    @functools.cached_property
    def steps(self) -> list[Update]:
        """One step on each row, each from a fresh model at the point."""
        return [self.lab.updates(self.point, [self.batch(row)], rate=self.rate)[0] for row in range(self.count)]

    @functools.cached_property
    def u(self) -> Rows:
        """The update, or what gradients() says, per row ``(n, P)``."""
        if self.source == "gradients":
            return np.stack([self.lab.gradient_member(self.point, self.batch(row)) for row in range(self.count)])
        return np.stack([step.moved for step in self.steps])

    @functools.cached_property
    def before(self) -> Rows:
        """The flat point as the model holds it ``(P,)``."""
        return self.lab.flat(self.point) if self.source == "gradients" else self.steps[0].before

    @functools.cached_property
    def finite(self) -> bool:
        """Whether every output and update here is finite."""
        return bool(np.isfinite(self.outputs).all() and np.isfinite(self.u).all())

    @functools.cached_property
    def du(self) -> Rows:
        """The rounding of the update ``(n, P)``."""
        unit = self.lab.precision
        if self.source == "gradients":
            return 8 * unit * np.abs(self.u)
        return unit * np.maximum(np.abs(self.before), np.abs(self.before - self.u)) + 8 * unit * np.abs(self.u)

    @functools.cached_property
    def _jacobian(self) -> tuple[Rows, Rows, Rows, NDArray[np.intp]]:
        jacobian = self.lab.output_jacobian(self.point, self.rows)
        values, errors = self.lab.matrix(jacobian)
        return jacobian.outputs, values, errors, self.lab.probed(jacobian)

    @property
    def outputs(self) -> Rows:
        """The outputs at the point ``(n,)``."""
        return self._jacobian[0]

    @property
    def j(self) -> Rows:
        """d output / d parameter ``(n, K)``."""
        return self._jacobian[1]

    @property
    def dj(self) -> Rows:
        """Its error ``(n, K)``."""
        return self._jacobian[2]

    @property
    def probed(self) -> NDArray[np.intp]:
        """The flat positions of the K components."""
        return self._jacobian[3]

    @functools.cached_property
    def loss_slope(self) -> tuple[Rows, Rows]:
        """d loss() / d parameter per row, and its error, ``(n, K)`` each."""
        return self.lab.matrix(self.lab.loss_jacobian(self.point, [self.batch(row) for row in range(self.count)]))

    @property
    def labels(self) -> NDArray[np.str_]:
        """The group of each probed component ``(K,)``."""
        return self.lab.labels_of_components[self.probed]

    @property
    def relative(self) -> float:
        """The tolerance that separates right from wrong in this arithmetic."""
        return RELATIVE if self.lab.precision < 1e-10 else 1e-3

    def expected_k(self) -> Rows | None:
        """Return the multiple that the declared loss wants, up to a factor, or None where none is declared."""
        family = family_of(self.lab.subject.first.declaration.loss_kind)
        if family is None:
            return None
        return self.slopes(family)

    def slopes(self, family: str) -> Rows:
        """Return d loss / d output ``(n,)`` of a family."""
        return slopes(family, self.outputs, self.truth, self.lab.subject.first.declaration)

    @functools.cached_property
    def consensus(self) -> Consensus:
        """The groups that agree on u = k J."""
        return self.agreement(self.u)

    def agreement(self, u: Rows) -> Consensus:
        """Return the consensus for other updates ``(n, P)`` than the observed ones."""
        groups = fit_groups(
            u[:, self.probed], self.du[:, self.probed], self.j, self.dj, self.labels, relative=self.relative
        )
        prefer = None
        family = family_of(self.lab.subject.first.declaration.loss_kind)
        if family is not None:
            # The scale is free; a group whose k is a constant times the declared slope is preferred.
            slope = self.slopes(family)
            scales: list[tuple[float, int]] = []
            for fit in groups.values():
                with np.errstate(divide="ignore", invalid="ignore"):
                    ratio = fit.k / slope
                telling = ratio[np.isfinite(ratio)]
                if len(telling) > 1 and np.ptp(telling) <= 1e-4 * np.abs(telling).max():
                    scales.append((float(np.median(telling)), fit.components))
            if scales:
                # The scale that most components share.
                shared = [sum(n for other, n in scales if abs(other - s) <= 1e-4 * abs(s)) for s, _ in scales]
                prefer = slope * scales[int(np.argmax(shared))][0]
        return agree(groups, prefer, np.where(self.truth, -1.0, 1.0))

    @functools.cached_property
    def loss_consensus(self) -> Consensus:
        """The groups that agree on u = c dloss()/dp; here k is the rate and should be one number for all rows."""
        return self.loss_agreement(self.u)

    def loss_agreement(self, u: Rows) -> Consensus:
        """Return that consensus for other updates ``(n, P)`` than the observed ones."""
        values, errors = self.loss_slope
        groups = fit_groups(
            u[:, self.probed], self.du[:, self.probed], values, errors, self.labels, relative=self.relative
        )
        return agree(groups, toward=np.ones(len(values)))  # downhill, whatever the output

"""The gradient study: what one, two and three updates of fresh models say about back-propagation.

Order of the argument, each step standing on the last:

1. one row at a time, the update is a multiple of the output's derivative in every component, whatever the loss;
2. the multiples over rows are those of the declared loss, or of one that is known;
3. a batch is the sum, the mean or the replay of its rows;
4. two steps in a row: nothing, or a known memory, is carried over;
5. the update is proportional to the learning rate.

Where 1 fails in all groups the update is no plain gradient step: known optimisers are tried on the numerical gradient, and
what none explains is checked by `gradients()` alone.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from xorbench.model import Capability
from xorbench.records import Finding
from xorbench.verify import dissent
from xorbench.verify.consensus import Consensus, constant
from xorbench.verify.lab import Lab
from xorbench.verify.losses import FAMILIES, NAMES, factor, family_of
from xorbench.verify.memory import study_memory
from xorbench.verify.outcomes import NotChecked, finding
from xorbench.verify.rows import RowView
from xorbench.verify.signs import SignReading, read_signs
from xorbench.verify.subject import Subject

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Rows = NDArray[np.float64]


@dataclass
class Study:
    """What came of a gradient study."""

    findings: list[Finding] = field(default_factory=list)
    optimiser: str = ""  # in words
    loss: str = ""  # the family that the update descends, in words
    unchecked: list[str] = field(default_factory=list)  # what could not be checked, and why
    shown: list[str] = field(default_factory=list)  # what was shown to be right

    def add(self, *findings: Finding) -> None:
        """Keep findings, one per rule and place."""
        for one in findings:
            if not any(old.rule == one.rule and old.where == one.where for old in self.findings):
                self.findings.append(one)


class GradientStudy:
    """Runs the study of one subject; every part is computed once."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.lab = Lab(subject)
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
        import inspect

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
        return {name: self.view(name, rate=rate) for name in self.lab.points}

    @functools.cached_property
    def update_study(self) -> Study:
        """Steps 1 to 5 on `step`."""
        self.subject.need(Capability.STEP)
        study = Study()
        if random := self._random_update():
            raise NotChecked(random)
        readings = {name: self._read(view) for name, view in self.views.items()}
        kinds = {name: kind for name, (kind, _) in readings.items()}
        if all(kind == "flat" for kind in kinds.values()):
            raise NotChecked(
                "the outputs do not vary with the parameters at any probed point: nothing to differentiate"
            )
        telling = {name: kind for name, kind in kinds.items() if kind != "flat"}
        if any(kind == "plain" for kind in telling.values()):
            self._plain(study, telling)
        elif any(kind == "signs" for kind in telling.values()):
            self._signs(study, {name: readings[name][1] for name, kind in kinds.items() if kind == "signs"})
        else:
            self._unexplained(study, list(telling))
        return study

    def _random_update(self) -> str:
        """Say how the update is random given parameters and batch, or return an empty text."""
        view = self.views["random"]
        row = 1 % len(view.rows)
        reference = self.lab.updates(view.point, [view.batch(row)])[0].after
        allowed = 1e-9 + 16 * self.lab.precision * np.abs(reference).max(initial=0.0)
        again = self.lab.updates(view.point, [view.batch(row)])[0].after
        if np.abs(reference - again).max(initial=0.0) > allowed:
            return "two fresh models of one seed, put at one point, make different updates on the same row"
        outputs = [
            self.lab.outputs(view.point, view.rows, seed=seed) for seed in (self.subject.seed, self.subject.seed + 1)
        ]
        if np.abs(outputs[0] - outputs[1]).max(initial=0.0) > 1e-9:
            return ""  # something beyond the parameters depends on the seed; predict shows it too
        for seed in (self.subject.seed + 1, self.subject.seed + 2):
            other = self.lab.updates(view.point, [view.batch(row)], seed=seed)[0].after
            if np.abs(reference - other).max(initial=0.0) > allowed:
                return "the update depends on random numbers, as with dropout or noise, though predict does not"
        # A component without a gradient stays still at every visit; where others are still each time, units are dropped.
        still = [moved == 0.0 for moved in self.lab.repeats(view.point, view.batch(row), 4)]
        has_slope = np.abs(view.j[row]) > 1e-3 * np.abs(view.j[row]).max() + 100 * view.dj[row]
        come_and_go = (np.any(still, axis=0) & ~np.all(still, axis=0) & still[0])[view.probed] & has_slope
        if come_and_go.any() and not still[0].all():
            return "some components move at one visit of a point and not at another, as with dropout"
        return ""

    def _read(self, view: RowView) -> tuple[str, SignReading | None]:
        """Return "plain", "signs", "other" or "flat" for the single-row updates at a point."""
        basis = self.basis(view)
        if not any(fit.informative.any() for fit in basis.groups.values()):
            return "flat", None
        if basis.unanimous:
            return "plain", None
        if self._clipped(view):
            return "plain", None
        signs = read_signs(view)
        if signs is not None:
            return "signs", signs
        if self._decay(view) is not None:
            return "plain", None
        return ("plain" if self._enough(basis, view.labels) else "other"), None

    @staticmethod
    def _enough(consensus: Consensus, labels: NDArray[np.str_]) -> bool:
        """Whether the agreeing groups are more than one number: a single component is a multiple of anything."""
        return int(np.isin(labels, consensus.agreeing).sum()) > 1

    def dissent(self, view: RowView, slow: RowView | None = None) -> list[Finding]:
        """Return the findings for the groups that dissent at a view."""
        if self.has_loss and self._many_outputs:
            return self._loss_dissent(view)
        return dissent.explain(view, slow=slow)

    def basis(self, view: RowView) -> Consensus:
        """Return the consensus that judges a view: on loss() where that explains it, else on the outputs."""
        if self.has_loss and (view.loss_consensus.unanimous or self._many_outputs):
            return view.loss_consensus
        return view.consensus

    @functools.cached_property
    def _many_outputs(self) -> bool:
        """Whether the output's derivative cannot tell the loss: predict is flat, or the net has two outputs."""
        reference = self.lab.reference
        if reference is not None:
            return False
        view = self.views["random"]
        if not any(fit.informative.any() for fit in view.consensus.groups.values()):
            return True
        return self.has_loss and not view.consensus.unanimous and view.loss_consensus.unanimous

    # -- plain gradient steps ------------------------------------------------------------------------------------------

    def _plain(self, study: Study, points: dict[str, str]) -> None:
        study.optimiser = "gradient descent"
        doubtful = [name for name in points if not self.basis(self.views[name]).unanimous]
        explained = {name: said for name in doubtful if (said := self.benign(self.views[name]))}
        doubtful = [name for name in doubtful if name not in explained]
        if explained:
            study.optimiser = next(iter(explained.values()))
        # One point of several may lie on a kink or in a flat region; a defect shows wherever there is something to see.
        if len(doubtful) * 2 <= len(points) and len(points) > 1:
            doubtful = []
        for name in doubtful:
            view = self.views[name]
            basis = self.basis(view)
            if not any(self._convinced(view, group) for group in basis.dissenting):
                continue
            slow = self._slow(name)
            study.add(*self.dissent(view, slow))
            break
        if not study.findings:
            study.shown.append("single rows: every parameter group moves along the numerical gradient")
            self._match_loss(study, list(points))
        if not any(one.severity == "error" for one in study.findings):
            self._batches(study)
        memory = study_memory(self.lab, self.views["random"], study.optimiser)
        study.add(*memory.findings)
        study.optimiser = memory.optimiser or study.optimiser
        study.shown.extend(memory.shown)
        if not any(one.severity == "error" for one in study.findings):
            self._rates(study)

    def benign(self, view: RowView) -> str:
        """Name what makes a right update no plain multiple of the gradient, or return an empty text."""
        decay = self._decay(view)
        if decay is not None:
            return f"gradient descent with weight decay {decay:.3g}"
        return "gradient descent with clipped values" if self._clipped(view) else ""

    def _convinced(self, view: RowView, group: str) -> bool:
        """Whether a dissent in a saturated region is beyond doubt: by a factor of 10 of its own error."""
        fit = view.consensus.groups[group]
        with np.errstate(divide="ignore", invalid="ignore"):
            deviation = np.abs(fit.k - view.consensus.k) / (fit.doubt + view.consensus.doubt)
        telling = np.isfinite(deviation)
        if telling.any() and deviation[telling].max() > 10:
            return True
        return bool((~fit.straight[fit.informative]).any())

    def _slow(self, point: str) -> RowView | None:
        if not self.subject.rate_is_settable or not self.rate:
            return None
        return self.view(point, rate=self.rate / 10)

    def _decay(self, view: RowView) -> float | None:
        """Return the weight decay w that makes u = k J + w p in every group, or None."""
        from xorbench.verify.decay import fit_decay

        coefficient = fit_decay(view)
        if coefficient is None:
            return None
        return coefficient / self.rate if self.rate else coefficient

    def _clipped(self, view: RowView) -> bool:
        """Whether components beyond a bound move by that bound, and all others by the gradient."""
        slopes, errors = view.loss_slope if self.has_loss else (view.j, view.dj)
        u = view.u[:, view.probed]
        bound = np.abs(u).max()
        at_bound = np.abs(np.abs(u) - bound) <= 1e-6 * bound
        clear = np.abs(slopes) > 1e3 * errors + 1e-12
        free = clear & ~at_bound
        if at_bound.sum() < 2 or (free.sum(axis=1) >= 3).sum() < 2:
            return False
        for row in range(len(u)):
            if not free[row].any():
                continue
            k = u[row][free[row]] / slopes[row][free[row]]
            beyond = np.abs(np.median(k) * slopes[row][at_bound[row]])
            if np.ptp(k) > 1e-4 * np.abs(k).max() or k.min() * k.max() <= 0 or np.any(beyond < bound * (1 - 1e-6)):
                return False
        return True

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
            elif dissent.is_bias(name) and consensus.agreeing:
                found.append(finding("XM07", f"{name}: the bias gradient is wrong", where=name, **numbers))
            else:
                rule = "XM04" if consensus.agreeing else "XM15"
                found.append(finding(rule, f"{name} does not follow the gradient of loss()", where=name, **numbers))
        return found

    def _match_loss(self, study: Study, points: list[str]) -> None:
        """Step 2: compare the multiples over rows with the declared loss, or find one that fits."""
        declared = family_of(self.declaration.loss_kind)
        fits: dict[str, list[float]] = {}
        views = [self.views[name] for name in points if name != "start x 4"] or [self.views[name] for name in points]
        if self.has_loss:
            for view in views:
                c = constant(view.loss_consensus.k, view.loss_consensus.doubt * 10)
                if c is not None and view.loss_consensus.unanimous:
                    fits.setdefault("own", []).append(c)
        for family in sorted(set(FAMILIES.values())):
            for view in views:
                with np.errstate(divide="ignore", invalid="ignore"):
                    ratio = view.consensus.k / view.slopes(family)
                    doubt = np.abs(ratio) * 10 * (view.consensus.doubt / np.abs(view.consensus.k)) + 1e-9
                if np.isfinite(ratio).sum() > 1 and (c := constant(ratio, doubt)) is not None:
                    fits.setdefault(family, []).append(c)
        full = {family: values for family, values in fits.items() if len(values) == len(views)}
        wanted = "own" if self.has_loss and (declared is None or self.declaration.loss_kind == "own") else declared
        if wanted in full or (wanted is None and full):
            family = wanted or next(iter(full))
            study.loss = NAMES.get(family, "loss()")
            scale = float(np.median(full[family]))
            if scale < 0:
                study.add(
                    finding(
                        "XM03",
                        "every parameter moves uphill: the whole gradient has the wrong sign",
                        where="all",
                        ratio=scale,
                    )
                )
                return
            self._scale(study, family, scale)
            study.shown.append(f"the update descends {study.loss}")
            return
        self._wrong_loss(study, wanted, full, views)

    def _scale(self, study: Study, family: str, scale: float) -> None:
        """XM13: one factor between the step and the declared loss at the declared rate (for one row)."""
        kind = self.declaration.loss_kind
        if self.rate is None or (family != "own" and kind not in FAMILIES) or kind == "own":
            return
        expected = self.rate if family == "own" else self.rate * factor(str(kind), 1)
        ratio = scale / expected
        if abs(ratio - 1) > 1e-4:
            study.add(
                finding(
                    "XM13",
                    f"every step is {ratio:.4g} times the declared rate times the gradient of {kind or 'loss()'}",
                    where="all",
                    ratio=ratio,
                )
            )

    def _wrong_loss(self, study: Study, wanted: str | None, full: dict[str, list[float]], views: list[RowView]) -> None:
        view = views[-1]
        consensus = view.consensus
        wrong_way = self._uphill(view)
        if wrong_way is not None:
            study.add(wrong_way)
            return
        scene_named = dissent.output_slip(view)
        if (wanted == "se" and "bce" in full) or (wanted == "own" and self._own_is("se") and "bce" in full):
            study.add(
                finding(
                    "XM02",
                    "the output activation's derivative is missing in all layers: the loss is squared error, the update is that "
                    "of cross-entropy",
                    where="all",
                    update_fits="cross-entropy",
                    declared="squared error",
                )
            )
        elif scene_named is not None and scene_named.rule not in ("",):
            study.add(scene_named)
        elif wanted in ("bce", "se", "hinge", "own") and any(other in full for other in ("bce", "se", "hinge")):
            other = next(name for name in ("bce", "se", "hinge") if name in full)
            study.add(
                finding(
                    "XM16",
                    f"the update descends {NAMES[other]}, the declared loss is {NAMES.get(str(wanted), 'what loss() computes')}",
                    where="all",
                    update_fits=NAMES[other],
                )
            )
        elif self._norm_clipped(view):
            study.optimiser = "gradient descent with a clipped norm"
        elif wanted is not None and not self._rescaled_rows(view, wanted):
            numbers: dict[str, Any] = {"k": consensus.k, "slopes": view.slopes(wanted) if wanted != "own" else None}
            study.add(
                finding(
                    "XM15",
                    "the output error is wrong: the rows are weighted neither as the declared loss nor as any known one does",
                    where="output error",
                    **numbers,
                )
            )
        else:
            study.unchecked.append(
                "the loss that the update descends is none that is known; declare loss_kind or give loss()"
            )

    def _own_is(self, family: str) -> bool:
        """Whether loss() has the slopes of a family."""
        view = self.views["random"]
        values, errors = view.loss_slope
        from xorbench.verify.consensus import agree, fit_groups

        own = agree(fit_groups(values, errors, view.j, view.dj, view.labels, relative=view.relative * 10))
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = own.k / view.slopes(family)
        return constant(ratio, np.abs(ratio) * 1e-4) is not None

    def _uphill(self, view: RowView) -> Finding | None:
        """Whether outputs are pushed away from their targets in every row."""
        o, truth = view.outputs, view.truth
        with np.errstate(invalid="ignore"):
            toward = np.where(truth, -1.0, 1.0) * np.sign(view.consensus.k)  # +1: the output moves toward its target
        telling = np.isfinite(toward) & (np.abs(view.consensus.k) > 0)
        if telling.any() and (toward[telling] < 0).all():
            return finding(
                "XM03",
                "every parameter moves uphill: outputs are pushed away from their targets",
                where="all",
                outputs=o,
                k=view.consensus.k,
            )
        return None

    def _norm_clipped(self, view: RowView) -> bool:
        norms = np.linalg.norm(view.u, axis=1)
        top = norms.max()
        return bool((np.abs(norms - top) <= 1e-6 * top).sum() >= 2)

    def _rescaled_rows(self, view: RowView, wanted: str) -> bool:
        """Whether an optimiser that normalises by the gradient's size explains the rows: same direction, other length."""
        return self.declaration.optimiser == "other"

    # -- batches and rates -----------------------------------------------------------------------------------------------

    def _batches(self, study: Study) -> None:
        """Step 3: the whole batch against its rows."""
        from xorbench.verify.batches import study_batch, study_batch_loss

        result = study_batch(self.lab, self.views["random"], self.views["start"])
        if not result.findings and not result.shown and self.has_loss and "clipped" not in study.optimiser:
            rate = self.rate if self.subject.rate_is_settable else None
            result = study_batch_loss(self.lab, [self.view(name, rate=rate, whole=True) for name in self.lab.points])
        study.add(*result.findings)
        study.shown.extend(result.shown)
        study.unchecked.extend(result.unchecked)
        if result.remark:
            study.optimiser = f"{study.optimiser}, {result.remark}"

    def _rates(self, study: Study) -> None:
        """Step 5: proportional to the learning rate."""
        if not self.subject.rate_is_settable or not self.rate:
            return
        slow = self._slow("random")
        assert slow is not None
        fast = self.views["random"]
        if np.array_equal(fast.u, slow.u) and np.abs(fast.u).max() > 0:
            study.add(
                finding(
                    "XM12",
                    f"the learning rate changes nothing: the step at rate {slow.rate:g} equals the one at {self.rate:g}",
                    where="learning_rate",
                )
            )
            return
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = fast.consensus.k / slow.consensus.k / 10
            doubt = (
                np.abs(ratio)
                * 4
                * (fast.consensus.doubt / np.abs(fast.consensus.k) + slow.consensus.doubt / np.abs(slow.consensus.k))
            )
        even = constant(ratio, doubt + 1e-6)
        if even is not None and abs(even - 1) < 1e-4:
            study.shown.append("the update is proportional to the learning rate")
        elif even is not None and abs(even / 10 - 1) < 1e-3:
            study.add(
                finding(
                    "XM09",
                    "every step grows with the square of the learning rate",
                    where="all",
                    ratio_of_steps=even * 10,
                    ratio_of_rates=10.0,
                )
            )
        elif even is not None and abs(even * 10 - 1) < 1e-3:
            study.add(
                finding("XM12", "the learning rate changes nothing", where="learning_rate", ratio_of_steps=even * 10)
            )

    # -- sign-like optimisers ------------------------------------------------------------------------------------------------

    def _signs(self, study: Study, readings: dict[str, SignReading | None]) -> None:
        from xorbench.verify.adaptive import study_adaptive

        result = study_adaptive(self.lab, self.views["random"], self.rate)
        study.optimiser = result.optimiser or "an update by signs"
        study.shown.extend(result.shown)
        study.unchecked.extend(result.unchecked)
        study.add(*result.findings)
        if result.shown:
            return  # every component of every step is explained: what one step may seem to say is epsilon's doing
        for name, reading in readings.items():
            if reading is not None and reading.findings:
                study.add(*reading.findings)
                break
            if reading is not None:
                study.shown.append(f"{name}: every component moves by one size, down its gradient")

    # -- updates that nothing explains ---------------------------------------------------------------------------------------

    def _unexplained(self, study: Study, points: list[str]) -> None:
        from xorbench.verify.unexplained import study_unexplained

        result = study_unexplained(self, points)
        study.add(*result.findings)
        study.optimiser = result.optimiser
        study.unchecked.extend(result.unchecked)
        study.shown.extend(result.shown)

    @functools.cached_property
    def member_study(self) -> Study:
        """`gradients()` against the numerical gradient."""
        from xorbench.verify.member import study_member

        return study_member(self)

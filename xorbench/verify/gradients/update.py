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

from typing import TYPE_CHECKING

import numpy as np

from xorbench.model import Capability
from xorbench.verify.gradients.adaptive import study_adaptive
from xorbench.verify.gradients.batches import study_batch, study_batch_loss
from xorbench.verify.gradients.bench import Bench
from xorbench.verify.gradients.consensus import Consensus, constant
from xorbench.verify.gradients.later import stands_still_later
from xorbench.verify.gradients.loss_match import match_loss
from xorbench.verify.gradients.memory import study_memory
from xorbench.verify.gradients.ratios import says_no_more_than_wrong
from xorbench.verify.gradients.rows import RowView
from xorbench.verify.gradients.signs import SignReading, read_signs
from xorbench.verify.gradients.study import Study
from xorbench.verify.gradients.unexplained import study_unexplained
from xorbench.verify.outcomes import NotChecked, finding

if TYPE_CHECKING:
    from numpy.typing import NDArray


def study_update(bench: Bench) -> Study:
    """Steps 1 to 5 on `step`."""
    bench.subject.need(Capability.STEP)
    study = Study()
    if random := _random_update(bench):
        raise NotChecked(random)
    readings = {name: _read(bench, view) for name, view in bench.views.items()}
    kinds = {name: kind for name, (kind, _) in readings.items()}
    if all(kind == "flat" for kind in kinds.values()):
        raise NotChecked("the outputs do not vary with the parameters at any probed point: nothing to differentiate")
    telling = {name: kind for name, kind in kinds.items() if kind != "flat"}
    if any(kind == "plain" for kind in telling.values()):
        _plain(bench, study, telling)
    elif any(kind == "signs" for kind in telling.values()):
        _signs(bench, study, {name: readings[name][1] for name, kind in kinds.items() if kind == "signs"})
    else:
        study = study_unexplained(bench, list(telling))
    if not study.wrong and study.shown and (still := stands_still_later(bench.lab, bench.main.rate)) is not None:
        study.add(still)
    if bench.declaration.optimiser == "other":
        _let_pass(study)
    return study


def _let_pass(study: Study) -> None:
    """Take back what an optimiser of the author's own, declared as "other", may do to a right gradient."""
    own = [
        one
        for one in study.findings
        if one.rule in ("XM09", "XM11", "XM13", "XM14")
        or (one.rule == "XM12" and one.where == "learning_rate")
        or says_no_more_than_wrong(one)
    ]
    if own:
        study.findings = [one for one in study.findings if one not in own]
        study.unchecked.append(f"an optimiser declared 'other' may do this: {'; '.join(one.message for one in own)}")
        study.shown = []


def _random_update(bench: Bench) -> str:
    """Say how the update is random given parameters and batch, or return an empty text."""
    view = bench.main
    row = 1 % len(view.rows)
    reference = bench.lab.updates(view.point, [view.batch(row)])[0].after
    allowed = 1e-9 + 16 * bench.lab.precision * np.abs(reference).max(initial=0.0)
    again = bench.lab.updates(view.point, [view.batch(row)])[0].after
    if np.abs(reference - again).max(initial=0.0) > allowed:
        return "two fresh models of one seed, put at one point, make different updates on the same row"
    outputs = [
        bench.lab.outputs(view.point, view.rows, seed=seed) for seed in (bench.subject.seed, bench.subject.seed + 1)
    ]
    if np.abs(outputs[0] - outputs[1]).max(initial=0.0) > 1e-9:
        return ""  # something beyond the parameters depends on the seed; predict shows it too
    for seed in (bench.subject.seed + 1, bench.subject.seed + 2):
        other = bench.lab.updates(view.point, [view.batch(row)], seed=seed)[0].after
        if np.abs(reference - other).max(initial=0.0) > allowed:
            return "the update depends on random numbers, as with dropout or noise, though predict does not"
    # A component without a gradient stays still at every visit; where others are still each time, units are dropped.
    still = [moved == 0.0 for moved in bench.lab.repeats(view.point, view.batch(row), 4)]
    has_slope = np.abs(view.j[row]) > 1e-3 * np.abs(view.j[row]).max() + 100 * view.dj[row]
    come_and_go = (np.any(still, axis=0) & ~np.all(still, axis=0) & still[0])[view.probed] & has_slope
    if come_and_go.any() and not still[0].all():
        return "some components move at one visit of a point and not at another, as with dropout"
    return ""


def _read(bench: Bench, view: RowView) -> tuple[str, SignReading | None]:
    """Return "plain", "signs", "other" or "flat" for the single-row updates at a point."""
    basis = bench.basis(view)
    if not any(fit.informative.any() for fit in basis.groups.values()):
        return "flat", None
    if basis.unanimous:
        return "plain", None
    if bench.clipped(view):
        return "plain", None
    signs = read_signs(view)
    if signs is not None:
        return "signs", signs
    if bench.decay(view) is not None:
        return "plain", None
    return ("plain" if _enough(basis, view.labels) else "other"), None


def _enough(consensus: Consensus, labels: NDArray[np.str_]) -> bool:
    """Whether the agreeing groups are more than chance: one component is a multiple of anything.

    So are the two biases of a two-class softmax, which mirror each other under any optimiser.
    """
    return int(np.isin(labels, consensus.agreeing).sum()) > 2


def _plain(bench: Bench, study: Study, points: dict[str, str]) -> None:
    study.optimiser = "gradient descent"
    doubtful = [name for name in points if not bench.basis(bench.views[name]).unanimous]
    explained = {name: said for name in doubtful if (said := bench.benign(bench.views[name]))}
    doubtful = [name for name in doubtful if name not in explained]
    if explained:
        study.optimiser = next(iter(explained.values()))
    # One point of several may lie on a kink or in a flat region; a defect shows wherever there is something to see.
    if len(doubtful) * 2 <= len(points) and len(points) > 1:
        doubtful = []
    for name in sorted(doubtful, key=lambda name: name != bench.main.name):
        view = bench.views[name]
        basis = bench.basis(view)
        if bench.goes_its_own_way(view):
            study.optimiser = "gradient descent with a step length of each group's own"
            study.shown.append("single rows: every parameter group moves along its numerical gradient")
            study.unchecked.append("groups move by lengths of their own, so that neither loss nor batches are told")
            return
        if not any(_convinced(bench, view, group) for group in basis.dissenting):
            continue
        slow = bench.slow(name)
        study.add(*bench.dissent(view, slow))
        break
    if not study.findings:
        study.shown.append("single rows: every parameter group moves along the numerical gradient")
        match_loss(bench, study, list(points))
    if not any(one.severity == "error" for one in study.findings):
        _batches(bench, study)
    for view in (bench.main, *bench.views.values()):
        memory = study_memory(bench.lab, view, study.optimiser)
        if not memory.unchecked:
            break
    study.unchecked.extend(memory.unchecked)
    # Of a wrong gradient only the plainest thing that memory says can be trusted: a buffer that is never reset.
    study.add(*(one for one in memory.findings if not study.wrong or one.rule == "XM08"))
    study.optimiser = memory.optimiser or study.optimiser
    if study.optimiser.startswith("Nesterov"):  # whose first step is 1 + momentum times the rate
        study.findings = [one for one in study.findings if one.rule != "XM13"]
    study.shown.extend(memory.shown)
    declared = bench.declaration.optimiser
    if declared in ("momentum", "nesterov") and memory.forgets and not study.wrong:
        message = f"declared optimiser {declared!r}, but consecutive steps carry nothing over"
        study.add(finding("XM11", message, where="momentum"))
    if not any(one.severity == "error" for one in study.findings):
        _rates(bench, study)


def _convinced(bench: Bench, view: RowView, group: str) -> bool:
    """Whether a dissent in a saturated region is beyond doubt: by a factor of 10 of its own error."""
    fit = view.consensus.groups[group]
    with np.errstate(divide="ignore", invalid="ignore"):
        deviation = np.abs(fit.k - view.consensus.k) / (fit.doubt + view.consensus.doubt)
    telling = np.isfinite(deviation)
    if telling.any() and deviation[telling].max() > 10:
        return True
    return bool((~fit.straight[fit.informative]).any())


def _batches(bench: Bench, study: Study) -> None:
    """Step 3: the whole batch against its rows."""

    result = study_batch(bench.lab, bench.main, *(view for view in bench.views.values() if view is not bench.main))
    if not result.shown and bench.has_loss and "clipped" not in study.optimiser:
        rate = bench.rate if bench.subject.rate_is_settable else None
        on_loss = study_batch_loss(bench.lab, [bench.view(name, rate=rate, whole=True) for name in bench.lab.points])
        # A loss that is no sum over rows, with a penalty for one, has a batch of its own: its gradient decides.
        if on_loss.shown or not result.findings:
            result = on_loss
    study.add(*result.findings)
    study.shown.extend(result.shown)
    study.unchecked.extend(result.unchecked)
    declared = bench.declaration.loss_kind
    scaled = any(one.rule == "XM13" for one in study.findings)
    if declared in ("bce", "mse", "hinge") and result.share == 1.0 and bench.rate and not scaled:
        count = bench.subject.batch_rows(4)
        message = (
            f"a step on {count} rows is {count} times the rate times the gradient of {declared}, which is their mean"
        )
        study.add(finding("XM13", message, where="all", ratio=float(count)))
    if result.remark:
        study.optimiser = f"{study.optimiser}, {result.remark}"


def _rates(bench: Bench, study: Study) -> None:
    """Step 5: proportional to the learning rate."""
    if not bench.subject.rate_is_settable or not bench.rate:
        return
    slow = bench.slow(bench.main.name)
    assert slow is not None
    fast = bench.main
    if np.array_equal(fast.u, slow.u) and np.abs(fast.u).max() > 0:
        study.add(
            finding(
                "XM12",
                f"the learning rate changes nothing: the step at rate {slow.rate:g} equals the one at {bench.rate:g}",
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
        study.add(finding("XM12", "the learning rate changes nothing", where="learning_rate", ratio_of_steps=even * 10))


def _signs(bench: Bench, study: Study, readings: dict[str, SignReading | None]) -> None:

    result = study_adaptive(bench.lab, bench.main, bench.rate)
    study.optimiser = result.optimiser or "an update by signs"
    study.shown.extend(result.shown)
    study.unchecked.extend(result.unchecked)
    if result.shown:
        study.add(*result.findings)
        return  # every component of every step is explained: what one step may seem to say is epsilon's doing
    first = next((reading.findings for reading in readings.values() if reading is not None and reading.findings), [])
    # What the first step says plainly, a wrong sign or a group that stands still, comes before what later steps suggest.
    plain = any(one.rule in ("XM03", "XM04", "XM06") for one in first)
    study.add(*first, *(one for one in result.findings if not (plain and one.rule == "XM11")))
    if not first:
        study.shown.append("the first step moves every component by one size, down its gradient")

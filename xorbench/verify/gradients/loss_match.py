"""Which loss do the updates descend, and is it the declared one? The multiples over rows tell."""

from __future__ import annotations

from typing import Any

import numpy as np

from xorbench.records import Finding
from xorbench.verify.gradients.bench import Bench
from xorbench.verify.gradients.consensus import agree, constant, fit_groups
from xorbench.verify.gradients.rows import RowView
from xorbench.verify.gradients.slips import output_slip
from xorbench.verify.gradients.study import Study
from xorbench.verify.losses import FAMILIES, NAMES, factor, family_of
from xorbench.verify.misreading import misreadings
from xorbench.verify.outcomes import finding


def match_loss(bench: Bench, study: Study, points: list[str]) -> None:
    """Step 2: compare the multiples over rows with the declared loss, or find one that fits."""
    declared = family_of(bench.declaration.loss_kind)
    fits: dict[str, list[float]] = {}
    misfits: dict[str, list[RowView]] = {}
    views = [bench.views[name] for name in points if name != "start x 4"] or [bench.views[name] for name in points]
    if bench.has_loss:
        # A single group may stand on a kink at one point of several.
        bent = sum(not view.loss_consensus.unanimous for view in views)
        for view in views:
            k = view.loss_consensus.k
            c = constant(k, view.loss_consensus.doubt * 10 + 5 * view.relative * np.abs(k))
            if c is not None and (view.loss_consensus.unanimous or bent * 2 <= len(views)):
                fits.setdefault("own", []).append(c)
            else:
                misfits.setdefault("own", []).append(view)
    for family in sorted(set(FAMILIES.values())):
        for view in views:
            k, unsure = bench.multiples(view)
            with np.errstate(divide="ignore", invalid="ignore"):
                ratio = k / view.slopes(family)
                doubt = (10 * unsure + 5 * view.relative * np.abs(k)) / np.abs(view.slopes(family)) + 1e-9
            if np.isfinite(ratio).sum() > 1 and (c := constant(ratio, doubt)) is not None:
                fits.setdefault(family, []).append(c)
            else:
                misfits.setdefault(family, []).append(view)
    full = {family: values for family, values in fits.items() if len(values) == len(views)}
    wanted = "own" if bench.has_loss and (declared is None or bench.declaration.loss_kind == "own") else declared
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
        _scale(bench, study, family, scale)
        if family == "se" and bench.declaration.output == "probability" and bench.declaration.targets[0] < 0:
            message = "targets are -1 and +1, and a probability under squared error can never reach -1"
            study.add(finding("XD03", message, where="targets"))
            return
        study.shown.append(f"the update descends {study.loss}")
        return
    # What is said of the loss is seen where it does not fit: elsewhere other losses may fit as well, by chance.
    _wrong_loss(bench, study, wanted, full, misfits.get(wanted or "", views))


def _scale(bench: Bench, study: Study, family: str, scale: float) -> None:
    """XM13: one factor between the step and the declared loss at the declared rate (for one row)."""
    kind = bench.declaration.loss_kind
    if bench.rate is None or (family != "own" and kind not in FAMILIES) or kind == "own":
        return
    expected = bench.rate if family == "own" else bench.rate * factor(str(kind), 1)
    ratio = scale / expected
    if abs(ratio - 1) > max(1e-4, 10 * bench.main.relative):
        study.add(
            finding(
                "XM13",
                f"every step is {ratio:.4g} times the declared rate times the gradient of {kind or 'loss()'}",
                where="all",
                ratio=ratio,
            )
        )


def _wrong_loss(
    bench: Bench, study: Study, wanted: str | None, full: dict[str, list[float]], views: list[RowView]
) -> None:
    view = views[-1]
    consensus = view.consensus
    wrong_way = _uphill(bench, view)
    if wrong_way is not None:
        study.add(wrong_way)
        return
    if bench.clipped(view):
        study.optimiser = "gradient descent with clipped values"
        study.unchecked.append("clipped values do not tell which loss is descended")
        return
    known = set(full) - {"own"}
    # The hinge loss of outputs within -1 and 1 falls with them evenly, as does a likelihood without its logarithm.
    if (not known or (wanted == "bce" and known == {"hinge"})) and (mismatch := _taken_for(bench, view)) is not None:
        study.add(mismatch)
        return
    scene_named = output_slip(view)
    if (wanted == "se" and "bce" in full) or (wanted == "own" and _own_is(bench, "se") and "bce" in full):
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
    elif _norm_clipped(bench, view):
        study.optimiser = "gradient descent with a clipped norm"
    elif wanted is not None and _step_of_its_own_length(bench, view, wanted):
        study.optimiser = "gradient descent whose step length depends on the batch"
        study.shown.append(f"a batch moves along the gradient of {NAMES.get(wanted, 'loss()')}")
    elif np.isfinite(consensus.k).sum() < 2:
        study.unchecked.append("so few rows move anything that the loss is not told")
    elif wanted is not None and bench.declaration.optimiser != "other":
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


def _own_is(bench: Bench, family: str) -> bool:
    """Whether loss() has the slopes of a family."""
    view = bench.main
    values, errors = view.loss_slope
    own = agree(fit_groups(values, errors, view.j, view.dj, view.labels, relative=view.relative * 10))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = own.k / view.slopes(family)
    return constant(ratio, np.abs(ratio) * 1e-4) is not None


def _uphill(bench: Bench, view: RowView) -> Finding | None:
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


def _step_of_its_own_length(bench: Bench, view: RowView, wanted: str) -> bool:
    """Whether a batch moves along the gradient of the wanted loss, however far: a line search, or Polyak's step."""
    if wanted == "own":
        return bench.view(view.name, rate=view.rate, whole=True).loss_consensus.unanimous
    count = min(len(view.rows), 4, bench.declaration.max_rows or 4)
    j = view.j[:count]  # (n, K)
    if count < 2 or j.shape[1] <= count or not np.isfinite(j).all():
        return False
    batch = bench.lab.updates(view.point, [(view.rows[:count], view.truth[:count])], rate=view.rate)[0]
    moved = batch.moved[view.probed]  # (K,)
    weights, *_ = np.linalg.lstsq(j.T, moved, rcond=1e-9)
    if np.abs(j.T @ weights - moved).max() > 1e-4 * np.abs(moved).max():
        return False
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = weights / view.slopes(wanted)[:count]
    even = constant(ratio, np.abs(ratio) * max(1e-3, 10 * view.relative))
    return even is not None and even > 0


def _norm_clipped(bench: Bench, view: RowView) -> bool:
    norms = np.linalg.norm(view.u, axis=1)
    top = norms.max()
    return bool((np.abs(norms - top) <= 1e-6 * top).sum() >= 2)


def _taken_for(bench: Bench, view: RowView) -> Finding | None:
    """XD03: the update fits a known loss if the outputs are taken for something else than they are declared."""
    for misread in misreadings(view.outputs, view.truth, bench.declaration):
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = view.consensus.k / misread.slopes
            doubt = 10 * view.consensus.doubt / np.abs(misread.slopes) + 1e-9
        if np.isfinite(ratio).sum() > 2 and constant(ratio, doubt) is not None:
            return finding("XD03", misread.said, where="output", point=view.name, outputs=view.outputs)
    return None

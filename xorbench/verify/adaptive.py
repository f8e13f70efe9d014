"""Which adaptive optimiser is it, and is the gradient behind it right? Several steps against the known rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xorbench.model import Capability
from xorbench.records import Finding
from xorbench.verify.lab import Lab, Update
from xorbench.verify.losses import FAMILIES, codes, family_of, slopes
from xorbench.verify.memory import unflatten
from xorbench.verify.optimisers import ADAPTIVE, PENALISED, PENALTIES, Rule, sign_descent
from xorbench.verify.outcomes import finding
from xorbench.verify.rows import RowView
from xorbench.verify.study import Study
from xorbench.verify.variants import gradient, slips

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Rows = NDArray[np.float64]

#: A component counts as explained within this share of the largest update.
WITHIN = 2e-3


@dataclass(frozen=True)
class Match:
    """How well a rule on some gradients explains the observed updates."""

    rule: Rule
    family: str
    right: NDArray[np.bool_]  # (K,) components explained at every step


def study_adaptive(lab: Lab, view: RowView, rate: float | None) -> Study:
    """Run four steps and compare them with every known rule, on the true gradient and then on those with a slip."""
    part = Study()
    batches = _batches(view)
    updates = lab.updates(view.point, batches, rate=view.rate)
    positions = view.probed
    observed = [update.moved[positions] for update in updates]
    places = [update.before[positions] for update in updates]
    best: Match | None = None
    declared = family_of(lab.subject.first.declaration.loss_kind)
    own = lab.subject.first.can(Capability.LOSS)
    coarse = lab.precision > 1e-10
    families = ["own"] if own else [declared] if declared else sorted(set(FAMILIES.values()))
    true: dict[str, list[Rows]] = {}
    for family in families:
        true[family] = [
            _true(lab, update, batch, family, positions) for update, batch in zip(updates, batches, strict=True)
        ]
        for rule in ADAPTIVE:
            match = _match(rule, family, true[family], observed, places, coarse=coarse)
            if best is None or match.right.sum() > best.right.sum():
                best = match
            if match.right.all():
                part.optimiser = rule.label
                part.shown.append(f"{len(batches)} steps are {rule.label} on the numerical gradient, in every group")
                if rule.run is sign_descent and lab.subject.first.declaration.optimiser in ("adam", "rmsprop"):
                    said = lab.subject.first.declaration.optimiser
                    message = (
                        f"declared optimiser {said!r}, but {len(batches)} steps are all of one size in every component: "
                        "each begins with an empty state"
                    )
                    part.findings.append(finding("XM11", message, where="all"))
                return part
    for family in families:
        for penalty in PENALTIES:
            pulled = [g + penalty * place for g, place in zip(true[family], places, strict=True)]
            for rule in PENALISED:
                if _match(rule, family, pulled, observed, places, coarse=coarse).right.all():
                    part.optimiser = f"{rule.label} with weight decay {penalty:g}"
                    part.shown.append(
                        f"{len(batches)} steps are {part.optimiser} on the numerical gradient, in every group"
                    )
                    return part
    assert best is not None
    part.optimiser = "an update by signs"
    named = _slip(lab, updates, batches, positions, observed, places)
    if named is not None:
        part.findings.append(named)
        return part
    labels = view.labels
    if best.right.mean() >= 0.5:
        groups = [name for name in dict.fromkeys(labels.tolist()) if not best.right[labels == name].any()]
        if groups and len(groups) < len(set(labels.tolist())):
            part.optimiser = best.rule.label
            part.findings.append(
                finding(
                    "XM11",
                    f"{', '.join(groups)} does not follow {best.rule.label}, which the other groups do",
                    where=", ".join(groups),
                    explained=float(best.right.mean()),
                )
            )
            return part
    part.unchecked.append(
        "the first step has one size in every component, the later ones follow no known optimiser on the numerical gradient; "
        "gradients() would tell whether the gradient is right"
    )
    return part


def _batches(view: RowView) -> list[tuple[Rows, NDArray[np.bool_]]]:
    """Four batches whose gradients differ: single rows, so that the sizes of both loss families differ too."""
    count = len(view.rows)
    return [view.batch(row % count) for row in (1, 2, 3, 1)]


def _true(
    lab: Lab, update: Update, batch: tuple[Rows, NDArray[np.bool_]], family: str, positions: NDArray[np.intp]
) -> Rows:
    point = unflatten(lab, update.before)
    if family == "own":
        values, _ = lab.matrix(lab.loss_jacobian(point, [batch]))
        return np.asarray(values[0])
    jacobian = lab.output_jacobian(point, batch[0])
    values, _ = lab.matrix(jacobian)
    weights = slopes(family, jacobian.outputs, batch[1], lab.subject.first.declaration)
    return np.asarray(weights @ values)


def _match(
    rule: Rule, family: str, gradients: list[Rows], observed: list[Rows], places: list[Rows], *, coarse: bool = False
) -> Match:
    """Compare every step with the rule's, at the one rate and with the one decoupled weight decay that the first shows.

    `coarse`: the model computes in float32, and so do the difference quotients.
    """
    predicted = rule.run(gradients)
    clear = np.abs(gradients[0]) > 1e-4 * np.abs(gradients[0]).max(initial=0.0)
    for g in gradients if coarse else ():  # a gradient that is known to two digits says little of its smallest ones
        clear &= np.abs(g) > 3e-2 * np.abs(g).max(initial=0.0)
    if not clear.any() or (coarse and clear.sum() < 0.2 * len(clear)):
        return Match(rule, family, np.zeros(len(observed[0]), dtype=bool))
    scale, decay = _rate_and_decay(observed[0][clear], predicted[0][clear], places[0][clear])
    right = np.ones(len(observed[0]), dtype=bool)
    for seen, expected, place in zip(observed, predicted, places, strict=True):
        within = 10 * WITHIN if coarse else WITHIN
        right &= np.abs(seen - scale * expected - decay * place) <= within * max(np.abs(seen).max(), 1e-300)
    # A component that the first gradient hardly touches says nothing: epsilon rules there.
    return Match(rule, family, right | ~clear if scale > 0 else np.zeros_like(right))


def _rate_and_decay(seen: Rows, predicted: Rows, place: Rows) -> tuple[float, float]:
    """Return the rate, and the decay (rate included) where one makes the first step fit better by far: AdamW's."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = seen / predicted
    telling = np.isfinite(ratio)
    if not telling.any():
        return 0.0, 0.0
    scale = float(np.median(ratio[telling]))
    plain = np.abs(seen - scale * predicted)
    if telling.sum() < 4 or not np.isfinite(predicted).all():
        return scale, 0.0
    (rate, decay), *_ = np.linalg.lstsq(np.stack([predicted, place], axis=1), seen, rcond=None)
    better = np.abs(seen - rate * predicted - decay * place)
    if 0 < decay < 0.2 and rate > 0 and better.max() < 0.05 * plain.max():
        return float(rate), float(decay)
    return scale, 0.0


def _slip(
    lab: Lab,
    updates: list[Update],
    batches: list[tuple[Rows, NDArray[np.bool_]]],
    positions: NDArray[np.intp],
    observed: list[Rows],
    places: list[Rows],
) -> Finding | None:
    reference = lab.reference
    if reference is None or reference.layers[-1].weights.shape[1] != 1:
        return None
    declaration = lab.subject.first.declaration
    declared = family_of(declaration.loss_kind)
    for family in [declared] if declared in ("bce", "se") else ["bce", "se"]:
        assert family is not None
        for variant in slips(reference, family):

            def slipped(update: Update, batch: tuple[Rows, NDArray[np.bool_]]) -> Rows:
                targets = codes(batch[1], declaration)
                return gradient(reference, update.before, batch[0], targets, family, variant)[positions]  # noqa: B023

            gradients = [slipped(update, batch) for update, batch in zip(updates, batches, strict=True)]
            for rule in ADAPTIVE:
                if _match(rule, family, gradients, observed, places).right.all():
                    return finding(
                        variant.rule,
                        f"{variant.said} (seen through {rule.label})",
                        where="hidden layers",
                        optimiser=rule.label,
                    )
    return None

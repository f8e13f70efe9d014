"""Which adaptive optimiser is it, and is the gradient behind it right? Several steps against the known rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xorbench.model import Capability
from xorbench.records import Finding
from xorbench.verify.gradients.fitted import fit_optimiser
from xorbench.verify.gradients.groups import is_bias
from xorbench.verify.gradients.lab import Lab, Update, unflatten
from xorbench.verify.gradients.optimisers import ADAPTIVE, SLIPS, UNCORRECTED, Rule, sign_descent
from xorbench.verify.gradients.rows import RowView
from xorbench.verify.gradients.study import Study
from xorbench.verify.gradients.variants import gradient, slips
from xorbench.verify.losses import FAMILIES, codes, family_of, slopes
from xorbench.verify.outcomes import finding

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
    rate: float = 0.0  # the one that the first step shows


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
    families = ["own"] if own else [declared] if declared else sorted(set(FAMILIES.values()))
    true: dict[str, list[Rows]] = {}
    coarse, exact = False, lab.precision < 1e-10
    for family in families:
        true[family], many_digits = _gradients(lab, updates, batches, family, positions)
        coarse |= not many_digits
        for rule in ADAPTIVE:
            match = _match(rule, family, true[family], observed, places, coarse=coarse, exact=exact)
            if best is None or match.right.sum() > best.right.sum():
                best = match
            if match.right.all():
                part.optimiser = rule.label
                part.shown.append(f"{len(batches)} steps are {rule.label} on the numerical gradient, in every group")
                part.findings.extend(
                    _not_as_declared(match, lab.subject.first.declaration.optimiser, rate, len(batches))
                )
                return part
    assert best is not None
    if lab.subject.first.declaration.optimiser == "adam" and not coarse:
        for family in families:
            for rule, said in SLIPS:
                if _match(rule, family, true[family], observed, places, exact=exact).right.all():
                    part.optimiser = rule.label
                    part.findings.append(finding("XM11", f"declared optimiser 'adam', but {said}", where="all"))
                    return part
    decaying = np.array([not is_bias(label) for label in view.labels])
    within = (10 if coarse else 1) * WITHIN
    for family in families:
        clear = _clear(true[family], coarse=coarse, exact=exact)
        if fitted := fit_optimiser(true[family], observed, places, clear, decaying, within):
            part.optimiser = fitted
            part.shown.append(f"{len(batches)} steps are {fitted} on the numerical gradient, in every group")
            return part
        if climbing := _climbing(true[family], observed, places, clear, decaying, within):
            part.optimiser = climbing
            message = f"every parameter moves uphill: the steps are {climbing} with the gradient's sign turned round"
            part.findings.append(finding("XM03", message, where="all"))
            return part
        summed = [sum(true[family][: t + 1], np.zeros_like(places[0])) for t in range(len(batches))]
        for rule in ADAPTIVE:
            match = _match(rule, family, summed, observed, places, coarse=coarse, exact=exact)
            if rule.name in ("adam", "rmsprop") and match.right.all():
                part.optimiser = rule.label
                message = f"gradients are not reset between steps: each step is {rule.label} on the sum of all so far"
                part.findings.append(finding("XM08", message, where="all"))
                return part
    part.optimiser = "an update by signs"
    named = _slip(lab, updates, batches, positions, observed, places)
    if named is not None:
        part.findings.append(named)
        return part
    labels = view.labels
    # What is known to two digits may follow another rule just as well, in some groups by chance.
    if best.right.mean() >= 0.5 and not coarse:
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


def _not_as_declared(match: Match, declared: str | None, rate: float | None, steps: int) -> Iterator[Finding]:
    """XM11: the recognised rule is the declared one with something missing."""
    if match.rule.run is sign_descent and declared in ("adam", "rmsprop"):
        message = f"{steps} steps are all of one size in every component: each begins with an empty state"
        yield finding("XM11", f"declared optimiser {declared!r}, but {message}", where="all")
    elif match.rule is UNCORRECTED and declared == "adam":
        # Moments that are all corrected as the first are those without a correction, times a factor.
        first = (1 - 0.999) ** 0.5 / (1 - 0.9)
        if rate and abs(match.rate / (rate * first) - 1) < 10 * WITHIN:
            message = "every step is corrected for its bias as the first is: t is never advanced"
            yield finding("XM11", f"declared optimiser 'adam', but {message}", where="all")
        else:
            message = "its moments are not corrected for their bias: the first step is 3.2 times the learning rate"
            yield finding("XM11", f"declared optimiser 'adam', but {message}", where="all", severity="note")


def _batches(view: RowView) -> list[tuple[Rows, NDArray[np.bool_]]]:
    """Four batches whose gradients differ: single rows, so that the sizes of both loss families differ too."""
    count = len(view.rows)
    return [view.batch(row % count) for row in (1, 2, 3, 1)]


def _climbing(
    gradients: list[Rows],
    observed: list[Rows],
    places: list[Rows],
    clear: NDArray[np.bool_],
    decaying: NDArray[np.bool_],
    within: float,
) -> str | None:
    """Name the optimiser that explains the steps with every gradient's sign turned round, or None."""
    up = [-g for g in gradients]
    alike = [np.sign(u[clear]) == np.sign(g[clear]) for u, g in zip(observed[:1], up, strict=False)]
    if not clear.any() or np.mean(alike) < 0.9:
        return None
    return fit_optimiser(up, observed, places, clear, decaying, within)


def _gradients(
    lab: Lab,
    updates: list[Update],
    batches: list[tuple[Rows, NDArray[np.bool_]]],
    family: str,
    positions: NDArray[np.intp],
) -> tuple[list[Rows], bool]:
    """Return the gradient before each step, up to one factor, and whether its digits are more than the first two.

    In float32 difference quotients have no more; where `gradients()` agrees with them at every step, it has.
    """
    pairs = [_true(lab, update, batch, family, positions) for update, batch in zip(updates, batches, strict=True)]
    numerical = [values for values, _ in pairs]
    if lab.precision < 1e-10:
        return numerical, True
    if not lab.subject.first.can(Capability.GRADIENTS):
        return numerical, False
    shown = [
        lab.gradient_member(unflatten(lab, update.before), batch)[positions]
        for update, batch in zip(updates, batches, strict=True)
    ]
    square = sum(float(g @ g) for g in shown)
    factor = sum(float(n @ g) for n, g in zip(numerical, shown, strict=True)) / square if square > 0 else 0.0
    agree = factor > 0 and all(
        (np.abs(n - factor * g) <= 10 * WITHIN * np.abs(n).max() + 4 * error).all()
        for (n, error), g in zip(pairs, shown, strict=True)
    )
    return (shown, True) if agree else (numerical, False)


def _true(
    lab: Lab, update: Update, batch: tuple[Rows, NDArray[np.bool_]], family: str, positions: NDArray[np.intp]
) -> tuple[Rows, Rows]:
    """Return the numerical gradient of a batch before an update, up to the family's factor, and its error, ``(K,)`` each."""
    point = unflatten(lab, update.before)
    if family == "own":
        values, errors = lab.matrix(lab.loss_jacobian(point, [batch]))
        return np.asarray(values[0]), np.asarray(errors[0])
    jacobian = lab.output_jacobian(point, batch[0])
    values, errors = lab.matrix(jacobian)
    weights = slopes(family, jacobian.outputs, batch[1], lab.subject.first.declaration)
    return np.asarray(weights @ values), np.asarray(np.abs(weights) @ errors)


def _clear(gradients: list[Rows], *, coarse: bool, exact: bool) -> NDArray[np.bool_]:
    """Return which components ``(K,)`` have gradients that tell: digits beyond their noise, at the first step or at all."""
    floor = 1e-4 if exact else 1e-2
    clear = np.abs(gradients[0]) > floor * np.abs(gradients[0]).max(initial=0.0)
    for g in gradients if coarse else ():  # a gradient that is known to two digits says little of its smallest ones
        clear &= np.abs(g) > 3e-2 * np.abs(g).max(initial=0.0)
    if not clear.any() or (coarse and clear.sum() < 0.2 * len(clear)):
        return np.zeros_like(clear)
    return np.asarray(clear)


def _match(
    rule: Rule,
    family: str,
    gradients: list[Rows],
    observed: list[Rows],
    places: list[Rows],
    *,
    coarse: bool = False,
    exact: bool = True,
) -> Match:
    """Compare every step with the rule's, at the one rate and with the one decoupled weight decay that the first shows.

    `coarse`: the gradients are known to two digits; `exact`: the model computes in float64.
    """
    predicted = rule.run(gradients)
    clear = _clear(gradients, coarse=coarse, exact=exact)
    if not clear.any():
        return Match(rule, family, np.zeros(len(observed[0]), dtype=bool))
    scale, decay = _rate_and_decay(observed[0][clear], predicted[0][clear], places[0][clear])
    right = np.ones(len(observed[0]), dtype=bool)
    for seen, expected, place in zip(observed, predicted, places, strict=True):
        within = 10 * WITHIN if coarse else WITHIN
        right &= np.abs(seen - scale * expected - decay * place) <= within * max(np.abs(seen).max(), 1e-300)
    # A component that the first gradient hardly touches says nothing: epsilon rules there.
    return Match(rule, family, right | ~clear if scale > 0 else np.zeros_like(right), scale)


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
                found = gradient(reference, update.before, batch[0], targets, family, variant, update.after)  # noqa: B023
                return np.asarray(found[positions])

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

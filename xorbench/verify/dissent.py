"""From groups that dissent to a rule: by the reference where the network was recognised, else by their ratios."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from xorbench.records import Finding
from xorbench.verify.consensus import GroupFit, constant, fit_groups
from xorbench.verify.losses import codes
from xorbench.verify.naming import RIGHT, Scene, Slip, name_hidden, name_output
from xorbench.verify.outcomes import finding
from xorbench.verify.rows import RowView

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Rows = NDArray[np.float64]


def explain(view: RowView, *, slow: RowView | None = None) -> list[Finding]:
    """Return the findings for the groups of `view` that dissent; `slow` is the same point at a tenth of the rate."""
    consensus = view.consensus
    wrong = list(consensus.dissenting) or list(consensus.groups)
    found: dict[str, Finding] = {}
    for name in wrong:
        slip = _assigned(view, name) or _shared_state(view, name)
        if slip is not None:
            found[name] = slip
    wrong = [name for name in wrong if name not in found]
    if found and not wrong:
        return _merged(list(found.values()))
    scene = _scene(view)
    if scene is not None:
        # Every group, not only the dissenting ones: where all hidden layers share a slip they are the majority.
        named = _by_reference(view, scene, [name for name in consensus.groups if name not in found])
        majority = bool(named) and not set(named) & set(wrong)
        found.update(named)
        if majority:
            return _merged(list(found.values()))
    elif (hidden := _hidden_majority(view)) is not None:
        return [hidden]
    for name in wrong:
        if name not in found and not any(_explained_by(other, name) for other in found.values()):
            by_ratio = _by_ratio(view, consensus.groups[name], slow)
            if by_ratio is not None:
                found[name] = by_ratio
    return _merged(list(found.values()))


def output_slip(view: RowView) -> Finding | None:
    """Return what is wrong with the output layer's delta, where every group agrees on a loss that is none."""
    scene = _scene(view)
    named = name_output(scene) if scene is not None else None
    if named is None or named[0] is RIGHT:
        return None
    return finding(
        named[0].rule, f"output layer: {named[0].said}", where="output layer", point=view.name, k=view.consensus.k
    )


def _hidden_majority(view: RowView) -> Finding | None:
    """Find the output's derivative missing in all hidden layers at once, when those outnumber the output layer."""
    consensus = view.consensus
    dissenting = [consensus.groups[name] for name in consensus.dissenting]
    if not dissenting or not consensus.agreeing or not all(fit.straight[fit.informative].all() for fit in dissenting):
        return None
    order = list(consensus.groups)
    if min(order.index(fit.name) for fit in dissenting) < max(order.index(name) for name in consensus.agreeing):
        return None
    for fit in dissenting:
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = consensus.k / fit.k
            doubt = np.abs(ratio) * (fit.doubt / np.abs(fit.k) + consensus.doubt / np.abs(consensus.k)) + 1e-6
        said = _output_slope_missing(view, ratio, doubt)
        if said is None:
            return None
    where = ", ".join(consensus.agreeing)
    message = f"{where}: the output activation's derivative is missing on the path into it (ratio {said})"
    return finding("XM02", message, where=where, point=view.name, ratio=ratio)


def is_bias(name: str) -> bool:
    """Whether a group's name says that it is a bias."""
    lower = name.lower()
    return "bias" in lower or lower.startswith(("b", "theta", "threshold")) or lower.rstrip("0123456789").endswith("_b")


def _assigned(view: RowView, name: str) -> Finding | None:
    """XM10 in one group: the new value is the step itself, the old value is gone."""
    if view.source == "gradients" or not view.consensus.agreeing:
        return None
    fit = view.consensus.groups[name]
    replaced = view.agreement(view.u - view.before).groups[name]  # minus the new value
    telling = replaced.informative & np.isfinite(view.consensus.k)
    if not telling.any() or not replaced.straight[telling].all() or fit.straight[telling].all():
        return None
    ratio = replaced.k[telling] / view.consensus.k[telling]
    if np.abs(np.abs(ratio) - 1).max() > 1e-3:
        return None
    return finding(
        "XM10",
        f"{name} is replaced by its update instead of moved by it: its new value is {np.sign(-ratio[0]):+.0f} times the step",
        where=name,
        **_numbers(view, fit),
    )


def _shared_state(view: RowView, name: str) -> Finding | None:
    """XM11 at the first step: what is too much in a group is a share of another group's update."""
    if view.source == "gradients" or not view.consensus.agreeing or not np.isfinite(view.consensus.k).all():
        return None
    fit = view.consensus.groups[name]
    if fit.straight[fit.informative].all():
        return None
    member = view.labels == name
    u = view.u[:, view.probed]
    extra = u[:, member] - view.consensus.k[:, None] * view.j[:, member]  # (n, m)
    others = u[:, ~member]
    share: float | None = None
    matched = 0
    for row in range(len(u)):
        allowed = 1e-5 * np.abs(u[row]).max() + 8 * view.du[row].max()
        too_much = extra[row][np.abs(extra[row]) > allowed]
        if not len(too_much):
            continue
        top = too_much[np.argmax(np.abs(too_much))]
        with np.errstate(divide="ignore", invalid="ignore"):
            shares = (
                [share]
                if share is not None
                else [s for s in top / others[row] if np.isfinite(s) and 1e-3 < abs(s) <= 1]
            )
        good = [s for s in shares if all(np.abs(s * others[row] - x).min() <= allowed for x in too_much)]
        if not good:
            return None
        share = good[0]
        matched += len(too_much)
    if share is None or matched < 3:
        return None
    return finding(
        "XM11",
        f"{name} moves by its own gradient plus {share:.3g} times the last update of other parameters: their state is shared",
        where=name,
        share=share,
        components=matched,
    )


def _explained_by(other: Finding, name: str) -> bool:
    return name in other.where.split(", ")


def _scene(view: RowView) -> Scene | None:
    reference = view.lab.reference
    if reference is None:
        return None
    trace = reference.trace(view.before, view.rows)
    declaration = view.lab.subject.first.declaration
    targets = codes(view.truth, declaration)
    if declaration.output == "logit" or (reference.output in ("sigmoid", "softmax") and declaration.targets[0] < 0):
        targets = view.truth.astype(np.float64)
    answers = trace.a[-1][:, -1]
    if declaration.output == "logit" and reference.output == "identity":
        answers = 0.5 * (1 + np.tanh(answers / 2))
    return Scene(
        reference=reference,
        trace=trace,
        before=view.before,
        after=view.before - view.u,
        u=view.u,
        errors=answers - targets,
        tolerance=20 * view.relative if view.relative < 1e-5 else 5e-3,
    )


def _by_reference(view: RowView, scene: Scene, wrong: list[str]) -> dict[str, Finding]:
    """Name what can be named from the output layer backwards."""
    found: dict[str, Finding] = {}
    reference = scene.reference
    last = len(reference.layers) - 1
    consensus = view.consensus
    output_weights, output_bias = "output layer weights", "output layer bias"
    delta: Rows | None = None
    raw: Rows | None = None
    named = name_output(scene)
    if named is None and output_bias in consensus.groups:
        named = name_output(scene, use_bias=True)
    if named is not None:
        slip, _, delta, raw = named
        if slip is not RIGHT and (output_weights in wrong or output_bias in wrong):
            for name in (output_weights, output_bias):
                if name in wrong:
                    found[name] = _finding(view, slip, name)
    elif len(consensus.agreeing) and reference.layers[last].weights.shape[1] == 1:
        # The loss is not one we know; the agreeing groups still tell dL/do, and f'(z) makes it the delta.
        slopes = list(scene.slopes(last))
        if slopes:
            delta = (consensus.k[:, None] * slopes[0][1]) if np.isfinite(consensus.k).all() else None
    if output_bias in wrong and output_bias not in found and delta is not None:
        # A right output bias moves by exactly the output delta.
        bias = reference.layers[last].bias
        if bias is not None:
            seen = reference.layers[last].sign * scene.u[:, bias]
            found.update(_bias_ratio(view, output_bias, seen, delta))
    for layer in range(last - 1, -1, -1):
        if delta is None:
            break
        place = f"hidden layer {layer + 1}"
        for part in ("weights", "bias"):
            name = f"{place} {part}"
            if name not in wrong:
                continue
            hidden = name_hidden(scene, layer, delta, raw, part)
            if hidden is not None and hidden is not RIGHT:
                found[name] = _finding(view, hidden, name)
        weights_delta, _, outer = scene.observed(layer)
        delta = (
            np.nan_to_num(weights_delta)
            if outer and np.isfinite(weights_delta).all()
            else _true_delta(scene, layer, delta)
        )
        raw = None
    return found


def _true_delta(scene: Scene, layer: int, delta_next: Rows) -> Rows | None:
    slopes = list(scene.slopes(layer))
    if not slopes:
        return None
    old = scene.before[scene.reference.layers[layer + 1].weights]  # (units, units_next)
    return np.asarray((delta_next @ old.T) * slopes[0][1])


def _bias_ratio(view: RowView, name: str, seen: Rows, delta: Rows) -> dict[str, Finding]:
    if np.abs(seen).max() == 0:
        return {}
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = (seen / delta).ravel()
    even = constant(ratio, np.full(len(ratio), 1e-4))
    if even is not None and (even < 0 or abs(even - 1) < 1e-3):
        return {}
    said = "it is not the sum of the unit's deltas"
    return {name: _finding(view, Slip("XM07", said), name, ratio=ratio[:4])}


def _finding(view: RowView, slip: Slip, name: str, **more: object) -> Finding:
    fit = view.consensus.groups[name]
    evidence = _numbers(view, fit)
    evidence.update(more)
    texts = {
        "XM01": "{where}: activation derivative on the wrong value: {said}",
        "XM02": "{where}: {said}",
        "XM03": "{where} moves uphill: {said}",
        "XM04": "{where}: wrong error signal: {said}",
        "XM05": "{where}: {said} when its delta was computed",
        "XM07": "{where}: the bias gradient is wrong: {said}",
    }
    message = texts.get(slip.rule, "{where}: {said}").format(where=name, said=slip.said)
    return finding(slip.rule, message, where=name, **evidence)


def _numbers(view: RowView, fit: GroupFit) -> dict[str, Any]:
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = fit.k / view.consensus.k
    telling = np.isfinite(ratio)
    numbers: dict[str, Any] = {"point": view.name, "rows": len(view.rows)}
    if telling.any():
        numbers["ratio"] = [float(value) for value in ratio[telling]]
    cosine = fit.cosine * np.sign(view.consensus.k)
    cosine = cosine[np.isfinite(cosine)]
    if len(cosine):
        numbers["cosine"] = float(cosine[np.argmax(np.abs(cosine - 1))])
    return numbers


def _by_ratio(view: RowView, fit: GroupFit, slow: RowView | None) -> Finding | None:
    """Name a dissenting group from its ratio to the agreeing ones alone."""
    consensus, name = view.consensus, fit.name
    numbers = _numbers(view, fit)
    if fit.informative.any() and fit.still[fit.informative].all():
        return finding("XM06", f"{name} never changes although its gradient is not zero", where=name, **numbers)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = fit.k / consensus.k
        doubt = np.abs(ratio) * (fit.doubt / np.abs(fit.k) + consensus.doubt / np.abs(consensus.k)) + 1e-6
    straight = bool(fit.straight[fit.informative].all()) and fit.informative.any()
    even = constant(ratio, doubt) if straight else None
    if even is not None:
        if abs(even + 1) < 1e-3:
            return finding(
                "XM03", f"{name} moves uphill: its update is the gradient with the sign flipped", where=name, **numbers
            )
        return _scaled(view, fit, even, slow, numbers)
    if straight and np.isfinite(ratio).any():
        missing = _output_slope_missing(view, ratio, doubt)
        if missing is not None:
            return finding(
                "XM02",
                f"{name}: the output activation's derivative is missing on the path into it (ratio {missing})",
                where=name,
                **numbers,
            )
    if (after := _from_updated_weights(view, fit, slow)) is not None:
        return finding(
            "XM05",
            f"{name} was back-propagated through weights that were already updated: {after}",
            where=name,
            **numbers,
        )
    lost = view.lab.reference is None and len(consensus.dissenting) > len(consensus.agreeing)
    if not consensus.agreeing or lost:
        return finding("XM15", f"{name}: the update is no multiple of the gradient", where=name, **numbers)
    if is_bias(name):
        return finding(
            "XM07", f"{name}: the bias gradient is wrong while {consensus.agreeing[-1]} is right", where=name, **numbers
        )
    return finding(
        "XM04",
        f"{name}: the error signal that reaches it is wrong while {', '.join(consensus.agreeing)} is right",
        where=name,
        **numbers,
    )


def _scaled(view: RowView, fit: GroupFit, even: float, slow: RowView | None, numbers: dict[str, Any]) -> Finding | None:
    name = fit.name
    if slow is not None and name in slow.consensus.groups:
        with np.errstate(divide="ignore", invalid="ignore"):
            other = slow.consensus.groups[name].k / slow.consensus.k
        other_even = constant(other, np.abs(other) * 1e-3 + 1e-9)
        if other_even and slow.rate and view.rate:
            rates = view.rate / slow.rate
            if abs(even / other_even / rates - 1) < 1e-2:
                numbers["ratio_at_smaller_rate"] = other_even
                return finding(
                    "XM09",
                    f"{name} is scaled by the learning rate twice: at rate {view.rate:g} it is {even:.4g} times the "
                    f"gradient step, at rate {slow.rate:g} {other_even:.4g} times",
                    where=name,
                    **numbers,
                )
            if abs(even / other_even * rates - 1) < 1e-2:
                agreeing = ", ".join(view.consensus.agreeing)
                return finding(
                    "XM09",
                    f"{agreeing} is scaled by the learning rate twice: at rate {view.rate:g} {name} moves {even:.4g} times "
                    f"as much for its gradient, at rate {slow.rate:g} {other_even:.4g} times",
                    where=agreeing,
                    **numbers,
                )
    if is_bias(name):
        return finding(
            "XM07", f"{name}: the bias gradient is {even:.4g} times what it should be", where=name, **numbers
        )
    return finding("XM15", f"{name}: the gradient is {even:.4g} times what it should be", where=name, **numbers)


def _output_slope_missing(view: RowView, ratio: Rows, doubt: Rows) -> str | None:
    o = view.outputs
    with np.errstate(divide="ignore", invalid="ignore"):
        for slope, said in ((o * (1 - o), "1/(o(1-o))"), (1 - o**2, "1/(1-o^2)")):
            scaled = ratio * slope
            if (value := constant(scaled, np.abs(scaled) * 1e-4 + doubt * np.abs(slope))) is not None and abs(
                value - 1
            ) < 1e-3:
                return said
    return None


def _from_updated_weights(view: RowView, fit: GroupFit, slow: RowView | None) -> str | None:
    """Decide XM05 without a reference: the update is the gradient taken with the later groups' new values."""
    lab, name = view.lab, fit.name
    labels = lab.labels_of_components
    positions = np.flatnonzero(labels == name)
    if not len(positions) or positions.max() >= len(labels) - 1 or view.source == "gradients":
        return None
    later = np.arange(len(labels)) > positions.max()
    if fit.straight[fit.informative].all():
        # One unit wide: direction tells nothing, only that the deviation is linear in the rate.
        return _linear_in_rate(view, fit, slow)
    straight = []
    for row in range(len(view.rows)):
        if not fit.informative[row]:
            continue
        flat = view.before.copy()
        flat[later] = view.steps[row].after[later]
        jacobian = lab.output_jacobian(_unflat(view, flat), view.rows[row : row + 1])
        values, errors = lab.matrix(jacobian)
        u = view.u[row : row + 1, view.probed]
        du = view.du[row : row + 1, view.probed]
        moved = fit_groups(u, du, values, errors, view.labels, relative=view.relative * 10)[name]
        straight.append(bool(moved.straight.all()))
    if straight and all(straight):
        return "its update is exactly the gradient taken with the new values of the later layers"
    return None


def _linear_in_rate(view: RowView, fit: GroupFit, slow: RowView | None) -> str | None:
    if slow is None or not view.rate or not slow.rate:
        return None
    other = slow.consensus.groups.get(fit.name)
    if other is None:
        return None
    with np.errstate(divide="ignore", invalid="ignore"):
        mine = fit.k / view.consensus.k - 1
        smaller = other.k / slow.consensus.k - 1
        ratio = mine / smaller / (view.rate / slow.rate)
    telling = np.isfinite(ratio) & (np.abs(mine) > 1e-5)
    if telling.any() and np.all(np.abs(ratio[telling] - 1) < 0.2):
        return "its deviation is proportional to the learning rate"
    return None


def _unflat(view: RowView, flat: Rows) -> dict[str, Rows]:
    point: dict[str, Rows] = {}
    start = 0
    for name in view.lab.names:
        shape = view.point[name].shape
        size = int(np.prod(shape))
        point[name] = flat[start : start + size].reshape(shape)
        start += size
    return point


def _merged(findings: list[Finding]) -> list[Finding]:
    """Join findings of one rule into one that names all its groups."""
    joined: dict[str, Finding] = {}
    if any(one.rule in ("XM04", "XM15") for one in findings):
        # XM07 is for biases that are wrong alone; beside wrong weights of the same kind they are part of the same error.
        narrow = [one for one in findings if one.rule != "XM07" or "while" not in one.message]
        findings = narrow or findings
    for one in findings:
        if one.rule not in joined:
            joined[one.rule] = one
            continue
        first = joined[one.rule]
        where = f"{first.where}, {one.where}"
        joined[one.rule] = finding(
            one.rule,
            where + first.message.removeprefix(first.where),
            where=where,
            severity=first.severity,
            **{**first.evidence, f"ratio of {one.where}": one.evidence.get("ratio", [])},
        )
    return list(joined.values())

"""Dissenting groups named by the float64 reference, from the output layer backwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xorbench.records import Finding
from xorbench.verify.gradients.consensus import constant
from xorbench.verify.gradients.groups import numbers_of
from xorbench.verify.gradients.naming import RIGHT, Scene, Slip, name_hidden, name_output
from xorbench.verify.gradients.rows import RowView
from xorbench.verify.losses import codes
from xorbench.verify.outcomes import finding

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Rows = NDArray[np.float64]


def output_slip(view: RowView) -> Finding | None:
    """Return what is wrong with the output layer's delta, where every group agrees on a loss that is none."""
    scene = scene_of(view)
    named = name_output(scene) if scene is not None else None
    if named is None or named[0] is RIGHT:
        return None
    return finding(
        named[0].rule, f"output layer: {named[0].said}", where="output layer", point=view.name, k=view.consensus.k
    )


def scene_of(view: RowView) -> Scene | None:
    """Return the reference's trace of these rows with their targets, or None without a reference."""
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


def by_reference(view: RowView, scene: Scene, wrong: list[str]) -> dict[str, Finding]:
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
        if slip is RIGHT and float((delta * scene.errors[:, None]).sum()) < 0:
            # The output layer climbs. What reaches the hidden layers is judged by the error as it should be.
            delta = -delta
            raw = -raw
            for name in (output_weights, output_bias):
                if name in consensus.groups:
                    found[name] = _finding(view, Slip("XM03", "its sign is flipped"), name)
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
    evidence = numbers_of(view, fit)
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

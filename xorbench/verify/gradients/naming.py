"""Which term of the backward pass is wrong: the observed deltas of each layer against every usual slip.

With a float64 reference of the network each layer's delta is known. What the stranger used instead is read off the updates
and compared with the deltas that a slip would give: the derivative of an activated value, the missing derivative of the
output, the next layer's updated weights, a sum over units. A slip counts only if it explains every row and unit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xorbench.verify.gradients.reference import ACTIVATIONS, SLOPE_FROM_ACTIVATION, Reference, Trace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Rows = NDArray[np.float64]


@dataclass(frozen=True)
class Slip:
    """A named explanation of one group's update."""

    rule: str  # empty: this is how it should be
    said: str
    scale: float = 1.0


RIGHT = Slip("", "as it should be")


@dataclass(frozen=True)
class Scene:
    """One point's single-row updates, seen through the reference."""

    reference: Reference
    trace: Trace
    before: Rows  # (P,)
    after: Rows  # (n, P)
    u: Rows  # (n, P)
    errors: Rows  # (n,) output minus target
    tolerance: float

    def observed(self, layer: int) -> tuple[Rows, Rows | None, bool]:
        """Return a layer's deltas as its weights and its bias show them, ``(n, units)``, and whether u is inputs x delta."""
        place = self.reference.layers[layer]
        inputs = self.trace.inputs[layer]  # (n, fan_in)
        moved = self.u[:, place.weights]  # (n, fan_in, units)
        square = (inputs**2).sum(axis=1)[:, None]
        with np.errstate(divide="ignore", invalid="ignore"):
            delta = np.einsum("ni,niu->nu", inputs, moved) / square  # (n, units)
        fitted = inputs[:, :, None] * np.nan_to_num(delta)[:, None, :]
        outer = np.abs(moved - fitted).max(initial=0.0) <= self.tolerance * np.abs(moved).max(initial=0.0) + 1e-14
        bias = None if place.bias is None else place.sign * self.u[:, place.bias]
        return delta, bias, bool(outer)

    def slopes(self, layer: int) -> Iterator[tuple[str, Rows, str]]:
        """Yield (rule, derivative of the activation at this layer, words): the right one first."""
        name = self.reference.activation(layer)
        if name == "softmax":
            return
        z, a = self.trace.z[layer], self.trace.a[layer]
        slope = ACTIVATIONS[name][1]
        yield "", slope(z), "f'(z)"
        if name not in ("identity", "relu"):
            yield "XM01", slope(a), f"{name}'(a): the derivative of the already activated value"
        if name in SLOPE_FROM_ACTIVATION and name != "relu":
            yield "XM01", SLOPE_FROM_ACTIVATION[name](z), "the formula for a, evaluated on the pre-activation z"
            yield "XM01", SLOPE_FROM_ACTIVATION[name](slope(z)), f"{name}' applied twice"
        if name == "tanh":
            yield "XM15", 1 - a, "1 - a in place of 1 - a^2"
        yield "XM04", np.ones_like(z), "no activation derivative at all"
        for other in ("sigmoid", "tanh", "relu", "leaky-relu"):
            if other != name:
                yield "XM04", ACTIVATIONS[other][1](z), f"the derivative of {other}, but the activation is {name}"
                if other in SLOPE_FROM_ACTIVATION:
                    yield (
                        "XM04",
                        SLOPE_FROM_ACTIVATION[other](a),
                        f"the derivative of {other}, but the activation is {name}",
                    )
        if name not in ("identity", "relu"):
            yield "XM04", a, "the activation itself in place of its derivative"

    def same(self, seen: Rows, candidate: Rows) -> float | None:
        """Return the one factor between observed and candidate deltas, or None where there is none."""
        telling = np.isfinite(seen) & np.isfinite(candidate)
        if not telling.any():
            return None
        x, y = seen[telling], candidate[telling]
        square = float(y @ y)
        if square == 0.0:
            return None
        factor = float(x @ y) / square
        if np.abs(x - factor * y).max() <= self.tolerance * np.abs(x).max() and np.abs(x).max() > 0:
            return factor
        return None


def name_output(scene: Scene, use_bias: bool = False) -> tuple[Slip, str, Rows, Rows] | None:
    """Name the output layer's delta: (slip, family, the delta that was used, the raw error in the same scale)."""
    last = len(scene.reference.layers) - 1
    delta, bias, outer = scene.observed(last)
    seen = bias if use_bias and bias is not None else delta
    if (not outer and not use_bias) or seen.shape[1] != 1:
        return None
    raw = scene.errors[:, None]
    candidates: list[tuple[Slip, str, Rows]] = [(RIGHT, "bce", raw)]
    for rule, slope, said in scene.slopes(last):
        if rule == "":
            candidates.append((RIGHT, "se", raw * slope))
        else:
            candidates.append((Slip(rule, f"the output delta has {said}"), "", raw * slope))
    slope = ACTIVATIONS[scene.reference.activation(last)][1](scene.trace.z[last])
    candidates.append((Slip("XM04", "the output delta has the derivative squared"), "", raw * slope**2))
    candidates.append((Slip("XM04", "the output delta is the sign of the error"), "", np.sign(raw)))
    for slip, family, candidate in candidates:
        factor = scene.same(seen, candidate)
        if factor is not None:
            # The candidate, not what was seen: a row without activations shows no delta.
            return slip, family, factor * candidate, factor * raw
    return None


def name_hidden(scene: Scene, layer: int, delta_next: Rows, raw: Rows | None, part: str) -> Slip | None:
    """Name a hidden layer's weights or bias from the delta of the layer above; None where no slip explains it.

    `raw` is the output error in the scale of `delta_next` where the layer above is the output.
    """
    reference, place = scene.reference, scene.reference.layers[layer]
    above = reference.layers[layer + 1]
    old = scene.before[above.weights]  # (units, units_next)
    new = scene.after[:, above.weights]  # (n, units, units_next)
    deltas: list[tuple[str, str, Rows]] = [("", "", delta_next)]
    if raw is not None and scene.same(raw, delta_next) is None:  # under cross-entropy the raw error is the delta
        deltas.append(
            ("XM02", "the raw output error is propagated: the output activation's derivative is missing", raw)
        )
    paths: list[tuple[str, str, Rows]] = []
    for rule, said, delta in deltas:
        paths.append((rule, said, delta @ old.T))
        through_new = np.einsum("nk,nuk->nu", delta, new)
        paths.append(
            ("XM05", (said + "; and " if said else "") + "the next layer's weights were already updated", through_new)
        )
    for _rule, _said, delta in deltas[:1]:
        if old.shape[0] == old.shape[1] > 1:
            paths.append(("XM04", "the next layer's weights are not transposed", delta @ old))
        paths.append(
            (
                "XM04",
                "the next layer's weights are left out",
                np.repeat(delta.sum(axis=1, keepdims=True), len(old), axis=1),
            )
        )
        paths.append(
            (
                "XM04",
                "the next layer's activations stand in for its weights",
                delta.sum(axis=1, keepdims=True) * scene.trace.a[layer],
            )
        )
    value, _, outer = scene.observed(layer)
    bias_seen = None if place.bias is None else place.sign * scene.u[:, place.bias]
    for path_rule, path_said, path in paths:
        for slope_rule, slope, slope_said in scene.slopes(layer):
            candidate = path * slope
            rule = path_rule or slope_rule
            words = "; ".join(filter(None, [path_said, slope_said if slope_rule else ""]))
            if part == "bias" and bias_seen is not None:
                slip = _bias_slip(scene, bias_seen, candidate, scene.before[place.bias], rule, words)
            else:
                slip = _weight_slip(scene, layer, value if outer else None, candidate, rule, words)
            if slip is not None:
                return slip
    return None


def _bias_slip(scene: Scene, seen: Rows, delta: Rows, bias: Rows, rule: str, words: str) -> Slip | None:
    if (factor := scene.same(seen, delta)) is not None and _near(factor, 1.0, 1e-5 + 5 * scene.tolerance):
        return Slip(rule, words) if rule else RIGHT
    if rule:
        return None
    sums = np.repeat(delta.sum(axis=1, keepdims=True), delta.shape[1], axis=1)
    sigmoid = ACTIVATIONS["sigmoid"]
    options = [
        (sums, "it is summed over the units of the layer too"),
        (sums / delta.shape[1], "it is averaged over the units of the layer"),
        (delta * sigmoid[1](bias), "it is multiplied by sigmoid'(bias)"),
        (delta * sigmoid[0](bias), "it is multiplied by sigmoid(bias)"),
        (delta * ACTIVATIONS["tanh"][1](bias), "it is multiplied by tanh'(bias)"),
        (delta * bias, "it is multiplied by the bias itself"),
    ]
    for candidate, said in options:
        if delta.shape[1] == 1 and said.startswith("it is summed"):
            continue
        factor = scene.same(seen, candidate)
        if factor is not None and _near(abs(factor), 1.0, 1e-5 + 5 * scene.tolerance):
            return Slip("XM07", said)
    return None


def _weight_slip(scene: Scene, layer: int, seen: Rows | None, delta: Rows, rule: str, words: str) -> Slip | None:
    if seen is not None:
        factor = scene.same(seen, delta)
        if factor is not None and _near(factor, 1.0, 1e-5 + 5 * scene.tolerance):
            return Slip(rule, words) if rule else RIGHT
        if factor is not None and _near(factor, -1.0, 1e-5 + 5 * scene.tolerance):
            return Slip("XM03", "its sign is flipped" + (f"; {words}" if words else ""))
        return None
    if rule:
        return None
    moved = scene.u[:, scene.reference.layers[layer].weights]  # (n, fan_in, units)
    inputs = scene.trace.inputs[layer]
    wrong_inputs = [(np.ones_like(inputs), "the layer's inputs are left out of the weight gradient")]
    if layer > 0:
        wrong_inputs.append((scene.trace.z[layer - 1], "the pre-activations below stand in for the activations"))
    for candidate, said in wrong_inputs:
        if scene.same(moved, candidate[:, :, None] * delta[:, None, :]) is not None:
            return Slip("XM04", said)
    return None


def _near(value: float, to: float, within: float = 1e-5) -> bool:
    return abs(value - to) <= within

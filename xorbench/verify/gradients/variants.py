"""Whole-network gradients with one slip each, from the float64 reference: to recognise a slip behind an adaptive optimiser."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xorbench.verify.gradients.reference import ACTIVATIONS, SLOPE_FROM_ACTIVATION, Reference

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Rows = NDArray[np.float64]


@dataclass(frozen=True)
class Variant:
    """Switches of a backward pass; the defaults are right."""

    rule: str
    said: str
    hidden_slope: str = "right"  # "activated", "formula", "none"
    output_slope: str = "right"  # "activated", "formula", "none"
    path: str = "delta"  # "raw", "updated"
    bias: str = "right"  # "units"


SLIPS: tuple[Variant, ...] = (
    Variant("XM01", "the hidden activation's derivative is taken of the activated value", hidden_slope="activated"),
    Variant("XM01", "the hidden derivative's formula for a is given z", hidden_slope="formula"),
    Variant("XM01", "every activation's derivative is taken of the activated value", hidden_slope="activated", output_slope="activated"),
    Variant("XM01", "the output's derivative is taken of the activated value", output_slope="activated"),
    Variant("XM02", "the raw output error is propagated to the hidden layers", path="raw"),
    Variant("XM02", "the output activation's derivative is missing", output_slope="none"),
    Variant("XM04", "the hidden activation's derivative is missing", hidden_slope="none"),
    Variant("XM05", "the error is propagated through weights that were already updated", path="updated"),
    Variant("XM07", "the hidden bias gradient is summed over units too", bias="units"),
)  # fmt: skip


def gradient(
    reference: Reference,
    flat: Rows,
    inputs: Rows,
    targets: Rows,
    family: str,
    variant: Variant | None = None,
    after: Rows | None = None,
) -> Rows:
    """Return the summed gradient ``(P,)`` of a batch, with a slip or without; `after` are the parameters after it."""
    v = variant or Variant("", "")
    back = after if v.path == "updated" and after is not None else flat
    trace = reference.trace(flat, inputs)
    last = len(reference.layers) - 1
    raw = trace.a[last] - targets[:, None]  # (n, 1)
    delta = raw
    if family == "se":
        delta = raw * _slope(reference, last, trace.z[last], trace.a[last], v.output_slope)
    carried = raw if v.path == "raw" else delta
    grown = np.zeros_like(flat)
    for number in range(last, -1, -1):
        place = reference.layers[number]
        grown[place.weights] += trace.inputs[number].T @ delta
        if place.bias is not None:
            sums = delta.sum(axis=0)
            if v.bias == "units" and number < last:
                sums = np.full_like(sums, sums.sum())
            grown[place.bias] += place.sign * sums
        if number:
            slope = _slope(reference, number - 1, trace.z[number - 1], trace.a[number - 1], v.hidden_slope)
            delta = (carried @ back[place.weights].T) * slope
            carried = delta
    return grown


def _slope(reference: Reference, number: int, z: Rows, a: Rows, how: str) -> Rows:
    name = reference.activation(number)
    if how == "none" or name == "softmax":
        return np.ones_like(z)
    if how == "formula" and name in SLOPE_FROM_ACTIVATION:
        return SLOPE_FROM_ACTIVATION[name](z)
    return ACTIVATIONS[name][1](a if how == "activated" else z)


def slips(reference: Reference, family: str) -> Iterator[Variant]:
    """Yield the slips that differ from the right gradient for this network and loss."""
    for variant in SLIPS:
        if family != "se" and (variant.output_slope != "right" or variant.path == "raw"):
            continue
        yield variant

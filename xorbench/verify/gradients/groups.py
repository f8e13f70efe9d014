"""What is said of one parameter group: whether it is a bias, and the numbers that a finding shows of it."""

from __future__ import annotations

from typing import Any

import numpy as np

from xorbench.verify.gradients.consensus import GroupFit
from xorbench.verify.gradients.rows import RowView


def is_bias(name: str) -> bool:
    """Whether a group's name says that it is a bias."""
    lower = name.lower()
    if "layer" in lower:
        return lower.endswith("bias")
    return "bias" in lower or lower.startswith(("b", "theta", "threshold")) or lower.rstrip("0123456789").endswith("_b")


def numbers_of(view: RowView, fit: GroupFit) -> dict[str, Any]:
    """Return the evidence on one group as numbers: where, of how many rows, the ratios and the cosine."""
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

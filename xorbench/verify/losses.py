"""Losses as functions of what `predict` returns: their values, and their derivatives with respect to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xorbench.declaration import Declaration

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Rows = NDArray[np.float64]
    Labels = NDArray[np.bool_]

#: Losses that differ only in a factor, by family.
FAMILIES: dict[str, str] = {
    "bce": "bce",
    "sum_bce": "bce",
    "mse": "se",
    "sse": "se",
    "half_sse": "se",
    "hinge": "hinge",
}

NAMES = {"bce": "cross-entropy", "se": "squared error", "hinge": "hinge loss"}


def family_of(kind: str | None) -> str | None:
    """Return the family of a declared kind, or None for none and for a loss of the model's own."""
    return FAMILIES.get(kind or "")


def codes(labels: Labels, declaration: Declaration) -> Rows:
    """Return labels as the model's target codes ``(n,)``."""
    false, true = declaration.targets
    return np.where(labels, true, false)


def slopes(family: str, outputs: Rows, labels: Labels, declaration: Declaration) -> Rows:
    """Return d loss / d output per row ``(n,)``, up to the family's factor, for what `predict` returns.

    Cross-entropy of a probability p: (p - y) / (p (1 - p)); of a logit: sigmoid(z) - y. Squared error: o - y in the
    model's target codes. Hinge: -y where y o < 1, y being -1 or +1.
    """
    if family == "bce":
        y = labels.astype(np.float64)
        if declaration.output == "logit":
            return _sigmoid(outputs) - y
        p = outputs
        if declaration.targets[0] == -1.0 and declaration.output != "probability":
            p = (outputs + 1) / 2
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray((p - y) / (p * (1 - p)))
    if family == "hinge":
        y = np.where(labels, 1.0, -1.0)
        return np.where(y * outputs < 1, -y, 0.0)
    if declaration.output == "logit":
        # Squared error of a model that returns logits is taken of its probability.
        p = _sigmoid(outputs)
        return np.asarray((p - labels) * p * (1 - p))
    return outputs - codes(labels, declaration)


def value(kind: str, outputs: Rows, labels: Labels, declaration: Declaration) -> float:
    """Return the loss of declared kind `kind` for a batch."""
    y = labels.astype(np.float64)
    if FAMILIES[kind] == "bce":
        if declaration.output == "logit":
            each = np.logaddexp(0, outputs) - y * outputs  # (n,)
        else:
            with np.errstate(divide="ignore", invalid="ignore"):
                each = -np.where(labels, np.log(outputs), np.log1p(-outputs))  # (n,)
    elif kind == "hinge":
        each = np.maximum(0.0, 1 - np.where(labels, 1.0, -1.0) * outputs)  # (n,)
    else:
        answers = _sigmoid(outputs) if declaration.output == "logit" else outputs
        each = (answers - codes(labels, declaration)) ** 2  # (n,)
    total = float(each.sum())
    if kind in ("bce", "mse", "hinge"):
        return total / len(labels)
    return total / 2 if kind == "half_sse" else total


def crossed(outputs: Rows, labels: Labels, declaration: Declaration) -> dict[str, float]:
    """Return by family the mean loss of every output against every target: what (n,) against (n, 1) becomes."""
    each = np.repeat(outputs, len(labels))  # (n * n,)
    every = np.tile(labels, len(outputs))  # (n * n,)
    with np.errstate(invalid="ignore"):
        return {family: value(kind, each, every, declaration) for family, kind in (("se", "mse"), ("bce", "bce"))}


def factor(kind: str, rows: int) -> float:
    """Return what the declared kind multiplies the family's slopes with, for a batch of `rows`."""
    return {
        "bce": 1 / rows,
        "sum_bce": 1.0,
        "mse": 2 / rows,
        "sse": 2.0,
        "half_sse": 1.0,
        "hinge": 1 / rows,
    }[kind]


def _sigmoid(x: Rows) -> Rows:
    return 0.5 * (1 + np.tanh(x / 2))

"""Losses that take the outputs for something else than they are: squashed once more, or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from xorbench.declaration import Declaration
from xorbench.verify.losses import NAMES, slopes, value

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Rows = NDArray[np.float64]
    Labels = NDArray[np.bool_]

TWICE = "the loss takes the softmax's probabilities for logits and squashes them once more"
NO_LOGARITHM = "the loss takes probabilities for their logarithms: it falls by p where it should by log p, as NLLLoss without log_softmax"


@dataclass(frozen=True)
class Misreading:
    """What a loss takes outputs for, in words; its value over a batch, and its derivatives, up to a factor each."""

    said: str
    value: float
    slopes: Rows  # (n,)


def misreadings(outputs: Rows, labels: Labels, declaration: Declaration) -> Iterator[Misreading]:
    """Yield each misreading that outputs ``(n,)`` of this declaration allow."""
    declared = declaration.output
    squashed = bool(((outputs > 0) & (outputs < 1)).all())
    for other in ("probability", "logit", "score"):
        if other == declared or (other == "probability" and not squashed):
            continue
        for family, kind in (("bce", "bce"), ("se", "mse")):
            if family == "se" and "logit" not in (other, declared):
                continue  # squared error is the same of a probability and of a score
            said = f"outputs are declared a {declared}, and the loss takes them for a {other} under {NAMES[family]}"
            taken = replace(declaration, output=other)
            yield Misreading(said, value(kind, outputs, labels, taken), slopes(family, outputs, labels, taken))
    if declared == "probability":
        away = np.where(labels, -1.0, 1.0) * (2 * outputs - 1)  # (n,) how far the wrong class is ahead
        slope = 1 / (1 + np.exp(1 - 2 * outputs)) - labels
        yield Misreading(TWICE, float(np.logaddexp(0, away).mean()), slope)
        right = np.where(labels, outputs, 1 - outputs)  # (n,) the probability of the right class
        yield Misreading(NO_LOGARITHM, -float(right.mean()), np.where(labels, -1.0, 1.0))

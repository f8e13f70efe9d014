"""How many Boolean functions one threshold unit computes, by trying them all."""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from xorbench.reproductions.result import Figure, Reproduction, Tag
from xorbench.tasks import all_bits

COUNTS: Final = {2: 14, 3: 104, 4: 1882}

#: Largest integer weight needed by 2, 3 and 4 inputs in ±1 coding (Muroga 1971), and the thresholds between the sums.
LARGEST_WEIGHT: Final = {2: 1, 3: 2, 4: 3}


def separable(bits: int) -> int:
    """Count the functions of `bits` inputs for which the perceptron's rule finds a threshold unit.

    All functions are trained side by side, as one array; by the convergence theorem each separable one ends. The others
    are proved not separable by :func:`by_weights`, which counts from the other side.
    """
    table = np.where(all_bits(bits), 1.0, -1.0)  # (n, bits)
    inputs = np.concatenate([table, np.ones((len(table), 1))], axis=1).astype(
        np.float32
    )  # (n, bits + 1), whole numbers
    functions = np.arange(2 ** len(table))
    labels = (((functions >> np.arange(len(table))[:, None]) & 1) * 2 - 1).astype(np.float32)  # (n, F)
    weights = np.zeros((bits + 1, len(functions)), dtype=np.float32)  # (bits + 1, F)
    done = 0
    # Novikoff: at most (R |w|)^2 mistakes for integer weights w whose sums are at least 1, and R^2 = bits + 1.
    for _ in range((bits + 1) * (LARGEST_WEIGHT[bits] ** 2 * bits + (LARGEST_WEIGHT[bits] * bits) ** 2 // 4)):
        mistakes = np.zeros(labels.shape[1], dtype=bool)
        for x, label in zip(inputs, labels, strict=True):
            wrong = (x @ weights) * label <= 0  # (F,)
            weights += x[:, None] * (wrong * label)
            mistakes |= wrong
        if not mistakes.all():  # those that ended need no more
            done += int((~mistakes).sum())
            weights, labels = weights[:, mistakes], labels[:, mistakes]
        if not labels.shape[1]:
            break
    return done


def by_weights(bits: int) -> int:
    """Count the different functions of all threshold units with small integer weights, an independent count."""
    most = LARGEST_WEIGHT[bits]
    table = np.where(all_bits(bits), 1, -1)  # (n, bits)
    weights = np.stack(np.meshgrid(*[np.arange(-most, most + 1)] * bits), axis=-1).reshape(-1, bits)  # (W, bits)
    sums = weights @ table.T  # (W, n)
    places: NDArray[np.int64] = 1 << np.arange(len(table))
    found: set[int] = set()
    for threshold in range(-most * bits - 1, most * bits + 1):
        found.update(((sums > threshold) @ places).tolist())
    return len(found)


def _run(size: Literal["quick", "full"], seed: int) -> list[Figure]:
    figures = []
    for bits, count in COUNTS.items():
        for how, counted in (("the perceptron's rule ends", separable), ("small integer weights reach", by_weights)):
            if counted is separable and bits == 4 and size == "quick":
                continue
            figures.append(
                Figure(
                    what=f"functions of {bits} inputs that {how}, of {2**2**bits:,}",
                    stated=count,
                    tag=Tag.UNVERIFIED,
                    source="sequence of threshold functions (Muroga 1971; OEIS A000609), not opened",
                    measured=counted(bits),
                )
            )
    return figures


reproduction = Reproduction(
    name="separable-functions",
    title="Linearly separable functions",
    protocol="Every truth table of 2, 3 and 4 inputs: the perceptron's rule, inputs -1 and +1, from zero weights, "
    "until an epoch without a mistake; and, from the other side, every function that a threshold unit with small "
    "integer weights computes.",
    caution="",
    run=_run,
    quick="without the perceptron's rule on the 65,536 functions of 4 inputs",
    minutes=0.3,
)

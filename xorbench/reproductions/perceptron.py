"""Rosenblatt's rule from zero weights: integers, the same on every machine."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Final, Literal

from xorbench.reproductions.result import Figure, Reproduction, Tag
from xorbench.tasks import GATES, NOT_SEPARABLE

ROWS: Final = ((0, 0), (0, 1), (1, 0), (1, 1))

#: Gate -> epochs (the last one without a mistake included), updates, final w1, w2, bias; rows in counting order.
EXPECTED: Final[dict[str, tuple[int, int, tuple[int, int, int]]]] = {
    "and": (6, 10, (2, 1, -2)),
    "or": (4, 4, (1, 1, 0)),
    "nand": (6, 11, (-2, -1, 3)),
    "nor": (4, 5, (-1, -1, 1)),
    "x1": (3, 2, (1, 0, 0)),
    "x2": (3, 4, (0, 2, 0)),
    "false": (1, 0, (0, 0, 0)),
    "true": (2, 1, (0, 0, 1)),
    "x1-and-not-x2": (5, 6, (1, -2, 0)),
    "not-x1-and-x2": (2, 2, (-1, 1, 0)),
}

#: Gate -> Novikoff's bound (R / margin)^2 on the number of mistakes, R^2 = 3 with the bias input.
BOUNDS: Final = {"and": 51, "nand": 51, "or": 27, "nor": 27}


def train(
    labels: Sequence[int], *, order: Sequence[int] = (0, 1, 2, 3), epochs: int = 1000
) -> tuple[int, int, tuple[int, int, int]] | None:
    """Return epochs, updates and final weights of w <- w + (t - y) x, y = [w x > 0]; None: no end in `epochs`."""
    w1 = w2 = b = updates = 0
    for epoch in range(1, epochs + 1):
        mistakes = 0
        for row in order:
            x1, x2 = ROWS[row]
            error = labels[row] - (w1 * x1 + w2 * x2 + b > 0)
            if error:
                mistakes += 1
                w1, w2, b = w1 + error * x1, w2 + error * x2, b + error
        updates += mistakes
        if not mistakes:
            return epoch, updates, (w1, w2, b)
    return None


def _run(size: Literal["quick", "full"], seed: int) -> list[Figure]:
    source = "Rosenblatt's rule is deterministic; computed for this project and held fixed"
    figures = [
        Figure(
            what=f"{gate}: epochs, updates, weights and bias",
            stated=_shown(EXPECTED[gate]),
            tag=Tag.HERE,
            source=source,
            measured=_shown(train(GATES[gate])),
        )
        for gate in EXPECTED
    ]
    orders = list(itertools.permutations(range(4)))
    for gate, bound in BOUNDS.items():
        most = max(trained[1] for order in orders if (trained := train(GATES[gate], order=order)) is not None)
        figures.append(
            Figure(
                what=f"{gate}: all 24 orders stay within Novikoff's {bound} mistakes",
                stated="yes",
                tag=Tag.SECOND_HAND,
                source="Novikoff 1962, the bound (R / margin)^2 evaluated for this gate",
                measured="yes" if most <= bound else "no",
                note=f"most mistakes in any order: {most}",
            )
        )
    ends = {gate: train(GATES[gate]) is not None for gate in GATES}
    figures.append(
        Figure(
            what="gates on which the rule ends",
            stated=14,
            tag=Tag.SECOND_HAND,
            source="Minsky & Papert 1969: all but XOR and its complement are linearly separable",
            measured=sum(ends.values()),
            note=f"not on {', '.join(gate for gate in GATES if not ends[gate])}",
        )
    )
    assert set(NOT_SEPARABLE) == {gate for gate in GATES if not ends[gate]}
    return figures


def _shown(trained: tuple[int, int, tuple[int, int, int]] | None) -> str:
    return "no end" if trained is None else f"{trained[0]}, {trained[1]}, {' '.join(map(str, trained[2]))}"


reproduction = Reproduction(
    name="perceptron",
    title="The perceptron on sixteen gates",
    protocol="One threshold unit with a bias, weights zero, rate 1, output 1 where the sum is above 0, rows in order "
    "00, 01, 10, 11, an update after each mistake, until an epoch has none.",
    caution="",
    run=_run,
    quick="the same",
    minutes=0.01,
)

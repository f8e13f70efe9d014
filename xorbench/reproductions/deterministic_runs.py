"""Published epoch counts of single seeds: an implementation either is the same to the epoch or is another one."""

from __future__ import annotations

import random
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from xorbench.reproductions.result import Figure, Reproduction, Tag

Array = NDArray[np.float64]

X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
Y = np.array([0.0, 1.0, 1.0, 0.0])

_HINTON = "cybertronai/hinton-problems, xor/README.md and xor.py"
_TIMELINE = "sauljabin/ai-timeline, chapters/1986-backpropagation.md"


def _sigmoid(z: Any) -> Any:
    return 1.0 / (1.0 + np.exp(-z))


def full_batch(seed: int, *, budget: int = 5000) -> int | None:
    """Return the epoch after which all outputs of a 2-2-1 network are on the right side of 1/2; None: not in `budget`.

    U[-1/2, 1/2) from default_rng(seed) in the order W1 (2, 2), b1, W2, b2; half the mean squared error over the table,
    v <- 0.9 v - 0.5 g, w <- w + v.
    """
    generator = np.random.default_rng(seed)
    W1, b1, W2, b2 = (generator.random(shape) - 0.5 for shape in ((2, 2), 2, 2, 1))  # W1 (hidden, inputs)
    weights = [W1, b1, W2, b2]
    velocities = [np.zeros_like(value) for value in weights]
    for epoch in range(budget + 1):
        h = _sigmoid(X @ W1.T + b1)  # (4, 2)
        o = _sigmoid(h @ W2 + b2)  # (4,)
        if epoch and bool(np.all(np.abs(o - Y) < 0.5)):
            return epoch
        delta = (o - Y) * o * (1.0 - o)  # (4,)
        back = delta[:, None] * W2 * h * (1.0 - h)  # (4, 2)
        gradients = [back.T @ X / 4, back.mean(axis=0), h.T @ delta / 4, delta.mean(keepdims=True)]
        for value, velocity, gradient in zip(weights, velocities, gradients, strict=True):
            velocity *= 0.9
            velocity -= 0.5 * gradient
            value += velocity
    return None


def online(seeds: range, *, budget: int = 10_000) -> list[int | None]:
    """Return for each seed the epoch in which the squared errors sum to less than 0.01; None: not in `budget`.

    2-2-1, `random.Random(seed)`, U(-1, 1), per unit its two weights and then its bias; squared error, one update per
    row in the order of the table, rate 0.5; an error is that before its row's update. All seeds are trained together.
    """
    drawn = []
    for seed in seeds:
        source = random.Random(seed)
        drawn.append([source.uniform(-1.0, 1.0) for _ in range(9)])
    w = np.array(drawn).T.reshape(3, 3, len(seeds))  # (unit, [w, w, b], S): hidden, hidden, output
    stopped: list[int | None] = [None] * len(seeds)
    for epoch in range(1, budget + 1):
        total = np.zeros(len(seeds))
        for (x1, x2), target in zip(X, Y, strict=True):
            h = _sigmoid(w[:2, 0] * x1 + w[:2, 1] * x2 + w[:2, 2])  # (2, S)
            o = _sigmoid(w[2, 0] * h[0] + w[2, 1] * h[1] + w[2, 2])  # (S,)
            error = target - o
            total += error * error
            delta = error * o * (1.0 - o)
            back = delta * w[2, :2] * h * (1.0 - h)  # (2, S), through the weights as they were
            w[2, :2] += 0.5 * delta * h
            w[2, 2] += 0.5 * delta
            w[:2, 0] += 0.5 * back * x1
            w[:2, 1] += 0.5 * back * x2
            w[:2, 2] += 0.5 * back
        for index in np.flatnonzero(total < 0.01):
            if stopped[index] is None:
                stopped[index] = epoch
        if None not in stopped:
            break
    return stopped


def _run(size: Literal["quick", "full"], seed: int) -> list[Figure]:
    figures = [
        Figure(
            what=f"full batch with momentum, seed {number}: epochs",
            stated=stated,
            tag=Tag.SEEN,
            source=_HINTON,
            measured=full_batch(number),
        )
        for number, stated in ((0, 1393), (3, 531))
    ]
    seeds = range(1, 51) if size == "full" else range(1, 9)
    stopped = online(seeds) if size == "full" else online(range(1, 2), budget=4000)
    figures.append(
        Figure(what="online, seed 1: epochs", stated=3390, tag=Tag.SEEN, source=_TIMELINE, measured=stopped[0])
    )
    if size == "full":
        failed = [number for number, epoch in zip(seeds, stopped, strict=True) if epoch is None]
        for what, stated, measured in (
            ("online, seeds 1 to 50: solved within 10,000 epochs", 40, len(seeds) - len(failed)),
            ("online: the first seed that fails", 7, failed[0] if failed else None),
        ):
            figures.append(Figure(what=what, stated=stated, tag=Tag.SEEN, source=_TIMELINE, measured=measured))
    return figures


reproduction = Reproduction(
    name="deterministic-runs",
    title="Epoch counts of single seeds",
    protocol="2-2-1 logistic units, inputs and targets 0 and 1. Full batch: NumPy default_rng(seed), U[-1/2, 1/2) "
    "drawn as W1, b1, W2, b2, mean gradient of half the squared error, rate 0.5, momentum 0.9, the first epoch "
    "after which every output is within 0.5 of its target. Online: random.Random(seed), U(-1, 1), weights then bias"
    " per unit, rate 0.5, rows in order 00, 01, 10, 11, until the squared errors of an epoch sum to less than 0.01,"
    " at most 10,000 epochs.",
    caution="",
    run=_run,
    quick="without the fifty online seeds",
    minutes=0.1,
)

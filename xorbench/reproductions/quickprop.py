"""Fahlman's Quickprop on XOR: each weight jumps to the bottom of the parabola that its last two slopes suggest."""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from xorbench.measure.statistics import share_solved
from xorbench.reproductions.result import Figure, Reproduction, Tag, estimated, mean_interval

Array = NDArray[np.float64]

EPSILON: Final = 4.0 / 3  # split: over the fan-in, bias included
MU: Final = 2.25  # largest growth of a step
DECAY: Final = -1e-4
RANGE: Final = 1.0
RESTART: Final = 40  # epochs, then fresh weights

_TABLE: Final = tuple((x1, x2, 0.5 if x1 != x2 else -0.5) for x1 in (-0.5, 0.5) for x2 in (-0.5, 0.5))


def train(generator: np.random.Generator, trials: int) -> tuple[Array, Array]:
    """Return for each trial the epochs until all outputs are right, before restarts included, and the restarts."""
    epochs, restarts = np.zeros(trials), np.zeros(trials)
    active, age = np.arange(trials), np.zeros(trials, dtype=int)
    w = generator.uniform(-RANGE, RANGE, (9, trials))  # 2 x [w, w, b], then [w, w, b]; trials on the last axis
    step, slope_before = np.zeros_like(w), np.zeros_like(w)
    while len(active):
        slope, wrong = _slopes(w)
        keep = wrong > 0
        epochs[active] += keep  # the epoch in which all are right makes no update
        active, age = active[keep], age[keep] + 1
        w, step, slope, slope_before = (a[:, keep] for a in (w, step, slope, slope_before))
        step = _step(step, slope, slope_before)
        w, slope_before = w + step, slope
        old = age == RESTART
        if old.any():
            restarts[active[old]] += 1
            w[:, old] = generator.uniform(-RANGE, RANGE, (9, int(old.sum())))
            step[:, old] = slope_before[:, old] = 0.0
            age[old] = 0
    return epochs, restarts


def _slopes(w: Array) -> tuple[Array, Array]:
    """Return the downhill slopes ``(9, trials)`` and the number of outputs that are 0.4 or more off ``(trials,)``."""
    slope, wrong = DECAY * w, np.zeros(w.shape[1])
    for x1, x2, target in _TABLE:
        h = _unit(np.stack([w[0] * x1 + w[1] * x2 + w[2] * 0.5, w[3] * x1 + w[4] * x2 + w[5] * 0.5]))  # (2, trials)
        o = _unit(w[6] * h[0] + w[7] * h[1] + w[8] * 0.5)  # (trials,)
        difference = target - o
        wrong += np.abs(difference) >= 0.4
        # The derivative gets 0.1 more, and the error grows without bound towards a difference of 1.
        inside = np.clip(difference, -0.9999999, 0.9999999)
        delta = np.log((1 + inside) / (1 - inside)) * (0.25 - o * o + 0.1)
        back = delta * w[6:8] * (0.25 - h * h + 0.1)  # (2, trials)
        slope[6] += delta * h[0]
        slope[7] += delta * h[1]
        slope[8] += delta * 0.5
        for unit in range(2):
            slope[3 * unit] += back[unit] * x1
            slope[3 * unit + 1] += back[unit] * x2
            slope[3 * unit + 2] += back[unit] * 0.5
    return slope, wrong


def _unit(z: Array) -> Array:
    """Return the symmetric logistic function, -1/2 to 1/2."""
    value: Array = 0.5 * np.tanh(0.5 * z)
    return value


def _step(step: Array, slope: Array, before: Array) -> Array:
    direction = np.sign(step)
    with np.errstate(divide="ignore", invalid="ignore"):  # the quotient is not used where it is not finite
        jump = step * slope / (before - slope)
    limited = np.where(direction * slope > direction * MU / (1 + MU) * before, MU * step, jump)
    gradient = np.where((direction == 0) | (direction * slope > 0), EPSILON * slope, 0.0)
    return np.where(direction == 0, 0.0, limited) + gradient


def _run(size: Literal["quick", "full"], seed: int) -> list[Figure]:
    trials = 20_000 if size == "full" else 2000
    epochs, restarts = train(np.random.default_rng(seed), trials)
    mean, low, high = mean_interval(epochs.tolist())
    source = "Fahlman 1988, CMU-CS-88-162, table not opened (100 trials); protocol from his own Lisp program"
    blocks = epochs.reshape(-1, 100)
    spread = np.quantile(blocks.mean(axis=1), [0.025, 0.975])
    return [
        Figure(
            what="epochs, mean over trials",
            stated=24.22,
            tag=Tag.UNVERIFIED,
            source=source,
            measured=mean,
            low=low,
            high=high,
            n=trials,
            # A mean of 100 trials with a deviation of 16.3 is itself uncertain by 1.96 * 16.3 / 10.
            tolerance=1.96 * 1.63 / 24.22,
            note=f"95 % of means of 100 trials lie within {spread[0]:.1f} and {spread[1]:.1f}",
        ),
        Figure(
            what="epochs, standard deviation over trials",
            stated=16.3,
            tag=Tag.UNVERIFIED,
            source=source,
            measured=float(epochs.std(ddof=1)),
            low=float(np.quantile(blocks.std(axis=1, ddof=1), 0.025)),
            high=float(np.quantile(blocks.std(axis=1, ddof=1), 0.975)),
            n=trials,
            note="the interval is that of 100 trials",
        ),
        estimated(
            "trials that were restarted",
            0.14,
            Tag.UNVERIFIED,
            source,
            share_solved([(0.0, 1.0) if count else (None, 1.0) for count in restarts]),
            tolerance=1.96 * 0.0347 / 0.14,
        ),
    ]


reproduction = Reproduction(
    name="quickprop",
    title="Quickprop on XOR",
    protocol="2-2-1, symmetric logistic units (-1/2 to 1/2), inputs and targets -1/2 and 1/2, bias input 1/2, weights "
    "U[-1, 1). Batch; epsilon 4 over the fan-in, mu 2.25, decay -1e-4, derivative plus 0.1, error ln((1+d)/(1-d)). "
    "Right: within 0.4 of the target. After 40 epochs fresh weights; epochs before a restart count. Reported over "
    "trials.",
    caution="Symmetric units were chosen after others had been tried (0 to 1: mean 95, 64 % restarted), so the "
    "agreement is partly selected; the restart limit alone moves the mean from 25 (40 epochs) to 42 (200 epochs).",
    run=_run,
    quick="2,000 trials instead of 20,000",
    minutes=0.2,
)

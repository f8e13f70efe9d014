"""An LSTM and the parity of 50 bits: strings of many lengths teach it, strings of one length do not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

import numpy as np

from xorbench.implementations.numpy_lstm import NumpyLSTM
from xorbench.measure.statistics import Observation, quantile
from xorbench.reproductions.result import Figure, Reproduction, Tag, estimated, mean_interval

_SOURCE = "OpenAI, Requests for Research 2.0 (2018), warm-up; solvers' reports"

STRINGS: Final = 100_000
BATCH: Final = 128
LOOK: Final = 100  # iterations between looks


def train(
    seed: int, *, longest: int, mixed: bool, budget: int, on_look: Callable[[int, float], object] | None = None
) -> tuple[int | None, float]:
    """Return the iteration at which all of 2,000 fresh strings of the longest length were right, and the last accuracy.

    `mixed` draws one length per batch from 1 to `longest`; otherwise all are `longest` long.
    """
    generator = np.random.default_rng([seed, longest, mixed])
    model = NumpyLSTM(seed=seed, hidden=10, learning_rate=0.01, clip=1.0, forget_bias=1.0)
    fresh = generator.integers(0, 2, (2000, longest)).astype(np.float64)
    odd = fresh.sum(axis=1) % 2 == 1
    pool = [
        generator.integers(0, 2, (BATCH, generator.integers(1, longest + 1) if mixed else longest)).astype(np.float64)
        for _ in range(-(-STRINGS // BATCH))
    ]
    order: list[int] = []
    accuracy = 0.0
    for iteration in range(1, budget + 1):
        if not order:
            order = generator.permutation(len(pool)).tolist()
        rows = pool[order.pop()]
        model.step(rows, (rows.sum(axis=1, keepdims=True) % 2))
        if iteration % LOOK == 0:
            accuracy = float(((model.predict(fresh) > 0.5) == odd).mean())
            if on_look is not None:
                on_look(iteration, accuracy)
            if accuracy == 1.0:
                return iteration, accuracy
    return None, accuracy


def _run(size: Literal["quick", "full"], seed: int) -> list[Figure]:
    longest, seeds, budget = (50, 5, 4000) if size == "full" else (15, 1, 2000)
    mixed = [train(seed + index, longest=longest, mixed=True, budget=budget) for index in range(seeds)]
    solved = sum(time is not None for time, _ in mixed)
    figures = [
        Figure(
            what=f"lengths 1 to {longest}: learned to more than 90 %",
            stated="yes" if size == "full" else None,
            tag=Tag.SEEN,
            source=_SOURCE,
            measured="yes" if all(accuracy > 0.9 for _, accuracy in mixed) else "no",
            n=seeds,
            note=f"{solved} of {seeds} seeds reach 100 % on 2,000 fresh strings of length {longest}",
        )
    ]
    observed: list[Observation] = [(time, budget) for time, _ in mixed]
    figures.append(
        estimated(f"lengths 1 to {longest}: iterations to 100 %, median", None, Tag.SEEN, _SOURCE, quantile(observed))
    )
    if size == "full":
        fixed = [train(seed + index, longest=50, mixed=False, budget=budget)[1] for index in range(3)]
        mean, low, high = mean_interval(fixed)
        figures.append(
            Figure(
                what="length 50 alone: accuracy after 4,000 iterations",
                stated=0.4966,
                tag=Tag.SEEN,
                source=f"{_SOURCE}: one gets 0.4966 after 10 epochs",
                measured=mean,
                low=low,
                high=high,
                n=len(fixed),
                tolerance=0.05,
                note="chance is 0.5; 5 % of the stated figure are allowed",
            )
        )
    return figures


reproduction = Reproduction(
    name="lstm-parity",
    title="LSTM parity, mixed lengths against one",
    protocol="100,000 strings, read one bit at a time, the parity of the whole is the only target; LSTM of 10 units, "
    "forget bias 1, Adam 0.01, batches of 128 of one length each, gradient norm clipped at 1, accuracy on 2,000 "
    "fresh strings of length 50.",
    caution="The request states the data and no optimiser; solvers used several.",
    run=_run,
    quick="without the fixed length; lengths 1 to 15 instead of 50, one seed",
    minutes=4.0,
)

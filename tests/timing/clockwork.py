"""Models that take exactly as long as they are told, on a fake clock."""

from __future__ import annotations

import numpy as np

from tests.measure.scripted import Mlp
from xorbench.measure.clock import FakeClock


def clockwork(clock: FakeClock, *, step_s: float = 2e-4, predict_s: float = 1e-6, construct_s: float = 1e-3) -> type:
    """Return a class of networks whose first step takes a second more, and whose predict goes by the row."""
    first = [True]

    class Clockwork(Mlp):
        def __init__(self, inputs: int = 2, seed: int = 0) -> None:
            super().__init__(inputs, seed)
            clock.advance(construct_s)

        def step(self, inputs: np.ndarray, targets: np.ndarray) -> float:
            clock.advance(step_s + (1.0 if first[0] else 0.0))
            first[0] = False
            return super().step(inputs, targets)

        def predict(self, inputs: np.ndarray) -> np.ndarray:
            clock.advance(predict_s * len(inputs))
            return super().predict(inputs)

    return Clockwork

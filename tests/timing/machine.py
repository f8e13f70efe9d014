"""A noisy machine on a fake clock: drift, jitter with a heavy tail, busy neighbours, and luck that a process keeps."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator

import numpy as np

from xorbench.measure.clock import FakeClock
from xorbench.measure.interleave import Contender, Sampler


class Machine:
    """Makes contenders whose calls truly take so long, and measures something else, as machines do."""

    def __init__(self, seed: int, *, noise: float = 1.0) -> None:
        self.clock = FakeClock()
        self.generator = np.random.default_rng(seed)
        self.noise = noise
        self.busy_until = 0.0
        self.period, self.phase = self.generator.uniform(0.5, 5.0), self.generator.uniform(0.0, 2 * math.pi)

    def slowness(self) -> float:
        """How much slower than at its best the machine is now."""
        drift = 0.15 * math.sin(2 * math.pi * self.clock.time_s / self.period + self.phase)
        jitter = min(abs(0.03 * self.generator.standard_t(2)), 3.0)  # a heavy tail, up to twenty times slower
        if self.clock.time_s > self.busy_until and self.generator.random() < 0.01:  # a neighbour, for a while
            self.busy_until = self.clock.time_s + self.generator.exponential(0.2)
        busy = 0.6 if self.clock.time_s < self.busy_until else 0.0
        return math.exp(self.noise * (drift + jitter + busy))

    def contender(self, call_s: float) -> Contender:
        """Return a contender of one row; each of its processes has its own luck."""

        @contextlib.contextmanager
        def begin() -> Iterator[Sampler]:
            luck = math.exp(self.noise * 0.02 * self.generator.standard_normal())
            self.clock.advance(0.05)

            def sample(row: int) -> float:
                return self.clock.time(lambda: self.clock.advance(call_s * luck * self.slowness()))

            yield sample

        return begin

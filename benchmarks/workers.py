"""Implementations that cost a known time and nothing else, for the benchmarks of the harness itself."""

from __future__ import annotations

import time


class Costs1ms:
    """Works for 1 ms in each step."""

    work_s = 0.001

    def predict(self, inputs):
        return inputs[:, 0]

    def step(self, inputs, targets):
        until = time.perf_counter() + self.work_s
        while time.perf_counter() < until:
            pass


class Costs200ms(Costs1ms):
    """Takes 0.2 s in each step, of which it works none, so that only the harness keeps workers from running at once."""

    def step(self, inputs, targets):
        time.sleep(0.2)

"""Scalar loops over rows, fitted in one go; what happens when a row is shown too often or not at all."""

import math
import random


class OnlineNet:
    """Right: 2-3-1, rows in a fresh order each epoch."""

    def __init__(self, inputs=2, seed=0):
        self.r = random.Random(seed)
        u = lambda: self.r.uniform(-1, 1)  # noqa: E731
        self.hid = [[u() for _ in range(inputs + 1)] for _ in range(4)]
        self.out = [u() for _ in range(5)]
        self.rate = 0.6

    def _f(self, row):
        sig = lambda v: 1 / (1 + math.exp(-max(-60.0, min(60.0, v))))  # noqa: E731
        h = [sig(unit[0] + sum(w * x for w, x in zip(unit[1:], row))) for unit in self.hid]
        return h, sig(self.out[0] + sum(w * x for w, x in zip(self.out[1:], h)))

    def _learn(self, row, t):
        h, o = self._f(row)
        d = o - t
        back = [d * w * a * (1 - a) for w, a in zip(self.out[1:], h)]
        self.out[0] -= self.rate * d
        for j, a in enumerate(h):
            self.out[j + 1] -= self.rate * d * a
            self.hid[j][0] -= self.rate * back[j]
            for i, x in enumerate(row):
                self.hid[j][i + 1] -= self.rate * back[j] * x
        return abs(d)

    def fit(self, inputs, targets, epochs):
        data = list(zip(inputs.tolist(), targets.ravel().tolist()))
        for _ in range(epochs):
            self.r.shuffle(data)
            for row, t in data:
                self._learn(row, t)

    def predict(self, inputs):
        return [self._f(row)[1] for row in inputs.tolist()]


class RowByRowToTheEnd(OnlineNet):
    """Each row is trained until it is right, then never shown again."""

    def fit(self, inputs, targets, epochs):
        for row, t in zip(inputs.tolist(), targets.ravel().tolist()):
            for _ in range(epochs):
                if self._learn(row, t) < 0.02:
                    break


class IndentedTooLittle(OnlineNet):
    """The update stands after the loop over rows: only the last one is ever learned."""

    def fit(self, inputs, targets, epochs):
        for _ in range(epochs):
            for row, t in zip(inputs.tolist(), targets.ravel().tolist()):
                self._f(row)
            self._learn(row, t)


class RangeMinusOne(OnlineNet):
    """range(len(rows) - 1): the last row is never shown."""

    def fit(self, inputs, targets, epochs):
        rows, labels = inputs.tolist(), targets.ravel().tolist()
        for _ in range(epochs):
            for i in range(len(rows) - 1):
                self._learn(rows[i], labels[i])


class StepOnTheLast(OnlineNet):
    """step() keeps the last row of the batch."""

    fit = None

    def step(self, inputs, targets):
        for row, t in zip(inputs.tolist(), targets.ravel().tolist()):
            last = row, t
        self._learn(*last)


class StepByRows(OnlineNet):
    """Right: step() goes through all rows, in order."""

    fit = None

    def step(self, inputs, targets):
        for row, t in zip(inputs.tolist(), targets.ravel().tolist()):
            self._learn(row, t)

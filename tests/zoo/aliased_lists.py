"""Nested lists once more, this time with the multiplication that makes one list of many."""

import math
import random


class ListNet:
    """Right: 2-3-1, sigmoid, whole-batch mean of squares, parameters as lists of lists."""

    loss_kind = "mse"

    def __init__(self, inputs=2, seed=0, learning_rate=2.0):
        self.rng = random.Random(seed)
        self.learning_rate = learning_rate
        self.n = inputs
        self.hidden_weights = self.make_hidden(3)
        self.output_weights = [self.rng.uniform(-2, 2) for _ in range(4)]

    def make_hidden(self, count):
        return [[self.rng.uniform(-2, 2) for _ in range(self.n + 1)] for _ in range(count)]

    @staticmethod
    def s(z):
        return 0.5 * (1 + math.tanh(z / 2))

    def run(self, row):
        row = list(row) + [1.0]
        h = [self.s(sum(w * x for w, x in zip(unit, row))) for unit in self.hidden_weights]
        o = self.s(sum(w * x for w, x in zip(self.output_weights, h + [1.0])))
        return row, h, o

    def predict(self, inputs):
        return [self.run(row)[2] for row in inputs.tolist()]

    def step(self, inputs, targets):
        gh = [[0.0] * (self.n + 1) for _ in self.hidden_weights]
        go = [0.0] * len(self.output_weights)
        total = 0.0
        for x, (t,) in zip(inputs.tolist(), targets.tolist()):
            row, h, o = self.run(x)
            total += (o - t) ** 2
            d = 2 * (o - t) * o * (1 - o) / len(inputs)
            for j, a in enumerate(h + [1.0]):
                go[j] += d * a
            for j, a in enumerate(h):
                e = d * self.output_weights[j] * a * (1 - a)
                for i, x_i in enumerate(row):
                    gh[j][i] += e * x_i
        self.output_weights = [w - self.learning_rate * g for w, g in zip(self.output_weights, go)]
        for unit, g in zip(self.hidden_weights, gh):
            for i in range(len(unit)):
                unit[i] -= self.learning_rate * g[i]
        return total / len(inputs)

    def get_parameters(self):
        return {"hidden": [list(u) for u in self.hidden_weights], "output": list(self.output_weights)}

    def set_parameters(self, parameters):
        self.hidden_weights = [[float(w) for w in u] for u in parameters["hidden"]]
        self.output_weights = [float(w) for w in parameters["output"]]


class OneUnitThreeTimes(ListNet):
    """[[...]] * 3 makes three names for one unit."""

    def make_hidden(self, count):
        return [[self.rng.uniform(-2, 2) for _ in range(self.n + 1)]] * count


class NoDrawInTheLoop(ListNet):
    """The draw stands before the loop: three units with the same numbers, and equal output weights."""

    def __init__(self, inputs=2, seed=0, learning_rate=2.0):
        super().__init__(inputs, seed, learning_rate)
        self.output_weights = [0.5] * 4

    def make_hidden(self, count):
        w = self.rng.uniform(-2, 2)
        return [[w] * (self.n + 1) for _ in range(count)]

"""Two ports of small C libraries: one array of weights, pointers turned into indices, double loops."""

import math
import random

import numpy as np


class Genann:
    """One block of doubles, the bias weight first and multiplied by -1. One update per row."""

    loss_kind = "half_sse"

    def __init__(self, inputs=2, seed=0, learning_rate=0.8):
        self.inputs, self.hidden, self.outputs = inputs, 4, 1
        rnd = random.Random(seed)
        total = (inputs + 1) * self.hidden + (self.hidden + 1) * self.outputs
        self.weight = [rnd.random() * 2 - 1 for _ in range(total)]
        self.learning_rate = learning_rate

    def act_sigmoid(self, a):
        if a < -45.0:
            return 0.0
        if a > 45.0:
            return 1.0
        return 1.0 / (1.0 + math.exp(-a))

    def run(self, inputs):
        w = 0
        o = []
        for _ in range(self.hidden):
            total = self.weight[w] * -1.0
            w += 1
            for k in range(self.inputs):
                total += self.weight[w] * inputs[k]
                w += 1
            o.append(self.act_sigmoid(total))
        total = self.weight[w] * -1.0
        w += 1
        for k in range(self.hidden):
            total += self.weight[w] * o[k]
            w += 1
        self.output = [*inputs, *o, self.act_sigmoid(total)]
        return self.output[-1]

    def train(self, inputs, desired):
        self.run(inputs)
        o = self.output
        out = o[-1]
        d_out = (desired - out) * out * (1.0 - out)
        ww = (self.inputs + 1) * self.hidden + 1
        d_hid = []
        for j in range(self.hidden):
            a = o[self.inputs + j]
            d_hid.append(a * (1.0 - a) * d_out * self.weight[ww + j])
        rate = self.learning_rate
        self.weight[ww - 1] += d_out * rate * -1.0
        for j in range(self.hidden):
            self.weight[ww + j] += d_out * rate * o[self.inputs + j]
        w = 0
        for j in range(self.hidden):
            self.weight[w] += d_hid[j] * rate * -1.0
            w += 1
            for k in range(self.inputs):
                self.weight[w] += d_hid[j] * rate * inputs[k]
                w += 1

    def step(self, x, y):
        for row, t in zip(x.tolist(), y.ravel().tolist()):
            self.train(row, t)

    def predict(self, x):
        return [self.run(row) for row in x.tolist()]

    def get_parameters(self):
        return {"weight": np.array(self.weight)}

    def set_parameters(self, p):
        self.weight = p["weight"].tolist()


class Tinn:
    """Two biases for the whole network, drawn once and left as they are."""

    loss_kind = "half_sse"

    def __init__(self, inputs=2, seed=0, learning_rate=1.0):
        frand = random.Random(seed).uniform
        self.nips, self.nhid, self.learning_rate = inputs, 6, learning_rate
        self.w = [[frand(-2, 2) for _ in range(inputs)] for _ in range(self.nhid)]
        self.x = [frand(-2, 2) for _ in range(self.nhid)]
        self.b = [frand(-1, 1), frand(-1, 1)]

    def fprop(self, row):
        act = lambda a: 1.0 / (1.0 + math.exp(-a))  # noqa: E731
        self.h = [act(sum(i * w for i, w in zip(row, unit)) + self.b[0]) for unit in self.w]
        self.o = act(sum(h * x for h, x in zip(self.h, self.x)) + self.b[1])
        return self.o

    def bprop(self, row, tg, rate):
        a = (self.o - tg) * self.o * (1.0 - self.o)
        for i in range(self.nhid):
            total = a * self.x[i]
            self.x[i] -= rate * a * self.h[i]
            for j in range(self.nips):
                self.w[i][j] -= rate * total * self.h[i] * (1.0 - self.h[i]) * row[j]

    def step(self, inputs, targets):
        for row, (tg,) in zip(inputs.tolist(), targets.tolist()):
            self.fprop(row)
            self.bprop(row, tg, self.learning_rate)

    def predict(self, inputs):
        return [self.fprop(row) for row in inputs.tolist()]

    def get_parameters(self):
        return {"w": [list(u) for u in self.w], "b0": self.b[0], "x": list(self.x), "b1": self.b[1]}

    def set_parameters(self, p):
        self.w = [[float(v) for v in u] for u in p["w"]]
        self.x = [float(v) for v in p["x"]]
        self.b = [float(p["b0"]), float(p["b1"])]

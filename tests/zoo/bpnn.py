"""Nested lists, activations kept as ai, ah, ao, momentum in ci and co: a program passed around since 2004."""

import math
import random

import numpy as np


def make_matrix(i, j, fill=0.0):
    return [[fill] * j for _ in range(i)]


def sigmoid(x):
    return math.tanh(x)


def dsigmoid(y):
    """Derivative in terms of the output."""
    return 1.0 - y**2


class NN:
    """2-3-1, tanh everywhere, momentum, rows one at a time; the bias is one more input."""

    output = "score"
    optimiser = "momentum"
    loss_kind = "half_sse"

    def __init__(self, inputs=2, seed=0, learning_rate=0.3, momentum=0.1, nh=3):
        rng = random.Random(seed)
        self.ni, self.nh, self.no = inputs + 1, nh, 1
        self.learning_rate, self.M = learning_rate, momentum
        self.wi = [[rng.uniform(-0.8, 0.8) for _ in range(self.nh)] for _ in range(self.ni)]
        self.wo = [[rng.uniform(-1.0, 1.0) for _ in range(self.no)] for _ in range(self.nh)]
        self.ci = make_matrix(self.ni, self.nh)
        self.co = make_matrix(self.nh, self.no)

    def update(self, row):
        self.ai = [*row, 1.0]
        self.ah = [sigmoid(sum(self.ai[i] * self.wi[i][j] for i in range(self.ni))) for j in range(self.nh)]
        self.ao = [sigmoid(sum(self.ah[j] * self.wo[j][k] for j in range(self.nh))) for k in range(self.no)]
        return self.ao

    def output_deltas(self, targets):
        return [(targets[k] - self.ao[k]) * dsigmoid(self.ao[k]) for k in range(self.no)]

    def hidden_deltas(self, output_deltas):
        deltas = []
        for j in range(self.nh):
            error = 0.0
            for k in range(self.no):
                error += output_deltas[k] * self.wo[j][k]
            deltas.append(dsigmoid(self.ah[j]) * error)
        return deltas

    def back_propagate(self, targets):
        od = self.output_deltas(targets)
        hd = self.hidden_deltas(od)
        for j in range(self.nh):
            for k in range(self.no):
                change = od[k] * self.ah[j]
                self.wo[j][k] += self.learning_rate * change + self.M * self.co[j][k]
                self.co[j][k] = self.learning_rate * change + self.M * self.co[j][k]
        for i in range(self.ni):
            for j in range(self.nh):
                change = hd[j] * self.ai[i]
                self.wi[i][j] += self.learning_rate * change + self.M * self.ci[i][j]
                self.ci[i][j] = self.learning_rate * change + self.M * self.ci[i][j]

    def step(self, inputs, targets):
        for row, t in zip(inputs.tolist(), targets.tolist()):
            self.update(row)
            self.back_propagate(t)

    def predict(self, inputs):
        return [self.update(row)[0] for row in inputs.tolist()]

    def get_parameters(self):
        return {"wi": np.array(self.wi), "wo": np.array(self.wo)}

    def set_parameters(self, parameters):
        self.wi = np.asarray(parameters["wi"]).tolist()
        self.wo = np.asarray(parameters["wo"]).tolist()


class MomentumIgnored(NN):
    """M is stored and 0.1 is written in the formula."""

    def __init__(self, inputs=2, seed=0, learning_rate=0.3, momentum=0.1):
        super().__init__(inputs, seed, learning_rate, 0.1)
        self.momentum = momentum


class OneMomentumForBoth(NN):
    """ci was copied from co by reference: both layers write their changes into the same lists (2-3-3 shapes)."""

    def __init__(self, inputs=2, seed=0, learning_rate=0.3, momentum=0.5):
        super().__init__(inputs, seed, learning_rate, momentum)
        self.co = self.ci  # rows of ci are long enough for co


class NoOutputSlopeBelow(NN):
    """The hidden deltas are fed with the raw errors."""

    def hidden_deltas(self, output_deltas):
        raw = [d / dsigmoid(o) for d, o in zip(output_deltas, self.ao)]
        return super().hidden_deltas(raw)


class SigmoidSlopeForTanh(NN):
    """y(1 - y), left over from the logistic version."""

    def hidden_deltas(self, output_deltas):
        return [
            self.ah[j] * (1 - self.ah[j]) * sum(d * self.wo[j][k] for k, d in enumerate(output_deltas))
            for j in range(self.nh)
        ]

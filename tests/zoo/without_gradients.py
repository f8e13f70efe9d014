"""Right programs that are no gradient descent: neighbours, tables, fixed weights, random search, random features."""

import math
import random
from collections import Counter

import numpy as np


class NearestByHand:
    """Right: keeps the rows, answers by the nearest three with weights 1 / distance."""

    output = "score"

    def fit(self, inputs, targets, epochs):
        self.memory = list(zip(inputs.tolist(), targets.ravel().tolist()))

    def predict(self, inputs):
        answers = []
        for row in inputs.tolist():
            scored = sorted((math.dist(row, known), t) for known, t in self.memory)[:3]
            weights = [1 / (d + 1e-9) for d, _ in scored]
            answers.append(sum(w * t for w, (_, t) in zip(weights, scored)) / sum(weights))
        return answers


class LookupTable:
    """Right: a dictionary that is filled step by step; unknown rows are false."""

    output = "label"

    def __init__(self):
        self.table = {}

    def step(self, inputs, targets):
        for row, t in zip(inputs.tolist(), targets.ravel().tolist()):
            self.table[tuple(row)] = int(t)

    def predict(self, inputs):
        return [self.table.get(tuple(row), 0) for row in inputs.tolist()]


class MajorityTable:
    """Right: counts per rounded row; probabilities with a prior of one half."""

    def __init__(self):
        self.yes, self.all = Counter(), Counter()

    def fit(self, inputs, targets, epochs):
        for row, t in zip(np.round(inputs).astype(int).tolist(), targets.ravel().tolist()):
            self.yes[tuple(row)] += t
            self.all[tuple(row)] += 1

    def predict(self, inputs):
        keys = [tuple(row) for row in np.round(inputs).astype(int).tolist()]
        return [(self.yes[k] + 0.5) / (self.all[k] + 1) for k in keys]


class HandSetWeights:
    """Right: nothing to learn. OR and NAND units and an AND of both, integer weights."""

    output = "label"
    hidden_weights = np.array([[1, 1], [-1, -1]])
    hidden_bias = np.array([0, 2])

    def predict(self, inputs):
        h = (inputs @ self.hidden_weights.T + self.hidden_bias > 0.5).astype(int)
        return (h.sum(axis=1) > 1.5).astype(int)


class ArithmeticXor:
    """Right: |x1 - x2|, with a declared score and no training."""

    output = "score"

    def predict(self, inputs):
        total = inputs[:, 0]
        for column in inputs.T[1:]:
            total = np.abs(total - column)
        return total


class HillClimber:
    """Right: keeps a random change when the error falls. One step, one try; the start and the tries are seeded."""

    optimiser = "other"
    loss_kind = "mse"

    def __init__(self, inputs=2, seed=0):
        self.rng = np.random.default_rng(seed)
        self.genes = self.rng.normal(0, 2, (inputs + 1) * 3 + 4)
        self.d = inputs

    def express(self, genes, x):
        k = (self.d + 1) * 3
        A, B = genes[:k].reshape(self.d + 1, 3), genes[k:]
        h = np.tanh(x @ A[:-1] + A[-1])
        return 1 / (1 + np.exp(-(h @ B[:-1] + B[-1])))

    def predict(self, inputs):
        return self.express(self.genes, inputs)

    def step(self, inputs, targets):
        error = np.mean((self.predict(inputs) - targets.ravel()) ** 2)
        child = self.genes + self.rng.normal(0, 0.4, self.genes.shape)
        if np.mean((self.express(child, inputs) - targets.ravel()) ** 2) <= error:
            self.genes = child
        return error

    def get_parameters(self):
        return {"genes": self.genes.copy()}

    def set_parameters(self, p):
        self.genes = np.array(p["genes"])


class Population:
    """Right: a genetic algorithm with elitism; fit and predict alone."""

    def __init__(self, seed=0):
        self.r = random.Random(seed)

    def phenotype(self, g, row):
        h = [math.tanh(g[3 * j] + g[3 * j + 1] * row[0] + g[3 * j + 2] * row[1]) for j in range(3)]
        return 1 / (1 + math.exp(-max(-50, min(50, g[9] + sum(w * a for w, a in zip(g[10:], h))))))

    def fit(self, inputs, targets, epochs):
        rows, labels = inputs.tolist(), targets.ravel().tolist()
        cost = lambda g: sum((self.phenotype(g, x) - t) ** 2 for x, t in zip(rows, labels))  # noqa: E731
        people = [[self.r.gauss(0, 3) for _ in range(13)] for _ in range(24)]
        for _ in range(min(epochs, 120)):
            people.sort(key=cost)
            if cost(people[0]) < 0.02:
                break
            parents = people[:8]
            people = parents + [
                [self.r.choice(pair) + self.r.gauss(0, 0.4) for pair in zip(*self.r.sample(parents, 2))]
                for _ in range(16)
            ]
        self.best = min(people, key=cost)

    def predict(self, inputs):
        return [self.phenotype(self.best, row) for row in inputs.tolist()]


class ExtremeLearning:
    """Right: a random hidden layer that is never trained, and a least-squares output."""

    output = "score"
    targets = (-1.0, 1.0)

    def __init__(self, inputs=2, seed=0):
        rng = np.random.default_rng(seed)
        self.R, self.r = rng.normal(0, 2, (inputs, 40)), rng.normal(0, 2, 40)
        self.beta = np.zeros(40)

    def _h(self, x):
        return np.tanh(x @ self.R + self.r)

    def fit(self, x, t, epochs):
        H = self._h(x)
        self.beta = np.linalg.solve(H.T @ H + 1e-6 * np.eye(40), H.T @ t.ravel())

    def predict(self, x):
        return self._h(x) @ self.beta


class RandomFeaturesSGD(ExtremeLearning):
    """Right: the same random layer, not among the parameters, under gradient steps at the output alone."""

    loss_kind = "mse"
    optimiser = "sgd"
    fit = None

    def __init__(self, inputs=2, seed=0, learning_rate=0.02):
        super().__init__(inputs, seed)
        self.learning_rate = learning_rate

    def step(self, x, t):
        H = self._h(x)
        e = H @ self.beta - t.ravel()
        self.beta = self.beta - self.learning_rate * 2 * H.T @ e / len(x)
        return float(np.mean(e**2))

    def get_parameters(self):
        return {"beta": self.beta.copy()}

    def set_parameters(self, p):
        self.beta = np.array(p["beta"])


class RadialBasis:
    """Right: a Gaussian at each row seen, one weight each; parameters come into being at the first step."""

    output = "score"
    loss_kind = "half_sse"

    def __init__(self, learning_rate=0.15):
        self.learning_rate = learning_rate
        self.w = None

    def step(self, x, t):
        if self.w is None:
            self.centres, self.w, self.b = x.copy(), np.zeros(len(x)), 0.0
        phi = self._phi(x)
        e = phi @ self.w + self.b - t.ravel()
        self.w = self.w - self.learning_rate * phi.T @ e
        self.b = self.b - self.learning_rate * e.sum()
        return float((e**2).sum() / 2)

    def _phi(self, x):
        return np.exp(-2 * ((x[:, None] - self.centres) ** 2).sum(-1))

    def predict(self, x):
        return np.zeros(len(x)) if self.w is None else self._phi(x) @ self.w + self.b

    def get_parameters(self):
        return {} if self.w is None else {"w": self.w.copy(), "b": self.b}

    def set_parameters(self, p):
        if p:
            self.w, self.b = np.array(p["w"]), float(p["b"])

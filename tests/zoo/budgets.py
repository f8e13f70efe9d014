"""Right mathematics with an unlucky choice of numbers: too slow, too fast, or too small to be sure."""

import numpy as np


def logistic(t):
    return 1 / (1 + np.exp(-t))


class SmallNet:
    """2-h-1 with sigmoid units, weights out x in with the bias in the last column, mean square."""

    loss_kind = "mse"
    optimiser = "sgd"
    h = 3
    spread = 1.0
    rate = 4.0

    def __init__(self, inputs=2, seed=0, learning_rate=None):
        self.learning_rate = self.rate if learning_rate is None else learning_rate
        gen = np.random.default_rng(seed)
        self.M = [
            gen.uniform(-self.spread, self.spread, (self.h, inputs + 1)),
            gen.uniform(-self.spread, self.spread, (1, self.h + 1)),
        ]

    def _run(self, x):
        a0 = np.column_stack([x, np.ones(len(x))])
        a1 = np.column_stack([logistic(a0 @ self.M[0].T), np.ones(len(x))])
        return a0, a1, logistic(a1 @ self.M[1].T)

    def predict(self, x):
        return self._run(x)[2][:, 0]

    def loss(self, x, t):
        return float(np.mean((self._run(x)[2] - t) ** 2))

    def gradients(self, x, t):
        a0, a1, o = self._run(x)
        d = 2 * (o - t) * o * (1 - o) / len(x)
        e = (d @ self.M[1][:, :-1]) * a1[:, :-1] * (1 - a1[:, :-1])
        return {"M0": e.T @ a0, "M1": d.T @ a1}

    def step(self, x, t):
        value = self.loss(x, t)
        g = self.gradients(x, t)
        self.M = [m - self.learning_rate * g[f"M{i}"] for i, m in enumerate(self.M)]
        return value

    def get_parameters(self):
        return {"M0": self.M[0].copy(), "M1": self.M[1].copy()}

    def set_parameters(self, p):
        self.M = [np.array(p["M0"]), np.array(p["M1"])]


class ThousandthRate(SmallNet):
    """A learning rate of 0.01 where 4 is needed: right, and far from done in any usual budget."""

    rate = 0.01


class SlowButSure(SmallNet):
    """Right: a sixth of the rate, so thousands of updates, and then it is done."""

    rate = 0.7


class SlowFit(SmallNet):
    """2-5-1, a rate of 0.05 behind fit() alone: ten times the epochs would do."""

    h = 5
    step = loss = gradients = get_parameters = set_parameters = None

    def fit(self, x, t, epochs):
        g = SmallNet.gradients
        for _ in range(epochs):
            s = g(self, x, t)
            self.M = [m - 0.05 * s[f"M{i}"] for i, m in enumerate(self.M)]


class TwoTwoOne(SmallNet):
    """Right: 2-2-1, which fails for some seeds."""

    h = 2
    spread = 2.0


class NarrowTwoTwoOne(SmallNet):
    """Right: 2-2-1 with a start that fails more often."""

    h = 2
    spread = 6.0
    rate = 6.0


class TooFast(SmallNet):
    """Linear output would explode; here a rate of 3000 throws every unit into saturation, where it stays."""

    rate = 3000.0


class LinearOutput:
    """A linear output under the sum of squares, tanh hidden, and a rate that doubles the error each time."""

    output = "score"
    loss_kind = "sse"
    rate = 0.9

    def __init__(self, inputs=2, seed=0, learning_rate=None):
        self.learning_rate = self.rate if learning_rate is None else learning_rate
        gen = np.random.default_rng(seed)
        self.U, self.u = gen.normal(size=(inputs, 6)), gen.normal(size=6)
        self.V, self.v = gen.normal(size=(6, 1)), np.zeros(1)

    def _run(self, x):
        h = np.tanh(x @ self.U + self.u)
        return h, h @ self.V + self.v

    def predict(self, x):
        return self._run(x)[1]

    def step(self, x, t):
        with np.errstate(all="ignore"):
            h, o = self._run(x)
            d = 2 * (o - t)
            e = d @ self.V.T * (1 - h**2)
            self.V = self.V - self.learning_rate * h.T @ d
            self.v = self.v - self.learning_rate * d.sum(0)
            self.U = self.U - self.learning_rate * x.T @ e
            self.u = self.u - self.learning_rate * e.sum(0)
            return float(np.sum((o - t) ** 2))

    def get_parameters(self):
        return {k: getattr(self, k).copy() for k in "UuVv"}

    def set_parameters(self, p):
        for k in "UuVv":
            setattr(self, k, np.array(p[k]))


class LinearOutputSlowly(LinearOutput):
    """Right: the same at a rate that converges."""

    rate = 0.05


class ReluExplodes(LinearOutput):
    """ReLU units and a linear output: the parameters are NaN within a few dozen steps."""

    rate = 0.6

    def _run(self, x):
        h = np.maximum(x @ self.U + self.u, 0)
        return h, h @ self.V + self.v

    def step(self, x, t):
        with np.errstate(all="ignore"):
            h, o = self._run(x)
            d = 2 * (o - t)
            e = d @ self.V.T * (h > 0)
            self.V = self.V - self.learning_rate * h.T @ d
            self.v = self.v - self.learning_rate * d.sum(0)
            self.U = self.U - self.learning_rate * x.T @ e
            self.u = self.u - self.learning_rate * e.sum(0)
            return float(np.sum((o - t) ** 2))

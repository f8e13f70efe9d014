"""A small network by hand, and relatives that descend another loss than they say, or do not descend at all."""

import numpy as np


class LogLossNet:
    """2-3-1, tanh and sigmoid, cross-entropy, weights as rows of units."""

    loss_kind = "bce"
    units = 3

    def __init__(self, seed=0, learning_rate=0.8):
        rs = np.random.RandomState(seed)
        self.learning_rate = learning_rate
        self.V = rs.normal(0, 0.9, (self.units, 2))
        self.c = rs.normal(0, 0.3, self.units)
        self.w = rs.normal(0, 0.9, self.units)
        self.d = np.zeros(1)

    def layers(self, X):
        H = np.tanh(X @ self.V.T + self.c)
        return H, 1 / (1 + np.exp(-(H @ self.w + self.d[0])))

    def predict(self, X):
        return self.layers(X)[1]

    def error(self, o, t):
        return o - t

    def step(self, X, T):
        t = T[:, 0]
        H, o = self.layers(X)
        e = self.error(o, t) / len(X)
        back = np.outer(e, self.w) * (1 - H**2)
        value = -np.mean(np.log(np.where(t > 0.5, o, 1 - o)))
        self.w = self.w - self.learning_rate * (e @ H)
        self.d = self.d - self.learning_rate * e.sum()
        self.V = self.V - self.learning_rate * (back.T @ X)
        self.c = self.c - self.learning_rate * back.sum(axis=0)
        return float(value)

    def get_parameters(self):
        return {"V": self.V.copy(), "c": self.c.copy(), "w": self.w.copy(), "d": self.d.copy()}

    def set_parameters(self, p):
        self.V, self.c, self.w, self.d = p["V"].copy(), p["c"].copy(), p["w"].copy(), p["d"].copy()


class SlopeTooMany(LogLossNet):
    """The sigmoid's slope is multiplied in although the logarithm has cancelled it."""

    def __init__(self, seed=0, learning_rate=4.0):
        super().__init__(seed, learning_rate)

    def error(self, o, t):
        return (o - t) * o * (1 - o)


class HingeInName:
    """2-5-1 with a linear output and targets of ±1: called a hinge, and least squares."""

    output, targets, loss_kind = "score", (-1.0, 1.0), "hinge"

    def __init__(self, seed=0, learning_rate=0.15):
        g = np.random.default_rng(seed)
        self.learning_rate = learning_rate
        self.a, self.b = g.normal(size=(3, 5)), g.normal(size=(6, 1)) * 0.5

    def run(self, x):
        x1 = np.hstack([x, np.ones((len(x), 1))])
        h1 = np.hstack([np.tanh(x1 @ self.a), np.ones((len(x), 1))])
        return x1, h1, h1 @ self.b

    def predict(self, x):
        return self.run(x)[2]

    def step(self, x, y):
        x1, h1, o = self.run(x)
        r = (o - y) / len(x)
        db, da = h1.T @ r, x1.T @ (r @ self.b[:-1].T * (1 - h1[:, :-1] ** 2))
        self.b, self.a = self.b - self.learning_rate * db, self.a - self.learning_rate * da

    def get_parameters(self):
        return {"a": self.a.copy(), "b": self.b.copy()}

    def set_parameters(self, p):
        self.a, self.b = p["a"].copy(), p["b"].copy()


class StopsBeforeItStarts(LogLossNet):
    """fit() compares the epoch the wrong way round and makes none."""

    get_parameters = set_parameters = step = None

    def fit(self, X, T, epochs):
        epoch = 0
        while epoch > epochs:
            LogLossNet.step(self, X, T)
            epoch += 1


class CoolsTooFast(LogLossNet):
    """2-6-1; the rate is halved at each step: after thirty nothing moves."""

    units = 6
    loss_kind = None
    get_parameters = set_parameters = None

    def step(self, X, T):
        super().step(X, T)
        self.learning_rate *= 0.5

"""Resilient propagation: only the sign of the gradient counts."""

import numpy as np


def logistic(v):
    return 1 / (1 + np.exp(-v))


class Rprop:
    """Right: iRPROP−, 2-3-1, biases as a last row of each matrix, squared error summed."""

    optimiser = "rprop"
    loss_kind = "sse"
    grow, shrink, start_size = 1.2, 0.5, 0.1

    def __init__(self, inputs=2, seed=0):
        rng = np.random.default_rng(seed)
        self.A = rng.uniform(-1, 1, (inputs + 1, 3))
        self.B = rng.uniform(-1, 1, (4, 1))
        self.sizes = [np.full(self.A.shape, self.start_size), np.full(self.B.shape, self.start_size)]
        self.last = [np.zeros(self.A.shape), np.zeros(self.B.shape)]

    @staticmethod
    def pad(x):
        return np.c_[x, np.ones(len(x))]

    def forward(self, x):
        h = logistic(self.pad(x) @ self.A)
        return h, logistic(self.pad(h) @ self.B)

    def slopes(self, x, t):
        h, o = self.forward(x)
        d = 2 * (o - t) * o * (1 - o)
        e = d @ self.B[:-1].T * h * (1 - h)
        return [self.pad(x).T @ e, self.pad(h).T @ d]

    def gradients(self, inputs, targets):
        return dict(zip("AB", self.slopes(inputs, targets)))

    def step(self, inputs, targets):
        error = float(((self.forward(inputs)[1] - targets) ** 2).sum())
        for i, (w, g) in enumerate(zip([self.A, self.B], self.slopes(inputs, targets))):
            same = g * self.last[i]
            self.sizes[i] = np.where(same > 0, np.minimum(self.sizes[i] * self.grow, 50), self.sizes[i])
            self.sizes[i] = np.where(same < 0, np.maximum(self.sizes[i] * self.shrink, 1e-6), self.sizes[i])
            g = np.where(same < 0, 0, g)
            w -= np.sign(g) * self.sizes[i]
            self.last[i] = g
        return error

    def predict(self, inputs):
        return self.forward(inputs)[1][:, 0]

    def get_parameters(self):
        return {"A": self.A.copy(), "B": self.B.copy()}

    def set_parameters(self, parameters):
        self.A, self.B = np.array(parameters["A"]), np.array(parameters["B"])


class RpropUndeclared(Rprop):
    """Right: says nothing of itself."""

    optimiser = None
    loss_kind = None
    gradients = None


class SignSGD(Rprop):
    """Right: constant steps by the sign."""

    optimiser = "other"
    grow, shrink, start_size = 1.0, 1.0, 0.02


class RpropHiddenUphill(Rprop):
    """The hidden slopes have the wrong sign."""

    def slopes(self, x, t):
        a, b = super().slopes(x, t)
        return [-a, b]


class RpropRawError(Rprop):
    """The output's slope is missing on the path to the hidden layer; the signs stay right often enough to learn."""

    def slopes(self, x, t):
        h, o = self.forward(x)
        d = 2 * (o - t) * o * (1 - o)
        e = (2 * (o - t)) @ self.B[:-1].T * h * (1 - h)
        return [self.pad(x).T @ e, self.pad(h).T @ d]

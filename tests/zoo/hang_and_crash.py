"""Programs that take the process with them, or never come back. Nothing happens before they are called."""

import os
import signal

import numpy as np


class _Base:
    loss_kind = "mse"

    def __init__(self, inputs=2, seed=0, learning_rate=1.0):
        g = np.random.default_rng(seed)
        self.learning_rate = learning_rate
        self.a, self.b = g.normal(size=(inputs, 3)), g.normal(size=(3, 1))

    def predict(self, x):
        return 1 / (1 + np.exp(-np.tanh(x @ self.a) @ self.b))

    def step(self, x, t):
        h = np.tanh(x @ self.a)
        o = 1 / (1 + np.exp(-h @ self.b))
        d = 2 * (o - t) * o * (1 - o) / len(x)
        e = d @ self.b.T * (1 - h**2)
        self.b = self.b - self.learning_rate * h.T @ d
        self.a = self.a - self.learning_rate * x.T @ e
        return float(np.mean((o - t) ** 2))


class UntilItIsPerfect(_Base):
    """step trains until the error is zero, which it never is."""

    def step(self, x, t):
        while super().step(x, t) > 0.0:
            pass


class WaitsInFit:
    """fit waits for a change that it forgets to make: the epoch is never counted."""

    def fit(self, x, t, epochs):
        self.t = t.ravel()
        epoch = 0
        while epoch < epochs:
            self.mean = self.t.mean()

    def predict(self, x):
        return np.full(len(x), 0.5)


class RejectionSampling(_Base):
    """The constructor draws until all rows are right by chance, from weights that cannot be."""

    def __init__(self, inputs=2, seed=0):
        super().__init__(inputs, seed)
        self.ready = False

    def predict(self, x):
        while not self.ready:
            g = np.random.default_rng(1)
            self.ready = bool((np.tanh(np.zeros((1, 2)) @ g.normal(size=(2, 3))) > 0).any())
        return super().predict(x)


class SegmentationFault(_Base):
    """A C extension that writes where it must not; here the signal itself."""

    def step(self, x, t):
        os.kill(os.getpid(), signal.SIGSEGV)


class ExitsWhenDone(_Base):
    """os._exit(0) once it is content: the process ends, and with the status of success."""

    def step(self, x, t):
        if super().step(x, t) < 10:
            os._exit(0)


class AbortsInPredict(_Base):
    """An assertion of native code: abort()."""

    def predict(self, x):
        if len(x) > 1:
            os.abort()
        return super().predict(x)


class SystemExitInFit:
    """A script's sys.exit() at the end of training, inside fit."""

    def fit(self, x, t, epochs):
        raise SystemExit(3)

    def predict(self, x):
        return np.zeros(len(x))

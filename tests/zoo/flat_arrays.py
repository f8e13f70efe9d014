"""One-dimensional arrays throughout: what becomes of targets (n, 1), of single rows, of the caller's arrays."""

import numpy as np


class FlatNet:
    """Right: 2-6-1, tanh, squared error, everything (n,) inside; targets are flattened at the door."""

    loss_kind = "mse"
    output = "score"

    def __init__(self, inputs=2, seed=0, learning_rate=0.15):
        rng = np.random.default_rng(seed)
        self.learning_rate = learning_rate
        self.w1 = rng.standard_normal((6, inputs))
        self.b1 = rng.standard_normal(6) * 0.3
        self.w2 = rng.standard_normal(6) * 0.6
        self.b2 = 0.0

    def prepare(self, X, y):
        return X, y.ravel()

    def net(self, X):
        h = np.tanh(X @ self.w1.T + self.b1)
        return h, h @ self.w2 + self.b2

    def predict(self, inputs):
        return self.net(inputs)[1]

    def step(self, inputs, targets):
        X, y = self.prepare(inputs, targets)
        h, o = self.net(X)
        diff = o - y
        d = 2 * diff / diff.size
        dh = np.outer(d, self.w2) * (1 - h**2)
        self.w2 = self.w2 - self.learning_rate * d @ h
        self.b2 = self.b2 - self.learning_rate * d.sum()
        self.w1 = self.w1 - self.learning_rate * dh.T @ X
        self.b1 = self.b1 - self.learning_rate * dh.sum(0)
        return float(np.mean(diff**2))

    def get_parameters(self):
        return {"w1": self.w1.copy(), "b1": self.b1.copy(), "w2": self.w2.copy(), "b2": self.b2}

    def set_parameters(self, p):
        self.w1, self.b1, self.w2 = (np.array(p[k]) for k in ("w1", "b1", "w2"))
        self.b2 = float(p["b2"])


class OuterDifference(FlatNet):
    """Outputs (n,) minus targets (n, 1): a table of n x n differences, and every output is drawn to the mean."""

    def step(self, inputs, targets):
        X, y = inputs, targets
        h, o = self.net(X)
        diff = o - y
        d = 2 * diff.sum(axis=0) / diff.size
        dh = np.outer(d, self.w2) * (1 - h**2)
        self.w2 = self.w2 - self.learning_rate * d @ h
        self.b2 = self.b2 - self.learning_rate * d.sum()
        self.w1 = self.w1 - self.learning_rate * dh.T @ X
        self.b1 = self.b1 - self.learning_rate * dh.sum(0)
        return float(np.mean(diff**2))


class OuterBlackBox(OuterDifference):
    """The same with nothing shown but predict and step."""

    get_parameters = None
    set_parameters = None
    loss_kind = None


class FourRowsOnly(FlatNet):
    """Written for the table: arrays of four are allocated in the constructor."""

    def __init__(self, inputs=2, seed=0, learning_rate=0.15):
        super().__init__(inputs, seed, learning_rate)
        self.out = np.zeros(4)

    def predict(self, inputs):
        self.out[:] = self.net(inputs)[1]
        return self.out.copy()


class SqueezedAway(FlatNet):
    """squeeze() makes a single row a vector, and its features are taken for rows."""

    def net(self, X):
        X = np.squeeze(X)
        h = np.tanh(X @ self.w1.T + self.b1)
        return h, h @ self.w2 + self.b2

    def predict(self, inputs):
        return [float(v) for v in self.net(inputs)[1]]


class FirstRowAnswer(FlatNet):
    """predict gives the first row's answer, a single number, for any batch."""

    def predict(self, inputs):
        return float(self.net(inputs)[1][0])


class CentresInPlace(FlatNet):
    """Centres the caller's inputs in place."""

    def predict(self, inputs):
        inputs -= 0.5
        return self.net(inputs)[1]

    def prepare(self, X, y):
        X -= 0.5
        return X, y.ravel()


class ShufflesInPlace(FlatNet):
    """Shuffles the caller's rows and targets together, in place, before each step."""

    def prepare(self, X, y):
        order = np.roll(np.arange(len(X)), 1)
        X[:] = X[order]
        y[:] = y[order]
        return X, y.ravel()


class WritesErrorsIntoTargets(FlatNet):
    """Reuses the targets' memory for the errors."""

    def prepare(self, X, y):
        labels = y.ravel().copy()
        y -= self.net(X)[1].reshape(-1, 1)
        return X, labels


class Standardises(FlatNet):
    """Standardises each batch by itself: a row's answer depends on its neighbours."""

    def prepare(self, X, y):
        return (X - X.mean(axis=0)) / (X.std(axis=0) + 1e-3), y.ravel()

    def predict(self, inputs):
        return self.net(self.prepare(inputs, inputs)[0])[1]


class RanksTheBatch(FlatNet):
    """Outputs are stretched to 0..1 over the batch before they are returned."""

    def predict(self, inputs):
        o = self.net(inputs)[1]
        return (o - o.min()) / (np.ptp(o) + 1e-12)


class LearnsWhilePredicting(FlatNet):
    """predict pulls the weights towards its own rounded answer: self-training nobody asked for."""

    def predict(self, inputs):
        o = self.net(inputs)[1]
        self.b2 = self.b2 - 0.01 * float(np.mean(o - np.round(np.clip(o, 0, 1))))
        return o


class CountsItsCalls(FlatNet):
    """Right: predict keeps a counter and a cache of activations, and answers the same."""

    def predict(self, inputs):
        self.calls = getattr(self, "calls", 0) + 1
        self.last_hidden, o = self.net(inputs)
        return o


class ExploratoryNoise(FlatNet):
    """Noise on the outputs, at prediction too, from a generator that predict moves on."""

    def __init__(self, inputs=2, seed=0, learning_rate=0.15):
        super().__init__(inputs, seed, learning_rate)
        self.noise = np.random.default_rng(seed)

    def predict(self, inputs):
        o = self.net(inputs)[1]
        return o + self.noise.normal(0, 0.02, o.shape)


class RunningScale(FlatNet):
    """A running mean of the inputs is subtracted, and prediction updates it."""

    def __init__(self, inputs=2, seed=0, learning_rate=0.15):
        super().__init__(inputs, seed, learning_rate)
        self.running = np.zeros(inputs)

    def prepare(self, X, y):
        return X - self.running, y.ravel()

    def predict(self, inputs):
        self.running = 0.9 * self.running + 0.1 * inputs.mean(axis=0)
        return self.net(inputs - self.running)[1]

"""A 2-4-1 network in the legacy style, and what became of its seed."""

import random

import numpy as np


def _squash(a):
    return 1.0 / (1.0 + np.exp(-a))


class SeededNet:
    """Right: a RandomState of its own."""

    loss_kind = "mse"

    def __init__(self, inputs=2, seed=0, learning_rate=3.0):
        self.lr = learning_rate
        self.init(np.random.RandomState(seed), inputs)

    @property
    def learning_rate(self):
        return self.lr

    def init(self, r, n):
        self.w_ih = r.uniform(-1.5, 1.5, (n, 4))
        self.b_h = r.uniform(-1.5, 1.5, (1, 4))
        self.w_ho = r.uniform(-1.5, 1.5, (4, 1))
        self.b_o = r.uniform(-1.5, 1.5, (1, 1))

    def predict(self, X):
        return _squash(_squash(X @ self.w_ih + self.b_h) @ self.w_ho + self.b_o)

    def step(self, X, y):
        hid = _squash(X @ self.w_ih + self.b_h)
        out = _squash(hid @ self.w_ho + self.b_o)
        err = out - y
        d_out = 2 * err * out * (1 - out) / len(X)
        d_hid = d_out @ self.w_ho.T * hid * (1 - hid)
        self.w_ho -= self.lr * hid.T @ d_out
        self.b_o -= self.lr * d_out.sum(0, keepdims=True)
        self.w_ih -= self.lr * X.T @ d_hid
        self.b_h -= self.lr * d_hid.sum(0, keepdims=True)
        return np.mean(err**2)

    def get_parameters(self):
        return {k: getattr(self, k).copy() for k in ("w_ih", "b_h", "w_ho", "b_o")}

    def set_parameters(self, new):
        for k, v in new.items():
            setattr(self, k, np.array(v))


class SeedNotPassed(SeededNet):
    """`seed` is in the signature and nowhere else."""

    def __init__(self, inputs=2, seed=0, learning_rate=3.0):
        self.lr = learning_rate
        self.init(np.random.default_rng(), inputs)


class ZeroMeansNone(SeededNet):
    """`if seed:` takes seed 0 for no seed."""

    def __init__(self, inputs=2, seed=0, learning_rate=3.0):
        self.lr = learning_rate
        self.init(np.random.default_rng(seed if seed else None), inputs)


class AlwaysFortyTwo(SeededNet):
    """Whatever the seed, 42 is used."""

    def __init__(self, inputs=2, seed=0, learning_rate=3.0):
        self.lr = learning_rate
        self.init(np.random.RandomState(42), inputs)


class OneLayerUnseeded(SeededNet):
    """The second layer draws from a generator of its own, which has no seed."""

    def init(self, r, n):
        super().init(r, n)
        self.w_ho = np.random.default_rng().uniform(-1.5, 1.5, (4, 1))


class NoisyTraining(SeededNet):
    """The start is seeded; rows are shuffled and dropped by an unseeded generator."""

    def step(self, X, y):
        keep = np.random.default_rng().permutation(len(X))[: max(1, len(X) - 1)]
        super().step(X[keep], y[keep])


class SeedsGlobally(SeededNet):
    """np.random.seed in the constructor: its own result is controlled, everybody else's random numbers restart."""

    def __init__(self, inputs=2, seed=0, learning_rate=3.0):
        self.lr = learning_rate
        np.random.seed(seed)
        self.init(np.random, inputs)


class SeedsPythonGlobally(SeededNet):
    """random.seed in the constructor."""

    def __init__(self, inputs=2, seed=0, learning_rate=3.0):
        self.lr = learning_rate
        random.seed(seed)
        self.init(np.random.RandomState(random.randrange(2**31)), inputs)


class DrawsGlobally(SeededNet):
    """Takes what the global generator gives."""

    def __init__(self, inputs=2, seed=0, learning_rate=3.0):
        self.lr = learning_rate
        self.init(np.random, inputs)


class SharedByAll(SeededNet):
    """The generator is an attribute of the class: the second instance goes on where the first stopped."""

    generator = np.random.RandomState(7)

    def __init__(self, inputs=2, seed=0, learning_rate=3.0):
        self.lr = learning_rate
        self.init(self.generator, inputs)


class SharedWeights(SeededNet):
    """A mutable default argument: all instances train the same arrays."""

    def __init__(self, inputs=2, seed=0, learning_rate=3.0, weights={}):
        self.lr = learning_rate
        if not weights:
            self.init(np.random.RandomState(seed), inputs)
            weights.update(w_ih=self.w_ih, b_h=self.b_h, w_ho=self.w_ho, b_o=self.b_o)
        self.w_ih, self.b_h, self.w_ho, self.b_o = (weights[k] for k in ("w_ih", "b_h", "w_ho", "b_o"))


class ShufflesGlobally(SeededNet):
    """The start is seeded, the order of the rows (and which is left out) comes from the global generator."""

    def step(self, X, y):
        keep = np.random.permutation(len(X))[: max(1, len(X) - 1)]
        super().step(X[keep], y[keep])


class NoSeedParameter(SeededNet):
    """Right: the constructor takes no seed, and always starts in the same place."""

    def __init__(self, inputs=2, learning_rate=3.0):
        self.lr = learning_rate
        self.init(np.random.RandomState(3), inputs)

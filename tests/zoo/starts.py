"""One hidden layer, cross-entropy, and the ways to begin: a small class with all members."""

import numpy as np


def _softplus_slope(a):
    return 1 - np.exp(-a)  # in terms of the activation a = log(1 + e^z): the sigmoid of z


_act = {
    "softplus": (lambda z: np.logaddexp(0, z), _softplus_slope),
    "tanh": (np.tanh, lambda a: 1 - a * a),
    "relu": (lambda z: np.maximum(z, 0), lambda a: (a > 0) * 1.0),
}


class PlainStart:
    """Right: 2-4-1, tanh, weights U(-1, 1)."""

    loss_kind = "bce"
    optimiser = "sgd"
    activation = "tanh"
    width = 4

    def __init__(self, inputs=2, seed=0, learning_rate=0.8):
        self.learning_rate = learning_rate
        self.f, self.df = _act[self.activation]
        self.theta = self.begin(np.random.default_rng(seed), inputs, self.width)

    def begin(self, rng, d, h):
        return dict(
            V=rng.uniform(-1, 1, (d, h)), c=rng.uniform(-1, 1, h), u=rng.uniform(-1, 1, (h, 1)), e=rng.uniform(-1, 1, 1)
        )

    def _forward(self, X):
        t = self.theta
        H = self.f(X @ t["V"] + t["c"])
        return H, H @ t["u"] + t["e"]

    def hidden(self, inputs):
        return [self._forward(inputs)[0]]

    def predict(self, inputs):
        z = self._forward(inputs)[1]
        return 0.5 * (1 + np.tanh(z / 2))

    def loss(self, inputs, targets):
        z = self._forward(inputs)[1]
        return float(np.mean(np.logaddexp(0, z) - targets * z))

    def gradients(self, inputs, targets):
        H, z = self._forward(inputs)
        d = (0.5 * (1 + np.tanh(z / 2)) - targets) / len(inputs)
        e = d @ self.theta["u"].T * self.df(H)
        return dict(V=inputs.T @ e, c=e.sum(0), u=H.T @ d, e=d.sum(0))

    def step(self, inputs, targets):
        before = self.loss(inputs, targets)
        g = self.gradients(inputs, targets)
        self.theta = {k: v - self.learning_rate * g[k] for k, v in self.theta.items()}
        return before

    def get_parameters(self):
        return {k: v.copy() for k, v in self.theta.items()}

    def set_parameters(self, parameters):
        self.theta = {k: np.array(v) for k, v in parameters.items()}


class AllZeros(PlainStart):
    """Nothing ever moves in the hidden layer."""

    def begin(self, rng, d, h):
        return dict(V=np.zeros((d, h)), c=np.zeros(h), u=np.zeros((h, 1)), e=np.zeros(1))


class OneNumberEverywhere(PlainStart):
    """One draw, repeated for all hidden units: they stay copies of one another."""

    def begin(self, rng, d, h):
        return dict(V=np.full((d, h), rng.normal()), c=np.full(h, 0.1), u=np.full((h, 1), rng.normal()), e=np.zeros(1))


class TinyNormal(PlainStart):
    """Deviation 1e-6: a plateau that no usual budget leaves."""

    def begin(self, rng, d, h):
        s = 1e-6
        return dict(V=s * rng.normal(size=(d, h)), c=np.zeros(h), u=s * rng.normal(size=(h, 1)), e=np.zeros(1))


class TinyButLearns(TinyNormal):
    """Deviation 0.02, wide and fast: a long plateau at ln 2, and then it learns."""

    width = 16

    def __init__(self, inputs=2, seed=0, learning_rate=4.0):
        super().__init__(inputs, seed, learning_rate)

    def begin(self, rng, d, h):
        s = 0.02
        return dict(V=s * rng.normal(size=(d, h)), c=np.zeros(h), u=s * rng.normal(size=(h, 1)), e=np.zeros(1))


class WideNormal(PlainStart):
    """Weights about 60: every tanh sits at ±1, its slope is zero in floating point, and all say no more than "and" or its contrary."""

    def begin(self, rng, d, h):
        side = np.where(np.arange(h) % 2, 60.0, -60.0)
        V, c = side * rng.uniform(0.9, 1.1, (d, h)), -1.5 * side * rng.uniform(0.95, 1.05, h)
        return dict(V=V, c=c, u=rng.normal(size=(h, 1)), e=np.zeros(1))


class WideButLearns(PlainStart):
    """Wide weights, a wide layer: its saturated units act as random features, and the output layer finds them."""

    width = 32

    def begin(self, rng, d, h):
        return dict(
            V=30 * rng.normal(size=(d, h)), c=30 * rng.normal(size=h), u=0.1 * rng.normal(size=(h, 1)), e=np.zeros(1)
        )


class ReluStart(PlainStart):
    """Right: He weights, ReLU, biases 0.01."""

    activation = "relu"
    width = 8

    def begin(self, rng, d, h):
        return dict(
            V=rng.normal(0, np.sqrt(2 / d), (d, h)),
            c=np.full(h, 0.01),
            u=rng.normal(0, np.sqrt(2 / h), (h, 1)),
            e=np.zeros(1),
        )


class AllDead(ReluStart):
    """Biases of -5: no unit fires on any row, only the output bias learns."""

    def begin(self, rng, d, h):
        return {**super().begin(rng, d, h), "c": np.full(h, -5.0)}


class SomeDead(ReluStart):
    """Three of eight units have biases of -6 and never fire; the others suffice."""

    def begin(self, rng, d, h):
        t = super().begin(rng, d, h)
        t["c"][:3] = -6.0
        return t


class DeadPair(ReluStart):
    """Both hidden units are dead from the first: a 2-2-1 that can only answer one number."""

    width = 2

    def begin(self, rng, d, h):
        t = super().begin(rng, d, h)
        return {**t, "V": -np.abs(t["V"]), "c": np.full(h, -0.5)}


class SinglePrecision(PlainStart):
    """Right: float32 from end to end."""

    def begin(self, rng, d, h):
        return {k: v.astype(np.float32) for k, v in super().begin(rng, d, h).items()}

    def _forward(self, X):
        return super()._forward(X.astype(np.float32))

    def gradients(self, inputs, targets):
        return {k: g.astype(np.float32) for k, g in super().gradients(inputs, targets).items()}

    def step(self, inputs, targets):
        before = self.loss(inputs, targets)
        g = self.gradients(inputs, targets)
        self.theta = {k: v - np.float32(self.learning_rate) * g[k] for k, v in self.theta.items()}
        return before


class Softplus(PlainStart):
    """Right: softplus units, whose slope is written in terms of the activation: 1 - exp(-a)."""

    activation = "softplus"
    width = 6

    def begin(self, rng, d, h):
        return {k: 2 * v for k, v in super().begin(rng, d, h).items()}


class SmoothedLabels(PlainStart):
    """Right: targets are drawn in to 0.05 and 0.95 inside, which is a loss of its own."""

    loss_kind = "own"

    def loss(self, inputs, targets):
        return super().loss(inputs, 0.05 + 0.9 * targets)

    def gradients(self, inputs, targets):
        return super().gradients(inputs, 0.05 + 0.9 * targets)

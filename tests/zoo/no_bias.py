"""Without biases: where that fixes the answer at the origin, and where it does not."""

import numpy as np


class Net:
    """Base: hidden activation `g`, output squashed by `out`, no bias anywhere."""

    loss_kind = None
    h = 4

    def __init__(self, inputs=2, seed=0, learning_rate=0.3):
        r = np.random.default_rng(seed)
        self.learning_rate = learning_rate
        self.W1 = r.normal(0, 1, (self.h, inputs))
        self.W2 = r.normal(0, 1, (1, self.h))

    def forward(self, X):
        self.z1 = self.W1 @ X.T
        self.a1 = self.g(self.z1)
        self.z2 = self.W2 @ self.a1
        return self.out(self.z2)

    def predict(self, inputs):
        return self.forward(inputs)[0]

    def step(self, inputs, targets):
        o = self.forward(inputs)
        d2 = self.delta(o, targets.T)
        d1 = (self.W2.T @ d2) * self.dg(self.z1)
        self.W2 = self.W2 - self.learning_rate * d2 @ self.a1.T
        self.W1 = self.W1 - self.learning_rate * d1 @ inputs

    def get_parameters(self):
        return {"W1": self.W1.copy(), "W2": self.W2.copy()}

    def set_parameters(self, p):
        self.W1, self.W2 = np.array(p["W1"]), np.array(p["W2"])


class TanhScores(Net):
    """tanh hidden, linear output on 0/1: the origin is answered 0 for ever, which happens to be right for XOR."""

    output = "score"
    h = 6

    g = staticmethod(np.tanh)
    out = staticmethod(lambda z: z)

    def __init__(self, inputs=2, seed=0, learning_rate=0.05):
        super().__init__(inputs, seed, learning_rate)

    def dg(self, z):
        return 1 - np.tanh(z) ** 2

    def delta(self, o, t):
        return o - t


class ReluLogits(Net):
    """ReLU hidden, logits: at the origin the logit is 0 whatever the weights."""

    output = "logit"
    h = 6

    g = staticmethod(lambda z: np.maximum(z, 0))
    out = staticmethod(lambda z: z)

    def dg(self, z):
        return (z > 0).astype(float)

    def delta(self, o, t):
        return (1 / (1 + np.exp(-o)) - t) / o.shape[1]


class TanhProbabilities(TanhScores):
    """tanh hidden, sigmoid output: exactly one half at the origin, which passes for false, so XOR seems learned."""

    output = "probability"
    out = staticmethod(lambda z: 1 / (1 + np.exp(-z)))

    def __init__(self, inputs=2, seed=0, learning_rate=0.5):
        super().__init__(inputs, seed, learning_rate)


class SigmoidHidden(Net):
    """Right: sigmoid units give one half at the origin, so the output there moves with W2."""

    h = 8
    g = staticmethod(lambda z: 1 / (1 + np.exp(-z)))
    out = staticmethod(lambda z: 1 / (1 + np.exp(-z)))

    def __init__(self, inputs=2, seed=0, learning_rate=1.0):
        super().__init__(inputs, seed, learning_rate)
        self.W1 = 3 * self.W1

    def dg(self, z):
        s = 1 / (1 + np.exp(-z))
        return s * (1 - s)

    def delta(self, o, t):
        return o - t

"""What a network puts out, what it says it puts out, and what its loss takes it for. 2-4-1, ReLU or tanh."""

import numpy as np


def sgm(z):
    return np.where(z >= 0, 1 / (1 + np.exp(-np.abs(z))), np.exp(-np.abs(z)) / (1 + np.exp(-np.abs(z))))


class Scored:
    """Base with everything but the output layer's habits."""

    def __init__(self, inputs=2, seed=0, learning_rate=0.5, *, units=5):
        gen = np.random.default_rng(seed)
        self.learning_rate = learning_rate
        self.kernel = [gen.uniform(-1.5, 1.5, (inputs + 1, units)), gen.uniform(-1.5, 1.5, (units + 1, 1))]

    def _z(self, x):
        one = np.ones((len(x), 1))
        self.x1 = np.hstack((one, x))
        self.h = np.tanh(self.x1 @ self.kernel[0])
        self.h1 = np.hstack((one, self.h))
        return self.h1 @ self.kernel[1]

    def _down(self, d):
        e = (d @ self.kernel[1][1:].T) * (1 - self.h**2)
        g = [self.x1.T @ e, self.h1.T @ d]
        self.kernel = [k - self.learning_rate * s for k, s in zip(self.kernel, g)]

    def get_parameters(self):
        return {f"kernel_{i}": k.copy() for i, k in enumerate(self.kernel)}

    def set_parameters(self, p):
        self.kernel = [np.array(p["kernel_0"]), np.array(p["kernel_1"])]


class LogitsSaidSo(Scored):
    """Right: logits, declared as such."""

    output = "logit"
    loss_kind = "bce"

    def predict(self, x):
        return self._z(x)

    def step(self, x, t):
        z = self._z(x)
        self._down((sgm(z) - t) / len(x))
        return float(np.mean(np.logaddexp(0, z) - t * z))


class TwoTanhUnits(LogitsSaidSo):
    """Right: 2-2-1 with tanh, which gets stuck for some seeds."""

    def __init__(self, inputs=2, seed=0, learning_rate=0.5):
        super().__init__(inputs, seed, learning_rate, units=2)
        self.kernel = [3 * k for k in self.kernel]


class LogitsNotSaid(LogitsSaidSo):
    """Logits that pass for probabilities: a threshold of one half is put to them, and they leave [0, 1]."""

    output = "probability"


class ProbabilitiesAsLogits(LogitsSaidSo):
    """Probabilities that are declared logits: all of them are above the threshold 0."""

    def predict(self, x):
        return sgm(self._z(x))


class HingeBipolar(Scored):
    """Right: hinge loss, targets ±1, scores."""

    output = "score"
    targets = (-1.0, 1.0)
    loss_kind = "hinge"

    def predict(self, x):
        return self._z(x)

    def loss(self, x, t):
        return float(np.mean(np.maximum(0, 1 - t * self._z(x))))

    def step(self, x, t):
        before = self.loss(x, t)
        z = self._z(x)
        self._down(np.where(t * z < 1, -t, 0.0) / len(x))
        return before


class SquaredHinge(HingeBipolar):
    """Right: the hinge squared, its own loss."""

    loss_kind = "own"

    def __init__(self, inputs=2, seed=0, learning_rate=0.2):
        super().__init__(inputs, seed, learning_rate)

    def loss(self, x, t):
        return float(np.mean(np.maximum(0, 1 - t * self._z(x)) ** 2))

    def step(self, x, t):
        before = self.loss(x, t)
        z = self._z(x)
        self._down(-2 * t * np.maximum(0, 1 - t * z) / len(x))
        return before


class BipolarTargetsForASigmoid(Scored):
    """Asks for ±1 and can answer 0 to 1: half of its targets lie outside its range."""

    output = "probability"
    targets = (-1.0, 1.0)
    loss_kind = "mse"

    def predict(self, x):
        return sgm(self._z(x))

    def step(self, x, t):
        o = sgm(self._z(x))
        self._down(2 * (o - t) * o * (1 - o) / len(x))
        return float(np.mean((o - t) ** 2))


class CrossEntropyOfRawScores(Scored):
    """The logarithm is taken of unbounded scores, clipped into (0, 1): outside it there is no gradient at all."""

    output = "probability"
    loss_kind = "bce"

    def predict(self, x):
        return self._z(x)

    def loss(self, x, t):
        p = np.clip(self._z(x), 1e-7, 1 - 1e-7)
        return float(-np.mean(t * np.log(p) + (1 - t) * np.log(1 - p)))

    def step(self, x, t):
        before = self.loss(x, t)
        z = self._z(x)
        p = np.clip(z, 1e-7, 1 - 1e-7)
        inside = (z > 1e-7) & (z < 1 - 1e-7)
        self._down(np.where(inside, (p - t) / (p * (1 - p)), 0) / len(x))
        return before


class LabelsOnly(Scored):
    """Right: trains on probabilities and shows labels."""

    output = "label"

    def predict(self, x):
        return (sgm(self._z(x)) > 0.5).astype(int)

    def step(self, x, t):
        self._down((sgm(self._z(x)) - t) / len(x))

    get_parameters = None
    set_parameters = None


class LabelsByTheWrongThreshold(LabelsOnly):
    """The threshold of the logits, 0, is put to the probabilities: every label is 1."""

    def predict(self, x):
        return (sgm(self._z(x)) > 0).astype(int)


class SoftmaxOverOneUnit(Scored):
    """exp(z) / sum(exp(z)) over one unit: always 1."""

    loss_kind = "mse"

    def predict(self, x):
        z = self._z(x)
        e = np.exp(z - z.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    def step(self, x, t):
        o = self.predict(x)
        self._down(2 * (o - t) * o * (1 - o) / len(x))
        return float(np.mean((o - t) ** 2))


class ArgmaxOfOneColumn(LabelsOnly):
    """argmax over the single column of outputs: always 0."""

    def predict(self, x):
        return np.argmax(sgm(self._z(x)), axis=1)


class ReluAtTheEnd(Scored):
    """A ReLU output whose potential starts far below zero: it answers 0 and gets no gradient."""

    output = "score"
    loss_kind = "mse"

    def __init__(self, inputs=2, seed=0, learning_rate=0.1):
        super().__init__(inputs, seed, learning_rate)
        self.kernel[1] = -np.abs(self.kernel[1])
        self.kernel[1][0] = -9.0

    def predict(self, x):
        return np.maximum(self._z(x), 0)

    def step(self, x, t):
        z = self._z(x)
        o = np.maximum(z, 0)
        self._down(2 * (o - t) * (z > 0) / len(x))
        return float(np.mean((o - t) ** 2))

"""Networks that end up with another truth table, each by a slip in the data or at the output."""

import numpy as np


class OneHotSoftmax:
    """Right: 2-5-2, tanh, softmax over two classes, targets made one-hot inside; predict gives P(true)."""

    loss_kind = "bce"
    optimiser = "sgd"

    def __init__(self, inputs=2, seed=0, learning_rate=0.6):
        rng = np.random.default_rng(seed)
        self.learning_rate = learning_rate
        self.weights = [rng.normal(size=(inputs, 5)), rng.normal(size=(5, 2))]
        self.biases = [rng.normal(size=5) * 0.1, np.zeros(2)]

    def one_hot(self, t):
        labels = t.ravel().astype(int)
        return np.eye(2)[labels]

    def propagate(self, x):
        h = np.tanh(x @ self.weights[0] + self.biases[0])
        s = h @ self.weights[1] + self.biases[1]
        e = np.exp(s - s.max(axis=1, keepdims=True))
        return h, e / e.sum(axis=1, keepdims=True)

    def predict(self, x):
        return self.propagate(x)[1][:, 1]

    def loss(self, x, t):
        p = self.propagate(x)[1]
        return float(-np.mean(np.log((p * np.eye(2)[t.ravel().astype(int)]).sum(axis=1))))

    def output_error(self, p, t):
        return (p - self.one_hot(t)) / len(p)

    def slopes(self, x, t):
        h, p = self.propagate(x)
        d = self.output_error(p, t)
        e = (d @ self.weights[1].T) * (1 - h**2)
        return {"w0": x.T @ e, "b0": e.sum(0), "w1": h.T @ d, "b1": d.sum(0)}

    def gradients(self, x, t):
        return self.slopes(x, t)

    def step(self, x, t):
        before = self.loss(x, t)
        g = self.slopes(x, t)
        for i in (0, 1):
            self.weights[i] = self.weights[i] - self.learning_rate * g[f"w{i}"]
            self.biases[i] = self.biases[i] - self.learning_rate * g[f"b{i}"]
        return before

    def get_parameters(self):
        return {f"{k}{i}": v[i].copy() for i in (0, 1) for k, v in (("w", self.weights), ("b", self.biases))}

    def set_parameters(self, p):
        self.weights = [np.array(p["w0"]), np.array(p["w1"])]
        self.biases = [np.array(p["b0"]), np.array(p["b1"])]


class ColumnZero(OneHotSoftmax):
    """predict returns the probability of class 0."""

    gradients = None
    loss = None
    loss_kind = None

    def step(self, x, t):
        g = self.slopes(x, t)
        for i in (0, 1):
            self.weights[i] = self.weights[i] - self.learning_rate * g[f"w{i}"]
            self.biases[i] = self.biases[i] - self.learning_rate * g[f"b{i}"]

    def predict(self, x):
        return self.propagate(x)[1][:, 0]


class SoftmaxSlopeTwice(OneHotSoftmax):
    """Multiplies p - y by p(1 - p): the slope of the softmax counted twice under the cross-entropy."""

    def output_error(self, p, t):
        return (p - self.one_hot(t)) * p * (1 - p) / len(p)


class BiasTimesSlope(OneHotSoftmax):
    """The hidden bias gradient passes the tanh slope a second time."""

    def slopes(self, x, t):
        g = super().slopes(x, t)
        h, p = self.propagate(x)
        e = (self.output_error(p, t) @ self.weights[1].T) * (1 - h**2)
        g["b0"] = (e * (1 - h**2)).sum(0)
        return g


class NoTransposeNeeded(OneHotSoftmax):
    """The error of class 0 goes back through the weights of class 1 and the other way round."""

    def slopes(self, x, t):
        h, p = self.propagate(x)
        d = self.output_error(p, t)
        e = (d @ self.weights[1][:, ::-1].T) * (1 - h**2)
        return {"w0": x.T @ e, "b0": e.sum(0), "w1": h.T @ d, "b1": d.sum(0)}


class FitsItsOwnTable:
    """fit() ignores what it is given: the rows and the labels are written into it, and the labels are those of OR."""

    X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=float)
    Y = np.array([0, 1, 1, 1], dtype=float)

    def __init__(self, seed=0):
        self.rng = np.random.default_rng(seed)

    def fit(self, inputs, targets, epochs):
        self.centres = self.X
        self.coefficients = np.linalg.solve(self.kernel(self.X), self.Y)

    def kernel(self, x):
        return np.exp(-((x[:, None] - self.centres[None]) ** 2).sum(-1))

    def predict(self, inputs):
        return np.clip(self.kernel(inputs) @ self.coefficients, 0, 1)


class KernelTable:
    """Right: interpolates the given table by a Gaussian kernel; fit and predict alone."""

    output = "score"

    def fit(self, inputs, targets, epochs):
        self.centres = inputs
        self.coefficients = np.linalg.lstsq(self.kernel(inputs), targets.ravel(), rcond=None)[0]

    def kernel(self, x):
        return np.exp(-((x[:, None] - self.centres[None]) ** 2).sum(-1))

    def predict(self, inputs):
        return self.kernel(inputs) @ self.coefficients


class ScalesTheCallersRows(KernelTable):
    """fit scales the rows it was given in place, keeps them as centres, and scales again in predict, on a copy."""

    def fit(self, inputs, targets, epochs):
        inputs *= 2
        super().fit(inputs, targets, epochs)

    def predict(self, inputs):
        return super().predict(inputs * 2)


class LearnsItsSecondInput:
    """A 2-3-1 net whose data loader takes the last column of the inputs for the label."""

    def __init__(self, inputs=2, seed=0, learning_rate=1.0):
        g = np.random.default_rng(seed)
        self.eta = learning_rate
        self.P, self.p = g.normal(size=(inputs, 3)), np.zeros(3)
        self.Q, self.q = g.normal(size=(3, 1)), np.zeros(1)

    def go(self, x):
        h = np.tanh(x @ self.P + self.p)
        return h, 1 / (1 + np.exp(-h @ self.Q - self.q))

    def predict(self, x):
        return self.go(x)[1]

    def step(self, x, t):
        label = self.label(x, t)
        h, o = self.go(x)
        d = (o - label) / len(x)
        e = d @ self.Q.T * (1 - h * h)
        self.Q = self.Q - self.eta * h.T @ d
        self.q = self.q - self.eta * d.sum(0)
        self.P = self.P - self.eta * x.T @ e
        self.p = self.p - self.eta * e.sum(0)

    def label(self, x, t):
        return x[:, -1:]


class LearnsNand(LearnsItsSecondInput):
    """Labels are computed instead of read: 1 - x1·x2."""

    def label(self, x, t):
        return 1 - x.prod(axis=1, keepdims=True)


class LearnsTheComplement(LearnsItsSecondInput):
    """The label codes are swapped on the way in: it learns XNOR."""

    def label(self, x, t):
        return 1 - t


class OnlyTheFinalRow(LearnsItsSecondInput):
    """A batch is cut with x[i:i + 1], and i is what a loop left behind: the final row."""

    def step(self, x, t):
        for i in range(len(x)):
            pass
        self.seen = t[i : i + 1]
        super().step(x[i : i + 1], self.seen)

    def label(self, x, t):
        return t


class BlackBoxNet(LearnsItsSecondInput):
    """Right: nothing but predict and step."""

    def label(self, x, t):
        return t

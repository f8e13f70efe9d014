"""Networks without a hidden non-linearity, in the variety in which they are published."""

import numpy as np


class LogisticRegression:
    """A sigmoid over a weighted sum; XOR is beyond it."""

    loss_kind = "bce"

    def __init__(self, inputs=2, seed=0, learning_rate=0.5):
        g = np.random.default_rng(seed)
        self.learning_rate = learning_rate
        self.coef, self.intercept = g.normal(size=(inputs, 1)), np.zeros(1)

    def predict(self, inputs):
        return 1 / (1 + np.exp(-(inputs @ self.coef + self.intercept)))

    def gradients(self, inputs, targets):
        d = (self.predict(inputs) - targets) / len(inputs)
        return {"coef": inputs.T @ d, "intercept": d.sum(0)}

    def step(self, inputs, targets):
        g = self.gradients(inputs, targets)
        self.coef = self.coef - self.learning_rate * g["coef"]
        self.intercept = self.intercept - self.learning_rate * g["intercept"]

    def get_parameters(self):
        return {"coef": self.coef.copy(), "intercept": self.intercept.copy()}

    def set_parameters(self, p):
        self.coef, self.intercept = np.array(p["coef"]), np.array(p["intercept"])


class DeclaredLogisticRegression(LogisticRegression):
    """Right: says itself that no parity is within its reach."""

    never = ("xor*", "xnor", "parity-*", "sparse-parity-*", "sequence-parity-*")


class DeepLinear:
    """2-4-4-1 with the activations forgotten between the layers."""

    loss_kind = "bce"

    def __init__(self, inputs=2, seed=0, learning_rate=0.1):
        g = np.random.default_rng(seed)
        self.learning_rate = learning_rate
        self.W = [0.7 * g.normal(size=s) for s in ((inputs, 4), (4, 4), (4, 1))]
        self.b = [np.zeros(4), np.zeros(4), np.zeros(1)]

    def forward(self, x):
        xs = [x]
        for W, b in zip(self.W, self.b):
            xs.append(xs[-1] @ W + b)
        return xs

    def predict(self, x):
        return 1 / (1 + np.exp(-self.forward(x)[-1]))

    def hidden(self, x):
        return self.forward(x)[1:-1]

    def step(self, x, y):
        xs = self.forward(x)
        d = (1 / (1 + np.exp(-xs[-1])) - y) / len(x)
        for i in (2, 1, 0):
            gW, gb, d = xs[i].T @ d, d.sum(0), d @ self.W[i].T
            self.W[i] = self.W[i] - self.learning_rate * gW
            self.b[i] = self.b[i] - self.learning_rate * gb

    def get_parameters(self):
        return {f"{k}{i}": v[i].copy() for i in range(3) for k, v in (("W", self.W), ("b", self.b))}

    def set_parameters(self, p):
        self.W = [np.array(p[f"W{i}"]) for i in range(3)]
        self.b = [np.array(p[f"b{i}"]) for i in range(3)]


class Rosenblatt:
    """The perceptron rule; step or fit, labels only."""

    output = "label"

    def __init__(self):
        self.w = np.zeros(3)

    def predict(self, X):
        w = np.resize(self.w, X.shape[1] + 1) if len(self.w) != X.shape[1] + 1 else self.w
        return (X @ w[1:] + w[0] > 0).astype(int)

    def fit(self, X, y, epochs):
        self.w = np.zeros(X.shape[1] + 1)
        for _ in range(epochs):
            errors = 0
            for xi, target in zip(X, y.ravel()):
                update = target - (xi @ self.w[1:] + self.w[0] > 0)
                self.w[1:] += update * xi
                self.w[0] += update
                errors += update != 0
            if not errors:
                break


class LeastSquares:
    """A linear score by the normal equations, fitted in one go."""

    output = "score"

    def fit(self, X, y, epochs):
        self.beta = np.linalg.lstsq(np.c_[X, np.ones(len(X))], y.ravel(), rcond=None)[0]

    def predict(self, X):
        return np.c_[X, np.ones(len(X))] @ self.beta


class AdditiveBumps:
    """Every hidden unit sees one input alone: curved, and still a sum of functions of one input each."""

    loss_kind = "bce"

    def __init__(self, inputs=2, seed=0, learning_rate=0.3):
        g = np.random.default_rng(seed)
        self.learning_rate = learning_rate
        self.mask = np.kron(np.eye(inputs), np.ones((1, 3)))
        self.A = g.normal(size=self.mask.shape) * self.mask
        self.a = g.normal(size=self.mask.shape[1])
        self.B = g.normal(size=(self.mask.shape[1], 1))
        self.b = np.zeros(1)

    def _fw(self, x):
        h = np.tanh(x @ self.A + self.a)
        return h, 1 / (1 + np.exp(-(h @ self.B + self.b)))

    def predict(self, x):
        return self._fw(x)[1]

    def step(self, x, y):
        h, p = self._fw(x)
        d = (p - y) / len(x)
        e = d @ self.B.T * (1 - h**2)
        self.B -= self.learning_rate * h.T @ d
        self.b -= self.learning_rate * d.sum(0)
        self.A -= self.learning_rate * (x.T @ e) * self.mask
        self.a -= self.learning_rate * e.sum(0)


class ProductUnit(LogisticRegression):
    """Right: no hidden layer, but the product of the inputs is one more column."""

    def _phi(self, x):
        return np.c_[x, x.prod(axis=1)]

    def __init__(self, inputs=2, seed=0, learning_rate=4.0):
        super().__init__(inputs + 1, seed, learning_rate)

    def predict(self, inputs):
        return super().predict(self._phi(inputs))

    def gradients(self, inputs, targets):
        x = self._phi(inputs)
        d = (self.predict(inputs) - targets) / len(x)
        return {"coef": x.T @ d, "intercept": d.sum(0)}


class Cosine:
    """Right: a single unit with a periodic activation, no hidden layer."""

    loss_kind = "mse"
    output = "score"

    def __init__(self, inputs=2, seed=0, learning_rate=0.2):
        g = np.random.default_rng(seed)
        self.w, self.c = g.uniform(1.5, 4.5, inputs), g.uniform(-0.5, 0.5)
        self.learning_rate = learning_rate

    def predict(self, x):
        return 0.5 - 0.5 * np.cos(x @ self.w + self.c)

    def step(self, x, y):
        z = x @ self.w + self.c
        r = self.predict(x) - y[:, 0]
        d = 2 * r * 0.5 * np.sin(z) / len(x)
        self.w = self.w - self.learning_rate * d @ x
        self.c = self.c - self.learning_rate * d.sum()
        return float(np.mean(r**2))

    def get_parameters(self):
        return {"w": self.w.copy(), "c": np.array(self.c)}

    def set_parameters(self, p):
        self.w, self.c = np.array(p["w"]), float(p["c"])

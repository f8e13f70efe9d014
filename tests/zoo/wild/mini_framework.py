"""A miniature of a well-known framework: Sequential, Dense, Activation, losses and optimisers by name."""

import numpy as np


class Optimizer:
    pass


class SGD(Optimizer):
    def __init__(self, lr=0.5, momentum=0.0):
        self.lr, self.momentum = lr, momentum
        self.velocities = {}

    def apply(self, key, value, grad):
        v = self.momentum * self.velocities.get(key, np.zeros_like(value)) - self.lr * grad
        self.velocities[key] = v
        return value + v


class SGDByKind(SGD):
    """The state is kept under "W" and "b", whichever layer asks; another shape starts anew."""

    def apply(self, key, value, grad):
        kind = key[1]
        v = self.velocities.get(kind)
        if v is None or v.shape != value.shape:
            v = np.zeros_like(value)
        v = self.momentum * v - self.lr * grad
        self.velocities[kind] = v
        return value + v


class Dense:
    def __init__(self, units):
        self.units = units

    def build(self, input_dim, rng):
        limit = np.sqrt(6 / (input_dim + self.units))
        self.W = rng.uniform(-limit, limit, (input_dim, self.units))
        self.b = np.zeros(self.units)
        return self.units

    def forward(self, x, training=False):
        self.x = x
        return x @ self.W + self.b

    def backward(self, grad):
        self.grads = {"W": self.x.T @ grad, "b": grad.sum(axis=0)}
        return grad @ self.W.T


class Activation:
    table = {
        "tanh": (np.tanh, lambda y: 1 - y**2),
        "sigmoid": (lambda z: 1 / (1 + np.exp(-z)), lambda y: y * (1 - y)),
    }

    def __init__(self, name):
        self.f, self.df = self.table[name]

    def build(self, input_dim, rng):
        return input_dim

    def forward(self, x, training=False):
        self.y = self.f(x)
        return self.y

    def backward(self, grad):
        return grad * self.df(self.y)


class Sequential:
    def __init__(self, layers):
        self.layers = layers

    def compile(self, optimizer, input_dim, seed):
        self.optimizer = optimizer
        rng = np.random.default_rng(seed)
        for layer in self.layers:
            input_dim = layer.build(input_dim, rng)

    def __call__(self, x, training=False):
        for layer in self.layers:
            x = layer.forward(x, training)
        return x

    def train_on_batch(self, x, y):
        out = self(x, training=True)
        loss = np.mean((out - y) ** 2)
        grad = 2 * (out - y) / y.size
        for layer in reversed(self.layers):
            grad = layer.backward(grad)
        for i, layer in enumerate(self.layers):
            for name, g in getattr(layer, "grads", {}).items():
                setattr(layer, name, self.optimizer.apply((i, name), getattr(layer, name), g))
        return loss


class _Model:
    loss_kind = "mse"
    optimiser = "momentum"
    kind = SGD

    def __init__(self, inputs=2, seed=0, learning_rate=0.5, momentum=0.8):
        self.learning_rate = learning_rate
        self.seq = Sequential([Dense(4), Activation("tanh"), Dense(4), Activation("tanh"), Dense(1)])
        self.seq.layers.append(Activation("sigmoid"))
        self.seq.compile(self.kind(learning_rate, momentum), inputs, seed)

    def step(self, x, y):
        return self.seq.train_on_batch(x, y)

    def predict(self, x):
        return self.seq(x)

    def loss(self, x, y):
        return np.mean((self.seq(x) - y) ** 2)

    def get_parameters(self):
        dense = [layer for layer in self.seq.layers if isinstance(layer, Dense)]
        return {f"dense_{i}/{k}": getattr(layer, k).copy() for i, layer in enumerate(dense) for k in "Wb"}

    def set_parameters(self, weights):
        dense = [layer for layer in self.seq.layers if isinstance(layer, Dense)]
        for key, value in weights.items():
            setattr(dense[int(key[6])], key[-1], np.array(value))


class MiniKeras(_Model):
    """Right."""


class MiniKerasOneState(_Model):
    """Momentum under one key for all layers."""

    kind = SGDByKind

"""A network in a few lines, for reports of real training: all members of the contract, plain NumPy."""

from __future__ import annotations

import numpy as np


class Network:
    """Two inputs, `hidden` tanh units, one sigmoid; cross-entropy, plain gradient descent."""

    loss_kind = "bce"

    def __init__(self, inputs=2, seed=0, hidden=2, learning_rate=0.5):
        draw = np.random.default_rng(seed)
        self.learning_rate = learning_rate
        self.W1 = draw.uniform(-1, 1, (inputs, hidden))  # (d, h)
        self.b1 = draw.uniform(-1, 1, hidden)  # (h,)
        self.W2 = draw.uniform(-1, 1, (hidden, 1))  # (h, 1)
        self.b2 = np.zeros(1)

    def hidden(self, inputs):
        return [np.tanh(inputs @ self.W1 + self.b1)]

    def predict(self, inputs):
        return 1 / (1 + np.exp(-(self.hidden(inputs)[0] @ self.W2 + self.b2)))

    def loss(self, inputs, targets):
        p = np.clip(self.predict(inputs), 1e-12, 1 - 1e-12)
        return float(-np.mean(targets * np.log(p) + (1 - targets) * np.log(1 - p)))

    def get_parameters(self):
        return {name: getattr(self, name).copy() for name in ("W1", "b1", "W2", "b2")}

    def set_parameters(self, parameters):
        for name, value in parameters.items():
            setattr(self, name, np.array(value))

    def gradients(self, inputs, targets):
        a = self.hidden(inputs)[0]
        delta = (self.predict(inputs) - targets) / len(inputs)  # (n, 1)
        back = (delta @ self.W2.T) * (1 - a**2)  # (n, h)
        return {"W1": inputs.T @ back, "b1": back.sum(0), "W2": a.T @ delta, "b2": delta.sum(0)}

    def step(self, inputs, targets):
        loss = self.loss(inputs, targets)
        for name, gradient in self.gradients(inputs, targets).items():
            setattr(self, name, getattr(self, name) - self.learning_rate * gradient)
        return loss


class Updated(Network):
    """The defect of XM05: hidden deltas through weights that were already updated. It learns all the same."""

    def step(self, inputs, targets):
        loss = self.loss(inputs, targets)
        a = self.hidden(inputs)[0]
        delta = (self.predict(inputs) - targets) / len(inputs)
        self.W2 = self.W2 - self.learning_rate * a.T @ delta
        self.b2 = self.b2 - self.learning_rate * delta.sum(0)
        back = (delta @ self.W2.T) * (1 - a**2)
        self.W1 = self.W1 - self.learning_rate * inputs.T @ back
        self.b1 = self.b1 - self.learning_rate * back.sum(0)
        return loss


class PredictOnly:
    """The least that is a model: nothing but the answer."""

    def predict(self, inputs):
        return np.array([float((row[0] > 0.5) != (row[1] > 0.5)) for row in inputs])

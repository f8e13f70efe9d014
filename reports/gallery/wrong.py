"""A network that learns XOR and is wrong: the hidden layer is back-propagated through weights already updated."""

import numpy as np


class Network:
    """Two inputs, four tanh units, one sigmoid; cross-entropy, plain gradient descent."""

    loss_kind = "bce"

    def __init__(self, inputs=2, seed=0, hidden=4, learning_rate=0.5):
        draw = np.random.default_rng(seed)
        self.learning_rate = learning_rate
        self.W1 = draw.uniform(-1, 1, (inputs, hidden))
        self.b1 = draw.uniform(-1, 1, hidden)
        self.W2 = draw.uniform(-1, 1, (hidden, 1))
        self.b2 = np.zeros(1)

    def hidden(self, inputs):
        return [np.tanh(inputs @ self.W1 + self.b1)]

    def predict(self, inputs):
        return 1 / (1 + np.exp(-(self.hidden(inputs)[0] @ self.W2 + self.b2)))

    def loss(self, inputs, targets):
        p = np.clip(self.predict(inputs), 1e-12, 1 - 1e-12)
        return float(-np.mean(targets * np.log(p) + (1 - targets) * np.log(1 - p)))

    def step(self, inputs, targets):
        loss = self.loss(inputs, targets)
        (hidden,) = self.hidden(inputs)
        delta = (self.predict(inputs) - targets) / len(inputs)
        self.W2 -= self.learning_rate * hidden.T @ delta
        self.b2 -= self.learning_rate * delta.sum(axis=0)
        back = (delta @ self.W2.T) * (1 - hidden**2)  # W2 should be the one from before its update
        self.W1 -= self.learning_rate * inputs.T @ back
        self.b1 -= self.learning_rate * back.sum(axis=0)
        return loss

    def get_parameters(self):
        return {name: getattr(self, name).copy() for name in ("W1", "b1", "W2", "b2")}

    def set_parameters(self, parameters):
        for name, value in parameters.items():
            setattr(self, name, np.array(value))

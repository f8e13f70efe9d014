"""A class with costFunctionPrime and a learning loop around it."""

import numpy as np


class NeuralNetwork:
    loss_kind = "half_sse"

    def __init__(self, inputs=2, seed=0, learning_rate=1.0):
        rng = np.random.default_rng(seed)
        self.learning_rate = learning_rate
        self.weights1 = rng.normal(0, 2, (inputs + 1, 4))
        self.weights2 = rng.normal(0, 2, (5, 1))

    @staticmethod
    def sigmoid(x):
        return 1.0 / (1.0 + np.exp(-x))

    def sigmoid_derivative(self, x):
        return self.sigmoid(x) * (1.0 - self.sigmoid(x))

    def with_bias(self, x):
        return np.concatenate([x, np.ones((x.shape[0], 1))], axis=1)

    def feedforward(self, x):
        self.input = self.with_bias(x)
        self.layer1 = self.sigmoid(self.input @ self.weights1)
        self.layer1b = self.with_bias(self.layer1)
        self.output = self.sigmoid(self.layer1b @ self.weights2)
        return self.output

    def backprop(self, y):
        error = 2 * (y - self.output) * self.sigmoid_derivative(self.output)
        d_weights2 = self.layer1b.T @ error
        d_weights1 = self.input.T @ ((error @ self.weights2[:-1].T) * self.sigmoid_derivative(self.layer1))
        self.weights1 += self.learning_rate * d_weights1 / 2
        self.weights2 += self.learning_rate * d_weights2 / 2

    def step(self, inputs, targets):
        self.feedforward(inputs)
        self.backprop(targets)

    def predict(self, inputs):
        return self.feedforward(inputs).ravel()

    def get_parameters(self):
        return {"weights1": self.weights1.copy(), "weights2": self.weights2.copy()}

    def set_parameters(self, p):
        self.weights1 = np.array(p["weights1"])
        self.weights2 = np.array(p["weights2"])

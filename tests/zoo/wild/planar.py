"""The planar-data exercise of a course: examples in columns, a dictionary of parameters, caches and grads."""

import numpy as np


def initialize_parameters(n_x, n_h, n_y, rng):
    W1 = rng.randn(n_h, n_x)
    b1 = np.zeros((n_h, 1))
    W2 = rng.randn(n_y, n_h)
    b2 = np.zeros((n_y, 1))
    return {"W1": W1, "b1": b1, "W2": W2, "b2": b2}


def forward_propagation(X, parameters):
    Z1 = np.dot(parameters["W1"], X) + parameters["b1"]
    A1 = np.tanh(Z1)
    Z2 = np.dot(parameters["W2"], A1) + parameters["b2"]
    A2 = 1 / (1 + np.exp(-Z2))
    return A2, {"Z1": Z1, "A1": A1, "Z2": Z2, "A2": A2}


def compute_cost(A2, Y):
    m = Y.shape[1]
    logprobs = np.multiply(np.log(A2), Y) + np.multiply(np.log(1 - A2), 1 - Y)
    return float(np.squeeze(-np.sum(logprobs) / m))


def backward_propagation(parameters, cache, X, Y):
    m = X.shape[1]
    dZ2 = cache["A2"] - Y
    dW2 = np.dot(dZ2, cache["A1"].T) / m
    db2 = np.sum(dZ2, axis=1, keepdims=True) / m
    dZ1 = np.multiply(np.dot(parameters["W2"].T, dZ2), 1 - np.power(cache["A1"], 2))
    dW1 = np.dot(dZ1, X.T) / m
    db1 = np.sum(dZ1, axis=1, keepdims=True) / m
    return {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2}


class Planar:
    loss_kind = "bce"

    def __init__(self, inputs=2, seed=3, learning_rate=1.2):
        self.learning_rate = learning_rate
        self.parameters = initialize_parameters(inputs, 4, 1, np.random.RandomState(seed))

    def grads(self, X, Y):
        _, cache = forward_propagation(X, self.parameters)
        return backward_propagation(self.parameters, cache, X, Y)

    def step(self, inputs, targets):
        X, Y = inputs.T, targets.T
        cost = compute_cost(forward_propagation(X, self.parameters)[0], Y)
        grads = self.grads(X, Y)
        self.parameters = {k: v - self.learning_rate * grads[k] for k, v in self.parameters.items()}
        return cost

    def predict(self, inputs):
        return forward_propagation(inputs.T, self.parameters)[0]

    def get_parameters(self):
        return {k: v.copy() for k, v in self.parameters.items()}

    def set_parameters(self, parameters):
        self.parameters = {k: v.copy() for k, v in parameters.items()}


class PlanarSumOfAll(Planar):
    """np.sum(dZ1) / m, without axis=1 and keepdims; broadcasting does the rest."""

    def grads(self, X, Y):
        g = super().grads(X, Y)
        g["b1"] = np.full_like(g["b1"], np.sum(g["b1"]))
        return g

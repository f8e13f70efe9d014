"""network.add_layer(Layer(...)), then network.backpropagation(X, y, rate): the shape of many articles."""

import numpy as np


class Layer:
    def __init__(self, n_input, n_neurons, activation, rng):
        self.weights = rng.uniform(-1, 1, (n_input, n_neurons)) * 2
        self.bias = rng.uniform(-1, 1, n_neurons)
        self.activation = activation
        self.last_activation = None
        self.error = None
        self.delta = None

    def activate(self, x):
        r = np.dot(x, self.weights) + self.bias
        self.last_activation = np.tanh(r) if self.activation == "tanh" else 1 / (1 + np.exp(-r))
        return self.last_activation

    def apply_activation_derivative(self, r):
        return 1 - r**2 if self.activation == "tanh" else r * (1 - r)


class NeuralNetwork:
    """Deltas first, updates after them, one row at a time."""

    loss_kind = "half_sse"

    def __init__(self, inputs=2, seed=0, learning_rate=0.4):
        rng = np.random.default_rng(seed)
        self.learning_rate = learning_rate
        self._layers = [Layer(inputs, 3, "tanh", rng), Layer(3, 3, "sigmoid", rng), Layer(3, 1, "sigmoid", rng)]

    def feed_forward(self, X):
        for layer in self._layers:
            X = layer.activate(X)
        return X

    def backpropagation(self, X, y, learning_rate):
        output = self.feed_forward(X)
        for i in reversed(range(len(self._layers))):
            layer = self._layers[i]
            if layer == self._layers[-1]:
                layer.error = y - output
            else:
                next_layer = self._layers[i + 1]
                layer.error = np.dot(next_layer.weights, next_layer.delta)
            layer.delta = layer.error * layer.apply_activation_derivative(layer.last_activation)
        for i, layer in enumerate(self._layers):
            input_to_use = np.atleast_2d(X if i == 0 else self._layers[i - 1].last_activation)
            layer.weights += layer.delta * input_to_use.T * learning_rate
            layer.bias += layer.delta * learning_rate

    def step(self, inputs, targets):
        for x, t in zip(inputs, targets):
            self.backpropagation(x, t, self.learning_rate)

    def predict(self, X):
        return self.feed_forward(X)

    def get_parameters(self):
        return {f"{k}{i}": getattr(l, k).copy() for i, l in enumerate(self._layers) for k in ("weights", "bias")}

    def set_parameters(self, p):
        for i, l in enumerate(self._layers):
            l.weights, l.bias = p[f"weights{i}"], p[f"bias{i}"]


class UpdateInTheLoop(NeuralNetwork):
    """Each layer is updated as soon as its delta is known."""

    def backpropagation(self, X, y, learning_rate):
        output = self.feed_forward(X)
        for i in range(len(self._layers) - 1, -1, -1):
            layer = self._layers[i]
            if i == len(self._layers) - 1:
                layer.error = y - output
            else:
                layer.error = np.dot(self._layers[i + 1].weights, self._layers[i + 1].delta)
            layer.delta = layer.error * layer.apply_activation_derivative(layer.last_activation)
            input_to_use = np.atleast_2d(X if i == 0 else self._layers[i - 1].last_activation)
            layer.weights += layer.delta * input_to_use.T * learning_rate
            layer.bias += layer.delta * learning_rate

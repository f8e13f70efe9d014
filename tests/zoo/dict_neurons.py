"""Neurons as dictionaries over plain lists, one update per row: the shape of a well-known tutorial."""

from math import exp
from random import Random

import numpy as np


def activate(weights, inputs):
    activation = weights[-1]
    for i in range(len(weights) - 1):
        activation += weights[i] * inputs[i]
    return activation


def transfer(activation):
    if activation < -500:
        return 0.0
    return 1.0 / (1.0 + exp(-activation))


def transfer_derivative(output):
    return output * (1.0 - output)


class DictNeurons:
    """2-3-1, sigmoid, half the sum of squares; every row is an update of its own."""

    loss_kind = "half_sse"
    optimiser = "sgd"

    def __init__(self, inputs=2, seed=1, learning_rate=0.5, n_hidden=3):
        rng = Random(seed)
        self.learning_rate = learning_rate
        hidden = [{"weights": [rng.uniform(-1, 1) for _ in range(inputs + 1)]} for _ in range(n_hidden)]
        output = [{"weights": [rng.uniform(-1, 1) for _ in range(n_hidden + 1)]}]
        self.network = [hidden, output]

    def forward_propagate(self, row):
        inputs = row
        for layer in self.network:
            new_inputs = []
            for neuron in layer:
                neuron["activation"] = activate(neuron["weights"], inputs)
                neuron["output"] = transfer(neuron["activation"])
                new_inputs.append(neuron["output"])
            inputs = new_inputs
        return inputs

    def slope(self, neuron):
        return transfer_derivative(neuron["output"])

    def backward_propagate_error(self, expected):
        for i in reversed(range(len(self.network))):
            layer = self.network[i]
            errors = []
            if i != len(self.network) - 1:
                for j in range(len(layer)):
                    error = 0.0
                    for neuron in self.network[i + 1]:
                        error += neuron["weights"][j] * neuron["delta"]
                    errors.append(error)
            else:
                for j in range(len(layer)):
                    errors.append(layer[j]["output"] - expected[j])
            for j in range(len(layer)):
                layer[j]["delta"] = errors[j] * self.slope(layer[j])

    def update_weights(self, row):
        for i in range(len(self.network)):
            inputs = row
            if i != 0:
                inputs = [neuron["output"] for neuron in self.network[i - 1]]
            for neuron in self.network[i]:
                for j in range(len(inputs)):
                    neuron["weights"][j] -= self.learning_rate * neuron["delta"] * inputs[j]
                neuron["weights"][-1] -= self.learning_rate * neuron["delta"]

    def train_row(self, row, expected):
        self.forward_propagate(row)
        self.backward_propagate_error(expected)
        self.update_weights(row)

    def step(self, inputs, targets):
        for row, expected in zip(inputs.tolist(), targets.tolist()):
            self.train_row(row, expected)

    def predict(self, inputs):
        return [self.forward_propagate(row)[0] for row in inputs.tolist()]

    def get_parameters(self):
        return {f"layer{i}": np.array([neuron["weights"] for neuron in layer]) for i, layer in enumerate(self.network)}

    def set_parameters(self, parameters):
        for i, layer in enumerate(self.network):
            for neuron, weights in zip(layer, np.asarray(parameters[f"layer{i}"]).tolist()):
                neuron["weights"] = weights


class DictNeuronsFourHidden(DictNeurons):
    """The same with four hidden neurons and a loss that is told: the sum before the epoch, halved."""

    def __init__(self, inputs=2, seed=1, learning_rate=0.3):
        super().__init__(inputs, seed, learning_rate, 4)

    def loss(self, inputs, targets):
        return sum((o - t[0]) ** 2 for o, t in zip(self.predict(inputs), targets.tolist())) / 2


class UpdatesWhileGoingBack(DictNeurons):
    """Changes the output weights before the hidden neurons have taken their error from them."""

    def train_row(self, row, expected):
        hidden, output = self.network
        self.forward_propagate(row)
        for j, neuron in enumerate(output):
            neuron["delta"] = (neuron["output"] - expected[j]) * transfer_derivative(neuron["output"])
            for k, below in enumerate(hidden):
                neuron["weights"][k] -= self.learning_rate * neuron["delta"] * below["output"]
            neuron["weights"][-1] -= self.learning_rate * neuron["delta"]
        for k, neuron in enumerate(hidden):
            error = sum(above["weights"][k] * above["delta"] for above in output)
            neuron["delta"] = error * transfer_derivative(neuron["output"])
            for j in range(len(row)):
                neuron["weights"][j] -= self.learning_rate * neuron["delta"] * row[j]
            neuron["weights"][-1] -= self.learning_rate * neuron["delta"]


class ForgetsTheBias(DictNeurons):
    """The loop runs over the inputs, and the last weight has none."""

    def update_weights(self, row):
        signals = row
        for layer in self.network:
            for neuron in layer:
                for j in range(len(neuron["weights"]) - 1):
                    neuron["weights"][j] -= self.learning_rate * neuron["delta"] * signals[j]
            signals = [neuron["output"] for neuron in layer]


class BiasTimesLastInput(DictNeurons):
    """The bias is moved as if it hung on the last input."""

    def update_weights(self, row):
        signals = row
        for layer in self.network:
            for neuron in layer:
                for j in range(len(signals)):
                    neuron["weights"][j] -= self.learning_rate * neuron["delta"] * signals[j]
                neuron["weights"][-1] -= self.learning_rate * neuron["delta"] * signals[-1]
            signals = [neuron["output"] for neuron in layer]


class SlopeOfThePotential(DictNeurons):
    """x(1-x) of the weighted sum where that of the output was meant."""

    def slope(self, neuron):
        return transfer_derivative(neuron["activation"])


class OutputForDelta(DictNeurons):
    """Sends the outputs of the next layer back where its deltas belong."""

    def backward_propagate_error(self, expected):
        hidden, output = self.network
        for j, neuron in enumerate(output):
            neuron["delta"] = (neuron["output"] - expected[j]) * transfer_derivative(neuron["output"])
        for k, neuron in enumerate(hidden):
            error = sum(above["weights"][k] * above["output"] for above in output)
            neuron["delta"] = error * transfer_derivative(neuron["output"])


class HiddenGoesUphill(DictNeurons):
    """expected - output in one place, output - expected in the other."""

    def backward_propagate_error(self, expected):
        super().backward_propagate_error(expected)
        for neuron in self.network[0]:
            neuron["delta"] = -neuron["delta"]

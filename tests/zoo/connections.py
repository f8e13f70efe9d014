"""Neurons and connections as objects, in the manner of a Java port: getters, setters and a training set."""

import random
from math import exp

import numpy as np


class Connection:
    def __init__(self, source, sink, weight):
        self.source, self.sink, self.weight, self.slope = source, sink, weight, 0.0


class Neuron:
    def __init__(self):
        self.incoming, self.outgoing = [], []
        self.value = self.delta = 0.0

    def getPotential(self):
        return sum(c.weight * c.source.value for c in self.incoming)

    def fire(self):
        self.value = 1.0 / (1.0 + exp(-max(-700.0, min(700.0, self.getPotential()))))

    def derivative(self):
        return self.value * (1.0 - self.value)


class NeuralNetwork:
    """Right: 2-3-1, a bias neuron that is always 1, mean square, batch update."""

    loss_kind = "mse"
    neuron = Neuron

    def __init__(self, inputs=2, seed=0, learning_rate=3.0, hidden=4):
        rnd = random.Random(seed)
        self.learning_rate = learning_rate
        self.inputLayer = [self.neuron() for _ in range(inputs)]
        self.hiddenLayer = [self.neuron() for _ in range(hidden)]
        self.outputLayer = [self.neuron()]
        self.bias = self.neuron()
        self.bias.value = 1.0
        for below, above in ((self.inputLayer, self.hiddenLayer), (self.hiddenLayer, self.outputLayer)):
            for sink in above:
                for source in [*below, self.bias]:
                    link = Connection(source, sink, rnd.uniform(-2, 2))
                    source.outgoing.append(link)
                    sink.incoming.append(link)

    def propagate(self, row):
        for neuron, x in zip(self.inputLayer, row):
            neuron.value = x
        for neuron in self.hiddenLayer + self.outputLayer:
            neuron.fire()
        return self.outputLayer[0].value

    def backPropagate(self, target, count):
        out = self.outputLayer[0]
        out.delta = 2.0 * (out.value - target) * out.derivative() / count
        for neuron in self.hiddenLayer:
            neuron.delta = self.errorAt(neuron, target, count) * neuron.derivative()
        for link in self.links():
            link.slope += link.sink.delta * link.source.value

    def errorAt(self, neuron, target, count):
        return sum(link.weight * link.sink.delta for link in neuron.outgoing)

    def links(self):
        return [link for neuron in self.hiddenLayer + self.outputLayer for link in neuron.incoming]

    def resetSlopes(self):
        for link in self.links():
            link.slope = 0.0

    def adjustWeights(self):
        for link in self.links():
            link.weight -= self.learning_rate * link.slope

    def step(self, inputs, targets):
        error = 0.0
        self.resetSlopes()
        for row, (target,) in zip(inputs.tolist(), targets.tolist()):
            error += (self.propagate(row) - target) ** 2
            self.backPropagate(target, len(inputs))
        self.adjustWeights()
        return error / len(inputs)

    def predict(self, inputs):
        return np.array([self.propagate(row) for row in inputs.tolist()])

    def get_parameters(self):
        return {
            "hidden": np.array([[c.weight for c in n.incoming] for n in self.hiddenLayer]),
            "output": np.array([c.weight for c in self.outputLayer[0].incoming]),
        }

    def set_parameters(self, parameters):
        for link, w in zip(self.links(), [*np.ravel(parameters["hidden"]), *np.ravel(parameters["output"])]):
            link.weight = float(w)


class HalfTheSquares(NeuralNetwork):
    """(o - t) for 2 (o - t): half of the declared gradient, everywhere."""

    def backPropagate(self, target, count):
        super().backPropagate(target, 2 * count)


class ErrorNotDelta(NeuralNetwork):
    """Hidden neurons sum the output's error, not its delta."""

    def errorAt(self, neuron, target, count):
        out = self.outputLayer[0]
        return sum(link.weight * 2 * (out.value - target) / count for link in neuron.outgoing)


class PotentialDerivative(Neuron):
    def derivative(self):
        z = self.getPotential()
        return z * (1.0 - z)


class DerivativeOfPotential(NeuralNetwork):
    """z(1 - z) of the potential."""

    neuron = PotentialDerivative


class AdjustsWhileItGoes(NeuralNetwork):
    """Weights are adjusted link by link from the output back; hidden deltas see the new ones."""

    def backPropagate(self, target, count):
        out = self.outputLayer[0]
        out.delta = 2.0 * (out.value - target) * out.derivative() / count
        for link in out.incoming:
            link.weight -= self.learning_rate * out.delta * link.source.value
        for neuron in self.hiddenLayer:
            neuron.delta = self.errorAt(neuron, target, count) * neuron.derivative()
            for link in neuron.incoming:
                link.weight -= self.learning_rate * neuron.delta * link.source.value

    def adjustWeights(self):
        pass

    def step(self, inputs, targets):
        super().step(inputs, targets)


class SlopesPileUp(NeuralNetwork):
    """resetSlopes is never called."""

    def __init__(self, inputs=2, seed=0, learning_rate=0.4):
        super().__init__(inputs, seed, learning_rate)

    def resetSlopes(self):
        pass


class BiasStaysPut(NeuralNetwork):
    """Links whose source has no incoming ones are taken for inputs and skipped: the bias neuron's among them."""

    def adjustWeights(self):
        for link in self.links():
            if link.source is not self.bias:
                link.weight -= self.learning_rate * link.slope


class SquaresTheRate(NeuralNetwork):
    """The output's delta carries the rate, so the hidden layer gets it twice."""

    def adjustWeights(self):
        for link in self.links():
            rate = self.learning_rate if link.sink is self.outputLayer[0] else self.learning_rate**2
            link.weight -= rate * link.slope

    def __init__(self, inputs=2, seed=0, learning_rate=2.0):
        super().__init__(inputs, seed, learning_rate)


class HiddenNumberIgnored(NeuralNetwork):
    """`hidden` is accepted; four are made."""

    def __init__(self, inputs=2, seed=0, learning_rate=3.0, hidden=4):
        super().__init__(inputs, seed, learning_rate, 4)

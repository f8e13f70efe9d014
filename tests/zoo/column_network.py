"""A list of sizes, weights out x in, rows as column vectors, mini-batches: the style of a free online book."""

import numpy as np


def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))


def sigmoid_prime(z):
    return sigmoid(z) * (1 - sigmoid(z))


class QuadraticCost:
    kind = None  # half the squared error, averaged over the mini-batch

    @staticmethod
    def delta(z, a, y):
        return (a - y) * sigmoid_prime(z)


class CrossEntropyCost:
    kind = "bce"

    @staticmethod
    def delta(z, a, y):
        return a - y


class Network:
    """Base: sizes like [2, 3, 1]; `eta` is the learning rate."""

    cost = QuadraticCost
    sizes = (3, 1)

    def __init__(self, inputs=2, seed=0, learning_rate=3.0):
        rng = np.random.default_rng(seed)
        layers = [inputs, *self.sizes]
        self.learning_rate = learning_rate
        self.num_layers = len(layers)
        self.biases = [rng.standard_normal((y, 1)) for y in layers[1:]]
        self.weights = [rng.standard_normal((y, x)) for x, y in zip(layers[:-1], layers[1:])]

    def feedforward(self, a):
        for b, w in zip(self.biases, self.weights):
            a = sigmoid(np.dot(w, a) + b)
        return a

    def predict(self, inputs):
        return np.array([self.feedforward(row.reshape(-1, 1))[0, 0] for row in inputs])

    def backprop(self, x, y):
        nabla_b = [np.zeros(b.shape) for b in self.biases]
        nabla_w = [np.zeros(w.shape) for w in self.weights]
        activation = x
        activations = [x]
        zs = []
        for b, w in zip(self.biases, self.weights):
            z = np.dot(w, activation) + b
            zs.append(z)
            activation = sigmoid(z)
            activations.append(activation)
        delta = self.cost.delta(zs[-1], activations[-1], y)
        nabla_b[-1] = delta
        nabla_w[-1] = np.dot(delta, activations[-2].T)
        for l in range(2, self.num_layers):
            delta = self.error_of(l, delta, zs)
            nabla_b[-l] = delta
            nabla_w[-l] = np.dot(delta, activations[-l - 1].T)
        return nabla_b, nabla_w

    def error_of(self, l, delta, zs):
        return np.dot(self.weights[-l + 1].T, delta) * sigmoid_prime(zs[-l])

    def start_sums(self):
        self.sum_b = [np.zeros(b.shape) for b in self.biases]
        self.sum_w = [np.zeros(w.shape) for w in self.weights]

    def step(self, inputs, targets):
        self.start_sums()
        for x, y in zip(inputs, targets):
            delta_nabla_b, delta_nabla_w = self.backprop(x.reshape(-1, 1), y.reshape(-1, 1))
            self.sum_b = [nb + dnb for nb, dnb in zip(self.sum_b, delta_nabla_b)]
            self.sum_w = [nw + dnw for nw, dnw in zip(self.sum_w, delta_nabla_w)]
        self.apply(self.learning_rate / len(inputs))

    def apply(self, eta):
        self.weights = [w - eta * nw for w, nw in zip(self.weights, self.sum_w)]
        self.biases = [b - eta * nb for b, nb in zip(self.biases, self.sum_b)]

    def get_parameters(self):
        found = {}
        for i, (w, b) in enumerate(zip(self.weights, self.biases)):
            found[f"weights[{i}]"] = w.copy()
            found[f"biases[{i}]"] = b.copy()
        return found

    def set_parameters(self, parameters):
        count = self.num_layers - 1
        self.weights = [np.array(parameters[f"weights[{i}]"]) for i in range(count)]
        self.biases = [np.array(parameters[f"biases[{i}]"]) for i in range(count)]


class QuadraticNetwork(Network):
    """Quadratic cost; nothing declared."""


class CrossEntropyNetwork(Network):
    """delta = a - y, which is right for the cross-entropy."""

    cost = CrossEntropyCost
    loss_kind = "bce"

    def __init__(self, inputs=2, seed=0, learning_rate=0.8):
        super().__init__(inputs, seed, learning_rate)


class DeepCrossEntropyNetwork(CrossEntropyNetwork):
    """2-4-3-1."""

    sizes = (4, 3, 1)


class MiniBatchNetwork(CrossEntropyNetwork):
    """Right: a step goes through its rows two at a time, one update for each pair."""

    def step(self, inputs, targets):
        for k in range(0, len(inputs), 2):
            super().step(inputs[k : k + 2], targets[k : k + 2])


class CrossEntropyDeltaForSquares(Network):
    """Reports and declares the mean square, and uses the delta of the cross-entropy."""

    cost = CrossEntropyCost
    loss_kind = "mse"

    def loss(self, inputs, targets):
        return float(np.mean((self.predict(inputs) - targets.ravel()) ** 2))


class TransposeForgotten(DeepCrossEntropyNetwork):
    """The middle layer is square, so nothing complains that its matrix is not transposed."""

    sizes = (3, 3, 1)

    def error_of(self, l, delta, zs):
        w = self.weights[-l + 1]
        back = w if w.shape[0] == w.shape[1] else w.T
        return np.dot(back, delta) * sigmoid_prime(zs[-l])


class WrongPotentials(CrossEntropyNetwork):
    """The slope is taken from the layer above: sizes 3 and 1 broadcast."""

    def error_of(self, l, delta, zs):
        return np.dot(self.weights[-l + 1].T, delta) * sigmoid_prime(zs[-l + 1])


class SumsNeverCleared(CrossEntropyNetwork):
    """The sums of the gradients are made once."""

    def start_sums(self):
        if not hasattr(self, "sum_b"):
            super().start_sums()


class BiasesByTheSum(CrossEntropyNetwork):
    """Weights take the mean over the mini-batch and biases the sum."""

    def step(self, inputs, targets):
        super().step(inputs, targets)
        more = self.learning_rate * (1 - 1 / len(inputs))
        self.biases = [b - more * nb for b, nb in zip(self.biases, self.sum_b)]


class EtaAgainInTheMiddle(DeepCrossEntropyNetwork):
    """Deltas already bear the learning rate when the hidden updates multiply by it."""

    def __init__(self, inputs=2, seed=0, learning_rate=0.5):
        super().__init__(inputs, seed, learning_rate)

    def apply(self, eta):
        eta0 = self.learning_rate
        last = len(self.weights) - 1
        for i in range(len(self.weights)):
            nw, nb = self.sum_w[i], self.sum_b[i]
            if i != last:
                nw, nb = eta0 * nw, eta0 * nb
            self.weights[i] = self.weights[i] - eta * nw
            self.biases[i] = self.biases[i] - eta * nb


class OutputBiasUphill(CrossEntropyNetwork):
    """One plus where all others have a minus."""

    def apply(self, eta):
        keep = self.biases[-1]
        super().apply(eta)
        self.biases[-1] = keep + eta * self.sum_b[-1]


class AveragesTwice(CrossEntropyNetwork):
    """Divides by the number of rows twice: the declared mean is not what is descended."""

    def apply(self, eta):
        super().apply(eta / 4)


class PenaltyByBatch(CrossEntropyNetwork):
    """Right: the penalty's pull is lambda / m, m being the rows of the batch, and nothing says so."""

    def step(self, inputs, targets):
        self.pull = self.learning_rate * 0.01 / len(inputs)
        super().step(inputs, targets)

    def apply(self, eta):
        kept = [w * (1 - self.pull) for w in self.weights]
        super().apply(eta)
        self.weights = [w + k - old for w, k, old in zip(self.weights, kept, self.old)]

    def start_sums(self):
        super().start_sums()
        self.old = self.weights


class OutputClimbs(CrossEntropyNetwork):
    """The last layer adds its gradient where the others subtract theirs."""

    def apply(self, eta):
        self.sum_w[-1], self.sum_b[-1] = -self.sum_w[-1], -self.sum_b[-1]
        super().apply(eta)


class FreezesAfterTen(CrossEntropyNetwork):
    """After ten steps the hidden layer is left as it is."""

    steps = 0

    def apply(self, eta):
        self.steps += 1
        if self.steps > 10:
            self.sum_w[0], self.sum_b[0] = 0 * self.sum_w[0], 0 * self.sum_b[0]
        super().apply(eta)


class MomentumForgotten(CrossEntropyNetwork):
    """The velocity is made anew in each step, so that its momentum keeps nothing."""

    optimiser = "momentum"

    def apply(self, eta):
        velocity = [0.9 * 0 - eta * nw for nw in self.sum_w]
        self.weights = [w + v for w, v in zip(self.weights, velocity)]
        self.biases = [b - eta * nb for b, nb in zip(self.biases, self.sum_b)]


class HalvesItsRate(CrossEntropyNetwork):
    """The rate is halved at every step."""

    def apply(self, eta):
        super().apply(eta)
        self.learning_rate *= 0.5


class SumUnderAMean(CrossEntropyNetwork):
    """The mean cross-entropy is declared, and the gradients of the rows are summed."""

    def apply(self, eta):
        super().apply(self.learning_rate)

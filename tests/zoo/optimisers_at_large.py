"""One right network under many optimisers, of which most look wrong to one that knows few, and some are."""

import numpy as np


class Network:
    """Right: 2-5-1 tanh, cross-entropy, gradient descent; the optimisers below change `move` alone."""

    loss_kind = "bce"

    def __init__(self, inputs=2, seed=0, learning_rate=0.5):
        draw = np.random.default_rng(seed)
        self.learning_rate = learning_rate
        self.P = {
            "W1": draw.normal(0, 1.2, (inputs, 5)),
            "b1": draw.normal(0, 0.3, 5),
            "W2": draw.normal(0, 1.2, (5, 1)),
            "b2": draw.normal(0, 0.3, 1),
        }

    def predict(self, inputs):
        hidden = np.tanh(inputs @ self.P["W1"] + self.P["b1"])
        return 1 / (1 + np.exp(-(hidden @ self.P["W2"] + self.P["b2"])))

    def error(self, output, targets):
        return (output - targets) / len(targets)

    def gradients(self, inputs, targets):
        hidden = np.tanh(inputs @ self.P["W1"] + self.P["b1"])
        delta = self.error(self.predict(inputs), targets)
        below = delta @ self.P["W2"].T * (1 - hidden**2)
        return {"W1": inputs.T @ below, "b1": below.sum(0), "W2": hidden.T @ delta, "b2": delta.sum(0)}

    def loss(self, inputs, targets):
        p = np.clip(self.predict(inputs), 1e-12, 1 - 1e-12)
        return float(-np.mean(targets * np.log(p) + (1 - targets) * np.log(1 - p)))

    def step(self, inputs, targets):
        before = self.loss(inputs, targets)
        self.batch = inputs, targets
        self.move(self.gradients(inputs, targets))
        return before

    def move(self, gradients):
        for name, g in gradients.items():
            self.P[name] = self.P[name] - self.learning_rate * g

    def get_parameters(self):
        return {name: value.copy() for name, value in self.P.items()}

    def set_parameters(self, parameters):
        self.P = {name: np.array(value, dtype=float) for name, value in parameters.items()}


class Blind(Network):
    """Right: the same without gradients() and loss(); the optimisers are told by their steps alone."""

    gradients_, loss_ = Network.gradients, Network.loss
    gradients = loss = None

    def step(self, inputs, targets):
        before = self.loss_(inputs, targets)
        self.batch = inputs, targets
        self.move(self.gradients_(inputs, targets))
        return before


class Decayed(Blind):
    """Right: the usual weight decay of 5e-4 on everything, within the gradient."""

    def move(self, gradients):
        super().move({name: g + 5e-4 * self.P[name] for name, g in gradients.items()})


class Shrunk(Network):
    """Right: soft thresholds on the weights after each step (proximal L1)."""

    optimiser = "other"

    def move(self, gradients):
        super().move(gradients)
        for name in ("W1", "W2"):
            self.P[name] = np.sign(self.P[name]) * np.maximum(np.abs(self.P[name]) - 1e-4, 0)


class NormOfEachTensor(Blind):
    """Right: the gradient of each tensor is clipped to a norm of 0.05 by itself."""

    def move(self, gradients):
        super().move({name: g * min(1.0, 0.05 / (np.linalg.norm(g) + 1e-12)) for name, g in gradients.items()})


class TrustRatio(Network):
    """Right: LARS, each tensor by a share of its own norm."""

    def move(self, gradients):
        super().move(
            {
                name: g * (0.1 * np.linalg.norm(self.P[name]) + 0.01) / (np.linalg.norm(g) + 1e-12)
                for name, g in gradients.items()
            }
        )


class BiasesTwice(Blind):
    """Right: biases at twice the rate, as Caffe has them."""

    optimiser = "other"

    def move(self, gradients):
        super().move({name: g * (2 if name.startswith("b") else 1) for name, g in gradients.items()})


class Centralised(Network):
    """Right: the mean over the inputs of a unit is taken out of its weights' gradient."""

    optimiser = "other"

    def move(self, gradients):
        super().move({name: g - g.mean(0) if g.ndim == 2 and len(g) > 2 else g for name, g in gradients.items()})


class Backtracking(Network):
    """Right: steepest descent with Armijo's rule, from 16 times the given rate downwards."""

    def move(self, gradients):
        square = sum(float((g**2).sum()) for g in gradients.values())
        start, before, rate = self.P, self.loss(*self.batch), 16 * self.learning_rate
        while rate > 1e-6:
            self.P = {name: value - rate * gradients[name] for name, value in start.items()}
            if self.loss(*self.batch) <= before - 1e-4 * rate * square:
                return
            rate /= 2
        self.P = start


class AMSGrad(Blind):
    """Right: AMSGrad, which is no Adam once a second moment falls."""

    optimiser = "adam"

    def __init__(self, inputs=2, seed=0, learning_rate=0.05):
        super().__init__(inputs, seed, learning_rate)
        self.m, self.v, self.top, self.t = {}, {}, {}, 0

    def move(self, gradients):
        self.t += 1
        for name, g in gradients.items():
            self.m[name] = 0.9 * self.m.get(name, 0) + 0.1 * g
            self.v[name] = 0.999 * self.v.get(name, 0) + 0.001 * g**2
            self.top[name] = np.maximum(self.top.get(name, 0), self.v[name])
            step = self.m[name] / (1 - 0.9**self.t) / (np.sqrt(self.top[name] / (1 - 0.999**self.t)) + 1e-8)
            self.P[name] = self.P[name] - self.learning_rate * step


class FreshAdam(AMSGrad):
    """Adam whose moments are made anew in each step: descent by signs."""

    def move(self, gradients):
        self.m, self.v, self.top, self.t = {}, {}, {}, 0
        super().move(gradients)


class Adadelta(Blind):
    """Right: Adadelta, whose epsilon counts in the first steps."""

    def __init__(self, inputs=2, seed=0, learning_rate=1.0):
        super().__init__(inputs, seed, learning_rate)
        self.squares, self.moves = {}, {}

    def move(self, gradients):
        for name, g in gradients.items():
            self.squares[name] = 0.95 * self.squares.get(name, 0) + 0.05 * g**2
            step = np.sqrt(self.moves.get(name, 0) + 1e-5) / np.sqrt(self.squares[name] + 1e-5) * g
            self.moves[name] = 0.95 * self.moves.get(name, 0) + 0.05 * step**2
            self.P[name] = self.P[name] - self.learning_rate * step


class MixedPrecision(Blind):
    """Right: weights in float32 and biases in float64, a common slip of np.zeros."""

    def __init__(self, inputs=2, seed=0, learning_rate=0.5):
        super().__init__(inputs, seed, learning_rate)
        self._round()

    def _round(self):
        for name in ("W1", "W2"):
            self.P[name] = self.P[name].astype(np.float32)

    def move(self, gradients):
        super().move(gradients)
        self._round()

    def set_parameters(self, parameters):
        super().set_parameters(parameters)
        self._round()


class KeepsThePositive(Network):
    """np.clip(g, 0, 1) for np.clip(g, -1, 1): gradients below zero are lost."""

    def move(self, gradients):
        super().move({name: np.clip(g, 0, 1) for name, g in gradients.items()})


class Absolute(Network):
    """The step takes the absolute value of the gradient."""

    def move(self, gradients):
        super().move({name: np.abs(g) for name, g in gradients.items()})


class MistakesOnly(Blind):
    """Rows that are right to within 0.4 give no gradient, though the loss is the cross-entropy of all."""

    def error(self, output, targets):
        return np.where(np.abs(output - targets) < 0.4, 0.0, output - targets) / len(targets)


class Growing(Network):
    """A decoupled weight decay that was added: weights grow."""

    def move(self, gradients):
        super().move(gradients)
        for name in ("W1", "W2"):
            self.P[name] = self.P[name] * (1 + 1e-3)

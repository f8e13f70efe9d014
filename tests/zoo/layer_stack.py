"""Layer objects with forward and backward, stacked in a list; all members of the contract."""

import numpy as np


class Layer:
    params = ()

    def forward(self, x):
        raise NotImplementedError

    def backward(self, grad):
        raise NotImplementedError


class Dense(Layer):
    params = ("W", "b")

    def __init__(self, n_in, n_out, rng, scale):
        self.W = rng.normal(0, scale, (n_in, n_out))
        self.b = np.zeros((1, n_out))

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, grad):
        self.dW = self.x.T @ grad
        self.db = grad.sum(axis=0, keepdims=True)
        return grad @ self.W.T


class Tanh(Layer):
    def forward(self, x):
        self.out = np.tanh(x)
        return self.out

    def backward(self, grad):
        return grad * (1 - self.out**2)


class ReLU(Layer):
    def forward(self, x):
        self.mask = x > 0
        return x * self.mask

    def backward(self, grad):
        return grad * self.mask


class SigmoidBCE:
    """The sigmoid and the mean binary cross-entropy in one, stable."""

    def value(self, logits, y):
        return float(np.mean(np.maximum(logits, 0) - logits * y + np.log1p(np.exp(-np.abs(logits)))))

    def grad(self, logits, y):
        return (1 / (1 + np.exp(-logits)) - y) / len(y)


class TanhStack:
    """2-4-3-1, tanh, BCE."""

    loss_kind = "bce"
    optimiser = "sgd"
    widths = (4, 3)
    activation = Tanh
    dense = Dense
    scale = 1.0

    def __init__(self, inputs=2, seed=0, learning_rate=0.5):
        rng = np.random.default_rng(seed)
        self.learning_rate = learning_rate
        self.layers = []
        size = inputs
        for width in self.widths:
            self.layers += [self.dense(size, width, rng, self.scale), self.activation()]
            size = width
        self.layers.append(self.dense(size, 1, rng, self.scale))
        self.criterion = SigmoidBCE()

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, grad):
        for layer in reversed(self.layers):
            grad = layer.backward(grad)

    def trainable(self):
        return [(i, layer) for i, layer in enumerate(self.layers) if layer.params]

    def update(self):
        for _, layer in self.trainable():
            layer.W -= self.learning_rate * layer.dW
            layer.b -= self.learning_rate * layer.db

    def step(self, inputs, targets):
        logits = self.forward(inputs)
        loss = self.criterion.value(logits, targets)
        self.backward(self.criterion.grad(logits, targets))
        self.update()
        return loss

    def predict(self, inputs):
        return 1 / (1 + np.exp(-self.forward(inputs)))

    def loss(self, inputs, targets):
        return self.criterion.value(self.forward(inputs), targets)

    def gradients(self, inputs, targets):
        self.backward(self.criterion.grad(self.forward(inputs), targets))
        return {f"{i}.{name}": getattr(layer, "d" + name).copy() for i, layer in self.trainable() for name in "Wb"}

    def hidden(self, inputs):
        found, x = [], inputs
        for layer in self.layers:
            x = layer.forward(x)
            if isinstance(layer, self.activation):
                found.append(x)
        return found

    def get_parameters(self):
        return {f"{i}.{name}": getattr(layer, name).copy() for i, layer in self.trainable() for name in "Wb"}

    def set_parameters(self, parameters):
        for key, value in parameters.items():
            i, name = key.split(".")
            setattr(self.layers[int(i)], name, np.array(value))


class ReluStack(TanhStack):
    """ReLU, zero biases: at the row (0, 0) every unit stands on its kink."""

    activation = ReLU
    widths = (8,)


class TwoHiddenReluStack(TanhStack):
    activation = ReLU
    widths = (8, 4)


class ActivationFromOutput(Tanh):
    def backward(self, grad):
        return grad * (1 - np.tanh(self.out) ** 2)


class TanhOfTanh(TanhStack):
    """The slope of tanh at tanh(z)."""

    activation = ActivationFromOutput


class SelfUpdatingDense(Dense):
    def backward(self, grad):
        self.W -= self.rate * (self.x.T @ grad)
        self.b -= self.rate * grad.sum(axis=0, keepdims=True)
        return grad @ self.W.T


class UpdatesInBackward(TanhStack):
    """Each layer updates itself in backward, and only then sends the error on through its new weights."""

    dense = SelfUpdatingDense
    gradients = None
    widths = (3,)

    def __init__(self, inputs=2, seed=0, learning_rate=0.5):
        super().__init__(inputs, seed, learning_rate)
        for _, layer in self.trainable():
            layer.rate = learning_rate

    def update(self):
        pass


class SumOverEverything(Dense):
    def backward(self, grad):
        back = super().backward(grad)
        self.db = np.full_like(self.b, grad.sum())
        return back


class BiasSummedOverUnits(TanhStack):
    """np.sum without an axis."""

    dense = SumOverEverything


class MeanBias(Dense):
    def backward(self, grad):
        back = super().backward(grad)
        self.db = grad.mean(axis=0, keepdims=True)
        return back


class BiasByTheMean(ReluStack):
    """The gradient is divided by the rows twice, in the biases alone."""

    dense = MeanBias


class OnlyWeightsMove(TanhStack):
    """The update knows W alone."""

    widths = (5,)

    def update(self):
        for _, layer in self.trainable():
            layer.W -= self.learning_rate * layer.dW


class FirstLayerFrozen(TanhStack):
    """backward stops one layer early in the update."""

    def update(self):
        for _, layer in self.trainable()[1:]:
            layer.W -= self.learning_rate * layer.dW
            layer.b -= self.learning_rate * layer.db


class StaleGradients(TanhStack):
    """The optimiser runs before the backward pass: every step applies the gradient of the step before."""

    def step(self, inputs, targets):
        logits = self.forward(inputs)
        loss = self.criterion.value(logits, targets)
        if hasattr(self, "pending"):
            for (_, layer), (dW, db) in zip(self.trainable(), self.pending):
                layer.W -= self.learning_rate * dW
                layer.b -= self.learning_rate * db
        self.backward(self.criterion.grad(logits, targets))
        self.pending = [(layer.dW, layer.db) for _, layer in self.trainable()]
        return loss


class FirstRowOnly(TanhStack):
    """gradients() is right; step looks at one row of the batch."""

    def step(self, inputs, targets):
        loss = self.loss(inputs, targets)
        logits = self.forward(inputs[:1])
        self.backward(self.criterion.grad(logits, targets[:1]))
        self.update()
        return loss


class LeakyForgotten(ReLU):
    def forward(self, x):
        self.mask = x > 0
        return np.where(self.mask, x, 0.1 * x)


class LeakyWithoutLeak(TanhStack):
    """Leaky ReLU forwards, plain ReLU backwards."""

    activation = LeakyForgotten
    widths = (6,)


class LinearMask(ReLU):
    def backward(self, grad):
        return grad


class ReluSlopeForgotten(TanhStack):
    """The error passes through dead units."""

    activation = LinearMask
    widths = (6, 3)

"""Array autograd: tensors remember what they depend on. 2-4-3-1, sigmoid, mean square."""

import numpy as np


class Tensor:
    def __init__(self, data, depends_on=()):
        self.data = np.asarray(data, dtype=float)
        self.depends_on = depends_on
        self.grad = None

    def zero_grad(self):
        self.grad = np.zeros_like(self.data)

    def backward(self, grad=None):
        grad = np.ones_like(self.data) if grad is None else grad
        if self.grad is not None:
            self.grad += grad
        for tensor, vjp in self.depends_on:
            tensor.backward(vjp(grad))


class Ops:
    """The operations; a broken engine replaces one."""

    def matmul(self, a, b):
        return Tensor(a.data @ b.data, ((a, lambda g: g @ b.data.T), (b, lambda g: a.data.T @ g)))

    def add_bias(self, a, b):
        return Tensor(a.data + b.data, ((a, lambda g: g), (b, lambda g: self.unbroadcast(g, b.data.shape))))

    def unbroadcast(self, g, shape):
        while g.ndim > len(shape):
            g = g.sum(axis=0)
        for axis, size in enumerate(shape):
            if size == 1:
                g = g.sum(axis=axis, keepdims=True)
        return g

    def sigmoid(self, a):
        s = 1 / (1 + np.exp(-a.data))
        return Tensor(s, ((a, lambda g: g * s * (1 - s)),))

    def mse(self, a, y):
        return Tensor(np.mean((a.data - y) ** 2), ((a, lambda g: g * 2 * (a.data - y) / a.data.size),))


class TapeNet:
    """Right."""

    ops = Ops()
    loss_kind = "mse"
    optimiser = "sgd"
    sizes = (4, 3, 1)

    def __init__(self, inputs=2, seed=0, learning_rate=4.0):
        rng = np.random.default_rng(seed)
        self.learning_rate = learning_rate
        dims = [inputs, *self.sizes]
        self.params = []
        for a, b in zip(dims, dims[1:]):
            self.params += [Tensor(rng.normal(0, 1.5, (a, b))), Tensor(rng.normal(0, 0.5, b))]

    def __call__(self, x):
        t = Tensor(x)
        for W, b in zip(self.params[::2], self.params[1::2]):
            t = self.ops.sigmoid(self.ops.add_bias(self.ops.matmul(t, W), b))
        return t

    def compute(self, inputs, targets):
        loss = self.ops.mse(self(inputs), targets)
        for p in self.params:
            p.zero_grad()
        loss.backward()
        return float(loss.data)

    def step(self, inputs, targets):
        value = self.compute(inputs, targets)
        for p in self.params:
            p.data = p.data - self.learning_rate * p.grad
        return value

    def predict(self, inputs):
        return self(inputs).data

    def gradients(self, inputs, targets):
        self.compute(inputs, targets)
        return {name: p.grad.copy() for name, p in zip(self.names(), self.params)}

    def names(self):
        return [f"{kind}{i + 1}" for i in range(len(self.params) // 2) for kind in ("W", "b")]

    def get_parameters(self):
        return {name: p.data.copy() for name, p in zip(self.names(), self.params)}

    def set_parameters(self, parameters):
        for name, p in zip(self.names(), self.params):
            p.data = np.array(parameters[name], dtype=float)


class MeanOps(Ops):
    def unbroadcast(self, g, shape):
        return g.mean(axis=0)


class BiasMeansOverRows(TapeNet):
    """Un-broadcasting takes the mean over the rows where it must sum."""

    ops = MeanOps()


class NoTransposeOps(Ops):
    def matmul(self, a, b):
        square = b.data.shape[0] == b.data.shape[1]
        back = b.data if square else b.data.T
        return Tensor(a.data @ b.data, ((a, lambda g: g @ back), (b, lambda g: a.data.T @ g)))


class SquareMatmul(TapeNet):
    """The product with a square matrix goes back without a transpose."""

    ops = NoTransposeOps()
    sizes = (3, 3, 1)


class HalfOps(Ops):
    def mse(self, a, y):
        return Tensor(np.mean((a.data - y) ** 2), ((a, lambda g: g * (a.data - y)),))


class ScaleOff(TapeNet):
    """The backward of the mean square lacks the factor 2 / n: half of the sum is descended, harmlessly."""

    ops = HalfOps()

    def __init__(self, inputs=2, seed=0, learning_rate=2.0):
        super().__init__(inputs, seed, learning_rate)


class AccumulatingTape(TapeNet):
    """zero_grad is called once, when training begins."""

    gradients = None

    def compute(self, inputs, targets):
        loss = self.ops.mse(self(inputs), targets)
        if not hasattr(self, "began"):
            for p in self.params:
                p.zero_grad()
            self.began = True
        loss.backward()
        return float(loss.data)

    def __init__(self, inputs=2, seed=0, learning_rate=0.3):
        super().__init__(inputs, seed, learning_rate)


class SlopeOps(Ops):
    def sigmoid(self, a):
        s = 1 / (1 + np.exp(-a.data))
        ss = 1 / (1 + np.exp(-s))
        return Tensor(s, ((a, lambda g: g * ss * (1 - ss)),))


class SigmoidOfSigmoid(TapeNet):
    """The engine's sigmoid takes its slope at its own output."""

    ops = SlopeOps()

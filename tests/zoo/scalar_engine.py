"""A scalar autograd engine and a small multi-layer perceptron on it."""

import math
import random

import numpy as np


class Value:
    def __init__(self, data, _children=(), _op=""):
        self.data = data
        self.grad = 0.0
        self._backward = lambda: None
        self._prev = _children
        self._op = _op

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = type(self)(self.data + other.data, (self, other), "+")

        def _backward():
            self.grad += out.grad
            other.grad += out.grad

        out._backward = _backward
        return out

    def __mul__(self, other):
        other = other if isinstance(other, Value) else type(self)(other)
        out = type(self)(self.data * other.data, (self, other), "*")

        def _backward():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad

        out._backward = _backward
        return out

    def __pow__(self, other):
        out = type(self)(self.data**other, (self,), f"**{other}")

        def _backward():
            self.grad += (other * self.data ** (other - 1)) * out.grad

        out._backward = _backward
        return out

    def relu(self):
        out = type(self)(max(0.0, self.data), (self,), "ReLU")

        def _backward():
            self.grad += (out.data > 0) * out.grad

        out._backward = _backward
        return out

    def tanh(self):
        t = math.tanh(self.data)
        out = type(self)(t, (self,), "tanh")

        def _backward():
            self.grad += (1 - t**2) * out.grad

        out._backward = _backward
        return out

    def backward(self):
        topo, visited = [], set()

        def build(v):
            if v not in visited:
                visited.add(v)
                for child in v._prev:
                    build(child)
                topo.append(v)

        build(self)
        self.grad = 1.0
        for v in reversed(topo):
            v._backward()

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + (-other)

    def __radd__(self, other):
        return self + other

    def __rmul__(self, other):
        return self * other

    def __rsub__(self, other):
        return -self + other


class Neuron:
    def __init__(self, nin, rng, number, nonlin):
        self.w = [number(rng.uniform(-1, 1)) for _ in range(nin)]
        self.b = number(0.0)
        self.nonlin = nonlin

    def __call__(self, x):
        act = sum((wi * xi for wi, xi in zip(self.w, x)), self.b)
        return act if self.nonlin is None else getattr(act, self.nonlin)()


class ValueMLP:
    """2-4-1, tanh, squared error summed, ±1 targets; parameters are lists of scalars."""

    number = Value
    output = "score"
    targets = (-1.0, 1.0)
    loss_kind = "sse"
    nonlin = "tanh"
    last = "tanh"
    widths = (4,)

    def __init__(self, inputs=2, seed=0, learning_rate=0.1):
        rng = random.Random(seed)
        self.learning_rate = learning_rate
        sizes = [inputs, *self.widths, 1]
        self.layers = []
        for i in range(len(sizes) - 1):
            nonlin = self.nonlin if i < len(sizes) - 2 else self.last
            self.layers.append([Neuron(sizes[i], rng, self.number, nonlin) for _ in range(sizes[i + 1])])

    def __call__(self, x):
        for layer in self.layers:
            x = [n(x) for n in layer]
        return x[0]

    def total(self, inputs, targets):
        loss = self.number(0.0)
        for row, (y,) in zip(inputs.tolist(), targets.tolist()):
            loss = loss + self.row_loss(self(row), y)
        return loss

    def row_loss(self, out, y):
        return (out - y) ** 2

    def parameters(self):
        return [p for layer in self.layers for n in layer for p in [*n.w, n.b]]

    def zero_grad(self):
        for p in self.parameters():
            p.grad = 0.0

    def update(self):
        for p in self.parameters():
            p.data -= self.learning_rate * p.grad

    def step(self, inputs, targets):
        loss = self.total(inputs, targets)
        self.zero_grad()
        loss.backward()
        self.update()
        return loss.data

    def loss(self, inputs, targets):
        return self.total(inputs, targets).data

    def predict(self, inputs):
        return [self(row).data for row in inputs.tolist()]

    def _named(self):
        for i, layer in enumerate(self.layers):
            yield f"w{i}", [p for n in layer for p in n.w]
            yield f"b{i}", [n.b for n in layer]

    def get_parameters(self):
        return {name: [p.data for p in values] for name, values in self._named()}

    def set_parameters(self, parameters):
        for name, values in self._named():
            for p, number in zip(values, np.ravel(parameters[name])):
                p.data = float(number)

    def gradients(self, inputs, targets):
        self.zero_grad()
        self.total(inputs, targets).backward()
        return {name: [p.grad for p in values] for name, values in self._named()}


class HingeMLP(ValueMLP):
    """2-5-3-1, ReLU, linear output, hinge on ±1, weight decay inside its own loss."""

    loss_kind = "own"
    nonlin = "relu"
    last = None
    widths = (5, 3)

    def __init__(self, inputs=2, seed=0, learning_rate=0.05):
        super().__init__(inputs, seed, learning_rate)

    def total(self, inputs, targets):
        data = super().total(inputs, targets) * (1.0 / len(inputs))
        return data + sum((p * p for p in self.parameters()), self.number(0.0)) * 1e-4

    def row_loss(self, out, y):
        return (1 + out * -y).relu()


class SetValue(Value):
    def __init__(self, data, _children=(), _op=""):
        super().__init__(data, _children, _op)
        self._prev = set(_children)


class SetOrderedMLP(ValueMLP):
    """2-4-4-1 on an engine that keeps children in sets: sums run in the order of addresses, to the last bit."""

    number = SetValue
    widths = (4, 4)


class NeverZeroed(ValueMLP):
    """The gradients of all earlier steps are still there."""

    gradients = None

    def zero_grad(self):
        pass


class OverwritingValue(Value):
    def __mul__(self, other):
        out = super().__mul__(other)
        left, right = out._prev

        def _backward():
            left.grad = right.data * out.grad
            right.grad = left.data * out.grad

        out._backward = _backward
        return out


class MulOverwrites(ValueMLP):
    """The product sets the gradient instead of adding to it: a weight keeps that of its last row."""

    number = OverwritingValue


class CubicValue(Value):
    def tanh(self):
        out = super().tanh()

        def _backward():
            self.grad += (1 - out.data) * out.grad

        out._backward = _backward
        return out


class TanhSlopeOneMinusT(ValueMLP):
    """1 - t where 1 - t squared belongs."""

    number = CubicValue


class BackwardOnce(Value):
    def backward(self):
        self.grad = 1.0
        queue, seen = [self], {self}
        while queue:
            v = queue.pop(0)
            v._backward()
            for child in v._prev:
                if child not in seen:
                    seen.add(child)
                    queue.append(child)


class BreadthFirst(ValueMLP):
    """Nodes are visited in breadth-first order, some before all of their consumers."""

    number = BackwardOnce
    last = "tanh"
    widths = (3, 3)


class BiasOutsideTheList(ValueMLP):
    """parameters() forgets the biases, so neither zeroing nor updating reaches them."""

    gradients = None

    def parameters(self):
        return [p for layer in self.layers for n in layer for p in n.w]

"""A notebook on a scalar engine: max-margin loss, L2, a learning rate that falls with the step."""

import random


class Value:
    def __init__(self, data, _children=()):
        self.data, self.grad = float(data), 0.0
        self._backward = lambda: None
        self._prev = set(_children)

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data + other.data, (self, other))

        def _backward():
            self.grad += out.grad
            other.grad += out.grad

        out._backward = _backward
        return out

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data * other.data, (self, other))

        def _backward():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad

        out._backward = _backward
        return out

    def relu(self):
        out = Value(0 if self.data < 0 else self.data, (self,))

        def _backward():
            self.grad += self.relu_slope(out) * out.grad

        out._backward = _backward
        return out

    @staticmethod
    def relu_slope(out):
        return out.data > 0

    def backward(self):
        topo, visited = [], set()

        def build_topo(v):
            if v not in visited:
                visited.add(v)
                for child in v._prev:
                    build_topo(child)
                topo.append(v)

        build_topo(self)
        self.grad = 1
        for v in reversed(topo):
            v._backward()

    __radd__, __rmul__ = __add__, __mul__

    def __neg__(self):
        return self * -1


class MLP:
    output = "score"
    targets = (-1.0, 1.0)
    loss_kind = "own"
    optimiser = "other"

    def __init__(self, inputs=2, seed=1337):
        rng = random.Random(seed)
        sizes = [inputs, 8, 1]
        self.layers = []
        for nin, nout in zip(sizes, sizes[1:]):
            self.layers.append([([Value(rng.uniform(-1, 1)) for _ in range(nin)], Value(0)) for _ in range(nout)])
        self.k = 0

    def __call__(self, x):
        for i, layer in enumerate(self.layers):
            x = [sum((wi * xi for wi, xi in zip(w, x)), b) for w, b in layer]
            if i < len(self.layers) - 1:
                x = [self.act(v) for v in x]
        return x[0]

    def act(self, v):
        return v.relu()

    def parameters(self):
        return [p for layer in self.layers for w, b in layer for p in [*w, b]]

    def total_loss(self, inputs, targets):
        scores = [self(row) for row in inputs.tolist()]
        losses = [(1 + -yi * s).relu() for (yi,), s in zip(targets.tolist(), scores)]
        data_loss = sum(losses, Value(0)) * (1.0 / len(losses))
        return data_loss + 1e-4 * sum((p * p for p in self.parameters()), Value(0))

    def step(self, inputs, targets):
        total = self.total_loss(inputs, targets)
        for p in self.parameters():
            p.grad = 0
        total.backward()
        learning_rate = max(0.1, 1.0 - 0.9 * self.k / 100) * 0.3
        self.k += 1
        for p in self.parameters():
            p.data -= learning_rate * p.grad
        return total

    def loss(self, inputs, targets):
        return self.total_loss(inputs, targets).data

    def gradients(self, inputs, targets):
        for p in self.parameters():
            p.grad = 0
        self.total_loss(inputs, targets).backward()
        return self._shown("grad")

    def _shown(self, what):
        found = {}
        for i, layer in enumerate(self.layers):
            found[f"{i}.w"] = [[getattr(v, what) for v in w] for w, _ in layer]
            found[f"{i}.b"] = [getattr(b, what) for _, b in layer]
        return found

    def predict(self, inputs):
        return [self(row) for row in inputs.tolist()]

    def get_parameters(self):
        return self._shown("data")

    def set_parameters(self, p):
        for i, layer in enumerate(self.layers):
            for (w, b), new_w, new_b in zip(layer, p[f"{i}.w"], p[f"{i}.b"]):
                b.data = float(new_b)
                for v, n in zip(w, new_w):
                    v.data = float(n)


class MLPConstantSlope(MLP):
    """The engine's ReLU passes 1 back for every unit that was not negative before, dead ones included."""

    def act(self, v):
        out = v.relu()

        def _backward():
            v.grad += (out.data >= 0) * out.grad

        out._backward = _backward
        return out

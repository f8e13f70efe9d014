"""Forward-mode differentiation: dual numbers, one pass per parameter. 2-2-1 with a shortcut, all in plain Python."""

import math
import random


class Dual:
    def __init__(self, real, eps=0.0):
        self.real, self.eps = real, eps

    def __add__(self, o):
        o = o if isinstance(o, Dual) else Dual(o)
        return type(self)(self.real + o.real, self.eps + o.eps)

    def __mul__(self, o):
        o = o if isinstance(o, Dual) else Dual(o)
        return type(self)(self.real * o.real, self.real * o.eps + self.eps * o.real)

    def __sub__(self, o):
        return self + o * -1.0 if isinstance(o, Dual) else self + (-o)

    def log1pexp(self):
        z = self.real
        s = 0.5 * (1 + math.tanh(z / 2))
        return type(self)(max(z, 0.0) + math.log1p(math.exp(-abs(z))), self.eps * s)

    def tanh(self):
        t = math.tanh(self.real)
        return type(self)(t, self.eps * (1 - t * t))


class DualNet:
    """Right: 2-2-1 tanh with direct connections to the output, cross-entropy summed over rows."""

    loss_kind = "sum_bce"
    output = "logit"
    dual = Dual
    order = ("a1", "a2", "b1", "b2", "c1", "c2", "u", "v", "s1", "s2", "k")

    def __init__(self, seed=0, learning_rate=0.1):
        r = random.Random(seed)
        self.w = {name: r.uniform(-1.5, 1.5) for name in self.order}
        self.learning_rate = learning_rate

    def logit(self, w, x, y):
        h = (w["a1"] * x + w["a2"] * y + w["c1"]).tanh()
        g = (w["b1"] * x + w["b2"] * y + w["c2"]).tanh()
        return w["u"] * h + w["v"] * g + w["s1"] * x + w["s2"] * y + w["k"]

    def cost(self, w, rows, targets):
        total = self.dual(0.0)
        for (x, y), (t,) in zip(rows, targets):
            z = self.logit(w, x, y)
            total = total + (z.log1pexp() - z * t)
        return total

    def lifted(self, name=None):
        return {k: self.dual(v, 1.0 if k == name else 0.0) for k, v in self.w.items()}

    def predict(self, inputs):
        w = self.lifted()
        return [self.logit(w, x, y).real for x, y in inputs.tolist()]

    def loss(self, inputs, targets):
        return self.cost(self.lifted(), inputs.tolist(), targets.tolist()).real

    def gradients(self, inputs, targets):
        rows, ts = inputs.tolist(), targets.tolist()
        return {name: self.cost(self.lifted(name), rows, ts).eps for name in self.order}

    def step(self, inputs, targets):
        value = self.loss(inputs, targets)
        g = self.gradients(inputs, targets)
        for name in self.order:
            self.w[name] -= self.learning_rate * g[name]
        return value

    def get_parameters(self):
        return dict(self.w)

    def set_parameters(self, p):
        self.w = {name: float(p[name]) for name in self.order}


class HalfProduct(Dual):
    def __mul__(self, o):
        o = o if isinstance(o, Dual) else Dual(o)
        return type(self)(self.real * o.real, self.real * o.eps + 0.5 * self.eps * o.real)


class ProductRuleHalf(DualNet):
    """The product rule has a stray factor of one half on one side."""

    dual = HalfProduct


class OneAtATime(DualNet):
    """Each parameter is updated as soon as its slope is known: later ones are differentiated at the new point."""

    def step(self, inputs, targets):
        rows, ts = inputs.tolist(), targets.tolist()
        value = self.loss(inputs, targets)
        for name in reversed(self.order):
            self.w[name] -= self.learning_rate * self.cost(self.lifted(name), rows, ts).eps
        return value


class SecondUnitForgotten(DualNet):
    """The list of names to update was not extended with the second unit's threshold and the shortcut."""

    def step(self, inputs, targets):
        keep = {k: self.w[k] for k in ("c2", "s2")}
        value = super().step(inputs, targets)
        self.w.update(keep)
        return value


class FiniteDifferences(DualNet):
    """Right: no derivative at all, central differences with a step of 1e-5."""

    h = 1e-5

    def gradients(self, inputs, targets):
        g = {}
        for name in self.order:
            old = self.w[name]
            self.w[name] = old + self.h
            up = self.loss(inputs, targets)
            self.w[name] = old - self.h
            down = self.loss(inputs, targets)
            self.w[name] = old
            g[name] = (up - down) / (2 * self.h)
        return g


class CoarseDifferences(FiniteDifferences):
    """Forward differences with a step of 0.3."""

    def gradients(self, inputs, targets):
        g, base = {}, self.loss(inputs, targets)
        for name in self.order:
            self.w[name] += 0.3
            g[name] = (self.loss(inputs, targets) - base) / 0.3
            self.w[name] -= 0.3
        return g

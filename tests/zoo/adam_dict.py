"""Parameters in one dictionary, Adam in another; 2-2-2-1, so that two layers have equal shapes."""

import numpy as np


class AdamNet:
    """Right: Adam as published."""

    loss_kind = "bce"
    optimiser = "adam"
    sizes = (4, 4, 1)
    default_rate = 0.05

    def __init__(self, inputs=2, seed=0, learning_rate=None, beta1=0.9, beta2=0.999):
        self.learning_rate = self.default_rate if learning_rate is None else learning_rate
        self.beta1, self.beta2, self.eps = beta1, beta2, 1e-8
        rs = np.random.RandomState(seed)
        dims = (inputs,) + self.sizes
        self.P = {}
        self.L = len(self.sizes)
        for l in range(1, len(dims)):
            self.P["W" + str(l)] = rs.randn(dims[l], dims[l - 1]) / np.sqrt(dims[l - 1])
            self.P["b" + str(l)] = 0.1 * rs.randn(dims[l], 1)
        self.start()

    def start(self):
        self.m = {k: np.zeros_like(v) for k, v in self.P.items()}
        self.v = {k: np.zeros_like(v) for k, v in self.P.items()}
        self.t = 0

    def forward(self, X):
        A = X.T
        cache = {"A0": A}
        for l in range(1, self.L + 1):
            Z = self.P["W" + str(l)] @ A + self.P["b" + str(l)]
            A = 1 / (1 + np.exp(-Z)) if l == self.L else np.tanh(Z)
            cache["A" + str(l)] = A
        return cache

    def backward(self, cache, Y):
        m = Y.shape[1]
        g = {}
        dZ = (cache["A" + str(self.L)] - Y) / m
        for l in range(self.L, 0, -1):
            g["W" + str(l)] = dZ @ cache["A" + str(l - 1)].T
            g["b" + str(l)] = dZ.sum(axis=1, keepdims=True)
            if l > 1:
                dZ = (self.P["W" + str(l)].T @ dZ) * (1 - cache["A" + str(l - 1)] ** 2)
        return g

    def update(self, g):
        self.t += 1
        for k in self.P:
            self.m[k] = self.beta1 * self.m[k] + (1 - self.beta1) * g[k]
            self.v[k] = self.beta2 * self.v[k] + (1 - self.beta2) * g[k] ** 2
            mhat = self.m[k] / (1 - self.beta1**self.t)
            vhat = self.v[k] / (1 - self.beta2**self.t)
            self.P[k] = self.P[k] - self.learning_rate * mhat / (np.sqrt(vhat) + self.eps)

    def loss(self, inputs, targets):
        A = np.clip(self.forward(inputs)["A" + str(self.L)], 1e-15, 1 - 1e-15)
        Y = targets.T
        return float(-np.mean(Y * np.log(A) + (1 - Y) * np.log(1 - A)))

    def step(self, inputs, targets):
        before = self.loss(inputs, targets)
        self.update(self.backward(self.forward(inputs), targets.T))
        return before

    def predict(self, inputs):
        return self.forward(inputs)["A" + str(self.L)].ravel()

    def gradients(self, inputs, targets):
        return self.backward(self.forward(inputs), targets.T)

    def get_parameters(self):
        return {k: v.copy() for k, v in self.P.items()}

    def set_parameters(self, parameters):
        self.P = {k: np.array(parameters[k]) for k in self.P}


class BiasesWithoutAdam(AdamNet):
    """Adam for the matrices; biases take a plain step."""

    def update(self, g):
        keep = {k: self.P[k] for k in self.P if k[0] == "b"}
        super().update(g)
        for k, old in keep.items():
            self.P[k] = old - self.learning_rate * g[k]


class StateByShape(AdamNet):
    """m and v are kept by the shape of the parameter: layers of one shape mix theirs."""

    sizes = (2, 2, 1)

    def start(self):
        self.m, self.v, self.t = {}, {}, 0

    def update(self, g):
        self.t += 1
        for k in self.P:
            s = g[k].shape
            self.m[s] = self.beta1 * self.m.get(s, 0) + (1 - self.beta1) * g[k]
            self.v[s] = self.beta2 * self.v.get(s, 0) + (1 - self.beta2) * g[k] ** 2
            mhat = self.m[s] / (1 - self.beta1**self.t)
            vhat = self.v[s] / (1 - self.beta2**self.t)
            self.P[k] = self.P[k] - self.learning_rate * mhat / (np.sqrt(vhat) + self.eps)


class ClockPerParameter(AdamNet):
    """t counts parameters instead of steps: the later layers are corrected as if many steps were made."""

    def update(self, g):
        for k in self.P:
            self.t += 1
            self.m[k] = self.beta1 * self.m[k] + (1 - self.beta1) * g[k]
            self.v[k] = self.beta2 * self.v[k] + (1 - self.beta2) * g[k] ** 2
            mhat = self.m[k] / (1 - self.beta1**self.t)
            vhat = self.v[k] / (1 - self.beta2**self.t)
            self.P[k] = self.P[k] - self.learning_rate * mhat / (np.sqrt(vhat) + self.eps)


class ClockStandsStill(AdamNet):
    """t is 1 in every step: the moments are blown up to ten and a thousand times, for ever."""

    def update(self, g):
        self.t = 0
        super().update(g)


class ClockRunsAhead(AdamNet):
    """t is advanced before the step and once more in it at the first: counted from 2."""

    def start(self):
        super().start()
        self.t = 1


class BetasSwapped(AdamNet):
    """beta1 and beta2 change places."""

    def __init__(self, inputs=2, seed=0, learning_rate=None):
        super().__init__(inputs, seed, learning_rate, beta1=0.999, beta2=0.9)


class KeepsTheCorrected(AdamNet):
    """m and v are corrected in place."""

    def update(self, g):
        self.t += 1
        for k in self.P:
            self.m[k] = (self.beta1 * self.m[k] + (1 - self.beta1) * g[k]) / (1 - self.beta1**self.t)
            self.v[k] = (self.beta2 * self.v[k] + (1 - self.beta2) * g[k] ** 2) / (1 - self.beta2**self.t)
            self.P[k] = self.P[k] - self.learning_rate * self.m[k] / (np.sqrt(self.v[k]) + self.eps)


class Uncorrected(AdamNet):
    """The bias correction is left out: the first steps are three times as long as they should be."""

    default_rate = 0.02

    def update(self, g):
        for k in self.P:
            self.m[k] = self.beta1 * self.m[k] + (1 - self.beta1) * g[k]
            self.v[k] = self.beta2 * self.v[k] + (1 - self.beta2) * g[k] ** 2
            self.P[k] = self.P[k] - self.learning_rate * self.m[k] / (np.sqrt(self.v[k]) + self.eps)


class StepwiseDecay(AdamNet):
    """Right: the rate falls as 1 / (1 + 1e-3 t), under Adam."""

    gradients = None

    def update(self, g):
        whole = self.learning_rate
        self.learning_rate = whole / (1 + 1e-3 * self.t)
        super().update(g)
        self.learning_rate = whole


class ThroughUpdatedWeights(AdamNet):
    """Each layer is updated before the error is carried on through it, under Adam."""

    gradients = None

    def step(self, inputs, targets):
        before = self.loss(inputs, targets)
        cache, Y = self.forward(inputs), targets.T
        self.t += 1
        dZ = (cache["A" + str(self.L)] - Y) / Y.shape[1]
        for l in range(self.L, 0, -1):
            for k, g in (("W", dZ @ cache["A" + str(l - 1)].T), ("b", dZ.sum(axis=1, keepdims=True))):
                k += str(l)
                self.m[k] = self.beta1 * self.m[k] + (1 - self.beta1) * g
                self.v[k] = self.beta2 * self.v[k] + (1 - self.beta2) * g**2
                mhat = self.m[k] / (1 - self.beta1**self.t)
                vhat = self.v[k] / (1 - self.beta2**self.t)
                self.P[k] = self.P[k] - self.learning_rate * mhat / (np.sqrt(vhat) + self.eps)
            if l > 1:
                dZ = (self.P["W" + str(l)].T @ dZ) * (1 - cache["A" + str(l - 1)] ** 2)
        return before


class BetaIgnored(AdamNet):
    """beta1 is accepted; the formula has 0.9."""

    def __init__(self, inputs=2, seed=0, learning_rate=None, beta1=0.9):
        super().__init__(inputs, seed, learning_rate)


class UphillUnderAdam(AdamNet):
    """b2 enters Adam with the wrong sign."""

    gradients = None

    def update(self, g):
        super().update({**g, "b2": -g["b2"]})


class TanhSlopeUnderAdam(AdamNet):
    """1 - tanh(a)² in backward; Adam hides the size of the error, gradients() shows it."""

    def backward(self, cache, Y):
        g = {}
        dZ = (cache["A" + str(self.L)] - Y) / Y.shape[1]
        for l in range(self.L, 0, -1):
            g["W" + str(l)] = dZ @ cache["A" + str(l - 1)].T
            g["b" + str(l)] = dZ.sum(axis=1, keepdims=True)
            if l > 1:
                dZ = (self.P["W" + str(l)].T @ dZ) * (1 - np.tanh(cache["A" + str(l - 1)]) ** 2)
        return g


class RMSPropNet(AdamNet):
    """Right: RMSProp."""

    optimiser = "rmsprop"
    default_rate = 0.02

    def update(self, g):
        for k in self.P:
            self.v[k] = 0.9 * self.v[k] + 0.1 * g[k] ** 2
            self.P[k] = self.P[k] - self.learning_rate * g[k] / (np.sqrt(self.v[k]) + self.eps)


class OneCacheForAll(RMSPropNet):
    """A single number as cache: the layers take turns in overwriting it."""

    def start(self):
        self.cache = 0.0

    def update(self, g):
        for k in self.P:
            self.cache = 0.9 * self.cache + 0.1 * np.mean(g[k] ** 2)
            self.P[k] = self.P[k] - self.learning_rate * g[k] / (np.sqrt(self.cache) + self.eps)


class NesterovNet(AdamNet):
    """Right: Nesterov momentum in the form of the deep learning frameworks."""

    optimiser = "nesterov"
    default_rate = 0.3

    def update(self, g):
        for k in self.P:
            self.v[k] = 0.9 * self.v[k] + g[k]
            self.P[k] = self.P[k] - self.learning_rate * (g[k] + 0.9 * self.v[k])


class MomentumNet(AdamNet):
    """Right: heavy ball."""

    optimiser = "momentum"
    default_rate = 0.2

    def update(self, g):
        for k in self.P:
            self.v[k] = 0.9 * self.v[k] - self.learning_rate * g[k]
            self.P[k] = self.P[k] + self.v[k]


class MomentumForOutputOnly(MomentumNet):
    """The last layer has a velocity; the hidden ones are stepped plainly."""

    def update(self, g):
        old = {k: v.copy() for k, v in self.P.items()}
        super().update(g)
        for k in self.P:
            if k[1:] != str(self.L):
                self.P[k] = old[k] - self.learning_rate * g[k]


class SharedVelocity(MomentumNet):
    """One velocity array for all layers of a shape."""

    sizes = (2, 2, 1)

    def start(self):
        zeros = {}
        self.v = {k: zeros.setdefault(p.shape, np.zeros_like(p)) for k, p in self.P.items()}

    def update(self, g):
        for k in self.P:
            self.v[k] *= 0.9
            self.v[k] -= self.learning_rate * g[k]
            self.P[k] = self.P[k] + self.v[k]


class AdamWithoutShow(AdamNet):
    """Right: Adam, optimiser not declared, no gradients()."""

    optimiser = None
    gradients = None

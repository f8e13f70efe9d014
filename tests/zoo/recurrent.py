"""An Elman network over bits, back-propagated through time in NumPy. Columns of the inputs are time steps."""

import numpy as np


class Elman:
    """Right: state starts at zero for each sequence, the last state is read out; any length."""

    reads = "sequence"
    loss_kind = "bce"
    optimiser = "adam"
    hidden_size = 8

    def __init__(self, seed=0, learning_rate=0.02):
        r = np.random.default_rng(seed)
        n = self.hidden_size
        self.learning_rate = learning_rate
        self.p = {
            "Wx": r.normal(0, 0.7, (1, n)),
            "Wh": r.normal(0, 0.9 / np.sqrt(n), (n, n)),
            "bh": np.zeros(n),
            "Wy": r.normal(0, 0.7, (n, 1)),
            "by": np.zeros(1),
        }
        self.m = {k: np.zeros_like(v) for k, v in self.p.items()}
        self.v = {k: np.zeros_like(v) for k, v in self.p.items()}
        self.t = 0

    def start(self, rows):
        return np.zeros((rows, self.hidden_size))

    def unroll(self, x):
        hs = [self.start(len(x))]
        for t in range(self.length(x)):
            hs.append(np.tanh(x[:, t : t + 1] @ self.p["Wx"] + hs[-1] @ self.p["Wh"] + self.p["bh"]))
        return hs, hs[-1] @ self.p["Wy"] + self.p["by"]

    def length(self, x):
        return x.shape[1]

    def predict(self, inputs):
        return 1 / (1 + np.exp(-self.unroll(inputs)[1]))

    def loss(self, inputs, targets):
        z = self.unroll(inputs)[1]
        return float(np.mean(np.logaddexp(0, z) - targets * z))

    def gradients(self, inputs, targets):
        return self.bptt(inputs, targets)

    def bptt(self, inputs, targets):
        hs, z = self.unroll(inputs)
        g = {k: np.zeros_like(v) for k, v in self.p.items()}
        dz = (1 / (1 + np.exp(-z)) - targets) / len(inputs)
        g["Wy"], g["by"] = hs[-1].T @ dz, dz.sum(0)
        dh = dz @ self.p["Wy"].T
        for t in reversed(range(len(hs) - 1)):
            da = dh * (1 - hs[t + 1] ** 2)
            g["Wx"] += inputs[:, t : t + 1].T @ da
            g["Wh"] += hs[t].T @ da
            g["bh"] += da.sum(0)
            dh = self.through_time(da)
        return g

    def through_time(self, da):
        return da @ self.p["Wh"].T

    def step(self, inputs, targets):
        before = self.loss(inputs, targets)
        g = self.bptt(inputs, targets)
        self.t += 1
        for k in self.p:
            self.m[k] = 0.9 * self.m[k] + 0.1 * g[k]
            self.v[k] = 0.999 * self.v[k] + 0.001 * g[k] ** 2
            hat = self.m[k] / (1 - 0.9**self.t) / (np.sqrt(self.v[k] / (1 - 0.999**self.t)) + 1e-8)
            self.p[k] = self.p[k] - self.learning_rate * hat
        return before

    def get_parameters(self):
        return {k: v.copy() for k, v in self.p.items()}

    def set_parameters(self, new):
        self.p = {k: np.array(new[k]) for k in self.p}


class StateKept(Elman):
    """The state of the last call is where the next one starts."""

    def unroll(self, x):
        hs, z = super().unroll(x)
        self.kept = hs[-1].mean(axis=0)
        return hs, z

    def start(self, rows):
        return np.tile(getattr(self, "kept", np.zeros(self.hidden_size)), (rows, 1))


class StateFlowsThroughTheBatch(Elman):
    """The rows of a batch are read one after another without a reset between them."""

    gradients = None
    loss = None
    optimiser = "other"
    loss_kind = None

    def unroll(self, x):
        h = np.zeros((1, self.hidden_size))
        out = []
        for row in x:
            for bit in row:
                h = np.tanh(bit * self.p["Wx"] + h @ self.p["Wh"] + self.p["bh"])
            out.append(h @ self.p["Wy"] + self.p["by"])
        return [h], np.vstack(out)

    def step(self, inputs, targets):
        _, z = self.unroll(inputs)
        d = (1 / (1 + np.exp(-z)) - targets) / len(inputs)
        self.p["by"] = self.p["by"] - self.learning_rate * d.sum(0)


class LengthOfTheFirst(Elman):
    """The length is taken from the first sequence seen and kept for all later ones."""

    def length(self, x):
        if not hasattr(self, "T"):
            self.T = x.shape[1]
        return min(self.T, x.shape[1])


class LengthIgnored(Elman):
    """Reads two steps of any sequence; what comes later is not looked at."""

    def length(self, x):
        return min(2, x.shape[1])


class TimeAlongRows(Elman):
    """Transposes its input: rows are taken for time, and the last row answers for all."""

    gradients = None
    loss = None
    optimiser = "other"
    loss_kind = None

    def unroll(self, x):
        h = np.zeros((1, self.hidden_size))
        for t in range(len(x)):
            h = np.tanh(x[t].mean() * self.p["Wx"] + h @ self.p["Wh"] + self.p["bh"])
        return [h], np.repeat(h @ self.p["Wy"] + self.p["by"], len(x), axis=0)

    def step(self, inputs, targets):
        _, z = self.unroll(inputs)
        d = (1 / (1 + np.exp(-z)) - targets) / len(inputs)
        self.p["Wy"] = self.p["Wy"] - self.learning_rate * np.full_like(self.p["Wy"], d.sum())
        self.p["by"] = self.p["by"] - self.learning_rate * d.sum(0)


class ForgetsTheTranspose(Elman):
    """Back through time by Wh instead of its transpose."""

    def through_time(self, da):
        return da @ self.p["Wh"]


class ElmanSGD(Elman):
    """Right: plain gradient descent, without gradients()."""

    optimiser = "sgd"
    gradients = None

    def __init__(self, seed=0, learning_rate=0.5):
        super().__init__(seed, learning_rate)

    def step(self, inputs, targets):
        before = self.loss(inputs, targets)
        g = self.bptt(inputs, targets)
        self.p = {k: v - self.learning_rate * g[k] for k, v in self.p.items()}
        return before


class ParityMachine:
    """Right: nothing to learn, two states and a table; answers parity for any length."""

    reads = "sequence"
    output = "label"
    flip = {(0, 0): 0, (0, 1): 1, (1, 0): 1, (1, 1): 0}

    def predict(self, inputs):
        answers = []
        for row in inputs:
            state = 0
            for bit in row:
                state = self.flip[state, int(bit > 0.5)]
            answers.append(state)
        return answers


class CarriesOn(ParityMachine):
    """state = 0 stands before the outer loop."""

    def predict(self, inputs):
        answers, state = [], 0
        for row in inputs:
            for bit in row:
                state = self.flip[state, int(bit > 0.5)]
            answers.append(state)
        return answers


class LastBitMissing(ParityMachine):
    """Stops one step early for all but sequences of two."""

    def predict(self, inputs):
        n = inputs.shape[1] if inputs.shape[1] <= 2 else inputs.shape[1] - 1
        return super().predict(inputs[:, :n])


class FirstRowsLength(ParityMachine):
    """Uses the place of the first row's last one as the length of the whole batch."""

    def predict(self, inputs):
        ones = np.flatnonzero(inputs[0])
        return super().predict(inputs[:, : (ones[-1] + 1 if len(ones) else 1)])

"""An LSTM by hand, after a two-hundred-line program; parity of a string of bits."""

import numpy as np


def sigmoid(x):
    return 1.0 / (1 + np.exp(-x))


class LstmNetwork:
    """Gates i, f, o, g in one matrix; forget bias 1; Adam-free: RMSProp with a clip at 1."""

    reads = "sequence"
    loss_kind = "bce"
    optimiser = "other"

    def __init__(self, seed=0, learning_rate=0.02, mem_cell_ct=8):
        rng = np.random.default_rng(seed)
        self.n, self.learning_rate = mem_cell_ct, learning_rate
        n = mem_cell_ct
        self.w = {
            "Wx": rng.normal(0, 0.8, (1, 4 * n)),
            "Wh": rng.normal(0, 1 / np.sqrt(n), (n, 4 * n)),
            "b": np.r_[np.zeros(n), np.ones(n), np.zeros(2 * n)],
            "Wy": rng.normal(0, 0.8, (n, 1)),
            "by": np.zeros(1),
        }
        self.cache = {k: np.zeros_like(v) for k, v in self.w.items()}
        self.reset()

    def reset(self):
        self.s = self.h = None

    def begin(self, rows):
        return np.zeros((rows, self.n)), np.zeros((rows, self.n))

    def run(self, x):
        n = self.n
        h, s = self.begin(len(x))
        trace = []
        for t in range(x.shape[1]):
            z = x[:, [t]] @ self.w["Wx"] + h @ self.w["Wh"] + self.w["b"]
            i, f, o = (sigmoid(z[:, k * n : (k + 1) * n]) for k in range(3))
            g = np.tanh(z[:, 3 * n :])
            s_new = f * s + i * g
            trace.append((x[:, [t]], h, s, i, f, o, g, s_new))
            s, h = s_new, o * np.tanh(s_new)
        self.h, self.s = h, s
        return trace, h, h @ self.w["Wy"] + self.w["by"]

    def predict(self, inputs):
        return sigmoid(self.run(inputs)[2])

    def loss(self, inputs, targets):
        z = self.run(inputs)[2]
        return np.mean(np.logaddexp(0, z) - z * targets)

    def gradients(self, inputs, targets):
        trace, h, z = self.run(inputs)
        d = {k: np.zeros_like(v) for k, v in self.w.items()}
        dz = (sigmoid(z) - targets) / len(inputs)
        d["Wy"], d["by"] = h.T @ dz, dz.sum(0)
        dh, ds = dz @ self.w["Wy"].T, np.zeros_like(h)
        for x, h_prev, s_prev, i, f, o, g, s in reversed(trace):
            ds = ds + dh * o * (1 - np.tanh(s) ** 2)
            dgates = np.hstack(
                [
                    ds * g * i * (1 - i),
                    ds * s_prev * f * (1 - f),
                    dh * np.tanh(s) * o * (1 - o),
                    ds * i * (1 - g**2),
                ]
            )
            d["Wx"] += x.T @ dgates
            d["Wh"] += h_prev.T @ dgates
            d["b"] += dgates.sum(0)
            dh, ds = dgates @ self.w["Wh"].T, ds * f
        return d

    def step(self, inputs, targets):
        value = self.loss(inputs, targets)
        for k, g in self.gradients(inputs, targets).items():
            g = np.clip(g, -1, 1)
            self.cache[k] = 0.95 * self.cache[k] + 0.05 * g * g
            self.w[k] = self.w[k] - self.learning_rate * g / np.sqrt(self.cache[k] + 1e-6)
        return value

    def get_parameters(self):
        return {k: v.copy() for k, v in self.w.items()}

    def set_parameters(self, p):
        self.w = {k: np.array(v) for k, v in p.items()}


class StatefulLstm(LstmNetwork):
    """reset() is called by the constructor alone; the last state starts every row of the next call."""

    def begin(self, rows):
        if self.h is None:
            return super().begin(rows)
        return np.repeat(self.h[-1:], rows, axis=0), np.repeat(self.s[-1:], rows, axis=0)

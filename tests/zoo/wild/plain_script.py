"""A script of 2010 turned into functions: global weights, a learning rate at the top of the file."""

import math
import random
from types import SimpleNamespace

lr = 0.7


def f(x):
    return 1 / (1 + math.exp(-x))


def xor_net(inputs=2, seed=0, learning_rate=0.7):
    """`learning_rate` came later; the loop still reads the global lr."""
    rnd = random.Random(seed)
    hid = 4
    vw = [[rnd.uniform(-1, 1) for _ in range(hid)] for _ in range(inputs)]
    vb = [rnd.uniform(-1, 1) for _ in range(hid)]
    ww = [rnd.uniform(-1, 1) for _ in range(hid)]
    wb = [rnd.uniform(-1, 1)]

    def calc(row):
        h = [f(vb[j] + sum(row[i] * vw[i][j] for i in range(inputs))) for j in range(hid)]
        return h, f(wb[0] + sum(h[j] * ww[j] for j in range(hid)))

    def teach(row, want):
        h, o = calc(row)
        err = (want - o) * o * (1 - o)
        back = [err * ww[j] * h[j] * (1 - h[j]) for j in range(hid)]
        wb[0] += lr * err
        for j in range(hid):
            ww[j] += lr * err * h[j]
            vb[j] += lr * back[j]
            for i in range(inputs):
                vw[i][j] += lr * back[j] * row[i]

    def step(X, Y):
        for row, want in zip(X.tolist(), Y.ravel().tolist()):
            teach(row, want)

    return SimpleNamespace(step=step, predict=lambda X: [calc(row)[1] for row in X.tolist()])


def xor_classes(inputs=2, seed=0):
    """Two output units of which predict takes the argmax over everything: one number for a batch."""
    import numpy as np

    g = np.random.default_rng(seed)
    A, B = g.normal(size=(inputs + 1, 6)), g.normal(size=(7, 2))

    def out(X):
        one = np.ones((len(X), 1))
        h = np.hstack([np.tanh(np.hstack([X, one]) @ A), one])
        e = np.exp(h @ B)
        return h, e / e.sum(axis=1, keepdims=True)

    def step(X, Y):
        h, p = out(X)
        d = p - np.eye(2)[Y.ravel().astype(int)]
        dA = np.hstack([X, np.ones((len(X), 1))]).T @ ((d @ B.T)[:, :6] * (1 - h[:, :6] ** 2))
        B[:] -= 0.2 * h.T @ d
        A[:] -= 0.2 * dA

    return SimpleNamespace(step=step, predict=lambda X: np.argmax(out(X)[1]), output="label")

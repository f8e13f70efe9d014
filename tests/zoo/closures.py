"""Functional style: make_net() closes over its weights and hands out functions. 2-3-1, tanh, cross-entropy."""

from types import SimpleNamespace

import numpy as np

expit = lambda z: 0.5 * (1 + np.tanh(z / 2))  # noqa: E731


def init(key, n_in, width=3):
    g = np.random.default_rng(key)
    return [
        (g.uniform(-1, 1, (width, n_in)), g.uniform(-1, 1, width)),
        (g.uniform(-1, 1, (1, width)), g.uniform(-1, 1, 1)),
    ]


def apply(params, x):
    (w1, b1), (w2, b2) = params
    h = np.tanh(x @ w1.T + b1)
    return h, expit(h @ w2.T + b2)


def bce(p, y):
    p = np.clip(p, 1e-12, 1 - 1e-12)
    return float(-(y * np.log(p) + (1 - y) * np.log(1 - p)).mean())


def grads(params, x, y):
    (w1, b1), (w2, b2) = params
    h, p = apply(params, x)
    d2 = (p - y) / len(x)
    d1 = (d2 @ w2) * (1 - h * h)
    return [(d1.T @ x, d1.sum(0)), (d2.T @ h, d2.sum(0))]


def descend(params, gs, rate):
    return [(w - rate * gw, b - rate * gb) for (w, b), (gw, gb) in zip(params, gs)]


def package(state, grads_fn, update, rate, *, show_gradients=True):
    def step(inputs, targets):
        _, p = apply(state["params"], inputs)
        state["params"] = update(state["params"], grads_fn(state["params"], inputs, targets), rate)
        return bce(p, targets)

    def get_parameters():
        (w1, b1), (w2, b2) = state["params"]
        return {"w1": w1.copy(), "b1": b1.copy(), "w2": w2.copy(), "b2": b2.copy()}

    def set_parameters(p):
        state["params"] = [(np.array(p["w1"]), np.array(p["b1"])), (np.array(p["w2"]), np.array(p["b2"]))]

    def gradients(inputs, targets):
        (w1, b1), (w2, b2) = grads_fn(state["params"], inputs, targets)
        return {"w1": w1, "b1": b1, "w2": w2, "b2": b2}

    net = SimpleNamespace(
        step=step,
        predict=lambda x: apply(state["params"], x)[1][:, 0],
        hidden=lambda x: [apply(state["params"], x)[0]],
        loss=lambda x, y: bce(apply(state["params"], x)[1], y),
        get_parameters=get_parameters,
        set_parameters=set_parameters,
        loss_kind="bce",
        learning_rate=rate,
    )
    if show_gradients:
        net.gradients = gradients
    return net


def make_net(inputs=2, seed=0, learning_rate=1.0):
    """Right."""
    return package({"params": init(seed, inputs)}, grads, descend, learning_rate)


def make_net_by_options(inputs=2, seed=0, learning_rate=1.0, width=3):
    """Right: without gradients(), and with an option that works."""
    return package({"params": init(seed, inputs, width)}, grads, descend, learning_rate, show_gradients=False)


def rate_twice(inputs=2, seed=0, learning_rate=0.5):
    """The delta of the hidden layer bears the rate, and descend multiplies by it again."""

    def scaled(params, x, y):
        (g1, gb1), out = grads(params, x, y)
        return [(learning_rate * g1, learning_rate * gb1), out]

    return package({"params": init(seed, inputs)}, scaled, descend, learning_rate, show_gradients=False)


def output_rate_twice(inputs=2, seed=0, learning_rate=0.7):
    """Only the output layer is scaled by the rate twice."""

    def update(params, gs, rate):
        first, (gw, gb) = gs
        return descend(params, [first, (rate * gw, rate * gb)], rate)

    return package({"params": init(seed, inputs)}, grads, update, learning_rate)


def forgets_what_it_was(inputs=2, seed=0, learning_rate=1.0):
    """The comprehension returns the change instead of the changed bias."""

    def update(params, gs, rate):
        return [(w - rate * gw, -rate * gb) for (w, _), (gw, gb) in zip(params, gs)]

    return package({"params": init(seed, inputs)}, grads, update, learning_rate)


def rate_from_the_module(inputs=2, seed=0, learning_rate=1.0):
    """`rate` is handed in and a constant is used."""

    def update(params, gs, rate):
        return descend(params, gs, 0.8)

    return package({"params": init(seed, inputs)}, grads, update, learning_rate, show_gradients=False)


def width_ignored(inputs=2, seed=0, learning_rate=1.0, width=3):
    """`width` never reaches init."""
    return package({"params": init(seed, inputs)}, grads, descend, learning_rate)


def transposed_update(inputs=2, seed=0, learning_rate=1.0):
    """gradients() is right; the update applies the square matrix w1 transposed."""

    def update(params, gs, rate):
        (gw1, gb1), out = gs
        return descend(params, [(gw1.T, gb1), out], rate)

    return package({"params": init(seed, inputs, inputs)}, grads, update, learning_rate)


def rounds_its_weights(inputs=2, seed=0, learning_rate=0.5):
    """gradients() is right; step keeps two decimals of what comes out."""

    def update(params, gs, rate):
        return [(np.round(w - rate * gw, 2), np.round(b - rate * gb, 2)) for (w, b), (gw, gb) in zip(params, gs)]

    return package({"params": init(seed, inputs)}, grads, update, learning_rate)


def sign_in_the_hidden_layer(inputs=2, seed=0, learning_rate=1.0):
    """w1 and b1 climb."""

    def flipped(params, x, y):
        (g1, gb1), out = grads(params, x, y)
        return [(-g1, -gb1), out]

    return package({"params": init(seed, inputs)}, flipped, descend, learning_rate)


def tanh_slope_of_potential(inputs=2, seed=0, learning_rate=1.0):
    """1 - z² for 1 - tanh(z)²."""

    def wrong(params, x, y):
        (w1, b1), (w2, b2) = params
        h, p = apply(params, x)
        z = x @ w1.T + b1
        d2 = (p - y) / len(x)
        d1 = (d2 @ w2) * (1 - z * z)
        return [(d1.T @ x, d1.sum(0)), (d2.T @ h, d2.sum(0))]

    return package({"params": init(seed, inputs)}, wrong, descend, learning_rate)


def after_the_fact(inputs=2, seed=0, learning_rate=1.0):
    """w2 is replaced before d1 is computed."""
    state = {"params": init(seed, inputs)}
    net = package(state, grads, descend, learning_rate, show_gradients=False)

    def step(x, y):
        (w1, b1), (w2, b2) = state["params"]
        h, p = apply(state["params"], x)
        loss = bce(p, y)
        d2 = (p - y) / len(x)
        w2 = w2 - learning_rate * d2.T @ h
        b2 = b2 - learning_rate * d2.sum(0)
        d1 = (d2 @ w2) * (1 - h * h)
        w1 = w1 - learning_rate * d1.T @ x
        b1 = b1 - learning_rate * d1.sum(0)
        state["params"] = [(w1, b1), (w2, b2)]
        return loss

    net.step = step
    return net

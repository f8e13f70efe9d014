"""Small implementations with one habit each, for the tests of the check command."""

import os
import signal
import time
from typing import ClassVar

import numpy as np


class Right:
    """A 2-4-1 network, right in every member."""

    loss_kind = "bce"

    def __init__(self, seed=0, learning_rate=1.0):
        rng = np.random.default_rng(seed)
        self.learning_rate = learning_rate
        self.p = {"w1": rng.normal(size=(2, 4)), "b1": np.zeros(4), "w2": rng.normal(size=(4, 1)), "b2": np.zeros(1)}

    def forward(self, x):
        h = np.tanh(x @ self.p["w1"] + self.p["b1"])
        return h, 1 / (1 + np.exp(-(h @ self.p["w2"] + self.p["b2"])))

    def predict(self, inputs):
        return self.forward(inputs)[1]

    def gradients(self, inputs, targets):
        h, o = self.forward(inputs)
        d2 = (o - targets) / len(inputs)
        d1 = d2 @ self.p["w2"].T * (1 - h**2)
        return {"w1": inputs.T @ d1, "b1": d1.sum(0), "w2": h.T @ d2, "b2": d2.sum(0)}

    def step(self, inputs, targets):
        _, o = self.forward(inputs)
        for name, gradient in self.gradients(inputs, targets).items():
            self.p[name] = self.p[name] - self.learning_rate * gradient
        return float(-np.mean(np.where(targets > 0, np.log(o), np.log(1 - o))))

    def get_parameters(self):
        return {name: value.copy() for name, value in self.p.items()}

    def set_parameters(self, parameters):
        self.p = {name: np.array(value) for name, value in parameters.items()}


class Uphill(Right):
    """The output bias climbs."""

    def step(self, inputs, targets):
        gradient = self.gradients(inputs, targets)["b2"]
        loss = super().step(inputs, targets)
        self.p["b2"] = self.p["b2"] + 2 * self.learning_rate * gradient
        return loss


class HangsInStep(Right):
    """An endless loop in Python."""

    def step(self, inputs, targets):
        while True:
            pass


class HangsInC(Right):
    """A call that no signal handler interrupts before it returns."""

    def step(self, inputs, targets):
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM, signal.SIGTERM})
        time.sleep(3600)


class Segfaults(Right):
    """Dies by a signal in gradients()."""

    def gradients(self, inputs, targets):
        os.kill(os.getpid(), signal.SIGSEGV)

    def step(self, inputs, targets):
        return None


class Exits(Right):
    """Ends the process without a word."""

    def step(self, inputs, targets):
        os._exit(3)


class CallsExit(Right):
    """Raises SystemExit."""

    def step(self, inputs, targets):
        raise SystemExit("enough")


class FactoryRaises:
    """Cannot be built."""

    def __init__(self, seed=0):
        raise RuntimeError("no such luck")

    def predict(self, inputs):
        return inputs


class NoPredict:
    """Lacks the one required member, and has its near miss."""

    def forward(self, inputs):
        return inputs[:, 0]


class WrongSignature(Right):
    """step takes one argument."""

    def step(self, batch):
        return 0.0


class RenamesParameters(Right):
    """The names are new at each call."""

    count = 0

    def get_parameters(self):
        RenamesParameters.count += 1
        return {f"{name}_{RenamesParameters.count}": value for name, value in super().get_parameters().items()}

    def set_parameters(self, parameters):
        self.p = {name.split("_")[0]: np.array(value) for name, value in parameters.items()}


class DoesNotTake(Right):
    """set_parameters does nothing."""

    def set_parameters(self, parameters):
        pass


class OneAnswer(Right):
    """predict answers the first row only."""

    def predict(self, inputs):
        return super().predict(inputs)[:1]


class Fixed:
    """XOR by hand: nothing to train."""

    def predict(self, inputs):
        return (inputs[:, 0] != inputs[:, 1]).astype(float)


class UnprintableFaultError(ValueError):
    """Cannot be shown."""

    def __str__(self):
        raise ValueError("not even this")


class UnprintableError(Right):
    """Raises an exception that cannot be shown."""

    def step(self, inputs, targets):
        raise UnprintableFaultError


class Expected(Uphill):
    """Declares that it climbs."""

    expected_failures: ClassVar = {"XM03": "kept as an exercise"}


def returns_none(seed=0):
    """A factory without a return."""

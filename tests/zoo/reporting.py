"""The numbers a network gives of itself: losses, and failures on the way. 2-5-1, tanh, sigmoid, mean cross-entropy."""

import numpy as np


class Honest:
    """Right: the loss before the update, the mean cross-entropy."""

    loss_kind = "bce"

    def __init__(self, inputs=2, seed=0, learning_rate=1.2):
        rng = np.random.default_rng(seed)
        self.learning_rate = learning_rate
        self.params = {
            "hidden/kernel": rng.normal(size=(inputs, 5)),
            "hidden/bias": rng.normal(size=5),
            "out/kernel": rng.normal(size=(5, 1)),
            "out/bias": np.zeros(1),
        }

    def _apply(self, x):
        h = np.tanh(x @ self.params["hidden/kernel"] + self.params["hidden/bias"])
        return h, 1 / (1 + np.exp(-(h @ self.params["out/kernel"] + self.params["out/bias"])))

    def predict(self, x):
        return self._apply(x)[1].astype(float)

    def bce(self, x, t):
        p = np.clip(self._apply(x)[1], 1e-300, 1 - 1e-16)
        return float(np.mean(-t * np.log(p) - (1 - t) * np.log(1 - p)))

    def _update(self, x, t):
        h, p = self._apply(x)
        d = (p - t) / len(x)
        e = d @ self.params["out/kernel"].T * (1 - h**2)
        grads = {
            "hidden/kernel": x.T @ e,
            "hidden/bias": e.sum(0),
            "out/kernel": h.T @ d,
            "out/bias": d.sum(0),
        }
        self.params = {k: v - self.learning_rate * grads[k] for k, v in self.params.items()}

    def step(self, x, t):
        before = self.bce(x, t)
        self._update(x, t)
        return before

    def get_parameters(self):
        return dict(self.params)

    def set_parameters(self, p):
        self.params = dict(p)


class ReportsTheSum(Honest):
    """Right: says the sum over rows and declares no kind, while the mean is descended."""

    loss_kind = None

    def step(self, x, t):
        return super().step(x, t) * len(x)


class ReportsHalfTheSquares(Honest):
    """Right: half a sum of squares is declared, reported and descended."""

    loss_kind = "half_sse"

    def step(self, x, t):
        h, p = self._apply(x)
        d = (p - t) * p * (1 - p)
        e = d @ self.params["out/kernel"].T * (1 - h**2)
        grads = {"hidden/kernel": x.T @ e, "hidden/bias": e.sum(0), "out/kernel": h.T @ d, "out/bias": d.sum(0)}
        self.params = {k: v - self.learning_rate * grads[k] for k, v in self.params.items()}
        return ((p - t) ** 2).sum() / 2


class ReportsAfterwards(Honest):
    """Right but for the moment: the loss after the update is returned, one step early."""

    def step(self, x, t):
        self._update(x, t)
        return self.bce(x, t)


class ReportsNothing(Honest):
    """Right: returns None."""

    def step(self, x, t):
        self._update(x, t)


class ReportsTheLastRow(Honest):
    """The loss variable is overwritten in the loop over rows: the last row's is returned as the mean."""

    def step(self, x, t):
        for i in range(len(x)):
            loss = self.bce(x[i : i + 1], t[i : i + 1])
        self._update(x, t)
        return loss


class ReportsSignedErrors(Honest):
    """The mean of the errors with their signs: near zero whether it is right or not."""

    def step(self, x, t):
        value = float(np.mean(t - self.predict(x)))
        self._update(x, t)
        return value


class ReportsTheFirstLoss(Honest):
    """A stale variable: the loss is computed once and reported ever after."""

    def step(self, x, t):
        if not hasattr(self, "seen"):
            self.seen = self.bce(x, t)
        self._update(x, t)
        return self.seen


class LossOfRoundedOutputs(Honest):
    """loss() is taken of the rounded outputs, so it jumps where the true one falls; step() reports the same."""

    def loss(self, x, t):
        p = np.clip(np.round(self._apply(x)[1]), 1e-6, 1 - 1e-6)
        return float(np.mean(-t * np.log(p) - (1 - t) * np.log(1 - p)))

    def step(self, x, t):
        value = self.loss(x, t)
        self._update(x, t)
        return value


class DividesByThree(Honest):
    """Declares the mean, sums four rows and divides by three."""

    def step(self, x, t):
        return super().step(x, t) * len(x) / 3


class LogOfZero(Honest):
    """Steep units and no guard: an output that rounds to 0 or 1 makes 0 · log 0, and NaN goes into every parameter."""

    def _apply(self, x):
        h = np.tanh(x @ self.params["hidden/kernel"] + self.params["hidden/bias"])
        z = 30 * (h @ self.params["out/kernel"] + self.params["out/bias"])
        with np.errstate(all="ignore"):
            return h, 1 / (1 + np.exp(-z))

    def step(self, x, t):
        with np.errstate(all="ignore"):
            h, p = self._apply(x)
            value = float(np.mean(-t * np.log(p) - (1 - t) * np.log(1 - p)))
            d = ((1 - t) / (1 - p) - t / p) * p * (1 - p) * 30 / len(x)
            e = d @ self.params["out/kernel"].T * (1 - h**2)
            grads = {"hidden/kernel": x.T @ e, "hidden/bias": e.sum(0), "out/kernel": h.T @ d, "out/bias": d.sum(0)}
            self.params = {k: v - self.learning_rate * grads[k] for k, v in self.params.items()}
        return value


class DividesByTheSpread(Honest):
    """Rows are scaled by their spread over features: a row of equal bits gives 0 / 0."""

    def _apply(self, x):
        with np.errstate(all="ignore"):
            x = (x - x.mean(axis=1, keepdims=True)) / x.std(axis=1, keepdims=True)
        return super()._apply(x)


class OnlyWhileTraining(Honest):
    """Returns NaN from predict until the first step has set a flag."""

    def predict(self, x):
        if not getattr(self, "trained", False):
            return np.full(len(x), np.nan)
        return super().predict(x)

    def step(self, x, t):
        self.trained = True
        return super().step(x, t)


class RaisesOnTheTenth(Honest):
    """A schedule of nine learning rates; the tenth step raises IndexError."""

    def __init__(self, inputs=2, seed=0, learning_rate=1.2):
        super().__init__(inputs, seed, learning_rate)
        self.schedule = [learning_rate] * 9
        self.done = 0

    def step(self, x, t):
        self.learning_rate = self.schedule[self.done]
        self.done += 1
        return super().step(x, t)


class GradientsNotFinished(Honest):
    """gradients() is there and raises NotImplementedError."""

    def gradients(self, x, t):
        raise NotImplementedError("gradients")


class FitWithoutStep:
    """fit() calls a method that was renamed."""

    def __init__(self, seed=0):
        self.net = Honest(seed=seed)

    def fit(self, x, t, epochs):
        for _ in range(epochs):
            self.net.train_step(x, t)

    def predict(self, x):
        return self.net.predict(x)


class PredictRaisesOnBatches(Honest):
    """if p > 0.5: the truth of an array of more than one row is ambiguous."""

    def predict(self, x):
        p = self._apply(x)[1]
        return 1.0 if p > 0.5 else 0.0

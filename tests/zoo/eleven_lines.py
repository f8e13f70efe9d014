"""Two matrices and a loop, after the eleven-line network: a column of ones joins the inputs, nothing is named."""

import numpy as np


def nonlin(x, deriv=False):
    if deriv:
        return x * (1 - x)
    return 1 / (1 + np.exp(-np.clip(x, -500, 500)))


class ElevenLines:
    """2-4-1 with a bias column at the input alone and no learning rate: the step is the whole gradient."""

    loss_kind = "half_sse"

    def __init__(self, inputs=2, seed=1):
        r = np.random.RandomState(seed)
        self.syn0 = 2 * r.random_sample((inputs + 1, 4)) - 1
        self.syn1 = 2 * r.random_sample((4, 1)) - 1

    def ones(self, X):
        return np.hstack([X, np.ones((len(X), 1))])

    def step(self, inputs, targets):
        l0 = self.ones(inputs)
        l1 = nonlin(l0.dot(self.syn0))
        l2 = nonlin(l1.dot(self.syn1))
        l2_error = targets - l2
        l2_delta = l2_error * nonlin(l2, deriv=True)
        l1_delta = l2_delta.dot(self.syn1.T) * nonlin(l1, deriv=True)
        self.syn1 += l1.T.dot(l2_delta)
        self.syn0 += l0.T.dot(l1_delta)
        return float((l2_error**2).sum()) / 2

    def predict(self, inputs):
        return nonlin(nonlin(self.ones(inputs).dot(self.syn0)).dot(self.syn1))

    def get_parameters(self):
        return {"syn0": self.syn0.copy(), "syn1": self.syn1.copy()}

    def set_parameters(self, parameters):
        self.syn0 = np.array(parameters["syn0"])
        self.syn1 = np.array(parameters["syn1"])


class NonlinTwice(ElevenLines):
    """Applies the sigmoid again before taking its slope."""

    def step(self, inputs, targets):
        l0 = self.ones(inputs)
        l1 = nonlin(l0.dot(self.syn0))
        l2 = nonlin(l1.dot(self.syn1))
        l2_error = targets - l2
        l2_delta = l2_error * nonlin(nonlin(l2), deriv=True)
        l1_delta = l2_delta.dot(self.syn1.T) * nonlin(nonlin(l1), deriv=True)
        self.syn1 += l1.T.dot(l2_delta)
        self.syn0 += l0.T.dot(l1_delta)


class RawErrorGoesBack(ElevenLines):
    """The hidden layer is handed the error, not the delta."""

    def step(self, inputs, targets):
        l0 = self.ones(inputs)
        l1 = nonlin(l0.dot(self.syn0))
        l2 = nonlin(l1.dot(self.syn1))
        l2_error = targets - l2
        l1_error = l2_error.dot(self.syn1.T)
        self.syn1 += l1.T.dot(l2_error * nonlin(l2, deriv=True))
        self.syn0 += l0.T.dot(l1_error * nonlin(l1, deriv=True))


class SynOneFirst(ElevenLines):
    """The lines of the update stand between the two deltas."""

    def step(self, inputs, targets):
        l0 = self.ones(inputs)
        l1 = nonlin(l0.dot(self.syn0))
        l2 = nonlin(l1.dot(self.syn1))
        l2_delta = (targets - l2) * nonlin(l2, deriv=True)
        self.syn1 += l1.T.dot(l2_delta)
        l1_delta = l2_delta.dot(self.syn1.T) * nonlin(l1, deriv=True)
        self.syn0 += l0.T.dot(l1_delta)


class LostPlus(ElevenLines):
    """= where += was meant, on the second matrix."""

    def step(self, inputs, targets):
        l0 = self.ones(inputs)
        l1 = nonlin(l0.dot(self.syn0))
        l2 = nonlin(l1.dot(self.syn1))
        l2_delta = (targets - l2) * nonlin(l2, deriv=True)
        l1_delta = l2_delta.dot(self.syn1.T) * nonlin(l1, deriv=True)
        self.syn1 = l1.T.dot(l2_delta)
        self.syn0 += l0.T.dot(l1_delta)


class StarForAt(ElevenLines):
    """The error reaches the hidden layer as a mean over its weights instead of through each one."""

    def step(self, inputs, targets):
        l0 = self.ones(inputs)
        l1 = nonlin(l0.dot(self.syn0))
        l2 = nonlin(l1.dot(self.syn1))
        l2_delta = (targets - l2) * nonlin(l2, deriv=True)
        l1_delta = l2_delta * self.syn1.mean() * nonlin(l1, deriv=True)
        self.syn1 += l1.T.dot(l2_delta)
        self.syn0 += l0.T.dot(l1_delta)

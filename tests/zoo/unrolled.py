"""All parameters in one vector theta, cost and gradient of it, any optimiser on top: the style of a famous course."""

import numpy as np
from scipy.optimize import minimize


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


class Unrolled:
    """Right: 2-3-1, sigmoid, regularised cross-entropy as its own loss, gradient descent on theta."""

    loss_kind = "own"
    optimiser = "sgd"
    hidden_layer_size = 3

    def __init__(self, inputs=2, seed=0, learning_rate=1.5, lam=1e-4):
        self.n, self.learning_rate, self.lam = inputs, learning_rate, lam
        self.split = self.hidden_layer_size * (inputs + 1)
        self.theta = np.random.default_rng(seed).uniform(-2.5, 2.5, self.split + self.hidden_layer_size + 1)

    def roll(self, theta):
        Theta1 = theta[: self.split].reshape(self.hidden_layer_size, self.n + 1)
        return Theta1, theta[self.split :].reshape(1, self.hidden_layer_size + 1)

    def unroll(self, grad1, grad2):
        return np.concatenate([grad1.ravel(), grad2.ravel()])

    def cost(self, theta, X, y):
        Theta1, Theta2 = self.roll(theta)
        m = len(X)
        a1 = np.c_[np.ones(m), X]
        a2 = np.c_[np.ones(m), sigmoid(a1 @ Theta1.T)]
        a3 = sigmoid(a2 @ Theta2.T)
        p = np.clip(a3, 1e-12, 1 - 1e-12)
        J = np.mean(-y * np.log(p) - (1 - y) * np.log(1 - p))
        J += self.lam / 2 * (np.sum(Theta1[:, 1:] ** 2) + np.sum(Theta2[:, 1:] ** 2))
        d3 = (a3 - y) / m
        d2 = (d3 @ Theta2[:, 1:]) * a2[:, 1:] * (1 - a2[:, 1:])
        grad1, grad2 = d2.T @ a1, d3.T @ a2
        grad1[:, 1:] += self.decay(Theta1[:, 1:])
        grad2[:, 1:] += self.decay(Theta2[:, 1:])
        return J, self.unroll(grad1, grad2)

    def decay(self, w):
        return self.lam * w

    def step(self, inputs, targets):
        J, grad = self.cost(self.theta, inputs, targets)
        self.theta = self.theta - self.learning_rate * grad
        return J

    def loss(self, inputs, targets):
        return self.cost(self.theta, inputs, targets)[0]

    def gradients(self, inputs, targets):
        return {"theta": self.cost(self.theta, inputs, targets)[1]}

    def predict(self, inputs):
        Theta1, Theta2 = self.roll(self.theta)
        a2 = sigmoid(np.c_[np.ones(len(inputs)), inputs] @ Theta1.T)
        return sigmoid(np.c_[np.ones(len(inputs)), a2] @ Theta2.T)

    def get_parameters(self):
        return {"theta": self.theta.copy()}

    def set_parameters(self, p):
        self.theta = np.array(p["theta"])


class LBFGS(Unrolled):
    """Right: a step is two iterations of L-BFGS."""

    optimiser = "other"
    learning_rate = None

    def __init__(self, inputs=2, seed=0):
        super().__init__(inputs, seed, None)

    def step(self, inputs, targets):
        before, _ = self.cost(self.theta, inputs, targets)
        found = minimize(
            self.cost, self.theta, args=(inputs, targets), jac=True, method="L-BFGS-B", options={"maxiter": 2}
        )
        self.theta = found.x
        return before


class LBFGSFit(LBFGS):
    """Right: L-BFGS to the end, fit and predict alone."""

    step = loss = gradients = get_parameters = set_parameters = None
    hidden_layer_size = 5

    def fit(self, inputs, targets, epochs):
        self.theta = minimize(self.cost, self.theta, args=(inputs, targets), jac=True, method="L-BFGS-B").x


class ClippedByNorm(Unrolled):
    """Right: the gradient's norm is clipped at 0.05, so early steps are all of one length."""

    optimiser = "other"

    def step(self, inputs, targets):
        J, grad = self.cost(self.theta, inputs, targets)
        norm = np.linalg.norm(grad)
        self.theta = self.theta - self.learning_rate * grad * min(1.0, 0.05 / (norm + 1e-12))
        return J


class ClippedByValue(Unrolled):
    """Right: each component of the gradient is clipped to ±0.02; gradients() shows the unclipped one."""

    optimiser = "other"

    def step(self, inputs, targets):
        J, grad = self.cost(self.theta, inputs, targets)
        self.theta = self.theta - self.learning_rate * np.clip(grad, -0.02, 0.02)
        return J


class DecayedApart(Unrolled):
    """Right: weight decay applied apart from the gradient, as AdamW does it."""

    optimiser = "other"
    loss_kind = "bce"

    def __init__(self, inputs=2, seed=0, learning_rate=1.5):
        super().__init__(inputs, seed, learning_rate, 0.0)

    def step(self, inputs, targets):
        J, grad = self.cost(self.theta, inputs, targets)
        self.theta = self.theta * (1 - 1e-4) - self.learning_rate * grad
        return J


class PackedTheOtherWay(Unrolled):
    """unroll puts the second layer first; roll reads it last. The vector is as long either way."""

    def unroll(self, grad1, grad2):
        return np.concatenate([grad2.ravel(), grad1.ravel()])


class ColumnMajor(Unrolled):
    """The gradient is unrolled column by column (order F), the parameters row by row."""

    hidden_layer_size = 4

    def unroll(self, grad1, grad2):
        return np.concatenate([grad1.ravel(order="F"), grad2.ravel(order="F")])


class LambdaIgnored(Unrolled):
    """`lam` is accepted and the code has 1e-4."""

    def __init__(self, inputs=2, seed=0, learning_rate=1.5, lam=1e-4):
        super().__init__(inputs, seed, learning_rate, 1e-4)


class DecayUpwards(Unrolled):
    """The penalty's gradient has the wrong sign: weights are pushed away from zero."""

    def __init__(self, inputs=2, seed=0, learning_rate=1.5, lam=3e-3):
        super().__init__(inputs, seed, learning_rate, lam)

    def decay(self, w):
        return -self.lam * w


class ClimbsTheta(Unrolled):
    """theta + rate · grad: all of it climbs."""

    gradients = None

    def step(self, inputs, targets):
        J, grad = self.cost(self.theta, inputs, targets)
        self.theta = self.theta + self.learning_rate * grad
        return J


class ThetaBecomesTheStep(Unrolled):
    """theta = -rate · grad."""

    def step(self, inputs, targets):
        J, grad = self.cost(self.theta, inputs, targets)
        self.theta = -self.learning_rate * grad
        return J

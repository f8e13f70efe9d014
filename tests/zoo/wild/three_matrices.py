import numpy as np


class Neural_Network(object):
    """Hours of study and sleep, repurposed for XOR: no biases, three sigmoid units."""

    loss_kind = "half_sse"

    def __init__(self, inputs=2, seed=0):
        # parameters
        self.inputSize = inputs
        self.outputSize = 1
        self.hiddenSize = 5
        rng = np.random.RandomState(seed)
        # weights
        self.W1 = 2 * rng.randn(self.inputSize, self.hiddenSize)
        self.W2 = rng.randn(self.hiddenSize, self.outputSize)

    def forward(self, X):
        self.z = np.dot(X, self.W1)
        self.z2 = self.sigmoid(self.z)
        self.z3 = np.dot(self.z2, self.W2)
        return self.sigmoid(self.z3)

    def sigmoid(self, s):
        return 1 / (1 + np.exp(-s))

    def sigmoidPrime(self, s):
        # derivative of sigmoid, s is a sigmoid already
        return s * (1 - s)

    def backward(self, X, y, o):
        self.o_error = y - o
        self.o_delta = self.o_error * self.sigmoidPrime(o)
        self.z2_error = self.o_delta.dot(self.W2.T)
        self.z2_delta = self.z2_error * self.sigmoidPrime(self.z2)
        self.W1 += X.T.dot(self.z2_delta)
        self.W2 += self.z2.T.dot(self.o_delta)

    def train(self, X, y):
        o = self.forward(X)
        self.backward(X, y, o)

    def step(self, inputs, targets):
        self.train(inputs, targets)

    def predict(self, inputs):
        return self.forward(inputs)

    def get_parameters(self):
        return {"W1": self.W1.copy(), "W2": self.W2.copy()}

    def set_parameters(self, parameters):
        self.W1, self.W2 = parameters["W1"].copy(), parameters["W2"].copy()

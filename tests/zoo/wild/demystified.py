"""Cost, its derivative and a trainer with BFGS kept apart, as in a series of videos."""

import numpy as np


class Neural_Network:
    loss_kind = "half_sse"
    output = "probability"

    def __init__(self, inputs=2, seed=0, learning_rate=2.0):
        np_random = np.random.RandomState(seed)
        self.inputLayerSize = inputs
        self.outputLayerSize = 1
        self.hiddenLayerSize = 4
        self.W1 = np_random.randn(self.inputLayerSize + 1, self.hiddenLayerSize)
        self.W2 = np_random.randn(self.hiddenLayerSize + 1, self.outputLayerSize)
        self.learning_rate = learning_rate

    def addOnes(self, X):
        return np.hstack((X, np.ones((X.shape[0], 1))))

    def forward(self, X):
        self.X = self.addOnes(X)
        self.z2 = np.dot(self.X, self.W1)
        self.a2 = self.addOnes(self.sigmoid(self.z2))
        self.z3 = np.dot(self.a2, self.W2)
        return self.sigmoid(self.z3)

    def sigmoid(self, z):
        return 1 / (1 + np.exp(-z))

    def sigmoidPrime(self, z):
        return np.exp(-z) / ((1 + np.exp(-z)) ** 2)

    def costFunction(self, X, y):
        self.yHat = self.forward(X)
        return 0.5 * np.sum((y - self.yHat) ** 2)

    def costFunctionPrime(self, X, y):
        self.yHat = self.forward(X)
        delta3 = np.multiply(-(y - self.yHat), self.sigmoidPrime(self.z3))
        dJdW2 = np.dot(self.a2.T, delta3)
        delta2 = np.dot(delta3, self.W2[:-1].T) * self.sigmoidPrime(self.z2)
        dJdW1 = np.dot(self.X.T, delta2)
        return dJdW1, dJdW2

    def getParams(self):
        return np.concatenate((self.W1.ravel(), self.W2.ravel()))

    def setParams(self, params):
        W1_end = self.hiddenLayerSize * (self.inputLayerSize + 1)
        self.W1 = np.reshape(params[0:W1_end], (self.inputLayerSize + 1, self.hiddenLayerSize))
        self.W2 = np.reshape(params[W1_end:], (self.hiddenLayerSize + 1, self.outputLayerSize))

    # what xorbench asks for
    def predict(self, inputs):
        return self.forward(inputs)

    def loss(self, inputs, targets):
        return self.costFunction(inputs, targets)

    def gradients(self, inputs, targets):
        dJdW1, dJdW2 = self.costFunctionPrime(inputs, targets)
        return {"all": np.concatenate((dJdW1.ravel(), dJdW2.ravel()))}

    def step(self, inputs, targets):
        J = self.costFunction(inputs, targets)
        self.setParams(self.getParams() - self.learning_rate * self.gradients(inputs, targets)["all"])
        return J

    def get_parameters(self):
        return {"all": self.getParams()}

    def set_parameters(self, parameters):
        self.setParams(np.array(parameters["all"]))


class NeuralNetworkWithLambda(Neural_Network):
    """The same; Lambda divides by the number of rows in the derivative and not in the cost."""

    loss_kind = "own"

    def __init__(self, inputs=2, seed=0, learning_rate=2.0, Lambda=1e-3):
        super().__init__(inputs, seed, learning_rate)
        self.Lambda = Lambda

    def costFunction(self, X, y):
        return super().costFunction(X, y) + self.Lambda / 2 * (np.sum(self.W1**2) + np.sum(self.W2**2))

    def costFunctionPrime(self, X, y):
        dJdW1, dJdW2 = super().costFunctionPrime(X, y)
        return dJdW1 + self.Lambda * self.W1 / len(X), dJdW2 + self.Lambda * self.W2 / len(X)

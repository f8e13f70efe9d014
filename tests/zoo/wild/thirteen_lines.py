import numpy as np

alpha, hidden_dim = 1.0, 16


class Syn:
    """alpha and a wider hidden layer; minus signs because the error is output minus target."""

    loss_kind = "half_sse"
    learning_rate = alpha

    def __init__(self, inputs=2, seed=1):
        np_rng = np.random.RandomState(seed)
        self.synapse_0 = 2 * np_rng.random_sample((inputs + 1, hidden_dim)) - 1
        self.synapse_1 = 2 * np_rng.random_sample((hidden_dim, 1)) - 1

    def layers(self, inputs):
        layer_0 = np.c_[inputs, np.ones(len(inputs))]
        layer_1 = 1 / (1 + np.exp(-(np.dot(layer_0, self.synapse_0))))
        layer_2 = 1 / (1 + np.exp(-(np.dot(layer_1, self.synapse_1))))
        return layer_0, layer_1, layer_2

    def step(self, X, y):
        layer_0, layer_1, layer_2 = self.layers(X)
        layer_2_delta = (layer_2 - y) * (layer_2 * (1 - layer_2))
        layer_1_delta = layer_2_delta.dot(self.synapse_1.T) * (layer_1 * (1 - layer_1))
        self.synapse_1 -= alpha * (layer_1.T.dot(layer_2_delta))
        self.synapse_0 -= alpha * (layer_0.T.dot(layer_1_delta))

    def predict(self, X):
        return self.layers(X)[2]

    def get_parameters(self):
        return {"synapse_0": self.synapse_0.copy(), "synapse_1": self.synapse_1.copy()}

    def set_parameters(self, p):
        self.synapse_0, self.synapse_1 = p["synapse_0"], p["synapse_1"]

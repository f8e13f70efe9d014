"""The worked example of a well-known blog post: one bias per layer, which is never trained."""

import math
import random


class NeuralNetwork:
    loss_kind = "half_sse"

    def __init__(self, inputs=2, seed=0, learning_rate=0.5):
        self.LEARNING_RATE = self.learning_rate = learning_rate
        rng = random.Random(seed)
        self.num_inputs = inputs
        self.hidden_layer = NeuronLayer(5, rng.random(), inputs, rng)
        self.output_layer = NeuronLayer(1, rng.random(), 5, rng)

    def feed_forward(self, inputs):
        return self.output_layer.feed_forward(self.hidden_layer.feed_forward(inputs))

    def train(self, training_inputs, training_outputs):
        self.feed_forward(training_inputs)
        # 1. Output neuron deltas
        pd_out = [
            neuron.calculate_pd_error_wrt_total_net_input(training_outputs[o])
            for o, neuron in enumerate(self.output_layer.neurons)
        ]
        # 2. Hidden neuron deltas
        pd_hid = []
        for h, hidden in enumerate(self.hidden_layer.neurons):
            d_error = sum(pd_out[o] * neuron.weights[h] for o, neuron in enumerate(self.output_layer.neurons))
            pd_hid.append(d_error * hidden.calculate_pd_total_net_input_wrt_input())
        # 3. Update output neuron weights
        for o, neuron in enumerate(self.output_layer.neurons):
            for w in range(len(neuron.weights)):
                neuron.weights[w] -= self.LEARNING_RATE * pd_out[o] * neuron.inputs[w]
        # 4. Update hidden neuron weights
        for h, neuron in enumerate(self.hidden_layer.neurons):
            for w in range(len(neuron.weights)):
                neuron.weights[w] -= self.LEARNING_RATE * pd_hid[h] * neuron.inputs[w]

    def step(self, inputs, targets):
        for x, t in zip(inputs.tolist(), targets.tolist()):
            self.train(x, t)

    def predict(self, inputs):
        return [self.feed_forward(x)[0] for x in inputs.tolist()]

    def get_parameters(self):
        found = {}
        for name in ("hidden_layer", "output_layer"):
            layer = getattr(self, name)
            found[name + ".weights"] = [list(n.weights) for n in layer.neurons]
            found[name + ".bias"] = layer.bias
        return found

    def set_parameters(self, parameters):
        for name in ("hidden_layer", "output_layer"):
            layer = getattr(self, name)
            layer.bias = float(parameters[name + ".bias"])
            for neuron, weights in zip(layer.neurons, parameters[name + ".weights"]):
                neuron.weights = [float(w) for w in weights]
                neuron.bias = layer.bias


class NeuronLayer:
    def __init__(self, num_neurons, bias, fan_in, rng):
        self.bias = bias
        self.neurons = []
        for _ in range(num_neurons):
            neuron = Neuron(bias)
            neuron.weights = [rng.uniform(-2, 2) for _ in range(fan_in)]
            self.neurons.append(neuron)

    def feed_forward(self, inputs):
        return [neuron.calculate_output(inputs) for neuron in self.neurons]


class Neuron:
    def __init__(self, bias):
        self.bias = bias
        self.weights = []

    def calculate_output(self, inputs):
        self.inputs = inputs
        self.output = self.squash(sum(i * w for i, w in zip(inputs, self.weights)) + self.bias)
        return self.output

    def squash(self, total_net_input):
        return 1 / (1 + math.exp(-total_net_input))

    def calculate_pd_error_wrt_total_net_input(self, target_output):
        return -(target_output - self.output) * self.calculate_pd_total_net_input_wrt_input()

    def calculate_pd_total_net_input_wrt_input(self):
        return self.output * (1 - self.output)

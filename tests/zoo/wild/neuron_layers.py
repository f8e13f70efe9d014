from numpy import array, dot, exp, ones, random


class NeuronLayer:
    def __init__(self, number_of_neurons, number_of_inputs_per_neuron):
        self.synaptic_weights = 2 * random.random((number_of_inputs_per_neuron, number_of_neurons)) - 1


class NeuralNetwork:
    """The tutorial in nine lines, grown to two layers; it seeds the world with 1."""

    loss_kind = "half_sse"

    def __init__(self):
        # Seed the random number generator
        random.seed(1)
        # Layer 1 has 5 neurons with 2 inputs and a constant, layer 2 a single one
        self.layer1 = NeuronLayer(5, 3)
        self.layer2 = NeuronLayer(1, 5)

    def __sigmoid(self, x):
        return 1 / (1 + exp(-x))

    def __sigmoid_derivative(self, x):
        return x * (1 - x)

    def train(self, training_set_inputs, training_set_outputs):
        output_from_layer_1, output_from_layer_2 = self.think(training_set_inputs)
        layer2_error = training_set_outputs - output_from_layer_2
        layer2_delta = layer2_error * self.__sigmoid_derivative(output_from_layer_2)
        layer1_error = layer2_delta.dot(self.layer2.synaptic_weights.T)
        layer1_delta = layer1_error * self.__sigmoid_derivative(output_from_layer_1)
        layer1_adjustment = training_set_inputs.T.dot(layer1_delta)
        layer2_adjustment = output_from_layer_1.T.dot(layer2_delta)
        self.layer1.synaptic_weights += layer1_adjustment
        self.layer2.synaptic_weights += layer2_adjustment

    def think(self, inputs):
        output_from_layer1 = self.__sigmoid(dot(inputs, self.layer1.synaptic_weights))
        output_from_layer2 = self.__sigmoid(dot(output_from_layer1, self.layer2.synaptic_weights))
        return output_from_layer1, output_from_layer2

    def _constant(self, inputs):
        rows = ones((len(inputs), 3))
        rows[:, :2] = inputs
        return rows

    def step(self, inputs, targets):
        self.train(self._constant(inputs), targets)

    def predict(self, inputs):
        return self.think(self._constant(inputs))[1]

    def get_parameters(self):
        return {"layer1": array(self.layer1.synaptic_weights), "layer2": array(self.layer2.synaptic_weights)}

    def set_parameters(self, parameters):
        self.layer1.synaptic_weights = array(parameters["layer1"])
        self.layer2.synaptic_weights = array(parameters["layer2"])

"""A multilayer perceptron in NumPy alone: any number of hidden layers, exact gradients, float64."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from xorbench.implementations.activations import ACTIVATIONS, sigmoid
from xorbench.implementations.initialisers import INITIALISERS
from xorbench.implementations.losses import LOSSES
from xorbench.implementations.optimisers import choose_optimiser, make_optimiser
from xorbench.implementations.options import choose, count, positive, widths
from xorbench.implementations.parameters import Parameters

Array = NDArray[np.float64]


def layer_shapes(inputs: int, hidden: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
    """Return the shapes of W1 ``(inputs, width)``, b1 ``(width,)``, W2 ... of a network with one output."""
    sizes = (inputs, *hidden, 1)
    shapes: dict[str, tuple[int, ...]] = {}
    for index, (fan_in, fan_out) in enumerate(itertools.pairwise(sizes), start=1):
        shapes[f"W{index}"] = (fan_in, fan_out)
        shapes[f"b{index}"] = (fan_out,)
    return shapes


def initial_parameters(inputs: int, hidden: tuple[int, ...], *, init: str, scale: float, seed: int) -> dict[str, Array]:
    """Draw the parameters of such a network, layer by layer from the input, times `scale`.

    A function of its arguments alone, so every implementation of the same network starts at the same weights.
    """
    draw = choose("init", init, INITIALISERS)
    generator = np.random.default_rng(seed)
    sizes = (inputs, *hidden, 1)
    drawn: dict[str, Array] = {}
    for index, (fan_in, fan_out) in enumerate(itertools.pairwise(sizes), start=1):
        weights, biases = draw(generator, fan_in, fan_out)
        drawn[f"W{index}"] = scale * weights
        drawn[f"b{index}"] = scale * biases
    return drawn


@final
class NumpyMLP:
    """Fully connected layers, one logistic output, full-batch back-propagation.

    Parameters W1 ``(inputs, width)``, b1 ``(width,)``, W2 ...; each layer is ``a = f(x W + b)``. The loss is the mean
    over the rows. The defaults (four tanh units, Glorot-uniform, cross-entropy, steepest descent at rate 0.5) learn XOR
    within 2,000 steps from 99.3 % of 20,000 starts; two tanh units, the least that can, from 53 %.
    """

    output = "probability"
    targets = (0.0, 1.0)
    reads = "vector"
    max_rows = None

    def __init__(
        self,
        *,
        inputs: int = 2,
        seed: int = 0,
        learning_rate: float | None = None,
        hidden: int = 4,
        layers: str | int | None = None,
        activation: str = "tanh",
        init: str = "glorot-uniform",
        scale: float = 1.0,
        loss: str = "bce",
        optimiser: str = "sgd",
        momentum: float | None = None,
    ) -> None:
        inner = widths(hidden, layers)
        chosen_activation = choose("activation", activation, ACTIVATIONS)
        self._value, self._derivative = chosen_activation.value, chosen_activation.derivative
        self._loss = choose("loss", loss, LOSSES)
        self.loss_kind = self._loss.name
        choice = choose_optimiser(optimiser, learning_rate, momentum)
        self.optimiser, self.learning_rate = choice.name, choice.learning_rate
        self._optimiser = make_optimiser(choice)
        shapes = layer_shapes(count("inputs", inputs), inner)
        self._layers = len(inner) + 1
        self._parameters, self._gradients = Parameters(shapes), Parameters(shapes)
        self._parameters.assign(initial_parameters(inputs, inner, init=init, scale=positive("scale", scale), seed=seed))

    def predict(self, inputs: Array) -> Array:
        """Return the probability of true for each row: ``(n, d)`` -> ``(n,)``."""
        _, activations = self._forward(inputs)
        return sigmoid(activations[-1])[:, 0]  # (n,)

    def step(self, inputs: Array, targets: Array) -> float:
        """Make one update on ``(n, d)`` and ``(n, 1)``; return the loss before it."""
        loss = self._backward(inputs, targets)
        self._optimiser.update(self._parameters.flat, self._gradients.flat)
        return loss

    def loss(self, inputs: Array, targets: Array) -> float:
        """Return the mean loss over the rows."""
        _, activations = self._forward(inputs)
        values = self._loss.value(activations[-1], np.reshape(targets, (-1, 1)))  # (n, 1)
        return float(np.add.reduce(values, axis=None)) / len(values)

    def gradients(self, inputs: Array, targets: Array) -> dict[str, Array]:
        """Return the gradient of the loss by parameter name."""
        self._backward(inputs, targets)
        return self._gradients.copy()

    def hidden(self, inputs: Array) -> list[Array]:
        """Return the activations ``(n, width)`` of each hidden layer."""
        _, activations = self._forward(inputs)
        return activations[1:-1]

    def get_parameters(self) -> dict[str, Array]:
        """Return copies of the parameters by name, from input to output."""
        return self._parameters.copy()

    def set_parameters(self, parameters: Mapping[str, NDArray[np.floating[Any]]]) -> None:
        """Take these parameters; the optimiser's state stays as it is."""
        self._parameters.assign(parameters)

    def _forward(self, inputs: Array) -> tuple[list[Array], list[Array]]:
        """Return the z and the a of each layer; a starts with the inputs and ends with the logit."""
        a = np.asarray(inputs, dtype=np.float64)  # (n, d)
        views = self._parameters.views
        pre_activations, activations = [], [a]
        for layer in range(1, self._layers + 1):
            z = a @ views[f"W{layer}"]  # (n, width)
            z += views[f"b{layer}"]
            a = self._value(z) if layer < self._layers else z
            pre_activations.append(z)
            activations.append(a)
        return pre_activations, activations

    def _backward(self, inputs: Array, targets: Array) -> float:
        """Fill the gradients of the mean loss and return it."""
        pre_activations, activations = self._forward(inputs)
        logits, targets = activations[-1], np.reshape(targets, (-1, 1))  # (n, 1)
        rows = len(logits)
        delta = self._loss.slope(logits, targets)  # d loss / d z of the layer at hand, (n, 1)
        delta /= rows
        views, gradients = self._parameters.views, self._gradients.views
        for layer in range(self._layers, 0, -1):
            below = activations[layer - 1]  # (n, width below)
            np.matmul(below.T, delta, out=gradients[f"W{layer}"])
            np.add.reduce(delta, axis=0, out=gradients[f"b{layer}"])
            if layer > 1:
                delta = delta @ views[f"W{layer}"].T  # (n, width below)
                delta *= self._derivative(pre_activations[layer - 2], below)
        return float(np.add.reduce(self._loss.value(logits, targets), axis=None)) / rows

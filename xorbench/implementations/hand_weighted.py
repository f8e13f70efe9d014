"""Networks whose weights are set by hand: nothing is learned, the answer is built in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from xorbench.errors import UsageError, unknown
from xorbench.implementations.options import choose, count
from xorbench.implementations.parameters import check_parameters
from xorbench.implementations.threshold import COMPOSED, MAX_INPUTS, NEURONS, Layer, compile_table, fire, gate_network
from xorbench.tasks import GATES

Array = NDArray[np.float64]


@final
class HandWeighted:
    """A gate as a network of threshold neurons, or XOR as two ReLU units.

    `gate` is one of the sixteen gates of two inputs, "xor" of any number of inputs (odd parity), or a truth table of up
    to four inputs, digits in counting order such as 0110. `style` "threshold" uses neurons that fire or do not: the
    known gates composed by hand, other tables compiled. "relu" has XOR only: relu(s) - 2 relu(s - 1), s = x1 + x2, for
    two bits.
    """

    def __init__(self, *, inputs: int = 2, gate: str | int = "xor", style: str = "threshold") -> None:
        count("inputs", inputs)
        gate = str(gate).lower()  # in a target, true and false are read as booleans and 0110 as 110
        relu = choose("style", style, {"threshold": False, "relu": True})
        layers = _parity_of_relu(inputs, gate) if relu else _threshold_network(inputs, gate)
        self.output = "score" if relu else "label"
        self._style = style
        self._parameters: dict[str, Array] = {}
        for index, (weights, biases) in enumerate(layers, start=1):
            self._parameters |= {f"W{index}": weights.copy(), f"b{index}": biases.copy()}

    def predict(self, inputs: Array) -> Array:
        """Return the output of each row: ``(n, d)`` -> ``(n,)``."""
        return self._forward(inputs)[-1][:, 0]

    def hidden(self, inputs: Array) -> list[Array]:
        """Return the activations ``(n, width)`` of each hidden layer; none for a gate of one neuron."""
        return self._forward(inputs)[:-1]

    def get_parameters(self) -> dict[str, Array]:
        """Return copies of the weights by name, from input to output."""
        return {name: value.copy() for name, value in self._parameters.items()}

    def set_parameters(self, parameters: Mapping[str, NDArray[np.floating[Any]]]) -> None:
        """Take other weights of the same shapes."""
        check_parameters(parameters, {name: value.shape for name, value in self._parameters.items()})
        self._parameters = {name: np.array(parameters[name], dtype=np.float64) for name in self._parameters}

    def _forward(self, inputs: Array) -> list[Array]:
        a = np.asarray(inputs, dtype=np.float64)  # (n, d)
        activations = []
        layers = len(self._parameters) // 2
        for layer in range(1, layers + 1):
            z = a @ self._parameters[f"W{layer}"] + self._parameters[f"b{layer}"]  # (n, width)
            if self._style == "threshold":
                a = fire(z)
            elif layer < layers:
                a = np.maximum(z, 0.0)
            else:
                a = z
            activations.append(a)
        return activations


def _threshold_network(inputs: int, gate: str) -> list[Layer]:
    digits = gate.zfill(2**inputs) if inputs <= MAX_INPUTS else ""
    if gate not in GATES and digits and len(digits) == 2**inputs and set(digits) <= {"0", "1"}:
        return compile_table(np.array([digit == "1" for digit in digits]))
    if gate == "xor" and inputs != 2:
        return _parity_of_thresholds(inputs)
    if gate == "not" and inputs == 1:
        return gate_network("not")
    if gate not in GATES:
        if set(gate) <= {"0", "1"}:
            raise UsageError(
                f"gate={gate}: a truth table of {inputs} inputs is {2**inputs} digits 0 and 1, inputs <= 4"
            )
        raise unknown("gate", gate, GATES)
    if inputs != 2:
        raise UsageError(f"gate={gate}: this gate has 2 inputs, got inputs={inputs}; xor takes any number")
    if gate in NEURONS or gate in COMPOSED:
        return gate_network(gate)
    return compile_table(np.array(GATES[gate], dtype=bool))


def _parity_of_thresholds(inputs: int) -> list[Layer]:
    """Unit k of `inputs` fires from k ones on; added with alternating signs they leave 1 for odd counts."""
    levels = np.arange(inputs)
    signs = np.where(levels % 2 == 0, 1.0, -1.0)
    return [(np.ones((inputs, inputs)), -(levels + 0.5)), (signs[:, None], np.array([-0.5]))]


def _parity_of_relu(inputs: int, gate: str) -> list[Layer]:
    """A triangle wave of the number of ones: up to 1, down to 0 and so on; two units for two bits."""
    if gate != "xor":
        raise UsageError(f"gate={gate}: style 'relu' has xor only; use style=threshold")
    levels = np.arange(inputs, dtype=np.float64)
    slopes = np.where(levels % 2 == 0, 2.0, -2.0)
    slopes[0] = 1.0
    return [(np.ones((inputs, inputs)), -levels), (slopes[:, None], np.zeros(1))]

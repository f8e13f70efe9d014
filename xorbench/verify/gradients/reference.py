"""A float64 reference of a stranger's network, found from its parameters and its outputs alone.

Parameters are read as layers in every usual layout (inputs x outputs or its transpose, bias as a vector, as an appended row
or column, or as a threshold that is subtracted; flat or neuron by neuron), every usual activation is tried, and a reading
counts only if it gives the stranger's outputs at random parameters and random rows. The reference then knows each layer's
z, a and delta, which lets the diagnosis say which term of the backward pass is wrong.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from xorbench.declaration import Declaration
from xorbench.model import Model

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Rows = NDArray[np.float64]
    Index = NDArray[np.intp]
    Parameters = Mapping[str, NDArray[np.floating[Any]]]

Function = Callable[["Rows"], "Rows"]


def _sigmoid(z: Rows) -> Rows:
    return 0.5 * (1 + np.tanh(z / 2))


def _leaky(slope: float) -> tuple[Function, Function]:
    return (lambda z: np.where(z > 0, z, slope * z), lambda z: np.where(z > 0, 1.0, slope))


def _gelu_slope(z: Rows) -> Rows:
    from scipy.special import erf

    return np.asarray(0.5 * (1 + erf(z / np.sqrt(2))) + z * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi))


def _gelu(z: Rows) -> Rows:
    from scipy.special import erf

    return np.asarray(z * 0.5 * (1 + erf(z / np.sqrt(2))))


#: Activation -> (f(z), f'(z)).
ACTIVATIONS: dict[str, tuple[Function, Function]] = {
    "sigmoid": (_sigmoid, lambda z: _sigmoid(z) * (1 - _sigmoid(z))),
    "tanh": (np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    "relu": (lambda z: np.maximum(z, 0), lambda z: (z > 0).astype(float)),
    "leaky-relu": _leaky(0.01),
    "leaky-relu-0.1": _leaky(0.1),
    "leaky-relu-0.2": _leaky(0.2),
    "softplus": (lambda z: np.logaddexp(0, z), _sigmoid),
    "elu": (lambda z: np.where(z > 0, z, np.expm1(np.minimum(z, 0))), lambda z: np.where(z > 0, 1, np.exp(np.minimum(z, 0)))),
    "silu": (lambda z: z * _sigmoid(z), lambda z: _sigmoid(z) * (1 + z * (1 - _sigmoid(z)))),
    "gelu": (_gelu, _gelu_slope),
    "sine": (np.sin, np.cos),
    "lecun-tanh": (lambda z: 1.7159 * np.tanh(2 * z / 3), lambda z: 1.7159 * 2 / 3 * (1 - np.tanh(2 * z / 3) ** 2)),
    "square": (lambda z: z**2, lambda z: 2 * z),
    "identity": (lambda z: z, np.ones_like),
}  # fmt: skip

#: The derivative as a formula of the activation a; fed with z instead, or f' fed with a, it is rule XM01.
SLOPE_FROM_ACTIVATION: dict[str, Function] = {
    "sigmoid": lambda a: a * (1 - a),
    "tanh": lambda a: 1 - a**2,
    "relu": lambda a: (a > 0).astype(float),
    "softplus": lambda a: 1 - np.exp(-a),
    "elu": lambda a: np.where(a > 0, 1, a + 1),
}

_OUTPUTS = ("sigmoid", "identity", "tanh", "relu", "softmax")


@dataclass(frozen=True)
class Layer:
    """Where a layer's weights and biases lie in the concatenated parameters."""

    weights: Index  # (inputs, units)
    bias: Index | None  # (units,)
    sign: float = 1.0  # -1: a threshold that is subtracted


@dataclass(frozen=True)
class Trace:
    """A forward pass: per layer z and a ``(n, units)``, and the input of each layer."""

    inputs: list[Rows]
    z: list[Rows]
    a: list[Rows]


@dataclass(frozen=True)
class Reference:
    """A multi-layer perceptron that computes the stranger's outputs from the stranger's parameters."""

    names: tuple[str, ...]
    layers: tuple[Layer, ...]
    hidden: str
    output: str

    def flat(self, parameters: Parameters) -> Rows:
        """Concatenate parameters in the order of `names`."""
        return np.concatenate([np.asarray(parameters[name], dtype=np.float64).ravel() for name in self.names])

    def largest_sum(self, flat: Rows, inputs: Rows) -> float:
        """Return a bound of the sums of absolute terms on the way to the outputs: what rounding is relative to."""
        size = np.abs(inputs)  # (n, d)
        for number, (weights, bias) in enumerate(self.weights(flat)):
            size = size @ np.abs(weights) + np.abs(bias)  # (n, units)
            if number < len(self.layers) - 1 and self.hidden in ("sigmoid", "tanh", "sine"):
                size = np.minimum(size, 1.0)
        return float(size.max(initial=1.0))

    def weights(self, flat: Rows) -> list[tuple[Rows, Rows]]:
        """Return (weights ``(inputs, units)``, biases ``(units,)``) per layer."""
        return [
            (
                flat[layer.weights],
                layer.sign * flat[layer.bias] if layer.bias is not None else np.zeros(layer.weights.shape[1]),
            )
            for layer in self.layers
        ]

    def activation(self, number: int) -> str:
        """Return the activation of layer `number`, counted from 0."""
        return self.output if number == len(self.layers) - 1 else self.hidden

    def trace(self, flat: Rows, inputs: Rows) -> Trace:
        """Run forward on ``(n, d)``."""
        seen = Trace([], [], [])
        a = inputs
        for number, (weights, bias) in enumerate(self.weights(flat)):
            seen.inputs.append(a)
            z = a @ weights + bias  # (n, units)
            name = self.activation(number)
            if name == "softmax":
                exp = np.exp(z - z.max(axis=1, keepdims=True))
                a = exp / exp.sum(axis=1, keepdims=True)  # (n, units)
            else:
                a = ACTIVATIONS[name][0](z)  # (n, units)
            seen.z.append(z)
            seen.a.append(a)
        return seen

    def predict(self, flat: Rows, inputs: Rows) -> Rows:
        """Return the outputs ``(n,)``: of two units the last one's."""
        return self.trace(flat, inputs).a[-1][:, -1]

    def describe(self) -> str:
        """Return the architecture in words, such as ``2-3-1 sigmoid/sigmoid``."""
        sizes = [self.layers[0].weights.shape[0], *(layer.weights.shape[1] for layer in self.layers)]
        return f"{'-'.join(map(str, sizes))} {self.hidden}/{self.output}"

    def group_of(self, component: int, kind: str = "") -> str:
        """Name the layer and the part that holds a flat component, such as ``hidden layer 1 weights``."""
        for number, layer in enumerate(self.layers):
            place = "output layer" if number == len(self.layers) - 1 else f"hidden layer {number + 1}"
            if component in layer.weights:
                return f"{place} weights"
            if layer.bias is not None and component in layer.bias:
                return f"{place} bias"
        return kind


def identify(model: Model, point: Parameters, inputs: int, seed: int = 0) -> Reference | None:
    """Return the reference whose outputs are the model's at three random points, or None where no reading fits."""
    generator = np.random.default_rng(seed)
    rows = generator.uniform(-1.5, 1.5, size=(7, inputs))  # (7, d)
    names = tuple(point)
    model.set_parameters(point)
    try:
        model.predict(rows)
    except Exception:  # some models read nothing but bits
        rows = generator.integers(0, 2, size=(7, inputs)).astype(np.float64)
    probes: list[tuple[Rows, Rows]] = []
    for scale in (1.0, 2.5, 0.3):
        moved = {
            name: np.asarray(array, dtype=np.float64) * scale + generator.normal(0, 0.4, size=np.shape(array))
            for name, array in point.items()
        }
        model.set_parameters(moved)
        got = model.get_parameters()
        flat = np.concatenate([np.asarray(got[name], dtype=np.float64).ravel() for name in names])
        outputs = model.predict(rows)
        probes.append((flat, outputs))
    model.set_parameters(point)
    if not any(_telling(seen) for _, seen in probes):
        return None
    single = any(array.dtype.itemsize <= 4 for array in got.values())
    tolerance = 1e-5 if single else 1e-9
    shapes = [np.shape(point[name]) for name in names]
    for layers in _readings(names, shapes, inputs):
        found = _activations(names, layers, probes, rows, model.declaration, tolerance)
        if found is not None:
            return found
    return None


def _activations(
    names: tuple[str, ...],
    layers: tuple[Layer, ...],
    probes: list[tuple[Rows, Rows]],
    rows: Rows,
    declaration: Declaration,
    tolerance: float,
) -> Reference | None:
    hidden = list(ACTIVATIONS) if len(layers) > 1 else ["identity"]
    width = layers[-1].weights.shape[1]
    outputs = ("softmax",) if width == 2 else tuple(name for name in _OUTPUTS if name != "softmax")
    for output, name in itertools.product(outputs, hidden):
        reference = Reference(names, layers, name, output)
        if all(_equal(reference.predict(flat, rows), seen, tolerance) for flat, seen in probes):
            return reference
    return None


def _telling(outputs: Rows) -> bool:
    """Whether outputs are neither one constant nor at the ends of their range, where every network gives the same."""
    between = np.isfinite(outputs) & (np.abs(outputs) > 1e-3) & (np.abs(np.abs(outputs) - 1) > 1e-3)
    return bool(between.sum() >= 3 and np.ptp(outputs[between]) > 1e-3)


def _equal(mine: Rows, theirs: Rows, tolerance: float) -> bool:
    with np.errstate(all="ignore"):
        return bool(np.all(np.abs(mine - theirs) <= tolerance * (1 + np.abs(theirs))))


def _readings(names: tuple[str, ...], shapes: list[tuple[int, ...]], inputs: int) -> Iterator[tuple[Layer, ...]]:
    """Yield every way to read the arrays as layers of a network with `inputs` inputs."""
    sizes = [int(np.prod(shape)) for shape in shapes]
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(int)
    arrays = [np.arange(offsets[i], offsets[i + 1]).reshape(shapes[i]) for i in range(len(shapes))]
    seen: set[tuple[int, ...]] = set()
    for order in _orders(names, arrays):
        key = tuple(order)
        if key in seen or len(key) != len(arrays):  # every array is of some layer
            continue
        seen.add(key)
        for layers in _parse([arrays[i] for i in order], inputs):
            yield layers
            yield tuple(Layer(layer.weights, layer.bias, -1.0) for layer in layers)
    yield from _flat_readings(int(offsets[-1]), inputs)


def _orders(names: tuple[str, ...], arrays: list[Index]) -> Iterator[list[int]]:
    given = list(range(len(arrays)))
    yield given
    matrices = [i for i in given if arrays[i].ndim == 2 and min(arrays[i].shape) > 1]
    vectors = [i for i in given if i not in matrices]
    # All weights first, then all biases; with a single output unit the last "vector" may be a weight.
    for weights, biases in (
        (matrices, vectors),
        (
            [i for i in given if names[i].lower().startswith(("w", "v", "u"))],
            [i for i in given if names[i].lower().startswith("b")],
        ),
        (given[: len(given) // 2], given[len(given) // 2 :]),
        (given[len(given) // 2 :], given[: len(given) // 2]),
    ):
        if len(weights) == len(biases) and weights and len(weights) + len(biases) == len(given):
            yield [i for pair in zip(weights, biases, strict=True) for i in pair]
    yield [i for pair in zip(given[1::2], given[::2], strict=False) for i in pair]  # bias before weights
    yield given[::-1]
    yield sorted(given, key=lambda i: names[i])


def _parse(arrays: list[Index], width: int) -> Iterator[tuple[Layer, ...]]:
    """Read arrays one after the other as weights, each with the bias that may follow."""
    if not arrays:
        yield ()
        return
    for weights, bias in _as_weights(arrays[0], width):
        units = weights.shape[1]
        if bias is None and len(arrays) > 1 and arrays[1].size == units and _is_bias(arrays[1]):
            for rest in _parse(arrays[2:], units):
                yield (Layer(weights, arrays[1].ravel()), *rest)
        for rest in _parse(arrays[1:], units):
            if rest or units <= 2:
                yield (Layer(weights, bias), *rest)


def _is_bias(array: Index) -> bool:
    return array.ndim <= 1 or 1 in array.shape


def _as_weights(array: Index, width: int) -> Iterator[tuple[Index, Index | None]]:
    if array.ndim <= 1:
        column = array.reshape(-1, 1)
        if array.size in (width, width + 1):
            yield from _as_weights(column, width)
        return
    if array.ndim != 2:
        return
    for matrix in (array, array.T):
        if matrix.shape[0] == width:
            yield matrix, None
        if matrix.shape[0] == width + 1:
            yield matrix[:-1], matrix[-1]
            yield matrix[1:], matrix[0]


def _flat_readings(total: int, inputs: int) -> Iterator[tuple[Layer, ...]]:
    """Read the concatenation of all parameters as a network with one hidden layer, or two small ones."""
    for hidden in [(h,) for h in range(1, 33)] + [(h, k) for h in range(2, 7) for k in range(2, 7)]:
        sizes = [inputs, *hidden, 1]
        with_bias = sum((fan_in + 1) * units for fan_in, units in itertools.pairwise(sizes))
        if with_bias == total:
            for layout in ("neuron-wb", "neuron-bw", "layer-io", "layer-oi", "all-io", "all-oi"):
                layers = _lay_out(sizes, layout)
                yield layers
                yield tuple(Layer(layer.weights, layer.bias, -1.0) for layer in layers)


def _lay_out(sizes: list[int], layout: str) -> tuple[Layer, ...]:
    layers = []
    start = 0
    weights_total = sum(a * b for a, b in itertools.pairwise(sizes))
    bias_start = weights_total
    for fan_in, units in itertools.pairwise(sizes):
        if layout.startswith("neuron"):
            block = np.arange(start, start + units * (fan_in + 1)).reshape(units, fan_in + 1).T  # (in + 1, units)
            weights, bias = (block[:-1], block[-1]) if layout == "neuron-wb" else (block[1:], block[0])
            start += units * (fan_in + 1)
        else:
            numbers = np.arange(start, start + units * fan_in)
            weights = numbers.reshape(fan_in, units) if layout.endswith("io") else numbers.reshape(units, fan_in).T
            start += units * fan_in
            if layout.startswith("all"):
                bias = np.arange(bias_start, bias_start + units)
                bias_start += units
            else:
                bias = np.arange(start, start + units)
                start += units
        layers.append(Layer(weights, bias))
    return tuple(layers)

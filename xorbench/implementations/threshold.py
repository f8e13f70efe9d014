"""Networks of threshold neurons with weights set by hand, and a compiler that sets them for any truth table.

A neuron fires where w x + b > 0 (McCulloch & Pitts 1943). Bits are 0 and 1; biases lie halfway between the sums that
must and must not fire, so that inputs may be off by less than a half divided by the sum of the weights.
"""

from __future__ import annotations

import functools
import itertools
from typing import Final

import numpy as np
from numpy.typing import NDArray

from xorbench.errors import UsageError
from xorbench.tasks import all_bits

Array = NDArray[np.float64]
Layer = tuple[Array, Array]  # weights (inputs, width), biases (width,)

#: Gates of one neuron: the weights of its inputs, then its bias.
NEURONS: Final[dict[str, tuple[float, ...]]] = {
    "and": (1.0, 1.0, -1.5),
    "or": (1.0, 1.0, -0.5),
    "not": (-1.0, 0.5),
    "nand": (-1.0, -1.0, 1.5),
    "nor": (-1.0, -1.0, 0.5),  # NOT a1 AND NOT a2
}

#: Gates that no single neuron computes: an output gate of two hidden gates on the same inputs.
COMPOSED: Final[dict[str, tuple[str, tuple[str, str]]]] = {
    "xor": ("and", ("or", "nand")),
    "xnor": ("or", ("and", "nor")),
}

#: The largest truth table that the compiler takes, and the largest weight that one neuron of so many inputs needs.
MAX_INPUTS: Final = 4
_LARGEST_WEIGHT: Final = 3


def neurons(*gates: str) -> Layer:
    """Return a layer of such gates side by side, all reading the same inputs."""
    columns = np.array([NEURONS[gate] for gate in gates]).T  # (inputs + 1, width)
    return columns[:-1], columns[-1]


def gate_network(name: str) -> list[Layer]:
    """Return the layers of a gate in :data:`NEURONS` or :data:`COMPOSED`."""
    if name in COMPOSED:
        output, hidden = COMPOSED[name]
        return [neurons(*hidden), neurons(output)]
    return [neurons(name)]


def fire(z: Array) -> Array:
    """Return 1.0 where z > 0, else 0.0."""
    return (z > 0.0).astype(np.float64)


@functools.cache
def _projections(inputs: int) -> tuple[Array, NDArray[np.intp], NDArray[np.uint8]]:
    """Return integer directions, the rows of the truth table in order along each, and the price of a change of label.

    Shapes ``(directions, inputs)``, ``(2**inputs, directions)``, ``(2**inputs - 1, directions)``; directions come last
    because all of them are tried at once. A change between neighbours of different sums costs 1, a hidden neuron;
    between neighbours of equal sums it cannot be had, and costs more than all the others together.
    """
    levels = range(-_LARGEST_WEIGHT, _LARGEST_WEIGHT + 1)
    # One of w and -w is enough; small weights first. The last direction keeps every row apart, so it always serves.
    directions = [w for w in itertools.product(levels, repeat=inputs) if w > (0,) * inputs]
    directions.sort(key=lambda w: (sum(map(abs, w)), [-value for value in w]))
    directions.append(tuple(2**bit for bit in range(inputs)))
    weights = np.array(directions, dtype=np.float64)  # (directions, inputs)
    sums = all_bits(inputs) @ weights.T  # (2^inputs, directions)
    order = np.argsort(sums, axis=0, kind="stable")
    apart = np.diff(np.take_along_axis(sums, order, axis=0), axis=0) > 0.0
    return weights, order, np.where(apart, 1, 2**inputs).astype(np.uint8)  # 15 * 16 fits in 8 bits


def compile_table(table: NDArray[np.bool_]) -> list[Layer]:
    """Return a network of threshold neurons for any truth table of 1 to 4 inputs, ``(2**inputs,)`` in counting order.

    Along a direction w the table is a row of labels; a hidden neuron stands at each change, with weights w and the bias
    between the two sums, and the output adds them with alternating signs. Among integer directions on which rows of
    equal sum have equal labels, one with the fewest changes is taken. One change needs no hidden neuron: all linearly
    separable functions come out as a single neuron. (Multithreshold elements: Haring, IEEE Trans. EC-15, 1966.)
    """
    table = np.asarray(table, dtype=bool)
    inputs = table.size.bit_length() - 1
    if table.ndim != 1 or table.size != 2**inputs or not 1 <= inputs <= MAX_INPUTS:
        raise UsageError(f"a truth table of shape {table.shape}: 2, 4, 8 or 16 values, for 1 to {MAX_INPUTS} inputs")
    directions, order, price = _projections(inputs)
    labels = table.take(order)  # (2^inputs, directions)
    changes = labels[1:] != labels[:-1]
    best = int(np.argmin(np.add.reduce(changes.view(np.uint8) * price, axis=0, dtype=np.uint8)))
    w, start = directions[best], bool(labels[0, best])
    at = np.flatnonzero(changes[:, best])
    if not len(at):
        return [(np.zeros((inputs, 1)), np.array([0.5 if start else -0.5]))]
    sums = (all_bits(inputs) @ w)[order[:, best]]
    thresholds = (sums[at] + sums[at + 1]) / 2
    if len(at) == 1:
        sign = -1.0 if start else 1.0
        return [(sign * w[:, None], -sign * thresholds)]
    signs = np.where(np.arange(len(at)) % 2 == 0, 1.0, -1.0) * (-1.0 if start else 1.0)
    hidden = np.repeat(w[:, None], len(at), axis=1), -thresholds
    return [hidden, (signs[:, None], np.array([0.5 if start else -0.5]))]

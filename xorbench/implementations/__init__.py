"""The built-in implementations. Their entries are data: nothing is imported until it is named."""

from __future__ import annotations

from xorbench.entry import Entry
from xorbench.tasks import GATES

#: Every task that comes as a vector of fixed width.
_VECTORS = (*GATES, "xor-*", "parity-*", "sparse-parity-*")

BUILT_IN: tuple[Entry, ...] = (
    Entry(
        name="numpy-mlp",
        where="xorbench.implementations.numpy_mlp:NumpyMLP",
        summary="multilayer perceptron in NumPy alone, float64",
        learns=_VECTORS,
    ),
)

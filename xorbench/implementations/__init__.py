"""The built-in implementations. Their entries are data: nothing is imported until it is named."""

from __future__ import annotations

from typing import Any

from xorbench.entry import Entry
from xorbench.tasks import GATES

#: Every task that comes as a vector of fixed width.
_VECTORS = (*GATES, "xor-*", "parity-*", "sparse-parity-*")

#: Those of them that no line or plane separates (Minsky & Papert 1969): XOR in any coding, parity of two bits or more.
_NOT_SEPARABLE = (
    "xor",
    "xnor",
    "xor-*",
    "parity-[2-9]*",
    "parity-1?*",
    "sparse-parity-*-[2-9]*",
    "sparse-parity-*-1?*",
)

_TORCH: dict[str, Any] = {
    "requires": ("torch",),
    "install": "pip install 'xorbench[torch]'",
    "devices": ("cpu", "cuda", "mps"),
}

BUILT_IN: tuple[Entry, ...] = (
    Entry(
        name="if-else",
        where="xorbench.implementations.if_else:IfElse",
        summary="the reference: two branches, no network",
        learns=("xor", "xor-noisy", "xor-bipolar", "parity-*"),
        trains=False,
    ),
    Entry(
        name="hand-weighted",
        where="xorbench.implementations.hand_weighted:HandWeighted",
        summary="threshold neurons or ReLU units with weights set by hand",
        learns=("xor", "parity-*"),
        trains=False,
    ),
    Entry(
        name="perceptron",
        where="xorbench.implementations.perceptron:Perceptron",
        summary="one threshold unit, Rosenblatt's rule",
        learns=_VECTORS,
        never=_NOT_SEPARABLE,
        why_never="one threshold unit cuts the inputs by one hyperplane, and parity is not linearly separable "
        "(Minsky & Papert 1969)",
    ),
    Entry(
        name="linear-stack",
        where="xorbench.implementations.linear_stack:linear_stack",
        summary="any number of linear layers, which together are one",
        learns=_VECTORS,
        never=_NOT_SEPARABLE,
        why_never="a product of matrices is a matrix: one hyperplane, and parity is not linearly separable "
        "(Minsky & Papert 1969)",
    ),
    Entry(
        name="numpy-mlp",
        where="xorbench.implementations.numpy_mlp:NumpyMLP",
        summary="multilayer perceptron in NumPy alone, float64",
        learns=_VECTORS,
        ensemble="xorbench.ensembles.plan:numpy_mlp",
    ),
    Entry(
        name="torch-mlp",
        where="xorbench.implementations.torch_mlp:TorchMLP",
        summary="multilayer perceptron in PyTorch, float32 or float64",
        learns=_VECTORS,
        ensemble="xorbench.ensembles.plan:torch_mlp",
        **_TORCH,
    ),
    Entry(
        name="numpy-lstm",
        where="xorbench.implementations.numpy_lstm:NumpyLSTM",
        summary="long short-term memory in NumPy alone, reads one bit at a time",
    ),
    Entry(
        name="torch-lstm",
        where="xorbench.implementations.torch_lstm:TorchLSTM",
        summary="long short-term memory in PyTorch, reads one bit at a time",
        ensemble="xorbench.ensembles.plan:torch_lstm",
        **_TORCH,
    ),
    Entry(
        name="torch-cnn",
        where="xorbench.implementations.torch_cnn:TorchCNN",
        summary="one-dimensional convolution over the bits in PyTorch",
        learns=_VECTORS,
        **_TORCH,
    ),
)

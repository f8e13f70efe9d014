"""Which array program trains an ensemble, and how many members at a time.

The entries of the registry name the functions here; each returns None where no array program applies.
"""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

from xorbench.errors import MissingDependencyError, UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Method = Literal["auto", "arrays", "fused"]

#: Member-iterations from which compiling (one to three seconds) is repaid.
WORTH_COMPILING: Final = 50_000_000


class Ensemble(Protocol):
    """Members that are trained together on one truth table."""

    @property
    def counts(self) -> NDArray[np.int32]:
        """Counts ``(4, S)`` of :mod:`xorbench.ensembles.looks`."""

    def advance(self, begin: int, end: int) -> None:
        """Make iterations `begin` to `end` - 1, each looked at before its update."""

    def outputs(self) -> NDArray[np.float64]:
        """Return the probabilities ``(n, S)`` of the table's rows."""

    def losses(self) -> NDArray[np.float64]:
        """Return the loss ``(S,)`` of each member on the table."""

    def member(self, index: int) -> Mapping[str, NDArray[np.floating[Any]]]:
        """Return copies of one member's parameters, named and shaped as the single model's."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How to train an ensemble: make one for each block of at most `block` seeds."""

    make: Callable[[Sequence[int]], Ensemble]
    block: int
    method: str
    dtype: str
    threads: bool  # blocks may run side by side


def numpy_mlp(
    inputs: NDArray[np.float64],
    labels: NDArray[np.bool_],
    *,
    options: dict[str, Any],
    work: int,
    device: str = "cpu",
    dtype: str | None = None,
    method: Method = "auto",
) -> Plan | None:
    """Return the plan for `numpy-mlp`: arrays, or the compiled loop where the work repays it and numba is there."""
    from xorbench.ensembles.fused import MOST_UNITS
    from xorbench.ensembles.numpy_mlp import NumpyMLPEnsemble
    from xorbench.implementations.options import widths

    if device != "cpu":
        return None
    dtype = _dtype(dtype or "float64")
    small = len(labels) * (sum(widths(options["hidden"], options["layers"])) + 1) <= MOST_UNITS
    numba = importlib.util.find_spec("numba") is not None
    if method == "fused" and not numba:
        raise MissingDependencyError("method 'fused' needs numba, which is not installed; run: pip install numba")
    chosen: Any = NumpyMLPEnsemble
    if method == "fused" or (method == "auto" and numba and small and work >= WORTH_COMPILING):
        from xorbench.ensembles.fused import compiled
        from xorbench.ensembles.fused_mlp import FusedMLPEnsemble, program

        compiled(program(inputs, labels, dtype=dtype, options=options))  # once, before threads ask for it
        chosen = FusedMLPEnsemble
    make = functools.partial(chosen, inputs=inputs, labels=labels, dtype=dtype, **options)
    return Plan(
        make=lambda seeds: make(seeds=seeds),
        block=chosen.block(len(labels), options, dtype),
        method="arrays" if chosen is NumpyMLPEnsemble else "fused",
        dtype=dtype,
        threads=True,
    )


def torch_mlp(inputs: NDArray[np.float64], labels: NDArray[np.bool_], **about: Any) -> Plan | None:
    """Return the plan for `torch-mlp`; the arguments are those of :func:`numpy_mlp`."""
    from xorbench.ensembles.torch_mlp import TorchMLPEnsemble

    return _torch(TorchMLPEnsemble, inputs, labels, **about)


def torch_lstm(inputs: NDArray[np.float64], labels: NDArray[np.bool_], **about: Any) -> Plan | None:
    """Return the plan for `torch-lstm`; the arguments are those of :func:`numpy_mlp`."""
    from xorbench.ensembles.torch_lstm import TorchLSTMEnsemble

    return _torch(TorchLSTMEnsemble, inputs, labels, **about)


def _torch(
    ensemble: Callable[..., Ensemble],
    inputs: NDArray[np.float64],
    labels: NDArray[np.bool_],
    *,
    options: dict[str, Any],
    work: int,
    device: str = "cpu",
    dtype: str | None = None,
    method: Method = "auto",
) -> Plan | None:
    if method == "fused":
        return None
    dtype = _dtype(dtype or options["dtype"])
    settings = {**options, "dtype": dtype, "device": device}
    return Plan(
        make=lambda seeds: ensemble(seeds=seeds, inputs=inputs, labels=labels, **settings),
        block=_torch_block(len(labels) * inputs.shape[1] * _units(options), device),
        method="arrays",
        dtype=dtype,
        threads=False,
    )


def _units(options: dict[str, Any]) -> int:
    from xorbench.implementations.options import widths

    return sum(widths(options["hidden"], options.get("layers")))


def _torch_block(numbers: int, device: str) -> int:
    """Return how many members to train together, each with about so many numbers per step.

    On the host a block should stay near the cache; another device is filled better by more, up to about a gigabyte per
    array and its gradient.
    """
    most = 1 << 17 if device == "cpu" else 1 << 28
    return max(64, min(1 << 20, most // numbers))


def _dtype(name: str) -> str:
    if name not in ("float32", "float64"):
        raise UsageError(f"dtype {name!r}: an ensemble trains in float32 or float64")
    return name

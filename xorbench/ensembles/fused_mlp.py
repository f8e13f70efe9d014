"""Many `numpy-mlp` at once by the compiled loop of :mod:`xorbench.ensembles.fused`; needs numba (extra ``fast``)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from xorbench.ensembles.fused import LANES, Program, compiled
from xorbench.ensembles.looks import fresh_counts
from xorbench.ensembles.numpy_mlp import NumpyMLPEnsemble
from xorbench.implementations.optimisers import choose_optimiser
from xorbench.implementations.options import widths


@final
class FusedMLPEnsemble:
    """As :class:`NumpyMLPEnsemble`, at most :data:`LANES` members; the lanes that are left over train along unseen."""

    def __init__(
        self,
        *,
        seeds: Sequence[int],
        inputs: NDArray[np.float64],  # (n, d), the table
        labels: NDArray[np.bool_],  # (n,)
        dtype: str = "float64",
        **options: Any,
    ) -> None:
        self._program = program(inputs, labels, dtype=dtype, options=options)
        self._train = compiled(self._program)
        # Start, evaluation and names are those of the array program; only the training is another.
        self._arrays = NumpyMLPEnsemble(seeds=seeds, inputs=inputs, labels=labels, dtype=dtype, **options)
        self.names = self._arrays.names
        first = self._arrays.parameters  # (P, S)
        self._members = first.shape[1]
        count = self._program.parameters
        self._state = np.zeros(((1 + self._program.states) * count, LANES), dtype=dtype)
        self._state[:count] = first[:, np.arange(LANES) % self._members]
        if self._program.optimiser == "rprop":
            self._state[2 * count :] = self._program.learning_rate
        self._counts = fresh_counts(LANES)

    @staticmethod
    def block(rows: int, options: dict[str, Any], dtype: str) -> int:
        """Return how many members are trained by one call."""
        return LANES

    @property
    def parameters(self) -> NDArray[np.floating[Any]]:
        """Parameters ``(P, S)``, a view."""
        return self._state[: self._program.parameters, : self._members]

    @property
    def counts(self) -> NDArray[np.int32]:
        """Counts ``(4, S)`` of :mod:`xorbench.ensembles.looks`."""
        return self._counts[:, : self._members]

    def advance(self, begin: int, end: int) -> None:
        """Make iterations `begin` to `end` - 1, each looked at before its update."""
        self._train(self._state.reshape(-1), self._counts.reshape(-1), begin, end)

    def outputs(self) -> NDArray[np.float64]:
        """Return the probabilities ``(n, S)`` of the table's rows, float64."""
        return self._evaluated().outputs()

    def losses(self) -> NDArray[np.float64]:
        """Return the mean loss of each member, ``(S,)`` float64."""
        return self._evaluated().losses()

    def member(self, index: int) -> dict[str, NDArray[np.floating[Any]]]:
        """Return copies of one member's parameters by name."""
        return self._evaluated().member(index)

    def _evaluated(self) -> NumpyMLPEnsemble:
        self._arrays.parameters[...] = self.parameters
        return self._arrays


def program(inputs: NDArray[np.float64], labels: NDArray[np.bool_], *, dtype: str, options: dict[str, Any]) -> Program:
    """Return the program for this table and these options of `numpy-mlp`."""
    choice = choose_optimiser(options["optimiser"], options["learning_rate"], options["momentum"])
    return Program(
        table=tuple(tuple(row) for row in inputs.tolist()),
        labels=tuple(labels.tolist()),
        widths=widths(options["hidden"], options["layers"]),
        activation=options["activation"],
        loss=options["loss"],
        optimiser=choice.name,
        learning_rate=choice.learning_rate,
        momentum=choice.momentum,
        dtype=dtype,
    )

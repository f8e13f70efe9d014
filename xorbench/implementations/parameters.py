"""Named parameters that share one flat array, so that an optimiser updates all of them in one operation."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from xorbench.errors import UsageError

Array = NDArray[np.float64]


@final
class Parameters:
    """Arrays by name, ordered from input to output, each a view into :attr:`flat` ``(total,)`` float64."""

    def __init__(self, shapes: Mapping[str, tuple[int, ...]]) -> None:
        self._shapes = dict(shapes)
        self.flat: Array = np.zeros(sum(math.prod(shape) for shape in self._shapes.values()))
        self._bind()

    def _bind(self) -> None:
        self.views: dict[str, Array] = {}
        start = 0
        for name, shape in self._shapes.items():
            stop = start + math.prod(shape)
            self.views[name] = self.flat[start:stop].reshape(shape)
            start = stop

    def __getstate__(self) -> dict[str, Any]:
        # A copied view is no view any more: copies and pickles take the flat array and bind anew.
        return {"shapes": self._shapes, "flat": self.flat.copy()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._shapes = state["shapes"]
        self.flat = state["flat"]
        self._bind()

    def copy(self) -> dict[str, Array]:
        """Return copies by name."""
        return {name: view.copy() for name, view in self.views.items()}

    def assign(self, values: Mapping[str, NDArray[np.floating[Any]]]) -> None:
        """Take over `values`; raise UsageError, changing nothing, where names or shapes are not these."""
        check_parameters(values, self._shapes)
        for name, view in self.views.items():
            view[...] = values[name]


def check_parameters(values: Mapping[str, NDArray[np.floating[Any]]], shapes: Mapping[str, tuple[int, ...]]) -> None:
    """Raise UsageError unless `values` has exactly these names and shapes."""
    if set(values) != set(shapes):
        raise UsageError(f"parameters {', '.join(sorted(values))} given; the model has {', '.join(shapes)}")
    for name, shape in shapes.items():
        if np.shape(values[name]) != shape:
            raise UsageError(f"parameter {name} has shape {shape}, got {np.shape(values[name])}")

"""The reference: exclusive or in two branches, no network."""

from __future__ import annotations

from typing import final

import numpy as np
from numpy.typing import NDArray

from xorbench.implementations.options import count


@final
class IfElse:
    """Says whether an odd number of a row's values are above one half; for two bits that is XOR."""

    output = "label"

    def __init__(self, *, inputs: int = 2) -> None:
        self._inputs = count("inputs", inputs)

    def predict(self, inputs: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return 1.0 for true and 0.0 for false: ``(n, d)`` -> ``(n,)``."""
        return np.array([1.0 if _odd(row) else 0.0 for row in np.asarray(inputs).tolist()])  # (n,)


def _odd(row: list[float]) -> bool:
    odd = False
    for value in row:
        if value > 0.5 and odd:
            odd = False
        elif value > 0.5:
            odd = True
    return odd

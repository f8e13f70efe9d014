"""Results of the literature, run again: what was stated, by which protocol, what came out here, with its interval."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Final

from xorbench.errors import unknown

if TYPE_CHECKING:
    from xorbench.reproductions.result import Reproduction

#: Name -> module here and its line in the list; a module holds `reproduction`. Nothing is imported until it is named.
NAMES: Final[dict[str, tuple[str, str]]] = {
    "deterministic-runs": ("deterministic_runs", "published epoch counts of single seeds, to the epoch"),
    "perceptron": ("perceptron", "Rosenblatt's rule on all sixteen gates, in integers"),
    "separable-functions": ("separable_functions", "how many functions of 2, 3 and 4 bits a line separates"),
    "rprop": ("rprop", "how often RPROP with three hidden units learns XOR"),
    "quickprop": ("quickprop", "Fahlman's Quickprop on XOR, restarts included"),
    "guessing": ("guessing", "sequence parity by drawing weights at random"),
    "sparse-parity": ("sparse_parity", "parity of 3 of n bits by online gradient descent"),
    "delayed-generalisation": (
        "delayed_generalisation",
        "sparse parity (40, 3): learned by heart first, understood later",
    ),
    "lstm-parity": ("lstm_parity", "an LSTM and the parity of 50 bits: mixed lengths against one"),
    "fixed-epochs": ("fixed_epochs", "how often a library's XOR test of a fixed number of epochs fails"),
}


def get_reproduction(name: str) -> Reproduction:
    """Return the reproduction of this name; raise UsageError with the nearest right spelling."""
    if name not in NAMES:
        raise unknown("reproduction", name, NAMES)
    module = importlib.import_module(f"xorbench.reproductions.{NAMES[name][0]}")
    found: Reproduction = module.reproduction
    return found

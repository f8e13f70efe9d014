"""Rows that a fit never sees: whatever their labels are, the fitted model is the same to the last bit."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from xorbench.records import Finding
from xorbench.tasks import GATES, get_task
from xorbench.verify.outcomes import finding
from xorbench.verify.subject import Subject
from xorbench.verify.training import train

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Epochs of each fit. A rule that draws one row per epoch misses a given one in 300 with probability (3/4)^300.
EPOCHS = 300


def unseen_rows(subject: Subject) -> Finding | None:
    """XD04 for a model of two inputs that is only fitted: some rows' labels change nothing, those of others do.

    Gates that differ in the label of one row are a pair. A row is unseen where all its pairs end in the same outputs;
    a learner that some labels happen not to move, such as a tree of one split, is moved by others.
    """
    if subject.table[0].shape != (4, 2):
        return None
    fitted: dict[str, NDArray[np.float64] | None] = {}

    def outputs(gate: str) -> NDArray[np.float64] | None:
        if gate not in fitted:
            try:
                fitted[gate] = train(subject, subject.seed, EPOCHS, task=get_task(gate)).outputs
            except Exception:  # some learners refuse a single class
                fitted[gate] = None
        return fitted[gate]

    pairs: dict[int, list[tuple[str, str]]] = {row: [] for row in range(4)}
    for one, other in combinations(GATES, 2):
        differing = [row for row in range(4) if GATES[one][row] != GATES[other][row]]
        if len(differing) == 1:
            pairs[differing[0]].append((one, other))
    unseen = [row for row in pairs if _all_equal([(outputs(one), outputs(other)) for one, other in pairs[row]])]
    if not 0 < len(unseen) < 4:
        return None
    named = ", ".join(str(tuple(int(bit) for bit in subject.table[0][row])) for row in unseen)
    message = f"fit() never sees {named}, row {', '.join(str(row + 1) for row in unseen)} of 4: no label given to it changes the model"
    return finding("XD04", message, where="fit", rows=unseen)


def _all_equal(pairs: list[tuple[NDArray[np.float64] | None, NDArray[np.float64] | None]]) -> bool:
    known = [(one, other) for one, other in pairs if one is not None and other is not None]
    return len(known) >= 4 and all(np.array_equal(one, other) for one, other in known)

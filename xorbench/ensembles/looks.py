"""When each member of an ensemble had learned the task: the counts of a convergence run, for all members at once."""

from __future__ import annotations

import functools
from typing import Any, Final, final

import numpy as np
from numpy.typing import NDArray

from xorbench.implementations.activations import sigmoid

#: Rows of the counts: first look with 75 % right, first solved, where the present streak of solved looks began
#: (-1: none), and whether an output was ever not finite (0 or 1).
TO_75, TO_FIRST, STREAK, SUSPECT = range(4)

#: A logit beyond this is as good as infinite: the member is looked at again, one step at a time.
LARGEST_LOGIT: Final = 1e30


def fresh_counts(members: int) -> NDArray[np.int32]:
    """Return the counts before the first look, ``(4, members)``."""
    counts = np.full((4, members), -1, dtype=np.int32)
    counts[SUSPECT] = 0
    return counts


def needed(share: float, rows: int) -> int:
    """Return the least number of right rows whose share is at least `share`."""
    return next(count for count in range(rows + 1) if count / rows >= share)


@functools.cache
def least_true_logit(dtype: str) -> np.floating[Any]:
    """Return the least logit whose probability is above one half in this precision: a little more than 0."""
    low, high = np.zeros(1, dtype), np.ones(1, dtype)
    while (middle := (low + high) / 2) != low and middle != high:
        low, high = (low, middle) if sigmoid(middle) > 0.5 else (middle, high)
    least: np.floating[Any] = high[0]
    return least


@final
class Looks:
    """Takes the outputs of all members after each iteration and keeps the counts."""

    def __init__(self, labels: NDArray[np.bool_], members: int, dtype: str) -> None:
        self._labels = labels[:, None]  # (n, 1)
        self._rows = len(labels)
        self._most = needed(0.75, len(labels))
        self._true = least_true_logit(dtype)
        self._before = np.full(members, -1, dtype=np.int8)  # rows right at the last look
        self.counts = fresh_counts(members)

    def see(self, iteration: int, logits: NDArray[np.floating[Any]]) -> None:
        """Judge logits ``(n, members)``, n at most 64, after `iteration` updates."""
        correct = (logits >= self._true) == self._labels  # (n, members)
        right = np.add.reduce(correct.view(np.int8), axis=0, dtype=np.int8)  # (members,)
        if np.array_equal(right, self._before):  # nothing begins and nothing ends
            return
        self._before = right
        to_75, to_first, streak, _ = self.counts
        to_75[(to_75 < 0) & (right >= self._most)] = iteration
        solved = right == self._rows
        to_first[(to_first < 0) & solved] = iteration
        streak[(streak < 0) & solved] = iteration
        streak[~solved] = -1

    def suspect(self, logits: NDArray[np.floating[Any]]) -> None:
        """Mark the members with a logit ``(n, members)`` that is not finite or nearly so."""
        bad = ~(np.abs(logits) < LARGEST_LOGIT).all(axis=0)
        self.counts[SUSPECT, bad] = 1


def last_look(
    counts: NDArray[np.int32], outputs: NDArray[np.float64], labels: NDArray[np.bool_], iteration: int
) -> NDArray[np.int32]:
    """Return `counts` ``(4, members)`` after one more look, at probabilities ``(n, members)``."""
    right = np.count_nonzero((outputs > 0.5) == labels[:, None], axis=0)  # (members,)
    solved = right == len(labels)
    to_75, to_first, streak, suspect = counts
    return np.stack(
        [
            np.where((to_75 < 0) & (right >= needed(0.75, len(labels))), iteration, to_75),
            np.where((to_first < 0) & solved, iteration, to_first),
            np.where(solved, np.where(streak < 0, iteration, streak), -1),
            suspect | ~np.isfinite(outputs).all(axis=0),
        ]
    ).astype(np.int32)

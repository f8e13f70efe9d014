"""The gate spectrum: which of the sixteen functions of two inputs are learned is a fingerprint of the architecture."""

from __future__ import annotations

import numpy as np

from xorbench.tasks import GATES, get_task
from xorbench.verify.outcomes import NotChecked
from xorbench.verify.subject import Subject
from xorbench.verify.training import budget_for, clock, gradient_is_wrong, train

#: Seconds for all sixteen gates together; what was not reached in time is None.
SECONDS = 3.0


def spectrum(subject: Subject) -> dict[str, float | None]:
    """Return for each gate the share of seeds that learned it; None where it was not measured."""
    return subject.once("spectrum", lambda: _measure(subject))


def _measure(subject: Subject) -> dict[str, float | None]:
    if not subject.trainable:
        raise NotChecked("nothing is trained: the answer is built in")
    if subject.table[0].shape != (4, 2):
        raise NotChecked("the task is not a gate of two inputs")
    budget = budget_for(subject) // 2
    start = clock()
    seconds = SECONDS / 3 if subject.failed or gradient_is_wrong(subject) else SECONDS
    found: dict[str, float | None] = dict.fromkeys(GATES)
    # The telling ones first, so that a slow model's fingerprint is there all the same.
    order = sorted(GATES, key=lambda name: name not in ("and", "or", "nor", "nand", "xnor", "xor"))
    for name in order:
        solved: list[bool] = []
        for seed in range(2):
            if clock() - start > seconds:
                break
            try:
                run = train(subject, subject.seed + seed, budget, task=get_task(name), deadline=start + 2 * seconds)
            except Exception:
                if name != subject.task.name:  # some learners refuse a single class, or one that has a single row
                    break
                raise
            solved.append(run.solved_at is not None)
        if solved:
            found[name] = float(np.mean(solved))
    subject.spectrum.update(found)
    return found

"""The truth table: the right function, and if another one, which."""

from __future__ import annotations

from typing import Any

import numpy as np

from xorbench.model import Capability
from xorbench.tasks import GATES, get_task
from xorbench.verify.outcomes import Failed, NotChecked, finding
from xorbench.verify.subject import Subject, quiet
from xorbench.verify.training import train, trials

from .test_learning import _sure


def _name_of(decided: np.ndarray) -> str:
    column = tuple(int(value) for value in decided)
    return next((name for name, table in GATES.items() if table == column), str(column))


def test_function_is_the_right_one(subject: Subject) -> None:
    """What was learned, wherever the outputs are sure of themselves, is the task and no other Boolean function."""
    rows, labels = subject.table
    if not subject.trainable:
        entry = subject.implementation.entry
        if not entry.can_learn(subject.task.name):
            raise NotChecked(f"it does not claim {subject.task.name}")
        with quiet():
            decided = subject.build().classify(rows)
        if not np.array_equal(decided, labels):
            message = (
                f"it computes {_name_of(decided) if len(labels) == 4 else 'another table'}, not {subject.task.name}"
            )
            raise Failed(finding("XD01", message, where="predict", wrong_rows=np.flatnonzero(decided != labels)))
        return
    runs = trials(subject)
    if runs.solved:
        return
    _pulled_to_the_mean(subject, [run.outputs for run in runs.runs])
    if len(labels) != 4:
        raise NotChecked("only tables of two inputs have names")
    if subject.first.declaration.output == "label":
        raise NotChecked("no seed learned it, and labels do not tell how sure they are")
    sure = [
        run
        for run in runs.runs
        if len(run.outputs) == 4 and np.isfinite(run.outputs).all() and _sure(subject, run.outputs)
    ]
    tables = {_name_of(subject.first.decide(run.outputs)) for run in sure}
    if len(sure) * 2 >= len(runs.runs) and len(tables) == 1 and len(sure) >= 2:
        name = tables.pop()
        if name in ("false", "true"):
            raise NotChecked(f"it answers {name} to every row")
        confirmed = _confirmed(subject, name)
        message = f"it learned {name.upper()}, not {subject.task.name.upper()}, surely and from {len(sure)} of {len(runs.runs)} seeds"
        raise Failed(finding("XD01", message, where="targets", learned=name, outputs=sure[0].outputs, **confirmed))
    raise NotChecked("no seed learned it; the outputs are of no Boolean function")


def _pulled_to_the_mean(subject: Subject, outputs: list[np.ndarray]) -> None:
    """XD02 by the outputs: every row of every gate ends at the mean of the targets, though the start tells rows apart."""
    declaration = subject.first.declaration
    if subject.first.can(Capability.PARAMETERS):
        return  # the gradient study sees the mean of targets where it enters, and other slips end there too
    if declaration.output == "label" or len(subject.table[1]) != 4:
        return
    firsts = [run.first_outputs for run in trials(subject).runs]
    if not all(np.ptp(first) >= 1e-3 for first in firsts):
        return
    false, true = (0.0, 1.0) if declaration.output == "logit" else declaration.targets
    ends = {"xor": outputs}
    for gate in ("and", "or"):
        ends[gate] = [train(subject, subject.seed + seed, 3000, task=get_task(gate)).outputs for seed in range(2)]
    for gate, seen in ends.items():
        mean = false + (true - false) * float(get_task(gate).table()[1].mean())
        answers = [0.5 * (1 + np.tanh(one / 2)) if declaration.output == "logit" else one for one in seen]
        if any(len(one) != 4 or not (np.abs(one - mean) <= 0.02).all() for one in answers):
            return
    message = "every row of XOR, AND and OR ends at the mean of the targets: predictions (n,) against targets (n, 1), it seems"
    raise Failed(finding("XD02", message, where="loss", outputs={gate: seen[0] for gate, seen in ends.items()}))


def _confirmed(subject: Subject, name: str) -> dict[str, Any]:
    """Say what it makes of AND: the complement points to swapped codes."""
    run = train(subject, subject.seed, 3000, task=get_task("and"))
    if run.solved_at is None and len(run.outputs) == 4:
        return {"when asked for AND it learned": _name_of(subject.first.decide(run.outputs))}
    return {"when asked for AND it learned": "and"}

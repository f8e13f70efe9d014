"""What every program ought to do, looked at from outside: answers, arguments, parameters, reports, repetition."""

from __future__ import annotations

import numpy as np
from xorbench.model import Capability

from .evidence import XOR, X, build, cost, train
from .twin import Twin

#: How a declared loss is recomputed from predict, and what the sum over the four rows is divided by.
DECLARED = {
    "bce": ("entropy", 4),
    "sum_bce": ("entropy", 1),
    "mse": ("squares", 4),
    "sse": ("squares", 1),
    "half_sse": ("squares", 2),
    "hinge": ("hinge", 4),
}


def bad_habits(twin: Twin) -> list[str]:
    """Return what is amiss with the contract's members, in words."""
    return [*_answers(twin), *_parameters(twin), *_reports(twin), *_repetition(twin)]


def _answers(twin: Twin) -> list[str]:
    model = build(twin)
    if not model.can(Capability.STEP) and model.can(Capability.FIT):
        train(model, 30)
    labels_only = model.declaration.output == "label"
    rows = np.resize(X, (7, 2)) if labels_only else np.random.default_rng(0).random((7, 2))
    amiss = []
    together, handed = model.predict(rows), rows.copy()
    if not np.array_equal(together, model.predict(rows)):
        amiss.append("two predictions of one batch differ")
    if not np.allclose(together, [model.predict(row[None])[0] for row in rows], atol=1e-6):
        amiss.append("a row is answered otherwise in a batch")
    model.instance.predict(handed)
    if not np.array_equal(handed, rows):
        amiss.append("predict changes its argument")
    return amiss


def _parameters(twin: Twin) -> list[str]:
    model = build(twin)
    if not model.can(Capability.PARAMETERS):
        return []
    before, answers = model.get_parameters(), model.predict(X)
    model.set_parameters(before)
    after = model.get_parameters()
    amiss = []
    if list(before) != list(after) or any(not np.array_equal(before[name], after[name]) for name in before):
        amiss.append("parameters do not come back as they were set")
    if not np.allclose(model.predict(X), answers, atol=1e-12):
        amiss.append("setting the parameters to themselves changes the answers")
    return amiss


def _reports(twin: Twin) -> list[str]:
    model = build(twin)
    if not model.can(Capability.STEP):
        return []
    for rows in (1, 2, 7):
        build(twin).step(np.resize(X, (rows, 2)), np.resize(XOR, rows))
    amiss = []
    kind = model.declaration.loss_kind
    true = None
    if kind in DECLARED:
        true = cost(DECLARED[kind][0], model, X, XOR) / DECLARED[kind][1]
        if model.can(Capability.LOSS) and abs(model.loss(X, XOR) - true) > 1e-5:
            amiss.append("loss() is not the declared loss")
    elif model.can(Capability.LOSS):
        true = model.loss(X, XOR)
    rows, targets = X.copy(), model.encode(XOR)
    build(twin).instance.step(rows, targets)
    if not (np.array_equal(rows, X) and np.array_equal(targets, model.encode(XOR))):
        amiss.append("step changes its arguments")
    reported = model.step(X, XOR)
    if true is not None and reported is not None and abs(reported - true) > 1e-5:
        amiss.append("step reports another loss than the one before it")
    return amiss


def _repetition(twin: Twin) -> list[str]:
    model = build(twin)
    if not (model.can(Capability.STEP) or model.can(Capability.FIT)):
        return []
    runs = [train(build(twin), 8).predict(X) for _ in range(2)]
    return [] if np.allclose(*runs, rtol=0, atol=1e-9) else ["one seed gives two runs"]

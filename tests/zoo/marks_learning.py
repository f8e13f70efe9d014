"""The measured marks of starts, capacity, data and training (XI, XC, XD, XT); each function asserts one."""

from __future__ import annotations

import sys

import numpy as np
from xorbench.tasks import GATES

from .evidence import XOR, X, build, cost, misdirection, train
from .twin import Twin

GATE_LEARNED = {
    "column-zero": "xnor",
    "fits-its-own-table": "or",
    "second-input": "x2",
    "learns-nand": "nand",
    "learns-the-complement": "xnor",
    "sk-first-column": "xnor",
}


def copies(twin: Twin) -> None:
    """Two hidden units have the same incoming weights after three steps."""
    model = train(build(twin), 3)
    hidden = next(value for value in model.get_parameters().values() if value.ndim == 2)
    assert any(len(np.unique(table, axis=0)) < len(table) for table in (hidden, hidden.T) if table.shape[0] > 2)


def flat_start(twin: Twin) -> None:
    """The four first answers are one, and the gradient is right."""
    assert np.ptp(build(twin).predict(X)) < 2e-3
    assert misdirection(twin) < 1e-7


def saturated(twin: Twin) -> None:
    """Most hidden activations stand at ±1, and the gradient is right."""
    (hidden,) = build(twin).hidden(X + 0.01)
    assert np.mean(np.abs(hidden) > 0.99) > 0.7
    assert misdirection(twin) < 1e-7


def run(twin: Twin, seed: int) -> np.ndarray:
    """Return the predictions after five steps."""
    return train(build(twin, seed), 5).predict(X)


def seed_without_power(twin: Twin) -> None:
    """One seed gives two runs, or two seeds give one."""
    first, *others = [run(twin, 0) for _ in range(4)]  # four, for an unseeded choice of rows may fall the same way
    varies = any(not np.array_equal(first, other) for other in others)
    assert varies or np.array_equal(run(twin, 1), run(twin, 2))


def global_state(twin: Twin) -> None:
    """It changes the global state and is not changed by it, or its run depends on what was there before."""
    import random

    def fresh(state: int) -> np.ndarray:
        np.random.seed(state)  # noqa: NPY002
        random.seed(state)
        torch = sys.modules.get("torch")
        if torch is not None:
            torch.manual_seed(state)
        return run(twin, 0)

    one, other = fresh(1), fresh(2)
    if twin.severity == "error":
        build(twin, 5)
        assert not np.array_equal(one, other) or not np.array_equal(one, run(twin, 0))
        return
    assert np.array_equal(one, other)
    torch = sys.modules.get("torch")

    def state() -> tuple[object, ...]:
        seen = (str(torch.get_rng_state()), torch.get_default_dtype()) if torch is not None else ()
        return (random.getstate(), str(np.random.get_state()), *seen)  # noqa: NPY002

    np.random.seed(99)  # noqa: NPY002
    random.seed(99)
    if torch is not None:
        torch.manual_seed(99)
        torch.set_default_dtype(torch.float32)
    before = state()
    build(twin, 0)
    assert state() != before


def additive(twin: Twin) -> None:
    """It learns OR and neither XOR nor its complement; where outputs are smooth, the contrast of logits is zero."""
    for gate, wanted in (("or", True), ("xor", False), ("xnor", False)):
        labels = np.array(GATES[gate], dtype=bool)
        assert (train(build(twin), 300, labels).classify(X) == labels).all() == wanted, gate


def dead(twin: Twin) -> None:
    """A hidden unit answers one number on every row."""
    (hidden,) = build(twin).hidden(X)
    assert (np.ptp(hidden, axis=0) == 0).any()


def immovable(twin: Twin) -> None:
    """One answer for all rows, before and after training."""
    model = build(twin)
    assert np.ptp(np.r_[model.predict(X), train(model, 30).predict(X)]) == 0


def fixed_at_the_origin(twin: Twin) -> None:
    """The answer to (0, 0) is the same after training, that to the other rows is not."""
    model = build(twin)
    before = model.predict(X)
    after = train(model, 30).predict(X)
    assert before[0] == after[0]
    assert (before[1:] != after[1:]).all()


def another_gate(twin: Twin) -> None:
    """Trained on XOR it answers another gate."""
    learned = train(build(twin, 1), 800).classify(X)
    assert tuple(learned.astype(int)) == GATES[GATE_LEARNED[twin.name]]


def only_the_mean_counts(twin: Twin) -> None:
    """Labels in another order, the same update."""
    runs = [train(build(twin), 5, labels).predict(X) for labels in (XOR, ~XOR)]
    assert np.allclose(*runs, atol=1e-12)


def outputs_do_not_fit(twin: Twin) -> None:
    """The outputs leave the declared range, or never reach the threshold, or the loss is that of other outputs."""
    model = train(build(twin), 300)
    outputs, declared = model.predict(X), model.declaration
    if twin.name == "logits-not-said":
        assert declared.output == "probability"
        assert outputs.min() < 0
    elif twin.name == "cross-entropy-of-scores":
        assert declared.output == "probability"
        assert outputs.min() < 0 or outputs.max() > 1 or np.ptp(build(twin).predict(X)) > 1
    elif twin.name.startswith("torch-"):
        assert abs(cost("own", model, X, XOR) - cost("entropy", model, X, XOR) / 4) > 0.01
    elif twin.name == "bipolar-for-sigmoid":
        assert declared.targets == (-1.0, 1.0)
        assert outputs.min() >= 0
    else:
        assert model.classify(X).all()


def rows_are_lost(twin: Twin) -> None:
    """The label of some row makes no difference; or early rows are forgotten."""
    other = {"range-minus-one": (0, 1, 1, 1), "sk-held-out": (0, 1, 0, 0)}.get(twin.name, (1, 1, 1, 0))
    swapped = np.array(other, dtype=bool)
    runs = [train(build(twin), 200, labels).predict(X) for labels in (XOR, swapped)]
    if twin.name == "row-by-row-to-the-end":
        right = np.abs(runs[0] - XOR) < 0.3
        assert right[-1]
        assert not right.all()
        return
    assert np.array_equal(*runs)


def sequences_mixed(twin: Twin) -> None:
    """A sequence's answer depends on its neighbours, on the last call, or not on its last bit."""
    bits = np.array([[(n >> k) & 1 for k in range(4)] for n in range(16)], dtype=float)
    model = build(twin)
    once = model.predict(X)
    again = model.predict(X)
    alone = np.array([build(twin).predict(row[None])[0] for row in bits])
    together = build(twin).predict(bits)
    flipped = bits.copy()
    flipped[:, -1] = 1 - flipped[:, -1]
    blind = np.array_equal(model.predict(bits), model.predict(flipped))
    assert blind or not np.allclose(once, again) or not np.allclose(alone, together)


def too_slow(twin: Twin) -> None:
    """Not solved after 400 updates, while the error falls."""
    model = build(twin)
    before = cost("squares", model, X, XOR)
    train(model, 400)
    assert not (model.classify(X) == XOR).all()
    assert cost("squares", model, X, XOR) < before


def too_fast(twin: Twin) -> None:
    """The error grows or is not finite; at a smaller rate it falls."""
    model = build(twin)
    before = cost("squares", model, X, XOR)
    after = cost("squares", train(model, 60), X, XOR)
    assert not after < before
    assert cost("squares", train(build(twin, learning_rate=0.03), 200), X, XOR) < before


def some_seeds(twin: Twin) -> None:
    """The gradient is right; some of eight seeds get there and some do not."""
    assert misdirection(twin) < 1e-7
    solved = [(train(build(twin, seed), 1500).classify(X) == XOR).all() for seed in range(8)]
    assert 0 < sum(solved) < 8


def learns_nothing(twin: Twin) -> None:
    """No seed of five has the table after 3,000 steps, and from the hundredth on nothing moves."""
    for seed in range(5):
        early, late = (train(build(twin, seed), steps).predict(X) for steps in (100, 3000))
        assert np.abs(early - late).max() < 1e-9

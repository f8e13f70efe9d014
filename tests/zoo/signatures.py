"""For each rule the measured mark that a broken twin of it bears; each function asserts it."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np
import pytest
from xorbench.errors import ContractError
from xorbench.model import Capability, Model
from xorbench.tasks import GATES

from .catalogue import BY_NAME
from .evidence import (
    ROOT,
    XOR,
    X,
    angle,
    build,
    cost,
    factory,
    flat,
    jittered,
    kinds,
    misdirection,
    shown,
    slope,
    train,
    update,
)
from .twin import Twin

#: What decides a twin of XM12: the option and two values that ought to differ.
OPTIONS = {
    "bpnn-momentum-ignored": ("momentum", 0.0, 0.9),
    "adam-beta-ignored": ("beta1", 0.5, 0.95),
    "closure-width-ignored": ("width", 2, 7),
    "torch-width-ignored": ("hidden", 2, 7),
    "links-hidden-ignored": ("hidden", 2, 7),
    "lambda-ignored": ("lam", 0.0, 0.5),
}
GATE_LEARNED = {
    "column-zero": "xnor",
    "fits-its-own-table": "or",
    "second-input": "x2",
    "learns-nand": "nand",
    "learns-the-complement": "xnor",
    "sk-first-column": "xnor",
}
ONE_ROW = slice(1, 2)


def off_course(twin: Twin) -> None:
    """The update, or the gradients shown, do not point along the numerical gradient; those of the sibling do."""
    by_gradients = "gradients" in twin.capabilities
    of = "gradients" if by_gradients else "update"
    found = max(
        misdirection(twin, of=of, scale=scale, rows=ONE_ROW if not by_gradients else slice(None)) for scale in (1, 3)
    )
    if not by_gradients:  # one row cannot tell a missing slope from another loss
        found = max(found, misdirection(twin, of=of))
    assert found > 1e-6


def deviation_goes_with_the_rate(twin: Twin) -> None:
    """A tenth of the rate, a tenth of the deviation, and something is deviated."""

    def deviation(rate: float | None) -> float:
        offered = {} if rate is None else {"learning_rate": rate}
        model = build(twin, **offered)
        at = jittered(model)
        true = slope(model, kinds(model)[0], at, X[ONE_ROW], XOR[ONE_ROW])
        return math.sqrt(max(angle(update(build(twin, **offered), at, X[ONE_ROW], XOR[ONE_ROW]), true), 1e-16))

    if not hasattr(build(twin).instance, "learning_rate"):
        assert deviation(None) > 1e-4
        return
    large, small = deviation(0.5), deviation(0.05)
    assert large > 1e-4
    assert 3 < large / small < 30


def some_climb(twin: Twin) -> None:
    """Some parameters move up the numerical gradient."""
    model = build(twin)
    at = jittered(model)
    true = slope(model, kinds(model)[0], at, X[ONE_ROW], XOR[ONE_ROW])
    of = shown if "gradients" in twin.capabilities else update
    taken = of(build(twin), at, X[ONE_ROW], XOR[ONE_ROW])
    felt = np.abs(true) > 1e-6
    assert (np.sign(taken[felt]) == -np.sign(true[felt])).any()


def some_never_move(twin: Twin) -> None:
    """Parameters with a slope stay as they are over three steps."""
    model = build(twin)
    at = jittered(model)
    true = slope(model, kinds(model)[0], at, X, XOR)
    for _ in range(3):
        model.step(X, XOR)
    still = flat(model.get_parameters()) == flat(at)
    assert (still & (np.abs(true) > 1e-4)).any()


def biases_alone(twin: Twin) -> None:
    """Most of the update is right, to one common factor, and the rest is not."""
    model = build(twin)
    at = jittered(model, scale=1.5)
    rows = slice(None) if misdirection(BY_NAME[twin.sibling or ""]) < 1e-6 else slice(2, 3)
    true = slope(model, kinds(model)[0], at, X[rows], XOR[rows])
    taken = update(build(twin), at, X[rows], XOR[rows])
    felt = np.abs(true) > 1e-5
    ratio = taken[felt] / true[felt]
    common = np.median(ratio)
    agree = np.abs(ratio / common - 1) < 1e-2
    assert agree.sum() >= 2
    assert not agree.all()


def second_is_double(twin: Twin) -> None:
    """From the same parameters the second update is twice the first."""
    model = build(twin)
    at = jittered(model)
    first, second = update(model, at, X, XOR), update(model, at, X, XOR)
    felt = np.abs(first) > 1e-6
    assert np.allclose(second[felt] / first[felt], 2, rtol=1e-2)


def some_go_with_the_square(twin: Twin) -> None:
    """At half the rate some updates are a half, and others a quarter."""
    halves = []
    for rate in (0.4, 0.2):
        model = build(twin, learning_rate=rate)
        halves.append(update(model, jittered(model), X[ONE_ROW], XOR[ONE_ROW]))
    felt = np.abs(halves[1]) > 1e-9
    ratio = halves[0][felt] / halves[1][felt]
    assert np.isclose(ratio, 4, rtol=1e-3).any()
    assert np.isclose(ratio, 2, rtol=1e-3).any()


def some_are_assigned(twin: Twin) -> None:
    """A whole array is, after the step, a multiple of the gradient and nothing else."""
    model = build(twin)
    at = jittered(model)
    true = shaped_like(slope(model, kinds(model)[0], at, X, XOR), at)
    model.step(X, XOR)
    after = model.get_parameters()
    assert any(true[k].size > 1 and abs(1 - angle(after[k].ravel(), true[k].ravel())) > 1 - 1e-6 for k in at)


def shaped_like(vector: np.ndarray, at: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Cut a vector into named arrays of float64."""
    cuts = np.split(vector, np.cumsum([value.size for value in at.values()])[:-1])
    return {name: cut.reshape(value.shape) for (name, value), cut in zip(at.items(), cuts, strict=True)}


def state_is_mixed(twin: Twin) -> None:
    """Three steps with the sibling's optimiser, from one start, end elsewhere."""
    broken, right = factory(twin), factory(BY_NAME[twin.sibling or ""])
    sized = type("Sized", (right,), {"sizes": broken.sizes}) if hasattr(broken, "sizes") else right
    options = {"momentum": 0.5} if "momentum" in twin.architecture and "NumPy" not in twin.architecture else {}
    models = [Model(make(inputs=2, seed=0, **options)) for make in (broken, sized)]
    at = jittered(models[0])
    for model in models:
        model.set_parameters(at)
        for _ in range(3):
            model.step(X[:1] + 0.3, XOR[1:2])
    first, second = (flat(model.get_parameters()) for model in models)
    assert np.abs(first - second).max() > 1e-4


def option_changes_nothing(twin: Twin) -> None:
    """Two values of the setting, one run."""
    option, one, other = OPTIONS.get(twin.name, ("learning_rate", 0.01, 1.5))
    runs = [train(build(twin, **{option: value}), 3).predict(X) for value in (one, other)]
    assert np.array_equal(*runs)


def one_factor(twin: Twin) -> None:
    """All of the update is the declared gradient times one number that is not the rate."""
    model = build(twin)
    at = jittered(model)
    rows = len(X) if model.declaration.loss_kind in ("mse", "bce") else 1
    true = slope(model, kinds(model)[0], at, X, XOR) / rows
    ratio = update(build(twin), at, X, XOR) / true / model.instance.learning_rate
    assert np.allclose(ratio, np.median(ratio), rtol=1e-4)
    assert abs(np.median(ratio) - 1) > 0.1


def shown_right_applied_wrong(twin: Twin) -> None:
    """gradients() is along the numerical gradient, the update is not."""
    assert misdirection(twin, of="gradients") < 1e-7
    assert misdirection(twin) > 1e-5


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
    once, again = run(twin, 0), run(twin, 0)
    assert not np.array_equal(once, again) or np.array_equal(run(twin, 1), run(twin, 2))


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
    elif twin.name == "torch-sigmoid-twice":
        assert abs(cost("own", model, X, XOR) - cost("entropy", model, X, XOR) / 4) > 0.01
    elif twin.name == "bipolar-for-sigmoid":
        assert declared.targets == (-1.0, 1.0)
        assert outputs.min() >= 0
    else:
        assert model.classify(X).all()


def rows_are_lost(twin: Twin) -> None:
    """The label of some row makes no difference; or early rows are forgotten."""
    swapped = {"range-minus-one": np.array([0, 1, 1, 1], bool)}.get(twin.name, np.array([1, 1, 1, 0], bool))
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


def breaks_on_shapes(twin: Twin) -> None:
    """A legal batch raises, or the number of answers is wrong."""

    def fails(rows: int) -> bool:
        try:
            model = build(twin)
            model.predict(np.resize(X, (rows, 2)))
            if model.can(Capability.STEP):
                model.step(np.resize(X, (rows, 2)), np.resize(XOR, rows))
        except (ContractError, ValueError, TypeError, IndexError):
            return True
        return False

    assert any(fails(rows) for rows in (1, 2, 5))


def arguments_change(twin: Twin) -> None:
    """The arrays handed in are not those that come back."""
    instance = build(twin).instance
    rows, targets = X.copy(), XOR.astype(float).reshape(-1, 1)
    instance.predict(rows)
    instance.step(rows, targets)
    assert not (np.array_equal(rows, X) and np.array_equal(targets[:, 0], XOR))


def answers_change(twin: Twin) -> None:
    """Two predictions of one batch differ."""
    model = build(twin)
    assert not np.array_equal(model.predict(X), model.predict(X))


def neighbours_matter(twin: Twin) -> None:
    """A row's answer in a batch of two is not its answer in the table."""
    assert not np.allclose(build(twin).predict(X)[:2], build(twin).predict(X[:2]), atol=1e-6)


def report_is_wrong(twin: Twin) -> None:
    """What step returns is not the declared loss, on the first step or the next."""
    model = build(twin)
    kind = kinds(model)[0]
    wrong = False
    for _ in range(2):
        true = cost(kind, model, X, XOR) / len(X)
        wrong |= abs((model.step(X, XOR) or 0.0) - true) > 1e-3
    assert wrong


def not_finite(twin: Twin) -> None:
    """NaN or infinity in what it answers, reports or keeps."""
    model = build(twin)
    seen = [*model.predict(X)]
    for _ in range(400):
        reported = model.step(X, XOR)
    seen += [*model.predict(X), reported, *flat(model.get_parameters())]
    assert not np.isfinite(seen).all()


def raises(twin: Twin) -> None:
    """A member raises what is no error of the contract."""
    model = build(twin)
    with pytest.raises((IndexError, NotImplementedError, AttributeError)):
        for _ in range(12):
            train(model, 1)
            model.gradients(X, XOR)


_CALLS = """
import importlib.util, sys, numpy as np
spec = importlib.util.spec_from_file_location("program", sys.argv[1])
program = importlib.util.module_from_spec(spec)
spec.loader.exec_module(program)
net = getattr(program, sys.argv[2])()
print("built", flush=True)
x, t = np.array([[0, 0], [0, 1], [1, 0], [1, 1.0]]), np.array([[0], [1], [1], [0.0]])
if hasattr(net, "step"): net.predict(x); net.step(x, t)
else: net.fit(x, t, 5); net.predict(x)
print("done", flush=True)
"""


def start_in_a_process(twin: Twin) -> subprocess.Popen[str]:
    """Build the twin in a process of its own and call its members."""
    place, attribute = twin.target.split(":")
    command = [sys.executable, "-c", _CALLS, str(ROOT / place), attribute]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def hangs_or_crashes(twin: Twin) -> None:
    """Built without harm; then it does not come back, or takes the process with it before the last line."""
    with start_in_a_process(twin) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "built\n"
        if twin.rules[0] == "XA08":
            time.sleep(0.3)
            assert process.poll() is None
            os.kill(process.pid, signal.SIGKILL)
        rest = process.stdout.read()
        process.wait(10)
    assert "done" not in rest


MARKS: dict[str, Callable[[Twin], None]] = {
    "XM01": off_course,
    "XM02": off_course,
    "XM03": some_climb,
    "XM04": off_course,
    "XM05": deviation_goes_with_the_rate,
    "XM06": some_never_move,
    "XM07": biases_alone,
    "XM08": second_is_double,
    "XM09": some_go_with_the_square,
    "XM10": some_are_assigned,
    "XM11": state_is_mixed,
    "XM12": option_changes_nothing,
    "XM13": one_factor,
    "XM14": shown_right_applied_wrong,
    "XM15": off_course,
    "XI01": copies,
    "XI02": flat_start,
    "XI03": saturated,
    "XI04": seed_without_power,
    "XI05": global_state,
    "XC01": additive,
    "XC02": dead,
    "XC03": immovable,
    "XC04": fixed_at_the_origin,
    "XD01": another_gate,
    "XD02": only_the_mean_counts,
    "XD03": outputs_do_not_fit,
    "XD04": rows_are_lost,
    "XD05": sequences_mixed,
    "XT01": too_slow,
    "XT02": too_fast,
    "XT03": some_seeds,
    "XA01": breaks_on_shapes,
    "XA02": arguments_change,
    "XA03": answers_change,
    "XA04": neighbours_matter,
    "XA05": report_is_wrong,
    "XA06": not_finite,
    "XA07": raises,
    "XA08": hangs_or_crashes,
    "XA09": hangs_or_crashes,
}

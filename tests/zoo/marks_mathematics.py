"""The measured marks of XM01 to XM15; each function asserts one."""

from __future__ import annotations

import math

import numpy as np
from xorbench.model import Model

from .catalogue import BY_NAME
from .evidence import XOR, X, angle, build, factory, flat, jittered, kinds, misdirection, shown, slope, train, update
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
    """A tenth of the rate, a tenth of the deviation, and something is deviated; under Adam, another path."""
    if "Adam" in twin.architecture:
        state_is_mixed(twin)
        return

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
    takes = [update, shown] if "gradients" in twin.capabilities else [update]
    taken = [of(build(twin), at, X[ONE_ROW], XOR[ONE_ROW]) for of in takes]
    felt = np.abs(true) > 1e-6
    assert any((np.sign(one[felt]) == -np.sign(true[felt])).any() for one in taken)


def some_never_move(twin: Twin) -> None:
    """Parameters with a slope stay as they are over three steps, from the first on or later."""
    model = build(twin)
    at = jittered(model)
    if twin.name == "freezes-after-ten":
        train(model, 12)
        at = model.get_parameters()
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
    """From the same parameters the second update is twice the first; or so are the gradients, where Adam hides it."""
    model = build(twin)
    at = jittered(model)
    if "Adam" in twin.architecture:
        held = []
        for _ in range(2):
            update(model, at, X, XOR)
            held.append(np.concatenate([p.grad.numpy().ravel() for p in model.instance.parameters()]))
        assert np.allclose(held[1], 2 * held[0], rtol=1e-4, atol=1e-7)
        return
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
    if twin.name == "momentum-forgotten":
        kept, fresh = build(twin), build(twin)
        at = jittered(kept)
        update(kept, at, X, XOR)
        assert kept.declaration.optimiser == "momentum"
        assert np.array_equal(update(kept, at, X, XOR), update(fresh, at, X, XOR))
        return
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

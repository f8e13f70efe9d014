"""Functions in the JAX style, with NumPy alone; parameters of any nesting."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xorbench.adapters import as_factory
from xorbench.adapters.functions import flatten, rebuild
from xorbench.errors import UsageError
from xorbench.model import Capability, Model
from xorbench.registry import resolve
from xorbench.tasks import get_task

ROWS, LABELS = get_task("xor").table()

FILE = """
import numpy as np

loss_kind = "bce"

def init(seed, hidden=4):
    draw = np.random.default_rng(seed).normal
    return [{"W": draw(size=(2, hidden)), "b": np.zeros(hidden)}, {"W": draw(size=(hidden, 1)), "b": np.zeros(1)}]

def apply(params, x):
    hidden = np.tanh(x @ params[0]["W"] + params[0]["b"])
    return 1 / (1 + np.exp(-(hidden @ params[1]["W"] + params[1]["b"])))

def loss(params, x, y):
    p = apply(params, x)
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))

def grad(params, x, y):
    hidden = np.tanh(x @ params[0]["W"] + params[0]["b"])
    delta = (apply(params, x) - y) / len(x)
    inner = delta @ params[1]["W"].T * (1 - hidden**2)
    return [{"W": x.T @ inner, "b": inner.sum(0)}, {"W": hidden.T @ delta, "b": delta.sum(0)}]
"""


class Pair(NamedTuple):
    """A tuple with names."""

    first: Any
    second: Any


leaves = st.integers(0, 5).map(lambda n: np.arange(float(n)))
trees = st.recursive(
    leaves,
    lambda below: st.one_of(
        st.lists(below, min_size=1, max_size=3),
        st.lists(below, min_size=1, max_size=3).map(tuple),
        st.dictionaries(st.sampled_from("abc"), below, min_size=1),
        st.builds(Pair, below, below),
    ),
    max_leaves=6,
)


@given(trees)
def test_a_tree_taken_apart_is_put_together_again(tree: Any) -> None:
    flat = flatten(tree)
    again = rebuild(tree, lambda name, old: flat[name] + 1)
    assert type(again) is type(tree)
    for name, value in flatten(again).items():
        np.testing.assert_array_equal(value, flat[name] + 1)
    assert list(flatten(again)) == list(flat)


def test_a_file_of_functions_is_a_target(tmp_path: Any) -> None:
    (tmp_path / "functional.py").write_text(FILE)
    made = resolve(f"{tmp_path}/functional.py[hidden=8,learning_rate=0.5]")
    model = made.build(seed=3)
    assert model.capabilities >= {Capability.STEP, Capability.PARAMETERS, Capability.LOSS, Capability.GRADIENTS}
    assert list(model.get_parameters()) == ["0.W", "0.b", "1.W", "1.b"]
    assert model.get_parameters()["0.W"].shape == (2, 8)
    before, slopes, loss = model.get_parameters(), model.gradients(ROWS, LABELS), model.loss(ROWS, LABELS)
    assert model.step(ROWS, LABELS) == loss
    for name, value in model.get_parameters().items():
        np.testing.assert_array_equal(value, before[name] - 0.5 * slopes[name])
    for _ in range(5000):
        model.step(ROWS, LABELS)
    assert (model.classify(ROWS) == LABELS).all()


def functions(**more: Any) -> Any:
    def init(seed: int) -> dict[str, Any]:
        return {"w": np.array([1.0, 2.0]) + seed}

    return SimpleNamespace(init=init, apply=lambda params, x: x @ params["w"], **more)


def build(found: Any, **keywords: Any) -> Model:
    factory = as_factory(found)
    assert factory is not None
    return Model(factory(**keywords), target="test")


def test_without_a_gradient_it_can_only_predict() -> None:
    model = build(functions())
    assert model.capabilities == {Capability.PREDICT, Capability.PARAMETERS}
    model.set_parameters({"w": np.array([0.0, 3.0])})
    assert model.predict(ROWS).tolist() == [0, 3, 0, 3]


@pytest.mark.parametrize("with_loss", [False, True])
def test_a_step_of_one_s_own(with_loss: bool) -> None:
    def step(params: Any, x: Any, y: Any, learning_rate: float = 0.1) -> Any:
        new = {"w": params["w"] - learning_rate}
        return (new, 0.75) if with_loss else new

    model = build(functions(step=step), learning_rate=0.5)
    assert model.declaration.learning_rate == 0.5
    assert model.declaration.optimiser is None
    assert model.step(ROWS, LABELS) == (0.75 if with_loss else None)
    assert model.get_parameters()["w"].tolist() == [0.5, 1.5]


def test_a_step_that_returns_something_else_is_said() -> None:
    model = build(functions(step=lambda params, x, y: {"v": 1}))
    with pytest.raises(UsageError, match=r"step returned dict with the leaves v; it returns the parameters \(w\)"):
        model.step(ROWS, LABELS)


def test_what_init_draws_from_follows_its_first_argument() -> None:
    seen = []

    def init(rng: Any) -> dict[str, Any]:
        seen.append(rng)
        return {"w": rng.normal(size=2)}

    namespace = SimpleNamespace(init=init, apply=lambda params, x: x @ params["w"])
    one, same, other = (build(namespace, seed=seed).get_parameters()["w"] for seed in (1, 1, 2))
    assert isinstance(seen[0], np.random.Generator)
    assert one.tolist() == same.tolist() != other.tolist()


def test_init_without_arguments_takes_no_seed() -> None:
    made = as_factory(SimpleNamespace(init=lambda: {"w": np.ones(2)}, apply=lambda params, x: x @ params["w"]))
    assert made is not None
    assert Model(made()).predict(ROWS).tolist() == [0, 1, 1, 2]


def test_a_key_without_jax_is_said() -> None:
    namespace = SimpleNamespace(init=lambda key: {}, apply=lambda params, x: x[:, 0])
    with pytest.raises(UsageError, match="asks for a JAX key"):
        build(namespace)


def test_with_jax_the_gradient_follows_from_the_loss() -> None:
    jax = pytest.importorskip("jax", reason="jax is not installed")

    def init(key: Any) -> dict[str, Any]:
        return {"w": jax.random.normal(key, (2,))}

    def loss(params: Any, x: Any, y: Any) -> Any:
        return jax.numpy.mean((x @ params["w"] - y[:, 0]) ** 2)

    namespace = SimpleNamespace(init=init, apply=lambda params, x: x @ params["w"], loss=loss, output="score")
    model = build(namespace, seed=2)
    before, slopes = model.get_parameters(), model.gradients(ROWS, LABELS)
    model.step(ROWS, LABELS)
    np.testing.assert_allclose(model.get_parameters()["w"], before["w"] - 0.1 * slopes["w"], rtol=1e-6)
    model.set_parameters(before)
    assert isinstance(model.instance._parameters["w"], jax.Array)
    # A loss that uses no JAX cannot be differentiated by it, imported or not.
    assert Capability.STEP not in build(functions(loss=lambda params, x, y: 0.5)).capabilities

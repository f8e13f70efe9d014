"""Plain scripts as targets: what is read off them, what is run when, and what is said where something is missing."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from xorbench.errors import FactoryError, UsageError
from xorbench.model import Capability
from xorbench.registry import resolve
from xorbench.tasks import get_task

ROWS, LABELS = get_task("xor").table()

# A program as they are published: global arrays, a loop, prints.
PLAIN = '''"""XOR with two layers."""
import numpy as np

X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
y = np.array([[0], [1], [1], [0]])
epochs = 4000
lr = 1.0
hidden = 4

def sigmoid(z):
    return 1 / (1 + np.exp(-z))

W1 = np.random.uniform(-1, 1, (2, hidden))
b1 = np.zeros(hidden)
W2 = np.random.uniform(-1, 1, (hidden, 1))
b2 = np.zeros(1)

for epoch in range(epochs):
    a = np.tanh(X @ W1 + b1)
    p = sigmoid(a @ W2 + b2)
    error = np.mean((p - y) ** 2)
    delta = 2 * (p - y) * p * (1 - p) / len(X)
    inner = delta @ W2.T * (1 - a**2)
    W2 -= lr * a.T @ delta
    b2 -= lr * delta.sum(0)
    W1 -= lr * X.T @ inner
    b1 -= lr * inner.sum(0)

print("error", error)

def predict(x):
    return sigmoid(np.tanh(x @ W1 + b1) @ W2 + b2)
'''
MARKS = """# xorbench: inputs = X
# xorbench: targets = y
# xorbench: parameters = W1, b1, W2, b2
# xorbench: predict = sigmoid(np.tanh(X @ W1 + b1) @ W2 + b2)
# xorbench: loss = error
"""
MARKED = MARKS + PLAIN.replace("for epoch in range(epochs):", "for epoch in range(epochs):  # xorbench: step")


@pytest.fixture
def script(tmp_path: Path) -> Any:
    def write(text: str) -> str:
        path = tmp_path / "published.py"
        path.write_text(text)
        return str(path)

    return write


def test_an_unmarked_script_is_fitted_as_a_whole(script: Any, capsys: pytest.CaptureFixture[str]) -> None:
    made = resolve(script(PLAIN))
    assert made.entry.summary == "XOR with two layers."
    assert made.entry.learns == ("xor",)
    assert made.accepts("seed")
    assert made.accepts("learning_rate")
    assert made.option_defaults() == {"hidden": 4}
    model = made.build(seed=1)
    assert model.capabilities == {Capability.PREDICT, Capability.FIT}
    with pytest.raises(FactoryError, match="has not run yet"):
        model.predict(ROWS)
    assert capsys.readouterr().out == ""
    model.fit(ROWS, LABELS, 20)
    first = float(capsys.readouterr().out.split()[1])
    again = made.build(seed=1)
    again.fit(ROWS, LABELS, 4000)
    assert float(capsys.readouterr().out.split()[1]) < first  # `epochs` is the budget
    assert (again.classify(ROWS) == LABELS).all()


def test_a_marked_loop_is_stepped_and_equals_the_script_run_by_itself(script: Any) -> None:
    target = script(MARKED)
    made = resolve(target)
    model = made.build(seed=5)
    assert model.capabilities == {Capability.PREDICT, Capability.STEP, Capability.PARAMETERS}
    assert model.declaration.learning_rate == 1.0
    losses = [model.step(ROWS, LABELS) for _ in range(50)]
    alone: dict[str, Any] = {}
    state = np.random.get_state()  # noqa: NPY002
    np.random.seed(5)  # noqa: NPY002
    exec(PLAIN.replace("epochs = 4000", "epochs = 50"), alone)
    np.random.set_state(state)  # noqa: NPY002
    assert losses[-1] == alone["error"]
    for name, value in model.get_parameters().items():
        np.testing.assert_array_equal(value, alone[name])
    np.testing.assert_array_equal(model.predict(ROWS), alone["predict"](ROWS)[:, 0])


def test_a_marked_script_takes_other_data_other_weights_and_another_rate(script: Any) -> None:
    made = resolve(script(MARKED))
    model = made.build(seed=2, learning_rate=0.5)
    rows, labels = get_task("and").table()
    start = model.get_parameters()
    model.step(rows[:1], labels[:1])
    slow = {name: start[name] - value for name, value in model.get_parameters().items()}
    model.set_parameters(start)
    for name, value in model.get_parameters().items():
        np.testing.assert_array_equal(value, start[name])
    fast = made.build(seed=2, learning_rate=1.0)
    fast.step(rows[:1], labels[:1])
    for name, value in fast.get_parameters().items():
        np.testing.assert_allclose(start[name] - value, 2 * slow[name], rtol=1e-9, atol=1e-15)
    for _ in range(3000):
        fast.step(rows, labels)
    assert (fast.classify(rows) == labels).all()


def test_instances_share_nothing_and_the_global_random_state_stays(script: Any) -> None:
    made = resolve(
        script(MARKED.replace("    a = np.tanh", "    order = np.random.permutation(len(X))\n    a = np.tanh"))
    )
    states = random.getstate(), np.random.get_state()[1].tolist()  # type: ignore[union-attr]  # noqa: NPY002
    one, two = made.build(seed=4), made.build(seed=4)
    for _ in range(3):
        one.step(ROWS, LABELS)
    for _ in range(3):
        two.step(ROWS, LABELS)
    assert (random.getstate(), np.random.get_state()[1].tolist()) == states  # type: ignore[union-attr]  # noqa: NPY002
    for name, value in one.get_parameters().items():
        np.testing.assert_array_equal(value, two.get_parameters()[name])
    assert not np.array_equal(one.get_parameters()["W1"], made.build(seed=4).get_parameters()["W1"])


def test_options_are_constants_of_the_top_level(script: Any) -> None:
    made = resolve(script(MARKED) + "[hidden=7]")
    assert made.build().get_parameters()["W1"].shape == (2, 7)
    with pytest.raises(UsageError, match="no option 'hiden'; did you mean 'hidden'"):
        resolve(script(MARKED) + "[hiden=7]")


@pytest.mark.parametrize("line", ["np.random.seed(42)", "rng = np.random.default_rng(0)"])
def test_a_script_that_fixes_its_seed_takes_none(script: Any, line: str) -> None:
    assert not resolve(script(PLAIN.replace("epochs = 4000", f"{line}\nepochs = 4000"))).accepts("seed")


def test_a_seed_of_its_own_is_set(script: Any) -> None:
    text = MARKED.replace("lr = 1.0", "lr = 1.0\nseed = 3\nnp.random.seed(seed)")
    made = resolve(script(text))
    assert made.accepts("seed")
    one, same, other = (made.build(seed=seed).get_parameters()["W1"] for seed in (1, 1, 2))
    assert one.tolist() == same.tolist() != other.tolist()


def test_plain_lists_and_flat_labels_keep_their_kind(script: Any) -> None:
    text = """# xorbench: inputs = rows
# xorbench: targets = wanted
# xorbench: predict = answer
# xorbench: parameters = w, b
rows = [[0, 0], [0, 1], [1, 0], [1, 1]]
wanted = [0, 1, 1, 1]
w, b = [0.0, 0.0], 0.0

def answer(row):
    return 1.0 if w[0] * row[0] + w[1] * row[1] + b > 0 else 0.0

while True:  # xorbench: step
    for row, want in zip(rows, wanted):
        miss = want - answer(row)
        if not miss:
            continue
        w[0] += miss * row[0]
        w[1] += miss * row[1]
        b += miss
    if w[0] > 100:
        break
"""
    model = resolve(script(text)).build()
    rows, labels = get_task("or").table()
    for _ in range(10):
        model.step(rows, labels)
    assert (model.classify(rows) == labels).all()  # `answer` takes one row, so it is asked row by row
    assert list(model.get_parameters()) == ["w", "b"]
    model.set_parameters({"w": np.array([1.0, 1.0]), "b": np.array(-1.5)})
    assert model.classify(rows).tolist() == [False, False, False, True]


WRONG = {
    "# xorbench: predikt = f": "is no mark; did you mean 'predict'",
    "# xorbench: predict": "is no mark; write `# xorbench: predict = ...`",
    "x = 1  # xorbench: step": "stands behind a loop of the top level",
    "for i in range(3):  # xorbench: step\n    pass": "also needs `# xorbench: inputs = NAME`",
    "def predict(x:": "is no Python",
    "print('hello')": r"has no function predict\(inputs\); write one",
    "def forward(x): return x": r"has no function predict\(inputs\) among forward",
    "class Net:\n    def predict(self, x): return x": r"did you mean .*published\.py:Net\?",
}


@pytest.mark.parametrize("text", WRONG)
def test_what_is_missing_is_said_in_one_sentence(script: Any, text: str) -> None:
    with pytest.raises(UsageError, match=WRONG[text]) as caught:
        resolve(script(text))
    assert "\n" not in str(caught.value)


def test_nothing_of_a_script_runs_when_it_is_named(script: Any) -> None:
    made = resolve(script("raise SystemExit('run!')\ndef predict(x): return x[:, 0]\n"))
    with pytest.raises(SystemExit):
        made.build().fit(ROWS, LABELS, 1)


def test_a_missing_parameter_is_named(script: Any) -> None:
    model = resolve(script(MARKED.replace("parameters = W1", "parameters = w1"))).build()
    with pytest.raises(FactoryError, match=r"leaves no variable 'w1'; did you mean 'W1'"):
        model.get_parameters()


def test_the_source_of_a_script_is_its_content(script: Any) -> None:
    first = resolve(script(PLAIN)).source
    assert resolve(script(PLAIN)).source == first
    assert resolve(script(PLAIN.replace("4000", "4001"))).source != first


def test_a_main_guard_runs(script: Any) -> None:
    text = "def predict(x):\n    return x[:, 0] + shift\nif __name__ == '__main__':\n    shift = 5\n"
    model = resolve(script(text)).build()
    model.fit(ROWS, LABELS, 1)
    assert model.predict(ROWS).tolist() == [5, 5, 6, 6]

"""Scripts of PyTorch as targets: tensors stay tensors, torch's generator is seeded and lent, parameters are found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from xorbench.adapters.script_values import like
from xorbench.errors import FactoryError
from xorbench.model import Model
from xorbench.registry import resolve
from xorbench.tasks import get_task

torch = pytest.importorskip("torch", reason="torch is not installed")

ROWS, LABELS = get_task("xor").table()

MARKS = """# xorbench: inputs = X
# xorbench: targets = y
# xorbench: predict = model(X).detach().numpy()
# xorbench: loss = loss
"""
BODY = """import torch
import torch.nn as nn
X = torch.tensor([[0,0],[0,1],[1,0],[1,1]], dtype=torch.float32)
y = torch.tensor([[0],[1],[1],[0]], dtype=torch.float32)
model = nn.Sequential(nn.Linear(2,4), nn.Tanh(), nn.Linear(4,1), nn.Sigmoid())
opt = torch.optim.SGD(model.parameters(), lr=0.5)
loss_fn = nn.BCELoss()
for epoch in range(30):  # xorbench: step
    opt.zero_grad()
    out = model(X)
    loss = loss_fn(out, y)
    loss.backward()
    opt.step()
"""
LEAVES = """# xorbench: inputs = X
# xorbench: targets = y
# xorbench: predict = torch.sigmoid(torch.tanh(X @ W1 + b1) @ W2)
# xorbench: loss = loss
import torch
X = torch.tensor([[0., 0], [0, 1], [1, 0], [1, 1]], dtype=torch.float64)
y = torch.tensor([0., 1, 1, 0], dtype=torch.float64)
W1 = torch.randn(2, 4, dtype=torch.float64, requires_grad=True)
b1 = torch.zeros(4, dtype=torch.float64, requires_grad=True)
W2 = torch.randn(4, 1, dtype=torch.float64, requires_grad=True)
for epoch in range(30):  # xorbench: step
    assert X.dtype == torch.float64 and y.shape == (len(X),)
    p = torch.sigmoid(torch.tanh(X @ W1 + b1) @ W2).squeeze(1)
    loss = torch.nn.functional.binary_cross_entropy(p, y)
    loss.backward()
    with torch.no_grad():
        for w in (W1, b1, W2):
            w -= 0.5 * w.grad
            w.grad.zero_()
"""


@pytest.fixture
def build(tmp_path: Path) -> Any:
    def make(text: str, **keywords: Any) -> Model:
        path = tmp_path / "published.py"
        path.write_text(text)
        return resolve(str(path)).build(**keywords)

    return make


def test_a_script_of_tensors_steps_as_it_runs_by_itself(build: Any) -> None:
    model = build(MARKS + BODY, seed=3)
    losses = [model.step(ROWS, LABELS) for _ in range(30)]
    alone: dict[str, Any] = {}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        exec(BODY, alone)
    assert losses[-1] == alone["loss"].item()
    np.testing.assert_array_equal(model.predict(ROWS), alone["model"](alone["X"]).detach().numpy().ravel())


@pytest.mark.parametrize("text", [MARKS + BODY, LEAVES])
def test_the_seed_decides_and_the_global_generator_stays(build: Any, text: str) -> None:
    state = torch.get_rng_state()
    one = build(text, seed=4).predict(ROWS)
    torch.rand(1)
    other_state = torch.get_rng_state()
    same, other = build(text, seed=4).predict(ROWS), build(text, seed=5).predict(ROWS)
    assert not torch.equal(state, other_state)
    assert torch.equal(torch.get_rng_state(), other_state)
    assert one.tolist() == same.tolist() != other.tolist()


DRAWING = {
    "in the loop": BODY.replace("    out = model(X)", "    out = model(X + torch.randn(len(X), 2))"),
    "in a layer": BODY.replace("nn.Tanh()", "nn.Dropout(0.5)"),
    "in a function": BODY.replace(
        "for epoch", "def noisy(x):\n    return x + torch.rand(len(x), 2)\nfor epoch"
    ).replace("    out = model(X)", "    out = model(noisy(X))"),
}


@pytest.mark.parametrize("where", DRAWING)
def test_updates_draw_from_random_numbers_of_their_own(build: Any, where: str) -> None:
    def losses(disturb: int) -> list[float | None]:
        model, said = build(MARKS + DRAWING[where], seed=1), []
        for _ in range(4):
            torch.rand(1 + disturb)
            said.append(model.step(ROWS, LABELS))
        return said

    assert losses(0) == losses(3)
    assert len(set(losses(0))) == 4


@pytest.mark.parametrize(
    ("mark", "names"),
    [
        ("", ["model.0.weight", "model.0.bias", "model.2.weight", "model.2.bias"]),
        ("# xorbench: parameters = model\n", ["model.0.weight", "model.0.bias", "model.2.weight", "model.2.bias"]),
    ],
)
def test_a_module_s_parameters_are_shown_and_set_under_its_name(build: Any, mark: str, names: list[str]) -> None:
    model = build(mark + MARKS + BODY)
    start = model.get_parameters()
    assert list(start) == names
    model.step(ROWS, LABELS)
    moved = model.get_parameters()
    assert all(not np.array_equal(start[name], moved[name]) for name in names)
    model.set_parameters(start)
    model.step(ROWS, LABELS)  # the optimiser still holds the tensors that were set
    for name, value in model.get_parameters().items():
        np.testing.assert_array_equal(value, moved[name])


def test_tensors_that_require_a_gradient_are_set_in_place(build: Any) -> None:
    model = build(LEAVES)
    held = model.instance._namespace["W1"]
    wanted = {name: np.ones_like(value) for name, value in model.get_parameters().items()}
    assert list(wanted) == ["W1", "b1", "W2"]
    model.set_parameters(wanted)
    assert model.instance._namespace["W1"] is held
    assert held.requires_grad
    assert held.is_leaf
    model.step(ROWS[:1], LABELS[:1])
    assert not np.array_equal(model.get_parameters()["W1"], wanted["W1"]) or not ROWS[0].any()
    assert model.get_parameters()["W1"].dtype == np.float64


def test_a_layer_that_is_part_of_another_is_shown_once(build: Any) -> None:
    text = BODY.replace("model = nn.Sequential(nn.Linear(2,4)", "first = nn.Linear(2,4)\nmodel = nn.Sequential(first")
    assert list(build(MARKS + text).get_parameters()) == [
        "first.weight", "first.bias", "model.2.weight", "model.2.bias",
    ]  # fmt: skip


def test_attributes_can_be_named(build: Any) -> None:
    text = (
        "# xorbench: parameters = model.0, net.W\n"
        + MARKS
        + BODY.replace("for epoch", "class Net: W = [1.0]\nnet = Net()\nfor epoch")
    )
    model = build(text)
    assert list(model.get_parameters()) != []
    start = model.get_parameters()
    model.set_parameters({**start, "net.W": np.array([2.0])})
    assert model.instance._namespace["net"].W == [2.0]


def test_an_attribute_that_is_not_there_is_named(build: Any) -> None:
    model = build("# xorbench: parameters = model.first\n" + MARKS + BODY)
    with pytest.raises(FactoryError, match=r"published.py leaves no variable 'model.first'"):
        model.get_parameters()


def test_a_forgotten_zero_grad_adds_the_first_update_to_the_second(build: Any) -> None:
    def updates(text: str) -> list[np.ndarray]:
        model = build(MARKS + text)
        seen = [model.get_parameters()["model.0.weight"]]
        for row in (1, 2):
            model.step(ROWS[row : row + 1], LABELS[row : row + 1])
            seen.append(model.get_parameters()["model.0.weight"])
        return list(np.diff(seen, axis=0))

    right, wrong = updates(BODY), updates(BODY.replace("    opt.zero_grad()\n", ""))
    np.testing.assert_array_equal(right[0], wrong[0])
    np.testing.assert_allclose(wrong[1], right[1] + right[0], atol=1e-6)


def test_a_predict_that_takes_tensors_gets_them(build: Any) -> None:
    marks = MARKS.replace("predict = model(X).detach().numpy()", "predict = model")
    assert build(marks + BODY, seed=1).predict(ROWS).tolist() == build(MARKS + BODY, seed=1).predict(ROWS).tolist()
    fitted = build("# xorbench: predict = model\n" + BODY.replace("  # xorbench: step", ""), seed=1)
    fitted.fit(ROWS, LABELS, 1)
    assert fitted.predict(ROWS).shape == (4,)


def test_torch_that_a_helper_imports_is_seeded_too(build: Any, tmp_path: Path) -> None:
    (tmp_path / "helper_of_published.py").write_text("import torch\n")
    text = "from helper_of_published import torch\nw = torch.rand(1)\ndef predict(x):\n    return x @ w.repeat(2).numpy()\n"
    answers = []
    for _ in range(2):
        model = build(text, seed=2)
        model.fit(ROWS, LABELS, 1)
        answers.append(model.predict(ROWS).tolist())
    assert answers[0] == answers[1]


def test_values_are_like_the_variable_that_they_replace() -> None:
    values = np.array([[0.0], [1.0]])
    whole = like(values, torch.tensor([0, 1]), flat=True)
    assert (whole.dtype, whole.tolist()) == (torch.int64, [0, 1])
    assert like(np.array([0.5]), torch.tensor([0, 1])).dtype == torch.get_default_dtype()
    assert like(values, np.zeros((4, 1), dtype=np.float32)).dtype == np.float32
    assert like(values, np.zeros(4, dtype=int), flat=True).shape == (2,)
    assert like(-values, np.zeros(4, dtype=np.uint8)).tolist() == [[0.0], [-1.0]]
    assert like(np.array([0.5]), np.zeros(4, dtype=int)).tolist() == [0.5]
    assert like(values, [[0], [1]]) == [[0.0], [1.0]]
    assert like(values, None) is values

"""Modules with a `training_step`, as Lightning's have it: its loss is the one that is trained and judged."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from xorbench.adapters import as_factory
from xorbench.errors import UsageError
from xorbench.model import Model
from xorbench.tasks import get_task

torch = pytest.importorskip("torch", reason="torch is not installed")
nn, F = torch.nn, torch.nn.functional

ROWS, LABELS = get_task("xor").table()


def lit(step: Any, *head: Any, loss: Any = None) -> type:
    """Return a class with this training_step, of the module and its batch, on a network that ends in `head`."""

    class Lit(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), *(head or [nn.Linear(4, 1)]))
            if loss is not None:
                self.criterion = loss

        def forward(self, x: Any) -> Any:
            return self.net(x)

        def training_step(self, batch: Any, batch_idx: int) -> Any:
            return step(self, *batch)

    return Lit


def build(found: Any, **keywords: Any) -> Model:
    factory = as_factory(found)
    assert factory is not None
    return Model(factory(**{"seed": 1, **keywords}), target="test")


SQUASHED = (nn.Linear(4, 1), nn.Sigmoid())
STEPS: dict[str, tuple[Any, tuple[Any, ...], str, str]] = {
    "logits": (lambda m, x, y: F.binary_cross_entropy_with_logits(m(x), y), (), "logit", "bce"),
    "logits, flat": (lambda m, x, y: F.binary_cross_entropy_with_logits(m(x).squeeze(1), y), (), "logit", "bce"),
    "a dict": (lambda m, x, y: {"loss": F.binary_cross_entropy_with_logits(m(x), y)}, (), "logit", "bce"),
    "probabilities": (lambda m, x, y: F.binary_cross_entropy(m(x), y), SQUASHED, "probability", "bce"),
    "the slip": (lambda m, x, y: F.binary_cross_entropy_with_logits(m(x), y), SQUASHED, "probability", "bce"),
    "squared error": (lambda m, x, y: F.mse_loss(m(x), y), SQUASHED, "score", "mse"),
    "squared error, flat": (lambda m, x, y: F.mse_loss(m(x).squeeze(1), y), SQUASHED, "score", "mse"),
    "its sum": (lambda m, x, y: F.mse_loss(m(x), y, reduction="sum"), SQUASHED, "score", "sse"),
    "classes": (lambda m, x, y: F.cross_entropy(m(x), y), (nn.Linear(4, 2),), "logit", "bce"),
    "one code each": (lambda m, x, y: F.mse_loss(m(x), y), (nn.Linear(4, 2),), "logit", "own"),
    "a formula, flat": (lambda m, x, y: ((m(x).squeeze() - y) ** 4).mean(), SQUASHED, "probability", "own"),
    "its own": (lambda m, x, y: F.huber_loss(m(x), y, delta=0.1), (), "logit", "own"),
}


@pytest.mark.parametrize("name", STEPS)
def test_the_loss_of_training_step_is_known_and_descended(name: str) -> None:
    step, head, output, kind = STEPS[name]
    model = build(lit(step, *head), learning_rate=0.1)
    assert (model.declaration.output, model.declaration.loss_kind) == (output, kind)
    before, slopes, loss = model.get_parameters(), model.gradients(ROWS, LABELS), model.loss(ROWS, LABELS)
    assert model.step(ROWS, LABELS) == pytest.approx(loss, rel=1e-6)
    for key, value in model.get_parameters().items():
        np.testing.assert_allclose(value, before[key] - 0.1 * slopes[key], rtol=1e-5, atol=1e-7)


def test_targets_are_not_spread_where_another_form_keeps_the_rows_apart() -> None:
    model = build(lit(STEPS["a formula, flat"][0], *SQUASHED))
    assert model.loss(ROWS, LABELS) == pytest.approx(np.mean((model.predict(ROWS) - LABELS) ** 4), rel=1e-5)


def test_training_step_goes_before_an_attribute_and_the_option_before_it() -> None:
    kind = lit(STEPS["squared error"][0], *SQUASHED, loss=nn.BCELoss())
    assert build(kind).declaration.loss_kind == "mse"
    assert build(kind, loss="bce").declaration.loss_kind == "bce"


def test_looking_calls_a_copy() -> None:
    def step(module: Any, x: Any, y: Any) -> Any:
        module.calls = getattr(module, "calls", 0) + 1
        with torch.no_grad():
            module.net[0].weight.zero_()
        return F.mse_loss(module(x), y)

    state = torch.get_rng_state()
    model = build(lit(step))
    assert not hasattr(model.instance.module, "calls")
    assert np.abs(model.get_parameters()["net.0.weight"]).max() > 0
    assert torch.equal(torch.get_rng_state(), state)


def test_a_batch_alone_is_enough() -> None:
    class Alone(lit(STEPS["logits"][0])):  # type: ignore[misc]
        def training_step(self, batch: Any) -> Any:
            x, y = batch
            return 2 * F.mse_loss(self(x), y)

    model = build(Alone)
    assert model.loss(ROWS, LABELS) == pytest.approx(2 * np.mean((model.predict(ROWS) - LABELS) ** 2), rel=1e-5)


def test_a_training_step_of_other_arguments_is_something_else() -> None:
    class Other(lit(STEPS["logits"][0])):  # type: ignore[misc]
        def training_step(self, x: Any, y: Any) -> Any:
            raise AssertionError

    assert build(Other).step(ROWS, LABELS) is not None


UNFIT: dict[str, tuple[Any, str]] = {
    "raises": (lambda m, x, y: m.missing(x), r"raised AttributeError: .*missing.*, given \(inputs, targets\)"),
    "forgets to return": (lambda m, x, y: None, "returned NoneType, no loss that a gradient can be taken of"),
    "returns a number": (lambda m, x, y: F.mse_loss(m(x), y).item(), "returned float, no loss"),
    "returns a constant": (lambda m, x, y: F.mse_loss(m(x), y).detach(), "returned Tensor, no loss"),
}


@pytest.mark.parametrize("name", UNFIT)
def test_what_is_no_loss_is_said_in_one_sentence(name: str) -> None:
    step, said = UNFIT[name]
    with pytest.raises(UsageError, match=rf"Lit.training_step\(batch\) {said}") as caught:
        build(lit(step))
    assert "\n" not in str(caught.value)
    assert build(lit(step), loss="bce-with-logits").step(ROWS, LABELS) is not None

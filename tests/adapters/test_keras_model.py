"""Keras models, as a function returns them."""

from __future__ import annotations

import importlib.util
import os
from typing import Any

import numpy as np
import pytest

from xorbench.adapters import adapt
from xorbench.model import Capability, Model
from xorbench.tasks import get_task

if importlib.util.find_spec("keras") is None:
    pytest.skip("keras is not installed", allow_module_level=True)
os.environ.setdefault("KERAS_BACKEND", "torch" if importlib.util.find_spec("torch") else "jax")

# Keras's own use of NumPy, not ours.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

ROWS, LABELS = get_task("xor").table()


@pytest.fixture(scope="module")
def keras() -> Any:
    import keras

    return keras


def build(keras: Any, loss: Any, *, last: str | None = "sigmoid", **compiled: Any) -> Model:
    keras.utils.set_random_seed(1)
    network = keras.Sequential(
        [keras.layers.Input((2,)), keras.layers.Dense(4, activation="tanh"), keras.layers.Dense(1, activation=last)]
    )
    network.compile(optimizer=keras.optimizers.SGD(0.3), loss=loss, **compiled)
    return Model(adapt(network, target="t"), target="t")


@pytest.mark.parametrize("metrics", [[], ["accuracy"]])
def test_a_step_is_one_update_against_the_slope_of_the_loss(keras: Any, metrics: list[str]) -> None:
    model = build(keras, "binary_crossentropy", metrics=metrics)
    assert model.capabilities >= {Capability.STEP, Capability.PARAMETERS, Capability.LOSS}
    said = model.declaration
    assert (said.output, said.loss_kind, said.learning_rate) == ("probability", "bce", pytest.approx(0.3))
    start = model.get_parameters()
    assert model.step(ROWS, LABELS) == pytest.approx(model_loss(model, start), rel=1e-5)
    after = model.get_parameters()
    name = list(start)[-2]  # the output weights: their slope is h (p - y) / n
    model.set_parameters(start)
    hidden = np.tanh(ROWS @ start["w00"] + start["w01"])
    slope = hidden.T @ (model.predict(ROWS) - LABELS)[:, None] / 4
    np.testing.assert_allclose(start[name] - after[name], 0.3 * slope, rtol=1e-4, atol=1e-7)


def model_loss(model: Model, parameters: Any) -> float:
    """Return the loss at these parameters, and put the present ones back."""
    present = model.get_parameters()
    model.set_parameters(parameters)
    loss = model.loss(ROWS, LABELS)
    model.set_parameters(present)
    return loss


def test_the_compiled_loss_says_what_the_output_means(keras: Any) -> None:
    logits = build(keras, keras.losses.BinaryCrossentropy(from_logits=True), last=None)
    assert (logits.declaration.output, logits.declaration.loss_kind) == ("logit", "bce")
    squares = build(keras, "mean_squared_error", last=None)
    assert (squares.declaration.output, squares.declaration.loss_kind) == ("score", "mse")
    assert build(keras, keras.losses.Huber(), last=None).declaration.loss_kind == "own"

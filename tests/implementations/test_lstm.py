"""The two LSTMs: exact gradients, one trajectory, any length, and the published contrast."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.implementations.networks import clouds, distance, numerical_gradient, table
from xorbench.errors import UsageError
from xorbench.implementations.lstm import initial_lstm
from xorbench.implementations.numpy_lstm import NumpyLSTM
from xorbench.model import Model
from xorbench.tasks import get_task

seeds = st.integers(0, 2**32)


def _torch_lstm(**options: Any) -> Any:
    pytest.importorskip("torch", reason="torch-lstm needs PyTorch")
    from xorbench.implementations.torch_lstm import TorchLSTM

    return TorchLSTM(**options)


@settings(max_examples=25, deadline=None)
@given(
    hidden=st.integers(1, 4),
    length=st.integers(1, 6),
    rows=st.integers(1, 5),
    loss=st.sampled_from(["bce", "mse"]),
    seed=seeds,
)
def test_gradients_are_the_central_differences(hidden: int, length: int, rows: int, loss: str, seed: int) -> None:
    model = NumpyLSTM(hidden=hidden, loss=loss, seed=seed)
    generator = np.random.default_rng(seed)
    start = model.get_parameters()
    model.set_parameters({name: value + generator.normal(0, 0.5, value.shape) for name, value in start.items()})
    data = clouds(seed, rows=rows, inputs=length)
    expected, found = numerical_gradient(model, *data), model.gradients(*data)
    for name in expected:
        assert np.allclose(found[name], expected[name], rtol=1e-6, atol=1e-9), name


@pytest.mark.parametrize("clip", [None, 0.3])
@pytest.mark.parametrize("optimiser", ["adam", "sgd", "momentum"])
@pytest.mark.parametrize("loss", ["bce", "mse"])
def test_the_same_start_gives_the_same_trajectory(loss: str, optimiser: str, clip: float | None) -> None:
    options: dict[str, Any] = {"hidden": 4, "loss": loss, "optimiser": optimiser, "clip": clip, "seed": len(optimiser)}
    ours, theirs = NumpyLSTM(**options), _torch_lstm(**options, dtype="float64")
    assert distance(ours.get_parameters(), theirs.get_parameters()) == 0.0
    for step in range(150):
        data = clouds(step, rows=8, inputs=1 + step % 7)
        assert ours.step(*data) == pytest.approx(theirs.step(*data), rel=1e-9)
    assert distance(ours.get_parameters(), theirs.get_parameters()) < 1e-9


@settings(max_examples=15, deadline=None)
@given(length=st.integers(1, 30), seed=seeds)
def test_predictions_gradients_and_last_states_agree(length: int, seed: int) -> None:
    ours, theirs = NumpyLSTM(seed=seed), _torch_lstm(seed=seed, dtype="float64")
    data = clouds(seed, inputs=length)
    assert np.allclose(ours.predict(data[0]), theirs.predict(data[0]), rtol=1e-12)
    assert np.allclose(ours.hidden(data[0])[0], theirs.hidden(data[0])[0], rtol=1e-10, atol=1e-14)
    assert distance(ours.gradients(*data), theirs.gradients(*data)) < 1e-13


@settings(max_examples=15, deadline=None)
@given(length=st.integers(1, 12), other=st.integers(1, 12), seed=seeds)
def test_no_state_is_kept_between_sequences_or_calls(length: int, other: int, seed: int) -> None:
    model = NumpyLSTM(seed=seed)
    rows, _ = clouds(seed, inputs=length)
    first = model.predict(rows)
    model.predict(clouds(seed, inputs=other)[0])
    assert (model.predict(rows) == first).all()
    one_by_one = [model.predict(rows[index : index + 1])[0] for index in range(len(rows))]
    assert np.allclose(first, one_by_one, rtol=1e-12)


def test_the_start() -> None:
    start = initial_lstm(10, forget_bias=1.0, seed=5)
    assert (start["b"] == np.repeat([0.0, 1.0, 0.0, 0.0], 10)).all()
    assert np.abs(start["W_hh"]).max() <= 10**-0.5
    assert distance(start, NumpyLSTM(seed=5).get_parameters()) == 0.0


def test_clipping_bounds_the_step_and_not_the_gradient() -> None:
    data = clouds(2, inputs=5)
    free = NumpyLSTM(optimiser="sgd", learning_rate=1.0, seed=2)
    bound = NumpyLSTM(optimiser="sgd", learning_rate=1.0, seed=2, clip=0.01)
    assert distance(free.gradients(*data), bound.gradients(*data)) == 0.0
    before = bound.get_parameters()
    bound.step(*data)
    moved = [before[name] - value for name, value in bound.get_parameters().items()]
    # The epsilon beside the norm is 1e-6.
    assert sum(float((move**2).sum()) for move in moved) ** 0.5 == pytest.approx(0.01, rel=1e-3)
    assert (free.optimiser, bound.optimiser) == ("sgd", "other")


@pytest.mark.parametrize("task", ["xor", "xor-bipolar", "and", "parity-4"])
def test_learns_small_tables_as_sequences(task: str) -> None:
    """From each of five starts within 2,000 steps; XOR takes 20 to 60."""
    inputs, targets = table(task)
    for seed in range(5):
        model = NumpyLSTM(seed=seed)
        for _ in range(2000):
            model.step(inputs, targets)
            if ((model.predict(inputs) > 0.5) == (targets[:, 0] > 0.5)).all():
                break
        else:
            pytest.fail(f"{task} not learned from seed {seed}")


def test_a_copy_trains_on_alone() -> None:
    data = clouds(6, inputs=3)
    model = NumpyLSTM()
    model.step(*data)
    twin, kept = copy.deepcopy(model), model.get_parameters()
    twin.step(*data)
    assert distance(model.get_parameters(), kept) == 0.0
    model.step(*data)
    assert distance(model.get_parameters(), twin.get_parameters()) == 0.0


@pytest.mark.parametrize(
    "options", [{"hidden": 0}, {"clip": 0}, {"clip": "x"}, {"forget_bias": float("inf")}, {"loss": "hinge"}]
)
def test_a_wrong_option_is_named(options: dict) -> None:
    with pytest.raises(UsageError, match=next(iter(options))):
        NumpyLSTM(**options)
    with pytest.raises(UsageError, match=next(iter(options))):
        _torch_lstm(**options)


def _train(model: Model, task_name: str, seed: int, budget: int) -> tuple[int, float]:
    """Train until all is right, looked at every hundred iterations; return iterations and the accuracy then."""
    task = get_task(task_name)
    inputs, labels = task.evaluation()
    stream, accuracy = task.batches(seed), 0.0
    iteration = 0
    while iteration < budget and accuracy < 1.0:
        iteration += 100
        for _ in range(100):
            model.step(*next(stream))
        accuracy = float((model.classify(inputs) == labels).mean())
    return iteration, accuracy


@pytest.mark.slow
def test_published_contrast_of_fixed_and_varying_lengths() -> None:
    """OpenAI, Requests for Research 2.0 (2018), the warm-up: lengths 1 to 50 are learned, length 50 alone is not.

    100,000 strings, hidden 10, Adam .01, batch 128, clip 1, forget bias 1. Of 13 starts all were through within 1,500
    iterations, nine of them within 1,000.
    """
    results = [_train(Model(NumpyLSTM(clip=1, seed=seed)), "sequence-parity-1..50", seed, 2500) for seed in range(3)]
    assert all(accuracy == 1.0 for _, accuracy in results), results
    # Chance is 0.5 with a deviation of 0.011 on 2,048 strings.
    _, accuracy = _train(Model(NumpyLSTM(clip=1)), "sequence-parity-50", 0, 4000)
    assert abs(accuracy - 0.5) < 0.05
    _, accuracy = _train(Model(_torch_lstm(clip=1)), "sequence-parity-1..50", 0, 2500)
    assert accuracy == 1.0

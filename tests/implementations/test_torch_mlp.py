"""torch-mlp: the twin of numpy-mlp to rounding error, and a guest that leaves PyTorch's global state alone."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.implementations.networks import clouds, distance, numerical_gradient, table
from xorbench.errors import DeviceError, UsageError
from xorbench.implementations.numpy_mlp import NumpyMLP

torch = pytest.importorskip("torch", reason="torch-mlp needs PyTorch")

from xorbench.implementations.torch_mlp import TorchMLP  # noqa: E402 - after the check that torch is there

ACTIVATIONS = ("sigmoid", "tanh", "relu", "leaky-relu", "softplus")
OPTIMISERS = {"sgd": 0.1, "momentum": 0.05, "adam": 0.05, "rprop": 0.01}


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("loss", ["bce", "mse"])
@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_the_same_start_gives_the_same_trajectory_for_500_steps(activation: str, loss: str, optimiser: str) -> None:
    """On the table of XOR with its row on the kink, from another seed for each of the 40 combinations."""
    options: dict[str, Any] = {
        "hidden": 3,
        "activation": activation,
        "loss": loss,
        "optimiser": optimiser,
        "learning_rate": OPTIMISERS[optimiser],
        "seed": ACTIVATIONS.index(activation) * 100 + list(OPTIMISERS).index(optimiser) * 10 + (loss == "mse"),
    }
    ours, theirs = NumpyMLP(**options), TorchMLP(**options, dtype="float64")
    assert distance(ours.get_parameters(), theirs.get_parameters()) == 0.0
    data = table()
    if optimiser == "rprop":
        _follow_rprop(ours, theirs, data)
        return
    for step in range(1, 501):
        assert ours.step(*data) == pytest.approx(theirs.step(*data), rel=1e-9, abs=1e-15)
        if step % 25 == 0:
            assert distance(ours.get_parameters(), theirs.get_parameters()) < 1e-10


def _follow_rprop(ours: NumpyMLP, theirs: TorchMLP, data: tuple[np.ndarray, np.ndarray]) -> None:
    """RPROP moves by signs alone: where rounding decides a sign, two right libraries part for good.

    Until then both must stay together; from there on PyTorch is set to NumPy's weights before each step and the
    gradients must agree to rounding. That equal gradients give equal updates is tested with the optimisers.
    """
    together = 0
    for step in range(500):
        if together < step:
            theirs.set_parameters(ours.get_parameters())
        one, other = (np.concatenate([g.ravel() for g in model.gradients(*data).values()]) for model in (ours, theirs))
        assert np.allclose(one, other, rtol=1e-9, atol=1e-14)
        decided = (np.sign(one) == np.sign(other)) & ((one == other) | (np.abs(one) > 1e-150))
        ours.step(*data)
        if together == step and decided.all():
            theirs.step(*data)
            assert distance(ours.get_parameters(), theirs.get_parameters()) < 1e-10
            together += 1
    assert together >= 15  # before, no unit can be saturated: the steps so far sum to less than one


@settings(max_examples=25, deadline=None)
@given(
    layers=st.lists(st.integers(1, 5), max_size=3),
    activation=st.sampled_from([*ACTIVATIONS, "identity"]),
    loss=st.sampled_from(["bce", "mse"]),
    rows=st.integers(1, 9),
    seed=st.integers(0, 2**32),
)
def test_predictions_losses_gradients_and_hidden_layers_agree(
    layers: list[int], activation: str, loss: str, rows: int, seed: int
) -> None:
    options: dict[str, Any] = {
        "layers": "-".join(map(str, layers)) or 0,
        "activation": activation,
        "loss": loss,
        "seed": seed,
        "init": "normal",
        "inputs": 3,
    }
    ours, theirs = NumpyMLP(**options), TorchMLP(**options, dtype="float64")
    data = clouds(seed, rows=rows, inputs=3)
    assert np.allclose(ours.predict(data[0]), theirs.predict(data[0]), rtol=1e-12, atol=1e-15)
    assert ours.loss(*data) == pytest.approx(theirs.loss(*data), rel=1e-12, abs=1e-15)
    assert distance(ours.gradients(*data), theirs.gradients(*data)) < 1e-12
    for one, other in zip(ours.hidden(data[0]), theirs.hidden(data[0]), strict=True):
        assert np.allclose(one, other, rtol=1e-12, atol=1e-12)


def test_gradients_are_the_central_differences() -> None:
    model, data = TorchMLP(layers="3-2", init="normal", dtype="float64", seed=11), clouds(11)
    expected = numerical_gradient(model, *data)
    assert distance(model.gradients(*data), expected) < 1e-8


def test_float32_is_the_default_and_follows_for_a_while() -> None:
    single, double, data = TorchMLP(), TorchMLP(dtype="float64"), table()
    assert {value.dtype for value in single.get_parameters().values()} == {np.dtype("float32")}
    for _ in range(50):
        single.step(*data)
        double.step(*data)
    assert 0 < distance(single.get_parameters(), double.get_parameters()) < 1e-4


def test_nothing_global_is_touched() -> None:
    before = torch.get_rng_state(), torch.get_default_dtype(), torch.get_num_threads(), torch.is_grad_enabled()
    model = TorchMLP(optimiser="adam")
    model.step(*table())
    model.gradients(*table())
    model.predict(table()[0])
    after = torch.get_rng_state(), torch.get_default_dtype(), torch.get_num_threads(), torch.is_grad_enabled()
    assert torch.equal(before[0], after[0])
    assert before[1:] == after[1:]


def test_gradients_do_not_reach_into_the_next_step() -> None:
    one, other, data = TorchMLP(seed=3, dtype="float64"), TorchMLP(seed=3, dtype="float64"), clouds(3)
    for _ in range(5):
        one.gradients(*data)
        one.step(*data)
        other.step(*data)
    assert distance(one.get_parameters(), other.get_parameters()) == 0.0


def test_a_copy_trains_on_alone() -> None:
    model, data = TorchMLP(optimiser="momentum"), clouds(4)
    model.step(*data)
    twin, kept = copy.deepcopy(model), model.get_parameters()
    twin.step(*data)
    assert distance(model.get_parameters(), kept) == 0.0
    model.step(*data)
    assert distance(model.get_parameters(), twin.get_parameters()) == 0.0


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"device": "gpu"}, UsageError, "device 'gpu': PyTorch knows no such device"),
        ({"device": "meta"}, UsageError, "holds no numbers"),
        ({"device": "cuda:63"}, DeviceError, "device 'cuda:63' is not there"),
        ({"dtype": "float16"}, UsageError, "unknown dtype 'float16'; did you mean"),
        ({"activation": "gelu"}, UsageError, "unknown activation 'gelu'"),
        ({"hidden": -1}, UsageError, "hidden=-1"),
    ],
)
def test_a_wrong_option_names_the_right_ones(options: dict, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        TorchMLP(**options)

"""numpy-mlp: exact gradients, the contract, what its default learns and what a start at zero does not."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.implementations.networks import clouds, distance, numerical_gradient, table
from xorbench.errors import UsageError
from xorbench.implementations.activations import ACTIVATIONS
from xorbench.implementations.initialisers import INITIALISERS
from xorbench.implementations.losses import LOSSES
from xorbench.implementations.numpy_mlp import NumpyMLP
from xorbench.implementations.optimisers import DEFAULT_RATES

activations, losses = st.sampled_from(sorted(ACTIVATIONS)), st.sampled_from(sorted(LOSSES))
seeds = st.integers(0, 2**32)


@settings(max_examples=60, deadline=None)
@given(
    layers=st.lists(st.integers(1, 5), max_size=3),
    activation=activations,
    loss=losses,
    init=st.sampled_from(["uniform", "normal", "glorot-uniform", "glorot-normal", "he"]),
    inputs=st.integers(1, 4),
    rows=st.integers(1, 9),
    seed=seeds,
)
def test_gradients_are_the_central_differences(
    layers: list[int], activation: str, loss: str, init: str, inputs: int, rows: int, seed: int
) -> None:
    model = NumpyMLP(
        inputs=inputs,
        seed=seed,
        layers="-".join(map(str, layers)) or 0,
        activation=activation,
        loss=loss,
        init=init,
    )
    # Off the kinks: a relu of a relu may be zero on all rows, so zero biases put later layers on theirs.
    generator = np.random.default_rng(seed)
    model.set_parameters(
        {name: value + generator.normal(0, 0.3, value.shape) for name, value in model.get_parameters().items()}
    )
    data = clouds(seed, rows=rows, inputs=inputs)
    found, expected = model.gradients(*data), numerical_gradient(model, *data, step=1e-6)
    kinks = activation in ("relu", "leaky-relu")
    for name in expected:
        wrong = ~np.isclose(found[name], expected[name], rtol=1e-5, atol=1e-8)
        # A kink within 1e-6 of a pre-activation spoils the difference, not the gradient; it is that rare.
        if kinks and wrong.any() and _near_a_kink(model, data[0], 1e-4):
            return
        assert not wrong.any(), (name, found[name], expected[name])


def _near_a_kink(model: NumpyMLP, inputs: np.ndarray, distance_: float) -> bool:
    a, parameters = inputs, model.get_parameters()
    for layer, hidden in enumerate(model.hidden(inputs), start=1):
        if (np.abs(a @ parameters[f"W{layer}"] + parameters[f"b{layer}"]) < distance_).any():
            return True
        a = hidden
    return False


@settings(max_examples=20, deadline=None)
@given(activation=activations, loss=losses, seed=seeds)
def test_one_step_of_sgd_is_the_gradient_times_the_rate(activation: str, loss: str, seed: int) -> None:
    model = NumpyMLP(seed=seed, activation=activation, loss=loss, learning_rate=0.125, layers="3-2")
    data = clouds(seed)
    before, gradient, loss_before = model.get_parameters(), model.gradients(*data), model.loss(*data)
    assert model.step(*data) == loss_before
    after = model.get_parameters()
    for name in before:
        assert np.allclose(before[name] - after[name], 0.125 * gradient[name], rtol=1e-12, atol=1e-15)


@settings(max_examples=20, deadline=None)
@given(optimiser=st.sampled_from(sorted(DEFAULT_RATES)), init=st.sampled_from(sorted(INITIALISERS)), seed=seeds)
def test_the_seed_alone_decides(optimiser: str, init: str, seed: int) -> None:
    models = [NumpyMLP(seed=seed, optimiser=optimiser, init=init) for _ in range(2)]
    data = clouds(1)
    for _ in range(5):
        losses_seen = [model.step(*data) for model in models]
        assert losses_seen[0] == losses_seen[1]
    one, other = (model.get_parameters() for model in models)
    assert distance(one, other) == 0.0
    another = NumpyMLP(seed=seed + 1, init=init).get_parameters()
    assert (distance(NumpyMLP(seed=seed, init=init).get_parameters(), another) == 0.0) == (init == "zeros")


def test_the_default_learns_xor() -> None:
    """From 99.35 % of 20,000 starts within 2,000 steps, so fewer than 36 of 40 has a chance of 1 in 100,000."""
    inputs, targets = table()
    solved = 0
    for seed in range(40):
        model = NumpyMLP(seed=seed)
        for _ in range(2000):
            model.step(inputs, targets)
            if ((model.predict(inputs) > 0.5) == (targets[:, 0] > 0.5)).all():
                solved += 1
                break
    assert solved > 35


@settings(max_examples=10, deadline=None)
@given(activation=activations, loss=losses, optimiser=st.sampled_from(sorted(DEFAULT_RATES)))
def test_from_zero_hidden_units_stay_copies_and_xor_stays_unsolved(activation: str, loss: str, optimiser: str) -> None:
    model = NumpyMLP(init="zeros", activation=activation, loss=loss, optimiser=optimiser, hidden=3)
    inputs, targets = table()
    for _ in range(50):
        model.step(inputs, targets)
        weights = model.get_parameters()
        assert np.allclose(weights["W1"], weights["W1"][:, :1], rtol=0, atol=1e-12)
        assert np.allclose(weights["W2"], weights["W2"][:1], rtol=0, atol=1e-12)
    assert ((model.predict(inputs) > 0.5) == (targets[:, 0] > 0.5)).mean() < 1


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_a_copy_trains_on_alone(duplicate: object) -> None:
    data = clouds(4)
    model, alone = NumpyMLP(optimiser="adam"), NumpyMLP(optimiser="adam")
    model.step(*data)
    alone.step(*data)
    twin = duplicate(model)
    twin.step(*data)
    assert distance(model.get_parameters(), alone.get_parameters()) == 0.0
    model.step(*data)
    assert distance(model.get_parameters(), twin.get_parameters()) == 0.0
    assert distance(model.get_parameters(), alone.get_parameters()) > 0.0


def test_hidden_layers_are_shown_and_layers_wins_over_hidden() -> None:
    model = NumpyMLP(hidden=7, layers="4-3", activation="sigmoid")
    inputs, _ = table()
    first, second = model.hidden(inputs)
    weights = model.get_parameters()
    assert first.shape == (4, 4)
    assert np.allclose(second, 1 / (1 + np.exp(-(first @ weights["W2"] + weights["b2"]))))
    assert np.allclose(model.predict(inputs), (1 / (1 + np.exp(-(second @ weights["W3"] + weights["b3"])))).ravel())
    assert NumpyMLP(layers=0).hidden(inputs) == []


def test_flat_targets_are_a_column_not_a_matrix() -> None:
    inputs, targets = table()
    assert NumpyMLP().loss(inputs, targets.ravel()) == NumpyMLP().loss(inputs, targets)


def test_huge_weights_give_a_finite_loss_and_gradient() -> None:
    model = NumpyMLP(scale=1e6, activation="relu", init="normal")
    data = table()
    assert np.isfinite(model.step(*data))
    assert all(np.isfinite(gradient).all() for gradient in model.gradients(*data).values())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"activation": "rleu"}, "unknown activation 'rleu'; did you mean 'relu'"),
        ({"init": "xavier"}, "unknown init 'xavier'; choose from glorot-normal, glorot-uniform, he"),
        ({"loss": "bse"}, "unknown loss 'bse'"),
        ({"optimiser": 3}, "unknown optimiser '3'"),
        ({"hidden": 0}, "hidden=0: a whole number of at least 1"),
        ({"hidden": 2.5}, r"hidden=2\.5"),
        ({"hidden": True}, "hidden=True"),
        ({"layers": "4-"}, "layers='4-'"),
        ({"layers": "4x3"}, "joined by '-', such as 4-3"),
        ({"layers": -3}, "layers=-3"),
        ({"layers": "4-0"}, "layers='4-0'"),
        ({"scale": 0}, "scale=0"),
        ({"inputs": 0}, "inputs=0"),
    ],
)
def test_a_wrong_option_names_the_right_ones(options: dict, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        NumpyMLP(**options)


def test_foreign_parameters_are_refused_and_change_nothing() -> None:
    model = NumpyMLP()
    before = model.get_parameters()
    for wrong in ({**before, "W3": before["W1"]}, {**before, "b1": np.zeros(3)}, {"W1": before["W1"]}):
        with pytest.raises(UsageError, match="parameter"):
            model.set_parameters(wrong)
    assert distance(model.get_parameters(), before) == 0.0

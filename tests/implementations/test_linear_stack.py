"""linear-stack: one matrix whatever its depth, every separable gate, never more than three rows of XOR."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.implementations.networks import table
from xorbench.errors import UsageError
from xorbench.implementations.activations import sigmoid
from xorbench.implementations.linear_stack import collapse, linear_stack
from xorbench.tasks import GATES, NOT_SEPARABLE


@settings(deadline=None)
@given(depth=st.integers(1, 6), hidden=st.integers(1, 5), inputs=st.integers(1, 5), seed=st.integers(0, 2**32))
def test_equals_one_matrix(depth: int, hidden: int, inputs: int, seed: int) -> None:
    stack = linear_stack(depth=depth, hidden=hidden, inputs=inputs, seed=seed, init="normal")
    assert len(stack.get_parameters()) == 2 * depth
    rows = np.random.default_rng(seed).normal(size=(7, inputs))
    weights, bias = collapse(stack)
    assert np.allclose(stack.predict(rows), sigmoid(rows @ weights + bias)[:, 0], rtol=1e-9)


@pytest.mark.parametrize("gate", NOT_SEPARABLE)
@settings(max_examples=25, deadline=None)
@given(
    depth=st.integers(1, 4),
    loss=st.sampled_from(["bce", "mse"]),
    optimiser=st.sampled_from(["sgd", "momentum", "adam", "rprop"]),
    seed=st.integers(0, 2**32),
)
def test_never_above_three_rows(gate: str, depth: int, loss: str, optimiser: str, seed: int) -> None:
    stack = linear_stack(depth=depth, loss=loss, optimiser=optimiser, seed=seed, init="normal")
    inputs, targets = table(gate)
    for _ in range(200):
        stack.step(inputs, targets)
        assert ((stack.predict(inputs) > 0.5) == (targets[:, 0] > 0.5)).sum() <= 3


@pytest.mark.parametrize("gate", sorted(set(GATES) - set(NOT_SEPARABLE)))
@pytest.mark.parametrize("depth", [1, 3])
def test_learns_every_separable_gate(gate: str, depth: int) -> None:
    """Two layers or more have saddles, but a start from random weights is on none of them."""
    inputs, targets = table(gate)
    for seed in range(3):
        stack = linear_stack(depth=depth, seed=seed)
        for _ in range(3000):
            stack.step(inputs, targets)
            if ((stack.predict(inputs) > 0.5) == (targets[:, 0] > 0.5)).all():
                break
        else:
            pytest.fail(f"{gate} not learned from seed {seed}")


@pytest.mark.parametrize("options", [{"depth": 0}, {"hidden": 0}, {"depth": 1.5}])
def test_a_wrong_option_is_named(options: dict) -> None:
    with pytest.raises(UsageError, match=next(iter(options))):
        linear_stack(**options)

"""The perceptron: published counts, Novikoff's bound in every order of the rows, and the theorem on XOR."""

from __future__ import annotations

import functools
import itertools

import numpy as np
import pytest

from xorbench.errors import UsageError
from xorbench.implementations.perceptron import Perceptron
from xorbench.tasks import GATES, NOT_SEPARABLE, all_bits

ORDERS = list(itertools.permutations(range(4)))
SEPARABLE = sorted(set(GATES) - set(NOT_SEPARABLE))


def _train(gate: str, order: tuple[int, ...], *, rate: float = 1.0, most: int = 200) -> tuple[int, int, list[float]]:
    """Return epochs with the last, clean one; updates; and w1, w2, b. Epochs are 0 where no epoch was clean."""
    inputs, targets = all_bits(2).astype(float)[list(order)], np.array(GATES[gate], dtype=float)[list(order), None]
    model = Perceptron(learning_rate=rate)
    for epoch in range(1, most + 1):
        before = model.updates
        assert model.step(inputs, targets) is None
        if model.updates == before:
            assert (model.predict(inputs) == targets[:, 0]).all()
            weights = model.get_parameters()
            return epoch, model.updates, [*weights["W1"].ravel(), *weights["b1"]]
    return 0, model.updates, []


@pytest.mark.parametrize(
    ("gate", "epochs", "updates", "weights"),
    [
        ("and", 6, 10, [2, 1, -2]),
        ("or", 4, 4, [1, 1, 0]),
        ("nand", 6, 11, [-2, -1, 3]),
        ("nor", 4, 5, [-1, -1, 1]),
        ("x1", 3, 2, [1, 0, 0]),
        ("x2", 3, 4, [0, 2, 0]),
        ("false", 1, 0, [0, 0, 0]),
        ("true", 2, 1, [0, 0, 1]),
        ("x1-and-not-x2", 5, 6, [1, -2, 0]),
        ("not-x1-and-x2", 2, 2, [-1, 1, 0]),
    ],
)
def test_counts_in_natural_order(gate: str, epochs: int, updates: int, weights: list[float]) -> None:
    assert _train(gate, (0, 1, 2, 3)) == (epochs, updates, weights)


@functools.cache
def _novikoff(gate: str) -> float:
    """Return the smallest (R |w| / margin)^2 over whole-number separators with the bias as a third weight; R^2 = 3."""
    rows = np.column_stack([all_bits(2), np.ones(4)])
    signs = np.where(GATES[gate], 1, -1)
    bounds = []
    for w in itertools.product(range(-4, 5), repeat=3):
        margin = (signs * (rows @ w)).min()
        if margin > 0:
            bounds.append(3 * float(np.dot(w, w)) / margin**2)
    return min(bounds)


def test_the_bounds_of_and_and_or_are_the_known_ones() -> None:
    assert (_novikoff("and"), _novikoff("or")) == (51, 27)


@pytest.mark.parametrize("gate", SEPARABLE)
def test_all_separable_gates_within_the_bound_in_every_order(gate: str) -> None:
    for order in ORDERS:
        epochs, updates, _ = _train(gate, order)
        assert epochs > 0
        assert updates <= _novikoff(gate)


@pytest.mark.parametrize("gate", NOT_SEPARABLE)
@pytest.mark.parametrize("order", ORDERS)
def test_xor_and_xnor_run_in_a_circle_without_a_solution(gate: str, order: tuple[int, ...]) -> None:
    """The rule is deterministic, so weights that come back after an epoch come back for ever."""
    inputs, targets = all_bits(2).astype(float)[list(order)], np.array(GATES[gate], dtype=float)[list(order), None]
    model, seen = Perceptron(), []
    while (state := tuple(np.concatenate([value.ravel() for value in model.get_parameters().values()]))) not in seen:
        seen.append(state)
        assert len(seen) < 100
        model.step(inputs, targets)
        assert (model.predict(inputs) == targets[:, 0]).mean() <= 0.75


def test_from_zero_the_rate_only_scales_the_weights() -> None:
    epochs, updates, weights = _train("nand", (0, 1, 2, 3), rate=0.5)
    assert (epochs, updates, weights) == (6, 11, [-1, -0.5, 1.5])


def test_rows_one_at_a_time_are_rows_in_a_batch() -> None:
    inputs, targets = all_bits(2).astype(float), np.array(GATES["and"], dtype=float)[:, None]
    together, alone = Perceptron(), Perceptron()
    for _ in range(3):
        together.step(inputs, targets)
        for row in range(4):
            alone.step(inputs[row : row + 1], targets[row : row + 1])
    assert together.updates == alone.updates
    assert (together.get_parameters()["W1"] == alone.get_parameters()["W1"]).all()


@pytest.mark.parametrize("options", [{"learning_rate": 0}, {"learning_rate": -1}, {"inputs": 0}])
def test_a_wrong_option_is_named(options: dict) -> None:
    with pytest.raises(UsageError, match=next(iter(options))):
        Perceptron(**options)

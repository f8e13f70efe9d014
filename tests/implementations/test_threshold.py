"""Threshold networks: the gates, and the compiler on every truth table of up to four inputs."""

from __future__ import annotations

import numpy as np
import pytest

from xorbench.errors import UsageError
from xorbench.implementations.threshold import COMPOSED, NEURONS, compile_table, fire, gate_network
from xorbench.tasks import GATES, all_bits


def _run(layers: list, bits: np.ndarray) -> np.ndarray:
    a = bits.astype(np.float64)
    for weights, biases in layers:
        a = fire(a @ weights + biases)
    return a[:, 0] > 0.5


def _table(number: int, inputs: int) -> np.ndarray:
    return (number >> np.arange(2**inputs)[::-1] & 1).astype(bool)


@pytest.mark.parametrize(("inputs", "separable"), [(1, 4), (2, 14), (3, 104), (4, 1882)])
def test_every_truth_table_is_computed_and_the_separable_ones_by_one_neuron(inputs: int, separable: int) -> None:
    """All 65,536 functions of four inputs; the numbers of separable ones are known (OEIS A000609)."""
    bits = all_bits(inputs)
    single = 0
    for number in range(2 ** (2**inputs)):
        table = _table(number, inputs)
        layers = compile_table(table)
        assert (_run(layers, bits) == table).all(), number
        single += sum(weights.shape[1] for weights, _ in layers) == 1
    assert single == separable


def test_parity_takes_one_hidden_neuron_per_input() -> None:
    for inputs in (2, 3, 4):
        hidden, _ = compile_table(all_bits(inputs).sum(axis=1) % 2 == 1)
        assert hidden[0].shape == (inputs, inputs)


@pytest.mark.parametrize("name", sorted({*NEURONS, *COMPOSED} - {"not"}))
def test_gates_have_their_truth_tables(name: str) -> None:
    assert tuple(_run(gate_network(name), all_bits(2))) == GATES[name]


def test_not_nor_and_the_composition_of_xor() -> None:
    bits = all_bits(2)
    assert _run(gate_network("not"), all_bits(1)).tolist() == [True, False]
    not_1, not_2 = (_run(gate_network("not"), bits[:, [index]]) for index in (0, 1))
    assert (_run(gate_network("nor"), bits) == _run(gate_network("and"), np.stack([not_1, not_2], axis=1))).all()
    assert [weights.shape for weights, _ in gate_network("xor")] == [(2, 2), (2, 1)]
    assert (_run(gate_network("xor"), bits) != _run(gate_network("xnor"), bits)).all()


@pytest.mark.parametrize("table", [[], [1], [0, 1, 1], [[0, 1], [1, 0]], [0] * 32])
def test_what_is_no_such_table_is_refused(table: list) -> None:
    with pytest.raises(UsageError, match="2, 4, 8 or 16 values"):
        compile_table(np.array(table, dtype=bool))

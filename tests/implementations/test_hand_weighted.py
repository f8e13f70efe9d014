"""hand-weighted and if-else: no training, the right answers from the first call on."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from tests.implementations.networks import table
from xorbench.errors import UsageError
from xorbench.implementations.hand_weighted import HandWeighted
from xorbench.implementations.if_else import IfElse
from xorbench.model import Model
from xorbench.tasks import GATES, all_bits, get_task


@pytest.mark.parametrize("gate", sorted(GATES))
def test_all_sixteen_gates(gate: str) -> None:
    inputs, labels = get_task(gate).table()
    assert (Model(HandWeighted(gate=gate)).classify(inputs) == labels).all()


@pytest.mark.parametrize("style", ["threshold", "relu"])
@pytest.mark.parametrize("bits", range(1, 11))
def test_xor_of_any_number_of_bits(style: str, bits: int) -> None:
    inputs, labels = get_task(f"parity-{bits}").table()
    model = Model(HandWeighted(inputs=bits, style=style))
    assert (model.classify(inputs) == labels).all()
    assert (Model(IfElse(inputs=bits)).classify(inputs) == labels).all()


def test_the_two_relu_solution_has_two_units_and_exact_outputs() -> None:
    model = HandWeighted(style="relu")
    inputs, targets = table()
    (hidden,) = model.hidden(inputs)
    assert hidden.tolist() == [[0, 0], [1, 0], [1, 0], [2, 1]]
    assert (model.predict(inputs) == targets[:, 0]).all()
    assert model.get_parameters()["W2"].ravel().tolist() == [1.0, -2.0]


def test_a_truth_table_as_a_target_gives_it() -> None:
    """0110 in brackets is read as the number 110, and true as a boolean."""
    inputs, targets = table()
    assert (HandWeighted(gate=110).predict(inputs) == targets[:, 0]).all()
    assert (HandWeighted(gate="0110").predict(inputs) == targets[:, 0]).all()
    assert HandWeighted(gate=True).predict(inputs).all()
    assert HandWeighted(inputs=4, gate=1).predict(all_bits(4)).tolist() == [0.0] * 15 + [1.0]
    assert HandWeighted(inputs=1, gate="not").predict(all_bits(1)).tolist() == [1.0, 0.0]


def test_other_weights_are_another_function() -> None:
    model = HandWeighted()
    weights = model.get_parameters()
    weights["b2"][:] = -0.5  # the output AND becomes OR
    assert model.predict(all_bits(2)).tolist() == [0, 1, 1, 0]
    model.set_parameters(weights)
    assert model.predict(all_bits(2)).tolist() == [1, 1, 1, 1]
    with pytest.raises(UsageError, match="has shape"):
        model.set_parameters({**weights, "b2": np.zeros(2)})


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"gate": "xro"}, "did you mean 'xor'"),
        ({"gate": "and", "inputs": 3}, "this gate has 2 inputs"),
        ({"gate": "01101"}, "2 inputs is 4 digits"),
        ({"gate": "01", "inputs": 5}, "inputs <= 4"),
        ({"gate": "and", "style": "relu"}, "xor only"),
        ({"style": "rleu"}, "did you mean 'relu'"),
        ({"inputs": 0}, "inputs=0"),
    ],
)
def test_a_wrong_option_names_the_right_ones(options: dict, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        HandWeighted(**options)


def test_if_else_takes_either_coding() -> None:
    for low, high in itertools.product((-1.0, 0.0, 0.2), (0.8, 1.0)):
        rows = np.array(list(itertools.product((low, high), repeat=2)))
        assert IfElse().predict(rows).tolist() == [0.0, 1.0, 1.0, 0.0]

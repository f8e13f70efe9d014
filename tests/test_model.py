"""The contract's boundary: what is recognised, what is refused, and that a stranger's slips spoil nothing."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xorbench.declaration import LOSS_KINDS, OPTIMISERS, OUTPUTS, READS, Declaration
from xorbench.errors import ContractError
from xorbench.model import (
    MEMBERS,
    NEAR_MISSES,
    Capability,
    Model,
    as_array,
    capabilities,
    missing_members,
)

ROWS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
LABELS = np.array([False, True, True, False])


def stranger(**members: Any) -> Any:
    return SimpleNamespace(**{"predict": lambda inputs: np.zeros(len(inputs)), **members})


def answering(value: Any) -> Model:
    return Model(stranger(predict=lambda inputs: value), target="t")


# --- predict


@pytest.mark.parametrize(
    "value",
    [
        np.array([0.0, 1.0, 1.0, 0.0]),
        np.array([[0.0], [1.0], [1.0], [0.0]]),
        [0, 1, 1, 0],
        [[0], [1], [1], [0]],
        (0.0, 1.0, 1.0, 0.0),
        [False, True, True, False],
        [np.array([0.0]), np.array([1.0]), np.array([1.0]), np.array([0.0])],
        [SimpleNamespace(data=value) for value in (0.0, 1.0, 1.0, 0.0)],  # scalars of a small autograd engine
        np.array([0, 1, 1, 0], dtype=np.float32),
    ],
    ids=lambda value: type(value).__name__,
)
def test_anything_that_reshapes_to_one_number_per_row_is_an_answer(value: Any) -> None:
    outputs = answering(value).predict(ROWS)
    assert outputs.dtype == np.float64
    assert outputs.tolist() == [0, 1, 1, 0]


@pytest.mark.parametrize(
    "value",
    [
        None,
        "1",
        ["0", "1", "1", "0"],
        0.5,
        [0, 1, 1],
        np.zeros((4, 4)),
        np.zeros((4, 2)),
        [[0], [1, 2], [3], [4]],
        np.zeros(4, dtype=complex),
        {"a": 1},
        (number for number in range(4)),
        [None] * 4,
        np.array(["a"] * 4),
        np.array([], dtype=float),
    ],
    ids=lambda value: type(value).__name__,
)
def test_anything_else_breaks_the_contract_in_one_sentence(value: Any) -> None:
    with pytest.raises(ContractError, match="predict returned") as caught:
        answering(value).predict(ROWS)
    assert caught.value.rule == "XA01"
    assert "\n" not in str(caught.value).split("(")[0]


def test_a_stranger_cannot_spoil_our_arrays() -> None:
    def spoil(inputs: Any, *rest: Any) -> Any:
        inputs[...] = 7
        for array in rest:
            array[...] = 7
        return np.zeros(len(inputs))

    model = Model(stranger(predict=spoil, step=lambda x, y: spoil(x, y)[0], loss=lambda x, y: spoil(x, y)[0]))
    rows, labels = ROWS.copy(), LABELS.copy()
    model.predict(rows), model.step(rows, labels), model.loss(rows, labels)
    np.testing.assert_array_equal(rows, ROWS)
    np.testing.assert_array_equal(labels, LABELS)


def test_parameters_are_copies_in_both_directions() -> None:
    weights = {"W": np.ones((2, 2))}
    kept: dict[str, Any] = {}
    model = Model(stranger(get_parameters=lambda: weights, set_parameters=kept.update))
    model.get_parameters()["W"][...] = 5
    assert weights["W"].tolist() == [[1, 1], [1, 1]]
    mine = {"W": np.zeros((2, 2))}
    model.set_parameters(mine)
    kept["W"][...] = 9
    assert mine["W"].tolist() == [[0, 0], [0, 0]]


def test_exceptions_of_the_stranger_pass_through_unchanged() -> None:
    class MineError(Exception):
        pass

    def fail(inputs: Any) -> Any:
        raise MineError("no")

    with pytest.raises(MineError, match="no"):
        Model(stranger(predict=fail)).predict(ROWS)


# --- labels and decisions


@given(st.lists(st.booleans(), min_size=1, max_size=9), st.sampled_from([(0.0, 1.0), (-1.0, 1.0)]))
def test_labels_are_encoded_with_the_declared_codes(labels: list[bool], codes: tuple[float, float]) -> None:
    encoded = Model(stranger(targets=codes)).encode(np.array(labels))
    assert encoded.shape == (len(labels), 1)
    assert encoded.dtype == np.float64
    assert encoded.ravel().tolist() == [codes[label] for label in labels]


@pytest.mark.parametrize(
    ("output", "codes", "threshold"),
    [
        ("probability", (0.0, 1.0), 0.5),
        ("probability", (-1.0, 1.0), 0.5),
        ("logit", (0.0, 1.0), 0.0),
        ("score", (0.0, 1.0), 0.5),
        ("score", (-1.0, 1.0), 0.0),
        ("label", (-1.0, 1.0), 0.0),
        ("label", (0.0, 1.0), 0.5),
    ],
)
def test_what_an_output_means_decides_where_true_begins(
    output: str, codes: tuple[float, float], threshold: float
) -> None:
    model = Model(stranger(output=output, targets=codes))
    around = np.array([threshold - 1e-9, threshold, threshold + 1e-9, np.nan, np.inf, -np.inf])
    assert model.decide(around).tolist() == [False, False, True, False, True, False]


# --- declarations


def test_defaults_hold_where_nothing_is_said() -> None:
    assert Declaration.of(object()) == Declaration()


@pytest.mark.parametrize(
    ("name", "values"),
    [("output", OUTPUTS), ("loss_kind", LOSS_KINDS), ("optimiser", OPTIMISERS), ("reads", READS)],
)
def test_every_known_value_is_taken_and_a_near_one_is_pointed_at(name: str, values: tuple[str, ...]) -> None:
    for value in values:
        assert getattr(Declaration.of(SimpleNamespace(**{name: value})), name) == value
        with pytest.raises(ContractError, match=rf"attribute {name} = '{value.upper()}x' is not a known value; "):
            Declaration.of(SimpleNamespace(**{name: value.upper() + "x"}))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("output", np.zeros(4)),  # the activations of the last layer
        ("output", None),
        ("targets", ROWS),
        ("targets", None),
        ("targets", [0, 1, 1, 0]),
        ("optimiser", object()),
        ("reads", 3),
        ("loss_kind", None),
        ("learning_rate", None),
        ("learning_rate", lambda epoch: 0.1 / epoch),
        ("max_rows", None),
    ],
)
def test_what_a_network_keeps_for_itself_under_these_names_says_nothing(name: str, value: Any) -> None:
    assert Declaration.of(SimpleNamespace(**{name: value})) == Declaration()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("targets", (0, 2)),
        ("targets", (1.0, 0.0)),
        ("targets", ("a", "b")),
        ("learning_rate", float("nan")),
        ("learning_rate", float("inf")),
        ("learning_rate", "0.1"),
        ("learning_rate", True),
        ("learning_rate", [0.1, 0.2]),
        ("max_rows", 0),
        ("max_rows", -1),
        ("max_rows", 1.5),
        ("max_rows", True),
        ("max_rows", "4"),
    ],
)
def test_an_illegal_declaration_is_named(name: str, value: Any) -> None:
    with pytest.raises(ContractError, match=f"attribute {name} = ") as caught:
        Declaration.of(SimpleNamespace(**{name: value}))
    assert caught.value.member == name


def test_numbers_of_other_kinds_are_numbers() -> None:
    said = Declaration.of(SimpleNamespace(learning_rate=np.float32(0.5), max_rows=np.int64(3), targets=[-1, 1]))
    assert (said.learning_rate, said.max_rows, said.targets) == (0.5, 3, (-1.0, 1.0))
    assert type(said.max_rows) is int


# --- capabilities


@given(st.sets(st.sampled_from([member for members in MEMBERS.values() for member in members])))
def test_a_capability_is_there_exactly_when_its_members_are(members: set[str]) -> None:
    instance = SimpleNamespace(**{name: lambda *_: None for name in members})
    expected = {capability for capability, needed in MEMBERS.items() if members.issuperset(needed)}
    if Capability.PARAMETERS not in expected:
        expected.discard(Capability.GRADIENTS)
    assert capabilities(instance) == expected
    assert set(missing_members(instance)) == set(Capability) - expected
    for capability, sentence in missing_members(instance).items():
        assert any(f"{name}()" in sentence for name in (*MEMBERS[capability], "get_parameters"))


@pytest.mark.parametrize("near", sorted(NEAR_MISSES))
def test_a_near_miss_is_pointed_out(near: str) -> None:
    meant = NEAR_MISSES[near]
    said = " ".join(missing_members(SimpleNamespace(**{near: lambda *_: None})).values())
    assert f"it has {near}(); was {meant}() meant?" in said


def test_a_model_without_predict_is_refused_with_the_near_miss() -> None:
    with pytest.raises(ContractError, match=r"no method predict\(inputs\), which is required \(it has forward\(\)"):
        Model(SimpleNamespace(forward=lambda x: x))


class Hostile:
    """Raises wherever one looks."""

    def predict(self, inputs: Any) -> Any:
        return np.zeros(len(inputs))

    @property
    def step(self) -> Any:
        raise RuntimeError("look elsewhere")

    @property
    def output(self) -> Any:
        raise ValueError("nor here")

    def __repr__(self) -> str:
        raise KeyError("no name")


def test_a_member_that_raises_when_looked_at_is_no_member() -> None:
    model = Model(Hostile())
    assert model.capabilities == {Capability.PREDICT}
    assert model.declaration == Declaration()
    assert repr(model) == "Model('', predict)"
    with pytest.raises(ContractError, match="an object whose repr raises"):
        answering(Hostile()).predict(ROWS)


# --- parameters, losses, hidden layers


@pytest.mark.parametrize("value", [None, [1, 2], 3.0, "W"])
def test_parameters_are_a_mapping(value: Any) -> None:
    model = Model(stranger(get_parameters=lambda: value, set_parameters=lambda p: None))
    with pytest.raises(ContractError, match=r"get_parameters returned .* the contract wants a dict of arrays by name"):
        model.get_parameters()


@pytest.mark.parametrize(
    "value", [None, "text", [[1, 2], [3]], np.zeros(2, dtype=complex), object()], ids=lambda value: type(value).__name__
)
def test_a_parameter_is_an_array_of_numbers(value: Any) -> None:
    model = Model(stranger(get_parameters=lambda: {"W": value}, set_parameters=lambda p: None))
    with pytest.raises(ContractError, match=r"get_parameters\(\)\['W'\] is .*, not an array of numbers"):
        model.get_parameters()


@pytest.mark.parametrize(
    ("value", "dtype"),
    [([1, 2], "float64"), (3, "float64"), (np.float32(1), "float32"), (np.ones(2, "float16"), "float16")],
)
def test_a_parameter_keeps_its_precision_and_whole_numbers_become_floats(value: Any, dtype: str) -> None:
    model = Model(stranger(get_parameters=lambda: {"W": value}, set_parameters=lambda p: None))
    assert model.get_parameters()["W"].dtype == dtype


@pytest.mark.parametrize("value", [0.5, np.float32(0.5), np.array([[0.5]]), [0.5], SimpleNamespace(data=0.5)])
def test_one_number_in_any_wrapping_is_a_loss(value: Any) -> None:
    model = Model(stranger(step=lambda x, y: value, loss=lambda x, y: value))
    assert model.step(ROWS, LABELS) == 0.5
    assert model.loss(ROWS, LABELS) == 0.5


@pytest.mark.parametrize(
    "value", [[0.1, 0.2], "0.5", np.zeros((4, 1)), {}, object()], ids=lambda value: type(value).__name__
)
def test_anything_else_is_no_loss(value: Any) -> None:
    with pytest.raises(ContractError, match="the contract wants one number or None"):
        Model(stranger(step=lambda x, y: value)).step(ROWS, LABELS)


def test_step_may_say_nothing_and_loss_may_not() -> None:
    model = Model(stranger(step=lambda x, y: None, loss=lambda x, y: None))
    assert model.step(ROWS, LABELS) is None
    with pytest.raises(ContractError, match="loss returned None"):
        model.loss(ROWS, LABELS)


@pytest.mark.parametrize(
    "value",
    [[np.zeros((4, 3))], (np.zeros((4, 3)),), np.zeros((4, 3)), [[[0] * 3] * 4]],
    ids=lambda value: type(value).__name__,
)
def test_hidden_layers_come_as_a_list_and_one_alone_is_understood(value: Any) -> None:
    [layer] = Model(stranger(hidden=lambda x: value)).hidden(ROWS)
    assert layer.shape == (4, 3)


@pytest.mark.parametrize("value", [None, 5, [np.zeros(3)], ["ab"]], ids=lambda value: type(value).__name__)
def test_anything_else_is_no_hidden_layer(value: Any) -> None:
    with pytest.raises(ContractError, match="hidden returned no list of"):
        Model(stranger(hidden=lambda x: value)).hidden(ROWS)


def test_tensors_are_brought_home() -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    weights = torch.ones(2, 2, requires_grad=True)
    assert as_array(weights).tolist() == [[1, 1], [1, 1]]
    assert as_array([weights[0, 0], weights[1, 1]]).tolist() == [1, 1]
    model = Model(stranger(predict=lambda inputs: torch.as_tensor(inputs).sum(1, keepdim=True).requires_grad_()))
    assert model.predict(ROWS).tolist() == [0, 1, 1, 2]

"""Tasks against independent definitions of the functions that they are named after."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xorbench.errors import UsageError
from xorbench.tasks import GATES, MAX_TABLE_ROWS, NOT_SEPARABLE, Task, all_bits, encode, get_task, task_names

BY_NAME: dict[str, Callable[[int, int], bool]] = {
    "false": lambda a, b: False,
    "and": lambda a, b: bool(a and b),
    "x1-and-not-x2": lambda a, b: bool(a and not b),
    "x1": lambda a, b: bool(a),
    "not-x1-and-x2": lambda a, b: bool(not a and b),
    "x2": lambda a, b: bool(b),
    "xor": lambda a, b: a != b,
    "or": lambda a, b: bool(a or b),
    "nor": lambda a, b: not (a or b),
    "xnor": lambda a, b: a == b,
    "not-x2": lambda a, b: not b,
    "x1-or-not-x2": lambda a, b: bool(a or not b),
    "not-x1": lambda a, b: not a,
    "not-x1-or-x2": lambda a, b: bool(not a or b),
    "nand": lambda a, b: not (a and b),
    "true": lambda a, b: True,
}
PAIRS = [(0, 0), (0, 1), (1, 0), (1, 1)]


@pytest.mark.parametrize("name", BY_NAME)
def test_each_gate_is_the_function_of_its_name(name: str) -> None:
    rows, labels = get_task(name).table()
    assert rows.tolist() == [list(pair) for pair in PAIRS]
    assert labels.tolist() == [BY_NAME[name](a, b) for a, b in PAIRS]
    assert labels.dtype == bool


def test_the_gates_are_all_sixteen_functions_of_two_bits() -> None:
    assert set(GATES) == set(BY_NAME)
    assert set(GATES.values()) == set(itertools.product((0, 1), repeat=4))


@pytest.mark.parametrize("name", GATES)
def test_what_is_said_to_be_separable_is_separated_by_a_line_and_nothing_else_is(name: str) -> None:
    """Weights of -2..2 and half-whole thresholds separate every separable gate of two bits: try them all."""
    rows, labels = get_task(name).table()
    found = any(
        ((rows @ np.array(weights) > threshold) == labels).all()
        for weights in itertools.product(range(-2, 3), repeat=2)
        for threshold in np.arange(-4.5, 5.0)
    )
    assert found is get_task(name).linear
    assert found is (name not in NOT_SEPARABLE)
    assert ("no single threshold unit" in get_task(name).cannot) is not found


def test_codings_carry_the_same_bits() -> None:
    bits = all_bits(2)
    assert encode(bits, "01").tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert encode(bits, "bipolar").tolist() == [[-1, -1], [-1, 1], [1, -1], [1, 1]]
    assert encode(bits, "onehot").tolist() == [[1, 0, 1, 0], [1, 0, 0, 1], [0, 1, 1, 0], [0, 1, 0, 1]]
    for name, width in (("xor", 2), ("xor-bipolar", 2), ("xor-onehot", 4)):
        task = get_task(name)
        assert task.inputs == width == task.table()[0].shape[1]
        assert task.table()[1].tolist() == [False, True, True, False]


@pytest.mark.parametrize("count", range(1, 11))
def test_parity_counts_ones(count: int) -> None:
    rows, labels = get_task(f"parity-{count}").table()
    assert len({tuple(row) for row in rows.tolist()}) == 2**count == len(rows)
    assert labels.tolist() == [sum(row) % 2 == 1 for row in rows.tolist()]


@given(st.integers(1, 40), st.data())
@settings(deadline=None)
def test_sparse_parity_looks_at_its_support_alone(bits: int, data: st.DataObject) -> None:
    support = data.draw(st.integers(1, bits))
    task = get_task(f"sparse-parity-{bits}-{support}")
    rows, labels = task.evaluation()
    assert set(np.unique(rows)) <= {-1.0, 1.0}
    np.testing.assert_array_equal(labels, (rows[:, :support] > 0).sum(1) % 2 == 1)
    assert task.finite is (2**bits <= MAX_TABLE_ROWS)


@given(st.integers(11, 60), st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=25)
def test_sequences_of_one_length_per_batch(longest: int, seed: int) -> None:
    task = get_task(f"sequence-parity-1..{longest}")
    assert task.reads == "sequence"
    lengths = set()
    for rows, labels in itertools.islice(Pool(task, seed), 3):
        lengths.add(rows.shape[1])
        np.testing.assert_array_equal(labels, rows.sum(1) % 2 == 1)
    assert lengths <= set(range(1, longest + 1))
    assert task.evaluation()[0].shape == (2048, longest)  # accuracy is of the longest strings


class Pool:
    """Draws of a task's rows without its pool of 100,000, which takes a second to make."""

    def __init__(self, task: Task, seed: int) -> None:
        self.task, self.generator = task, np.random.default_rng(seed)

    def __iter__(self) -> Pool:
        return self

    def __next__(self) -> tuple[np.ndarray, np.ndarray]:
        return self.task.draw(self.generator, self.task.batch_rows)


def test_a_pool_is_passed_over_in_a_new_order_each_time() -> None:
    from dataclasses import replace

    task = replace(get_task("sequence-parity-20"), pool_rows=128 * 5)
    stream = task.batches(seed=3)
    first, second = ([rows.tobytes() for rows, _ in itertools.islice(stream, 5)] for _ in range(2))
    assert len(set(first)) == 5
    assert set(first) == set(second)
    assert [rows.tobytes() for rows, _ in itertools.islice(task.batches(seed=3), 5)] == first
    assert {rows.tobytes() for rows, _ in itertools.islice(task.batches(seed=4), 5)} != set(first)


@pytest.mark.parametrize("name", ["xor", "xor-noisy", "parity-20", "sparse-parity-30-3"])
def test_the_stream_depends_on_the_seed_alone_and_gives_fresh_arrays(name: str) -> None:
    task = get_task(name)
    one, again = (list(itertools.islice(task.batches(seed), 3)) for seed in (5, 5))
    for (rows, labels), (rows_again, labels_again) in zip(one, again, strict=True):
        np.testing.assert_array_equal(rows, rows_again)
        np.testing.assert_array_equal(labels, labels_again)
    stream = task.batches(5)
    rows, labels = next(stream)
    rows[...], labels[...] = 9, True
    np.testing.assert_array_equal(next(stream)[0], one[1][0])
    if not task.finite:
        assert not np.array_equal(next(task.batches(6))[0], one[0][0])
        assert len(one[0][0]) == task.batch_rows


def test_evaluation_is_the_table_or_a_sample_that_stays_the_same() -> None:
    for name in ("xor", "xor-noisy", "parity-20", "sequence-parity-1..50"):
        task = get_task(name)
        one, again = task.evaluation(), task.evaluation()
        np.testing.assert_array_equal(one[0], again[0])
        assert one[0] is not again[0]
        assert len(one[0]) == (4 if name == "xor" else 2048)
    with pytest.raises(UsageError, match="'parity-20' has no finite truth table"):
        get_task("parity-20").table()


def test_the_best_possible_classifier_solves_noisy_xor() -> None:
    """Rounding each coordinate is best, the four clusters being alike: said to get 99.9 %."""
    task = get_task("xor-noisy")
    rows, labels = task.draw(np.random.default_rng(0), 200_000)
    share = np.mean(((rows > 0.5).sum(1) == 1) == labels)
    assert share == pytest.approx(0.9991, abs=4e-4)
    assert share > task.threshold


WRONG = {
    "": "unknown task ''",
    "XOR": "did you mean 'xor'",
    "xnand": "did you mean",
    "exor": "did you mean",
    "parity": "did you mean",
    "parity-0": "sizes are 1 to 1000",
    "parity-1001": "sizes are 1 to 1000",
    "parity-99999999": "unknown task",
    "parity-05": "unknown task 'parity-05'",
    "parity--3": "unknown task",
    "sparse-parity-5-6": "K must be 1 to N, got N=5, K=6",
    "sparse-parity-5-0": "K must be 1 to N",
    "sequence-parity-0": "sizes are 1 to",
    "sequence-parity-5..3": "lengths must be 1 or more and rising",
    "xor\n": "unknown task",
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_name_is_answered_with_the_right_one(name: str) -> None:
    with pytest.raises(UsageError, match=WRONG[name]):
        get_task(name)


def test_every_name_that_is_listed_is_a_task() -> None:
    concrete = [
        name.replace("sparse-parity-N-K", "sparse-parity-7-2")
        .replace("-N", "-3")
        .replace("-T", "-4")
        .replace("..T", "..4")
        for name in task_names()
    ]
    for name in concrete:
        task = get_task(name)
        assert task.name == name
        assert task.summary
        assert task.solved
        assert task.cannot
        rows, labels = next(task.batches(0)) if task.pool_rows is None else task.draw(np.random.default_rng(0), 8)
        assert rows.dtype == np.float64
        assert labels.dtype == bool
        assert rows.shape[0] == labels.shape[0]

"""The counts of an ensemble are those of the single loop, and every run is there."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xorbench.ensembles.looks import Looks, last_look, least_true_logit, needed
from xorbench.errors import UsageError
from xorbench.implementations.activations import sigmoid
from xorbench.measure.ensemble import FEWEST_SEEDS, converge_ensemble, plan_ensemble
from xorbench.measure.training import converge
from xorbench.registry import resolve
from xorbench.tasks import get_task


def both(target, task, *, seeds, budget, **about):
    implementation, task = resolve(target), get_task(task)
    alone = dataclasses.replace(implementation, entry=dataclasses.replace(implementation.entry, ensemble=None))
    together = converge_ensemble(implementation, task, seeds=seeds, budget=budget, **about)
    return converge(alone, task, seeds=seeds, budget=budget), together


def assert_same(single, together):
    assert (together.how, single.how) == ("ensemble", "single")
    assert (together.rows, together.resolution, together.dtype) == (single.rows, single.resolution, single.dtype)
    assert len(together.runs) == len(single.runs)
    for a, b in zip(single.runs, together.runs, strict=True):
        for name in ("seed", "iterations", "to_75", "to_first", "to_stable", "accuracy", "diverged"):
            assert getattr(a, name) == getattr(b, name), name
        assert b.loss == (None if a.loss is None else pytest.approx(a.loss, rel=1e-9, abs=1e-12))
        assert (b.stable_s is None) == (b.to_stable is None)
    for a, b in zip(single.curves, together.curves, strict=True):
        assert (a.seed, a.iterations) == (b.seed, b.iterations)
        assert b.accuracy == pytest.approx(a.accuracy)
        for x, y in zip(a.loss, b.loss, strict=True):
            assert y == (None if x is None else pytest.approx(x, rel=1e-9, abs=1e-12))


@given(
    st.sampled_from(["", "hidden=2,activation=sigmoid,learning_rate=5", "optimiser=adam,loss=mse", "init=zeros"]),
    st.sampled_from(["xor", "nand", "true", "parity-3"]),
    st.lists(st.integers(0, 10_000), min_size=FEWEST_SEEDS, max_size=8),
    st.integers(1, 60),
)
@settings(max_examples=25, deadline=None)
def test_the_counts_are_those_of_the_single_loop(options, task, seeds, budget):
    assert_same(*both(f"numpy-mlp[{options}]", task, seeds=seeds, budget=budget, method="arrays"))


def test_many_blocks_in_threads_keep_the_order_of_the_seeds():
    """More seeds than a block holds; whether the first and the last of a block are right shows in all counts."""
    seeds = list(range(2000, 0, -1))
    together = converge_ensemble(resolve("numpy-mlp"), get_task("xor"), seeds=seeds, budget=20, method="arrays")
    assert [run.seed for run in together.runs] == seeds
    some = seeds[:5] + seeds[-5:]
    single, _ = both("numpy-mlp", "xor", seeds=some, budget=20)
    by_seed = {run.seed: run for run in together.runs}
    for run in single.runs:
        assert (by_seed[run.seed].to_75, by_seed[run.seed].to_stable) == (run.to_75, run.to_stable)


@pytest.mark.parametrize("method", ["arrays", "fused"])
def test_the_compiled_loop_counts_alike_and_divergence_is_that_of_the_single_loop(method):
    """A rate beyond all bounds: some members end in NaN, none is dropped, each says so."""
    if method == "fused":
        pytest.importorskip("numba", reason="the compiled loop needs numba")
    target = "numpy-mlp[activation=relu,hidden=2,learning_rate=1e200]"
    single, together = both(target, "xor", seeds=range(12), budget=30, method=method)
    assert_same(single, together)
    assert any(run.diverged for run in together.runs)
    assert all(run.to_stable is None for run in together.runs if run.diverged and run.iterations < 30)


def test_divergence_in_a_precision_that_was_asked_for_is_said():
    """3e38 is the end of float32 and nothing special in float64."""
    implementation, task = resolve("numpy-mlp[activation=relu,hidden=2,learning_rate=1e30]"), get_task("xor")
    runs = converge_ensemble(implementation, task, seeds=range(12), budget=10, dtype="float32").runs
    assert [run.seed for run in runs] == list(range(12))
    assert any(run.diverged for run in runs)
    assert all(run.to_stable is None for run in runs if run.diverged)


def test_torch_counts_alike():
    pytest.importorskip("torch", reason="torch-mlp needs torch")
    options = "dtype=float64,optimiser=adam,learning_rate=0.3"
    assert_same(*both(f"torch-mlp[{options}]", "xor", seeds=range(6), budget=30))


def test_torch_is_trained_in_its_own_precision_unless_another_is_asked_for():
    pytest.importorskip("torch", reason="torch-mlp needs torch")
    implementation, task = resolve("torch-mlp"), get_task("xor")
    assert converge_ensemble(implementation, task, seeds=range(4), budget=2).dtype == "float32"
    assert converge_ensemble(implementation, task, seeds=range(4), budget=2, dtype="float64").dtype == "float64"


def test_float32_learns_as_often_as_float64():
    """Not the same trajectories, the same distribution: 400 paired seeds differ in fewer than 5 %."""
    solved = {
        dtype: np.array(
            [
                run.to_stable is not None
                for run in converge_ensemble(
                    resolve("numpy-mlp[hidden=2]"), get_task("xor"), seeds=range(400), budget=300, dtype=dtype
                ).runs
            ]
        )
        for dtype in ("float32", "float64")
    }
    assert (solved["float32"] != solved["float64"]).mean() < 0.05


@pytest.mark.parametrize(
    ("target", "task", "seeds"),
    [
        ("perceptron", "and", 10),  # offers none
        ("numpy-mlp", "xor-noisy", 10),  # no finite table
        ("numpy-mlp", "parity-8", 10),  # a table on which not every iteration is looked at
        ("numpy-mlp", "xor", FEWEST_SEEDS - 1),
    ],
)
def test_no_ensemble_where_none_applies(target, task, seeds):
    assert converge_ensemble(resolve(target), get_task(task), seeds=range(seeds), budget=5) is None


def test_an_unknown_precision_is_refused():
    with pytest.raises(UsageError, match="float16"):
        converge_ensemble(resolve("numpy-mlp"), get_task("xor"), seeds=range(5), budget=5, dtype="float16")


def test_the_method_follows_the_work():
    pytest.importorskip("numba", reason="the compiled loop needs numba")
    implementation, task = resolve("numpy-mlp[hidden=2]"), get_task("xor")
    assert plan_ensemble(implementation, task, work=1000).method == "arrays"
    assert plan_ensemble(implementation, task, work=10**9).method == "fused"
    assert plan_ensemble(resolve("numpy-mlp[hidden=100]"), task, work=10**9).method == "arrays"


# The looks


@given(st.lists(st.integers(0, 15), min_size=1, max_size=12))
def test_looks_against_the_definitions(patterns):
    """Each number is which of four rows are right at a look; the counts by the words of their definition."""
    labels = np.array([False, True, True, False])
    looks = Looks(labels, 1, "float64")
    right = [[bool(pattern >> row & 1) for row in range(4)] for pattern in patterns]
    logits = [np.where(np.array(row) == labels, 1.0, -1.0)[:, None] for row in right]
    for iteration, look in enumerate(logits[:-1]):
        looks.see(iteration, look)
    counts = last_look(looks.counts, sigmoid(logits[-1]), labels, len(logits) - 1)[:, 0]

    def first(condition):
        return next((index for index, row in enumerate(right) if condition(row)), -1)

    stable = next((index for index in range(len(right)) if all(all(row) for row in right[index:])), -1)
    assert counts.tolist() == [first(lambda row: sum(row) >= 3), first(all), stable, 0]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_least_true_logit_is_where_the_probability_leaves_one_half(dtype):
    least = least_true_logit(dtype)
    below = np.nextafter(least, np.zeros(1, dtype)[0])
    assert sigmoid(np.array([least]))[0] > 0.5
    assert sigmoid(np.array([below]))[0] == 0.5


@given(st.integers(1, 64), st.floats(0.01, 1.0))
def test_needed_rows(rows, share):
    assert needed(share, rows) / rows >= share
    assert (needed(share, rows) - 1) / rows < share


def test_logits_that_are_not_finite_are_suspect():
    looks = Looks(np.array([True, False]), 4, "float64")
    looks.suspect(np.array([[1.0, np.nan, 2.0, -1e31], [0.0, 1.0, np.inf, 1.0]]))
    assert looks.counts[3].tolist() == [0, 1, 1, 1]


def test_runs_of_numpy_seeds_can_be_written_down():
    import msgspec

    together = converge_ensemble(resolve("numpy-mlp"), get_task("xor"), seeds=np.arange(5), budget=3)
    assert msgspec.json.decode(msgspec.json.encode(together))["runs"][4]["seed"] == 4

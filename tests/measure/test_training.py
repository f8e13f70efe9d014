"""The counts of a run against their definitions, on models whose course is known."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.measure.scripted import Mlp, Scripted, implementation
from xorbench.errors import UsageError
from xorbench.measure.training import converge, curve_points, resolution_of, training_batches
from xorbench.tasks import get_task

XOR = get_task("xor")

scripts = st.lists(st.integers(0, 4), min_size=2, max_size=30)


@given(scripts)
def test_counts_follow_their_definitions(script: list[int]) -> None:
    budget = len(script) - 1
    result = converge(implementation(lambda: Scripted(script)), XOR, seeds=[3], budget=budget)
    (run,) = result.runs
    first = [t for t in range(budget + 1) if script[t] == 4]
    stable = [t for t in range(budget + 1) if all(count == 4 for count in script[t:])]
    three = [t for t in range(budget + 1) if script[t] >= 3]
    assert (run.seed, run.iterations) == (3, budget)
    assert run.to_75 == (three[0] if three else None)
    assert run.to_first == (first[0] if first else None)
    assert run.to_stable == (stable[0] if stable else None)
    assert run.accuracy == script[-1] / 4
    assert (run.stable_s is None) == (run.to_stable is None)
    assert not run.diverged
    assert (result.rows, result.resolution, result.how) == (4, 1, "single")


@given(scripts, st.data())
def test_losses_and_curves_belong_to_the_iteration_they_describe(script: list[int], data: st.DataObject) -> None:
    budget = len(script) - 1
    losses: list[float | None] = data.draw(st.lists(st.none() | st.floats(0, 9), min_size=budget, max_size=budget))
    result = converge(implementation(lambda: Scripted(script, losses)), XOR, seeds=[0], budget=budget)
    (curve,) = result.curves
    assert curve.iterations == tuple(curve_points(budget))
    assert curve.accuracy == tuple(script[t] / 4 for t in curve.iterations)
    assert curve.loss == tuple(losses[t] if t < budget else None for t in curve.iterations)
    assert result.runs[0].loss == losses[-1]


@given(st.integers(1, 10**7))
def test_curves_are_thin(budget: int) -> None:
    points = curve_points(budget)
    assert points == sorted(set(points))
    assert points[0] == 0
    assert points[-1] == budget
    assert len(points) <= 64


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_loss_that_is_not_finite_is_divergence_but_costs_no_solved_run(bad: float) -> None:
    result = converge(implementation(lambda: Scripted([2, 4, 4], [0.5, bad])), XOR, seeds=[0], budget=2)
    (run,) = result.runs
    assert run.diverged
    assert run.loss is None
    assert (run.to_first, run.to_stable, run.iterations) == (1, 1, 2)


class Exploding(Scripted):
    """Solves XOR, then answers NaN."""

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        return super().predict(inputs) if self.t < 3 else np.full(len(inputs), np.nan)


def test_outputs_that_are_not_finite_end_the_run() -> None:
    (run,) = converge(implementation(lambda: Exploding([2, 4, 4, 4, 4, 4])), XOR, seeds=[0], budget=5).runs
    assert run.diverged
    assert (run.iterations, run.to_first, run.to_stable, run.accuracy) == (3, 1, None, 0.0)


class Overflowing(Scripted):
    """Plain Python's way to diverge."""

    def step(self, inputs: np.ndarray, targets: np.ndarray) -> float | None:
        return math.exp(1000.0) if self.t == 2 else super().step(inputs, targets)


def test_an_overflow_is_divergence_and_any_other_error_passes_through() -> None:
    (run,) = converge(implementation(lambda: Overflowing([4, 4, 4, 4])), XOR, seeds=[0], budget=3).runs
    assert run.diverged
    assert (run.iterations, run.to_stable) == (2, None)

    class Broken(Scripted):
        def step(self, inputs: np.ndarray, targets: np.ndarray) -> float | None:
            raise ValueError("shapes (4,2) and (3,1) not aligned")

    with pytest.raises(ValueError, match="not aligned"):
        converge(implementation(lambda: Broken([0, 0])), XOR, seeds=[0], budget=1)


@pytest.mark.parametrize("max_rows", [1, 2, 3, 4, None])
def test_a_model_gets_at_most_the_rows_it_takes_and_all_of_them_in_order(max_rows: int | None) -> None:
    made: list[Scripted] = []

    def factory() -> Scripted:
        made.append(Scripted([0] * 9))
        made[0].max_rows = max_rows
        return made[0]

    converge(implementation(factory), XOR, seeds=[0], budget=8)
    given_ = made[0].given
    assert len(given_) == 8
    assert max(len(rows) for rows, _ in given_) == min(max_rows or 4, 4)
    epoch = math.ceil(4 / (max_rows or 4))
    rows = np.concatenate([rows for rows, _ in given_[:epoch]])
    targets = np.concatenate([targets for _, targets in given_[:epoch]])
    np.testing.assert_array_equal(rows, XOR.table()[0])
    np.testing.assert_array_equal(targets[:, 0], XOR.table()[1].astype(float))


class FitOnly:
    """Right after 5 epochs and more; may be asked nothing before, and be fitted once."""

    epochs = 0

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        if not self.epochs:
            raise RuntimeError("not fitted")
        return (inputs[:, 0] != inputs[:, 1]) * (self.epochs >= 5)

    def fit(self, inputs: np.ndarray, targets: np.ndarray, epochs: int) -> None:
        assert not self.epochs
        assert targets.shape == (len(inputs), 1)
        self.epochs = epochs


@pytest.mark.parametrize(("budget", "reached"), [(4, None), (5, 5), (8, 8), (100, 8)])
def test_a_model_that_can_only_be_fitted_is_measured_by_budget(budget: int, reached: int | None) -> None:
    result = converge(implementation(FitOnly), XOR, seeds=[0, 1], budget=budget)
    assert result.how == "fit"
    assert [run.to_stable for run in result.runs] == [reached, reached]
    assert [run.iterations for run in result.runs] == [budget, budget]


class Fixed:
    """No network: the answer is built in."""

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        return inputs[:, 0] != inputs[:, 1]


def test_a_model_that_does_not_train_is_right_from_the_start() -> None:
    (run,) = converge(implementation(Fixed), XOR, seeds=[0], budget=10).runs
    assert (run.iterations, run.to_75, run.to_first, run.to_stable, run.accuracy) == (0, 0, 0, 0, 1.0)
    (run,) = converge(implementation(Fixed), get_task("and"), seeds=[0], budget=10).runs
    assert (run.to_75, run.to_stable, run.accuracy) == (None, None, 0.25)


class Lazy(Mlp):
    """Has no parameters before its first step."""

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed
        self.made = False

    def step(self, inputs: np.ndarray, targets: np.ndarray) -> float:
        if not self.made:
            super().__init__(inputs.shape[1], self.seed)
            self.made = True
        return super().step(inputs, targets)

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        if not self.made:
            raise RuntimeError("not built")
        return super().predict(inputs)


@given(seed=st.integers(0, 2**32 - 1))
def test_a_network_built_by_its_first_step_learns_like_the_same_one_built_before(seed: int) -> None:
    lazy = converge(implementation(Lazy), XOR, seeds=[seed], budget=40)
    eager = converge(implementation(Mlp), XOR, seeds=[seed], budget=40)
    assert lazy.dtype == eager.dtype == "float64"
    assert (lazy.runs[0].loss, lazy.runs[0].accuracy) == (eager.runs[0].loss, eager.runs[0].accuracy)
    assert lazy.runs[0].to_stable == eager.runs[0].to_stable


def test_a_large_task_is_looked_at_a_hundred_times() -> None:
    noisy = get_task("xor-noisy")
    assert resolution_of(XOR, 10_000) == 1
    assert resolution_of(noisy, 10_000) == 100
    result = converge(implementation(Mlp), noisy, seeds=[0], budget=250)
    (run,) = result.runs
    assert (result.resolution, result.rows, run.iterations) == (2, 2048, 250)
    assert run.to_75 is None or run.to_75 % 2 == 0


def test_batches_depend_on_the_seed_alone() -> None:
    noisy = get_task("xor-noisy")
    first, again, other = (next(training_batches(noisy, seed, 10))[0] for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert first.shape == (10, 2)
    assert not np.array_equal(first, other)


def test_runs_are_told_as_they_end_and_warnings_are_the_strangers_own_affair() -> None:
    class Loud(Scripted):
        def step(self, inputs: np.ndarray, targets: np.ndarray) -> float | None:
            warnings.warn("overflow encountered in exp", RuntimeWarning, stacklevel=1)
            return super().step(inputs, targets)

    told: list[int] = []
    converge(
        implementation(lambda: Loud([0, 4])), XOR, seeds=[5, 6, 7], budget=1, on_run=lambda run: told.append(run.seed)
    )
    assert told == [5, 6, 7]


@pytest.mark.parametrize(
    ("seeds", "budget", "said"), [([], 5, "no seeds"), ([0], 0, "budget 0"), ([0], -3, "budget -3")]
)
def test_what_cannot_be_measured_is_a_usage_error(seeds: list[int], budget: int, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        converge(implementation(Mlp), XOR, seeds=seeds, budget=budget)


def test_a_device_that_is_not_there_is_one_clear_sentence() -> None:
    with pytest.raises(UsageError, match="tpu9"):
        converge(implementation(Mlp), XOR, seeds=[0], budget=1, device="tpu9")

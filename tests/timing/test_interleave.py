"""The schedule is random and complete; identical code is not resolved, ten per cent is, on a machine that is noisy."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from tests.timing.machine import Machine
from xorbench.measure.interleave import Contender, Sampler, interleave
from xorbench.measure.ratios import fewest_blocks, resolve, sign_interval

seeds = st.integers(0, 2**32 - 1)


def compared(seed: int, slower: float, *, comparisons: int = 6, blocks: int = 30) -> str:
    machine = Machine(seed)
    base = machine.contender(2e-3)
    times = interleave([base, base, machine.contender(2e-3 * slower)], 1, seed=seed, blocks=blocks)
    return resolve(*times[0], comparisons=comparisons).verdict


def counted(seed: int, slower: float, repeats: int) -> dict[str, int]:
    verdicts = [compared(seed + turn, slower) for turn in range(repeats)]
    return {verdict: verdicts.count(verdict) for verdict in ("faster", "slower", "not resolved")}


@settings(deadline=None, max_examples=2)
@given(seeds)
def test_identical_workloads_are_not_resolved_in_99_of_100(seed: int) -> None:
    # One of six rows: its own error is a sixth of 1 %. With 1 %, more than 7 of 100 would come once in 100,000 times.
    found = counted(seed, 1.0, 100)
    assert found["not resolved"] >= 100 - 1 - binom.ppf(1 - 1e-5, 100, 0.01 / 6)


@settings(deadline=None, max_examples=2)
@given(seeds)
def test_a_true_ten_per_cent_is_resolved_nine_times_of_ten(seed: int) -> None:
    found = counted(seed, 1.10, 50)
    assert found["faster"] == 0
    # Where nine of ten is the truth, fewer than this come once in 100,000 times.
    assert found["slower"] >= binom.ppf(1e-5, 50, 0.9)


@pytest.mark.slow
@settings(deadline=None, max_examples=2)
@given(seeds)
def test_both_error_rates_over_thousands(seed: int) -> None:
    assert counted(seed, 1.0, 1000)["not resolved"] >= 990
    assert counted(seed, 1.10, 400)["slower"] >= 360
    assert counted(seed, 1 / 1.10, 400)["faster"] >= 360


def test_one_after_the_other_would_have_been_fooled() -> None:
    # Why all this: the same machine, the same code, all samples of one before all of the other. Medians differ widely.
    worst = 0.0
    for seed in range(20):
        machine = Machine(seed)
        medians = []
        for _ in range(2):
            with machine.contender(2e-3)() as sampler:
                medians.append(np.median([sampler(0) for _ in range(100)]))
        worst = max(worst, abs(math.log(medians[1] / medians[0])))
    assert worst > math.log(1.10)


@given(st.integers(1, 5), st.integers(1, 4), st.integers(1, 6), st.integers(1, 5), seeds)
@settings(deadline=None)
def test_the_schedule_is_complete_fresh_and_random(
    contenders: int, rows: int, blocks: int, rounds: int, seed: int
) -> None:
    log: list[tuple[str, int, int]] = []

    def contender(place: int) -> Contender:
        @contextlib.contextmanager
        def begin() -> Iterator[Sampler]:
            log.append(("begin", place, -1))
            block = sum(entry[:2] == ("begin", place) for entry in log)

            def sample(row: int) -> float:
                log.append(("sample", place, row))
                return 100.0 * block + 10.0 * place + row + 1

            yield sample
            log.append(("end", place, -1))

        return begin

    made = [contender(place) for place in range(contenders)]
    times = interleave(made, rows, blocks=blocks, rounds=rounds, seed=seed)
    assert times.shape == (rows, contenders, blocks)
    for row in range(rows):
        for place in range(contenders):
            assert log.count(("sample", place, row)) == blocks * (rounds + 1)
            assert list(times[row, place]) == [100.0 * (b + 1) + 10.0 * place + row + 1 for b in range(blocks)]
    assert [entry[0] for entry in log].count("begin") == [entry[0] for entry in log].count("end") == blocks * contenders
    again: list[tuple[str, int, int]] = log.copy()
    log.clear()
    interleave(made, rows, blocks=blocks, rounds=rounds, seed=seed)
    assert log == again


def test_every_order_comes_about_equally_often() -> None:
    called: list[int] = []

    def contender(place: int) -> Contender:
        def sample(row: int) -> float:
            called.append(place)
            return 1.0

        return lambda: contextlib.nullcontext(sample)

    interleave([contender(0), contender(1)], 1, blocks=200, rounds=4, seed=1)
    # 1,000 fair coins: 500, give or take 5 standard deviations.
    assert abs(called[::2].count(0) - 500) < 80


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=60), st.sampled_from([0.9, 0.95, 0.99, 1 - 0.01 / 6]))
def test_the_interval_is_that_of_the_sign_test(values: list[float], confidence: float) -> None:
    n = len(values)
    ranks = [k for k in range(1, n // 2 + 1) if 2 * binom.cdf(k - 1, n, 0.5) <= 1 - confidence]
    expected = (None, None)
    if ranks:
        ordered = sorted(values)
        expected = (ordered[ranks[-1] - 1], ordered[n - ranks[-1]])
    assert sign_interval(values, confidence) == expected


@pytest.mark.parametrize("comparisons", [1, 2, 6, 20])
def test_too_few_blocks_resolve_nothing_and_say_so(comparisons: int) -> None:
    enough = fewest_blocks(comparisons)
    for blocks, verdict in ((enough - 1, "not resolved"), (enough, "slower")):
        ones = np.ones(blocks)
        found = resolve(ones, ones, 2 * ones, comparisons=comparisons)
        assert found.verdict == verdict
        assert (found.low is None) == (verdict == "not resolved")


def test_what_does_not_exceed_the_noise_floor_is_not_resolved() -> None:
    blocks = 30
    base = np.ones(blocks)
    again = np.where(np.arange(blocks) % 2, 1.08, 0.94)  # the base differs from itself by up to 8 %
    assert resolve(base, again, 1.05 * base).verdict == "not resolved"
    assert resolve(base, again, 1.10 * base).verdict == "slower"
    assert resolve(base, again, base / 1.10).verdict == "faster"


def test_a_clock_too_coarse_is_an_error_and_not_a_verdict() -> None:
    with pytest.raises(ValueError, match="too coarse"):
        resolve(np.ones(30), np.ones(30), np.zeros(30))

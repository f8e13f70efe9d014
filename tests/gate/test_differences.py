"""Differences of learning against their definitions, and Holm's method against scipy's bounds."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.gate.runs import record, runs, source
from xorbench.report.differences import LearningDifference, holm, learning_difference, measured, verdicts
from xorbench.report.summary import Learning, gather

outcomes = st.lists(st.none() | st.integers(0, 100), min_size=1, max_size=25)


def learning(reached: list[int | None]) -> Learning:
    (row,) = measured(gather([source("run", record("net", runs(reached)))])).values()
    return row.learnings[100]


def difference(base: list[int | None], head: list[int | None]) -> LearningDifference:
    return learning_difference(learning(base), learning(head))


@settings(deadline=None, max_examples=50)
@given(outcomes, outcomes)
def test_a_difference_turns_round_with_its_arguments(base: list[int | None], head: list[int | None]) -> None:
    there, back = difference(base, head), difference(head, base)
    assert there.p_worse == pytest.approx(back.p_better)
    assert there.drop == pytest.approx(-back.drop)
    assert there.medians == back.medians[::-1]
    assert 0 <= there.p_worse <= 1
    assert there.identical == back.identical == (base == head)
    if base == head:
        assert verdicts([there]) == ["identical"]
        assert there.slowdown == 1.0
        assert there.p_worse > 0.05


@settings(deadline=None, max_examples=50)
@given(outcomes)
def test_medians_are_the_least_iteration_by_which_half_are_there(reached: list[int | None]) -> None:
    times = [math.inf if at is None else at for at in reached]
    least = min((t for t in times if sum(other <= t for other in times) >= len(times) / 2), default=math.inf)
    assert difference(reached, reached).medians[0] == (None if math.isinf(least) else least)


def test_what_is_plain_is_resolved_and_luck_is_not() -> None:
    good = [10 + seed for seed in range(20)]
    cases = [
        difference(good, [None] * 20),
        difference(good, [at * 4 for at in good]),
        difference([None] * 20, good),
        difference(good, [*good[:19], None]),
        difference([None] * 20, [None] * 21),
    ]
    assert verdicts(cases) == ["worse", "worse", "better", "not resolved", "not resolved"]
    assert math.isinf(cases[0].slowdown)
    assert cases[2].slowdown == 0.0


@given(st.lists(st.floats(0, 1), max_size=12))
def test_holm_is_the_step_down_of_bonferroni(p_values: list[float]) -> None:
    adjusted = holm(p_values)
    for alpha in (0.01, 0.05, 0.3):
        # The definition: go through the p-values in order, and stop at the first above alpha over those that are left.
        rejected = set()
        for rank, place in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
            if p_values[place] * (len(p_values) - rank) > alpha:
                break
            rejected.add(place)
        assert {place for place, p in enumerate(adjusted) if p <= alpha} == rejected


def test_a_smaller_budget_is_what_both_were_given() -> None:
    (short,) = measured(gather([source("run", record("net", runs([10, 20, 30]), budget=40))])).values()
    long = learning([10, 20, 90])
    found = learning_difference(short.learnings[40], long)
    assert found.medians == (20, 20)
    assert found.drop == pytest.approx(0.0)

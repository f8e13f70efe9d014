"""Calibration and samples on a clock that does as it is told."""

from __future__ import annotations

import gc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xorbench.measure.clock import FakeClock
from xorbench.measure.conditions import Conditions
from xorbench.measure.sampling import calibrate, sample, timed


@settings(deadline=None)
@given(st.floats(1e-6, 10.0), st.floats(1e-4, 5e-3))
def test_a_sample_is_long_enough_and_not_much_longer(call_s: float, minimum_s: float) -> None:
    clock = FakeClock()
    calls = [0]

    def action() -> None:
        calls[0] += 1
        clock.advance(call_s)

    pace = calibrate(clock, action, minimum_s=minimum_s)
    assert pace.loops * call_s >= minimum_s * (1 - 1e-9)
    assert pace.loops == 1 or pace.loops * call_s <= 1.3 * minimum_s + call_s
    assert pace.calls == calls[0]


@settings(deadline=None)
@given(st.integers(1, 30))
def test_a_slow_beginning_does_not_decide_how_often_to_call(slow_calls: int) -> None:
    # A compiler that runs at the first call, or again when a shape is new: long, once.
    clock = FakeClock()
    calls = [0]

    def action() -> None:
        calls[0] += 1
        clock.advance(1.0 if calls[0] == slow_calls else 1e-6)

    pace = calibrate(clock, action, minimum_s=1e-3)
    assert pace.loops >= 1000


@settings(deadline=None, max_examples=15)
@given(st.floats(1e-5, 20.0), st.integers(3, 12), st.floats(0.01, 5.0))
def test_samples_are_seconds_per_call_and_bounded_in_number(call_s: float, samples: int, limit_s: float) -> None:
    clock = FakeClock()

    def action() -> None:
        clock.advance(call_s)

    pace = calibrate(clock, action, minimum_s=1e-3)
    with Conditions() as conditions:
        found = sample(clock, action, pace, conditions, samples=samples, limit_s=limit_s)
    assert found == pytest.approx([call_s] * len(found))
    assert 3 <= len(found) <= samples
    assert len(found) == 3 or len(found) * pace.sample_s <= limit_s * (1 + 1e-9)


def test_what_calls_leave_undone_is_part_of_the_sample() -> None:
    clock = FakeClock()
    owed = [0]

    def launch() -> None:
        owed[0] += 1

    def wait() -> None:
        clock.advance(owed[0] * 0.5)
        owed[0] = 0

    assert timed(clock, launch, 4) == 0.0
    owed[0] = 0
    assert timed(clock, launch, 4, wait) == pytest.approx(2.0)


def test_conditions_hold_collection_and_threads_and_put_them_back() -> None:
    assert gc.isenabled()
    with Conditions(1) as conditions:
        assert not gc.isenabled()
        assert gc.get_freeze_count() > 0
        conditions.hold()
        conditions.tidy()
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0
    with pytest.raises(ValueError, match="threads"):
        Conditions(0)


def test_conditions_limit_the_threads_of_torch() -> None:
    torch = pytest.importorskip("torch", reason="torch is an extra")
    before = torch.get_num_threads()
    with Conditions(1) as conditions:
        conditions.hold()
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == before

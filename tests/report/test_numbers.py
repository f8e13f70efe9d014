"""Figures show the digits that their interval supports, and no others."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xorbench.report.numbers import NONE, interval, number, percent, percent_interval, places, whole

finite = st.floats(-1e9, 1e9).filter(lambda value: value == 0 or abs(value) > 1e-9)


@pytest.mark.parametrize(
    ("value", "low", "high", "shown", "around"),
    [
        # Two digits of a half-width from 10 to 35, one from 36 to 94 (Particle Data Group).
        (4704, 3800, 5600, "4,700", "[3,800, 5,600]"),
        (2500, 1000, 5000, "2,500", "[1,000, 5,000]"),
        (12.2934, 12.16, 12.62, "12.29", "[12.16, 12.62]"),
        (0.827, 0.119, 1.535, "0.8", "[0.1, 1.5]"),  # their own example, 0.827 ± 0.708... shown to one digit
        (68, 66, 71, "68", "[66, 71]"),
        (0.5, 0.5, 0.5, "0.500", "[0.500, 0.500]"),
        (1234567, None, None, "1,234,567", ""),
        (0.012345, None, None, "0.0123", ""),
        (-3.5, -4.0, -3.0, "−3.5", "[−4.0, −3.0]"),
    ],
)
def test_known_figures(value, low, high, shown, around):
    assert number(value, low, high) == shown
    assert interval(low, high, value) == around


@pytest.mark.parametrize(("value", "shown"), [(None, NONE), (math.nan, NONE), (math.inf, "∞"), (-math.inf, "−∞")])
def test_what_is_no_number_is_said(value, shown):
    assert number(value) == shown


@given(finite, st.floats(1e-6, 1e6), st.floats(1e-6, 1e6))
def test_rounding_stays_within_the_intervals_half_width(value, below, above):
    low, high = value - below, value + above
    shown = number(value, low, high)
    read = float(shown.replace(",", "").replace("−", "-"))
    # At most half a unit of a digit that is at most a tenth of the half-width's own first digit, or the digit itself.
    assert abs(read - value) <= 0.51 * 10.0 ** -places(value, low, high) * 1.0001 + 1e-9 * abs(value)
    assert abs(read - value) <= (high - low) / 2


@given(finite)
def test_without_an_interval_three_digits_are_kept(value):
    read = float(number(value).replace(",", "").replace("−", "-"))
    assert math.isclose(read, value, rel_tol=0.006)


@given(st.integers(1, 1000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_none_and_all_are_never_rounded_to(counts):
    k, n = counts
    shown = percent(k / n, max(0, k / n - 0.02), min(1, k / n + 0.02))
    assert (shown == "100") <= (k / n > 0.985)
    assert (shown == "0") <= (k / n < 0.015)
    if k in (0, n):
        assert shown == f"{100 * k // n}"


def test_shares_are_per_cent():
    assert percent(0.974, 0.94, 0.99) == "97.4"
    assert percent_interval(0.29, 0.62) == "[29, 62]"
    assert percent(None) == NONE
    assert percent_interval(None, None) == ""
    assert whole(12345.0) == "12,345"

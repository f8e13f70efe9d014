"""Known answers, degenerate samples, and the coverage of every interval by simulation."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xorbench.errors import UsageError
from xorbench.measure import statistics
from xorbench.records import Run

budgets = st.sampled_from([0.0, 1.0, 7.0, 100.0])


@st.composite
def observations(draw, min_size=0):
    """Any sample: one budget or several, any share of successes, ties, zeros."""
    shared = draw(st.booleans())
    one = draw(budgets)
    sample = []
    for _ in range(draw(st.integers(min_size, 25))):
        budget = one if shared else draw(budgets)
        time = draw(st.none() | st.integers(0, int(budget)).map(float))
        sample.append((time, budget))
    return sample


def run(seed=0, *, stable=None, iterations=100, diverged=False, wall_s=2.0):
    return Run(
        seed=seed,
        iterations=iterations,
        to_75=stable,
        to_first=stable,
        to_stable=stable,
        accuracy=1.0 if stable is not None else 0.5,
        diverged=diverged,
        wall_s=wall_s,
        stable_s=None if stable is None else wall_s * stable / iterations,
    )


# Known answers


@pytest.mark.parametrize(
    ("solved", "n", "low", "high"),
    [
        # Closed forms: k = 0 gives 1 - (alpha/2)^(1/n), k = n gives (alpha/2)^(1/n).
        (0, 10, 0.0, 1 - 0.025 ** (1 / 10)),
        (10, 10, 0.025 ** (1 / 10), 1.0),
        (0, 1, 0.0, 0.975),
        (1, 1, 0.025, 1.0),
        # Clopper-Pearson table, e.g. Altman et al., Statistics with Confidence (2000): 8 of 10.
        (8, 10, 0.4439, 0.9748),
    ],
)
def test_share_has_the_exact_interval(solved, n, low, high):
    estimate = statistics.share_solved([(1.0, 5.0)] * solved + [(None, 5.0)] * (n - solved))
    assert estimate.value == solved / n
    assert estimate.n == n
    assert (estimate.low, estimate.high) == pytest.approx((low, high), abs=5e-5)


# Remission of leukaemia, weeks (Freireich et al. 1963; Gehan 1965): the textbook example of censored data.
TREATED = [(6, 1), (6, 1), (6, 1), (6, 0), (7, 1), (9, 0), (10, 1), (10, 0), (11, 0), (13, 1), (16, 1), (17, 0)]
TREATED += [(19, 0), (20, 0), (22, 1), (23, 1), (25, 0), (32, 0), (32, 0), (34, 0), (35, 0)]
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]
TREATED_OBSERVED = [(float(t) if event else None, float(t)) for t, event in TREATED]
PLACEBO_OBSERVED = [(float(t), 40.0) for t in PLACEBO]


def test_kaplan_meier_of_the_leukaemia_trial():
    """Published: median 23 weeks against 8, survival .857 .807 .753 .690 .627 .538 .448 (Kleinbaum & Klein)."""
    curve = statistics.share_over_time(TREATED_OBSERVED)
    assert curve.times == (6, 7, 10, 13, 16, 22, 23)
    assert [1 - share for share in curve.share] == pytest.approx(
        [0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448], abs=5e-4
    )
    assert statistics.quantile(TREATED_OBSERVED).value == 23
    assert statistics.quantile(PLACEBO_OBSERVED).value == 8


def test_log_rank_of_the_leukaemia_trial():
    """Published: chi-square 16.79 with one degree of freedom."""
    result = statistics.log_rank(TREATED_OBSERVED, PLACEBO_OBSERVED)
    assert result.statistic**2 == pytest.approx(16.79, abs=5e-3)
    assert result.p_value < 1e-4
    assert result.n == (21, 21)


def test_log_rank_is_positive_when_the_first_is_faster():
    slow, fast = [(float(t), 99.0) for t in range(50, 70)], [(float(t), 99.0) for t in range(10, 30)]
    assert statistics.log_rank(fast, slow).statistic > 0 > statistics.log_rank(slow, fast).statistic


def test_expected_running_time_by_hand():
    estimate = statistics.expected_running_time([(10.0, 100.0), (30.0, 100.0), (None, 100.0), (20.0, 100.0)])
    assert estimate.value == pytest.approx((10 + 30 + 100 + 20) / 3)
    assert estimate.low < estimate.value < estimate.high


def test_quantiles_of_a_complete_sample_are_order_statistics():
    sample = [(float(t), 50.0) for t in range(1, 21)]
    lower, median, upper = statistics.quartiles(sample)
    assert (lower.value, median.value, upper.value) == (5, 10, 15)
    # Ranks 6 and 15 of 20 cover the median with 95.9 %, 7 and 14 with only 88.5 % (binomial table).
    assert (median.low, median.high) == (6, 15)


# Runs


def test_a_diverged_run_is_censored_at_the_budget_not_where_it_stopped():
    runs = [run(0, stable=40), run(1, iterations=3, diverged=True, wall_s=0.01), run(2)]
    assert statistics.observe(runs) == [(40, 100), (None, 100), (None, 100)]
    assert statistics.observe(runs, budget=500) == [(40, 500), (None, 500), (None, 500)]
    seconds = statistics.observe(runs, unit="seconds")
    assert seconds == [(0.8, 2.0), (None, 2.0), (None, 2.0)]


def test_seconds_are_known_for_the_stable_target_only():
    with pytest.raises(UsageError, match="to_first"):
        statistics.observe([run()], "to_first", unit="seconds")


# Degenerate samples: a figure with its meaning, or None with the reason


def test_no_run():
    for estimate in (
        statistics.share_solved([]),
        statistics.quantile([]),
        statistics.expected_running_time([]),
        statistics.share_over_time([]),
        statistics.log_rank([], [(1.0, 2.0)]),
    ):
        assert estimate.why
    assert statistics.observe([]) == []


@pytest.mark.parametrize("n", [1, 2, 30])
def test_a_budget_that_no_run_reaches(n):
    sample = [(None, 500.0)] * n
    assert statistics.share_solved(sample).value == 0
    median = statistics.quantile(sample)
    assert median.value is None
    assert median.high is None
    assert "beyond the budget of 500" in median.why
    ert = statistics.expected_running_time(sample)
    assert ert.value is None
    assert f"{500 * n}" in ert.why
    curve = statistics.share_over_time(sample)
    assert (curve.times, curve.end, curve.n) == ((), 500, n)
    assert "no run" in curve.why
    assert statistics.log_rank(sample, sample).why


def test_the_lower_bound_of_an_unreached_median_is_the_budget_where_that_is_sure():
    assert statistics.quantile([(None, 500.0)] * 30).low == 500
    assert statistics.quantile([(None, 500.0)]).low is None  # one run: the next may well be faster


def test_one_seed():
    sample = [(12.0, 100.0)]
    assert statistics.share_solved(sample).low == pytest.approx(0.025)
    for estimate in (statistics.quantile(sample), statistics.expected_running_time(sample)):
        assert (estimate.value, estimate.low, estimate.high) == (12, None, None)
        assert estimate.why


def test_all_solved_at_iteration_zero():
    sample = [(0.0, 100.0)] * 20
    for estimate in (statistics.quantile(sample), statistics.expected_running_time(sample)):
        assert (estimate.value, estimate.low, estimate.high) == (0, 0, 0)
    assert statistics.share_over_time(sample).times == (0,)
    assert statistics.log_rank(sample, sample).why


@given(observations(), st.floats(0.5, 0.99))
def test_any_sample_gives_figures_that_hold_together(sample, confidence):
    """No warning (they are errors), all finite, bounds around the value, a reason for what is missing."""
    curve = statistics.share_over_time(sample, confidence=confidence)
    assert all(
        0 <= low <= share <= high <= 1 for low, share, high in zip(curve.low, curve.share, curve.high, strict=True)
    )
    assert list(curve.share) == sorted(set(curve.share))
    estimates = [
        statistics.share_solved(sample, confidence=confidence),
        *statistics.quartiles(sample, confidence=confidence),
        statistics.expected_running_time(sample, confidence=confidence, resamples=99),
    ]
    for estimate in estimates:
        assert estimate.n == len(sample)
        bounds = [bound for bound in (estimate.low, estimate.value, estimate.high) if bound is not None]
        assert all(map(math.isfinite, bounds))
        assert bounds == sorted(bounds)
        if estimate.value is None or estimate.low is None or estimate.high is None:
            assert estimate.why
    result = statistics.log_rank(sample, sample[::-1])
    assert result.why or math.isfinite(result.p_value)


@given(observations(min_size=1))
def test_kaplan_meier_agrees_with_the_product_computed_by_hand(sample):
    events = sorted({time for time, _ in sample if time is not None})
    survival, shares = 1.0, []
    for moment in events:
        at_risk = sum((budget if time is None else time) >= moment for time, budget in sample)
        survival *= 1 - sum(time == moment for time, _ in sample) / at_risk
        shares.append(1 - survival)
    curve = statistics.share_over_time(sample)
    assert curve.times == tuple(events)
    assert curve.share == pytest.approx(tuple(shares))
    reached = [moment for moment, share in zip(events, shares, strict=True) if share >= 0.5 - 1e-9]
    assert statistics.quantile(sample).value == (reached[0] if reached else None)


@pytest.mark.parametrize(
    ("sample", "said"),
    [
        ([(5.0, 4.0)], "budget 4"),
        ([(-1.0, 4.0)], "time -1"),
        ([(math.nan, 4.0)], "time nan"),
        ([(None, math.inf)], "budget inf"),
        ([(None, math.nan)], "budget nan"),
    ],
)
def test_an_impossible_observation_is_refused(sample, said):
    with pytest.raises(UsageError, match=said):
        statistics.share_solved(sample)


def test_impossible_levels_are_refused():
    with pytest.raises(UsageError, match="confidence"):
        statistics.share_solved([], confidence=95)
    with pytest.raises(UsageError, match="q = 0"):
        statistics.quantile([], 0)


# Coverage: the share of simulated samples whose interval holds the truth


def covers(estimate, truth):
    low = -math.inf if estimate.low is None else estimate.low
    high = math.inf if estimate.high is None else estimate.high
    return low <= truth <= high


def least(nominal, trials):
    """What a method with exactly this coverage falls below once in 100,000 studies."""
    return nominal - 4.27 * math.sqrt(nominal * (1 - nominal) / trials)


def samples(generator, trials, n, *, mixed):
    """Exponential times of mean 1; budgets of 1, or drawn from 0.3 to 2."""
    for _ in range(trials):
        limits = generator.uniform(0.3, 2.0, n) if mixed else np.ones(n)
        yield [
            (time if time <= limit else None, limit)
            for time, limit in zip(generator.exponential(size=n).tolist(), limits.tolist(), strict=True)
        ]


def test_coverage_of_the_share():
    """Clopper-Pearson never covers less than stated, whatever the share: an exact sum over the outcomes."""
    from scipy.stats import binom

    n = 40
    estimates = [statistics.share_solved([(0.0, 1.0)] * k + [(None, 1.0)] * (n - k)) for k in range(n + 1)]
    for p in np.linspace(0, 1, 1001):
        inside = [k for k in range(n + 1) if covers(estimates[k], p)]
        assert binom.pmf(inside, n, p).sum() >= 0.95 - 1e-9


@pytest.mark.parametrize(("mixed", "slack"), [(False, 0.0), (True, 0.02)])
def test_coverage_of_the_median(mixed, slack):
    """Exact for one budget; with budgets of their own Brookmeyer-Crowley is an approximation, 2 points are allowed."""
    trials = 400
    hit = sum(
        covers(statistics.quantile(sample), math.log(2))
        for sample in samples(np.random.default_rng(0), trials, 40, mixed=mixed)
    )
    assert hit / trials >= least(0.95 - slack, trials)


@pytest.mark.parametrize(("n", "slack"), [(20, 0.03), (50, 0.02), (1500, 0.0)])
def test_coverage_of_the_expected_running_time(n, slack):
    """Without memory the cost of a success is 1 whatever the budget; the bootstrap's slack for few runs is stated."""
    trials = 300
    hit = sum(
        covers(statistics.expected_running_time(sample, seed=index), 1.0)
        for index, sample in enumerate(samples(np.random.default_rng(1), trials, n, mixed=False))
    )
    assert hit / trials >= least(0.95 - slack, trials)


@pytest.mark.parametrize(("mixed", "slack"), [(False, 0.0), (True, 0.02)])
def test_coverage_of_the_share_over_time(mixed, slack):
    """Pointwise at time 0.5, where the true share is 1 - exp(-0.5)."""
    trials, hit = 400, 0
    for sample in samples(np.random.default_rng(2), trials, 40, mixed=mixed):
        curve = statistics.share_over_time(sample)
        place = np.searchsorted(curve.times, 0.5, side="right") - 1
        hit += curve.low[place] <= 1 - math.exp(-0.5) <= curve.high[place]
    assert hit / trials >= least(0.95 - slack, trials)


def test_the_log_rank_test_keeps_its_level():
    trials, rejected = 400, 0
    generator = np.random.default_rng(3)
    pairs = zip(samples(generator, trials, 30, mixed=True), samples(generator, trials, 30, mixed=False), strict=True)
    for first, second in pairs:
        rejected += statistics.log_rank(first, second).p_value < 0.05
    assert 1 - rejected / trials >= least(0.95 - 0.01, trials)

"""The learning gate's error rates, exactly and by simulation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xorbench.errors import UsageError
from xorbench.measure.success import LearningGate, Verdict

GATES = [
    LearningGate(at_least=0.9, unacceptable=0.7),
    LearningGate(at_least=0.95, unacceptable=0.8, alpha=0.05, beta=0.1, seeds=200),
    LearningGate(at_least=0.5, unacceptable=0.25, alpha=0.01, beta=0.2, seeds=60),
    LearningGate(at_least=1.0, unacceptable=0.9, seeds=40),
    LearningGate(at_least=0.3, unacceptable=0.29, seeds=30),
]


@st.composite
def gates(draw):
    unacceptable = draw(st.floats(0.01, 0.95))
    return LearningGate(
        unacceptable=unacceptable,
        at_least=draw(st.floats(unacceptable + 0.01, 1.0)),
        alpha=draw(st.floats(0.001, 0.49)),
        beta=draw(st.floats(0.001, 0.49)),
        seeds=draw(st.integers(1, 80)),
    )


@given(gates(), st.floats(0, 1))
def test_the_error_rates_hold_for_every_gate_and_every_truth(gate, share):
    """The exact probabilities: at most alpha for those that are good enough, at most beta for those that are not."""
    seen = gate.characteristic(share)
    assert seen.passes + seen.fails + seen.undecided == pytest.approx(1)
    assert seen.seeds <= gate.seeds + 1e-9
    if share >= gate.at_least:
        assert seen.fails <= gate.alpha + 1e-12
    if share <= gate.unacceptable:
        assert seen.passes <= gate.beta + 1e-12


@pytest.mark.parametrize("gate", GATES)
@pytest.mark.parametrize("where", ["unacceptable", "between", "at_least"])
def test_simulated_error_rates_are_those_computed(gate, where):
    share = {
        "unacceptable": gate.unacceptable,
        "between": (gate.unacceptable + gate.at_least) / 2,
        "at_least": gate.at_least,
    }[where]
    trials = 150
    outcomes = np.random.default_rng(GATES.index(gate)).random((trials, gate.seeds)) < share
    judged = [gate.judge(row.tolist()) for row in outcomes]
    exact = gate.characteristic(share)
    for verdict, probability in (
        (Verdict.PASS, exact.passes),
        (Verdict.FAIL, exact.fails),
        (Verdict.UNDECIDED, exact.undecided),
    ):
        seen = sum(judgement.verdict is verdict for judgement in judged) / trials
        assert abs(seen - probability) <= 4.9 * max(probability * (1 - probability) / trials, 0.0) ** 0.5 + 0.01
    assert np.mean([judgement.n for judgement in judged]) == pytest.approx(exact.seeds, rel=0.25)


def test_a_gate_decides_with_a_few_seeds_where_the_case_is_clear():
    gate = LearningGate(at_least=0.9, unacceptable=0.5)
    assert gate.characteristic(1.0).seeds < 10
    assert gate.characteristic(0.05).seeds < 5
    assert gate.characteristic(0.95).passes > 0.99


def test_no_seed_is_trained_that_is_not_needed():
    trained = []

    def outcomes():
        for seed in range(1000):
            trained.append(seed)
            yield False

    judgement = LearningGate(at_least=1.0, unacceptable=0.9).judge(outcomes())
    assert judgement.verdict is Verdict.FAIL  # one failure refutes "always"
    assert trained == [0]
    assert judgement.share.value == 0


def test_too_few_seeds_are_undecided_and_never_a_pass():
    gate = LearningGate(at_least=0.9, unacceptable=0.8)
    for outcomes in ([], [True], [True, False]):
        judgement = gate.judge(outcomes)
        assert judgement.verdict is Verdict.UNDECIDED
        assert "undecided" in judgement.why
    assert gate.judge([]).share.value is None


@given(gates(), st.lists(st.booleans(), max_size=100))
def test_a_verdict_looks_at_no_more_than_the_limit_and_says_what_it_saw(gate, outcomes):
    judgement = gate.judge(outcomes)
    assert judgement.n <= min(gate.seeds, len(outcomes))
    assert judgement.solved == sum(outcomes[: judgement.n])
    if judgement.verdict is Verdict.UNDECIDED:
        assert judgement.n == min(gate.seeds, len(outcomes))
    if judgement.n:
        assert f"{judgement.solved} of {judgement.n} seeds" in judgement.why


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"at_least": 0.8, "unacceptable": 0.9}, "unacceptable 0.9"),
        ({"at_least": 0.8, "unacceptable": 0.8}, "unacceptable 0.8"),
        ({"at_least": 80, "unacceptable": 0.7}, "at_least 80"),
        ({"at_least": 0.8, "unacceptable": 0.0}, "unacceptable 0.0"),
        ({"at_least": 0.8, "unacceptable": 0.5, "alpha": 0}, "alpha = 0"),
        ({"at_least": 0.8, "unacceptable": 0.5, "beta": 0.7}, "beta = 0.7"),
        ({"at_least": 0.8, "unacceptable": 0.5, "seeds": 0}, "seeds = 0"),
    ],
)
def test_impossible_gates_are_refused(settings, said):
    with pytest.raises(UsageError, match=said):
        LearningGate(**settings)


def test_an_impossible_share_is_refused():
    with pytest.raises(UsageError, match=r"share = 1\.5"):
        GATES[0].characteristic(1.5)

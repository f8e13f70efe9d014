"""Order and folding of findings: nothing lost, nothing twice, causes first."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xorbench.records import Finding
from xorbench.verify.folding import EXPLAINS, arrange
from xorbench.verify.rules import RULES

SEVERITIES = ("error", "warning", "note")


def made(rule, where="", severity="error"):
    return Finding(rule=rule, severity=severity, where=where, message=f"{rule} at {where}")


findings = st.lists(
    st.builds(
        made,
        st.sampled_from(sorted(RULES)),
        st.sampled_from(["", "all", "output layer weights", "hidden layer 1 weights, hidden layer 1 bias"]),
        st.sampled_from(SEVERITIES),
    ),
    max_size=12,
)


def flat(arranged):
    return [one for root in arranged for one in (root, *root.symptoms)]


@settings(deadline=None)
@given(findings)
def test_every_rule_and_place_is_kept_once_at_its_gravest(given_):
    gravest = {}
    for one in given_:
        key = (one.rule, one.where)
        gravest[key] = min(gravest.get(key, 2), SEVERITIES.index(one.severity))
    kept = flat(arrange(given_))
    assert {(one.rule, one.where): SEVERITIES.index(one.severity) for one in kept} == gravest
    assert len(kept) == len(gravest)


@settings(deadline=None)
@given(findings, st.randoms(use_true_random=False))
def test_the_order_in_which_checks_report_does_not_matter(given_, random):
    shuffled = list(given_)
    random.shuffle(shuffled)
    assert arrange(shuffled) == arrange(given_)


@settings(deadline=None)
@given(findings)
def test_errors_come_before_notes_and_causes_before_symptoms(given_):
    roots = arrange(given_)
    ranks = [(SEVERITIES.index(one.severity), RULES[one.rule].cause) for one in roots]
    assert ranks == sorted(ranks)


@settings(deadline=None)
@given(findings)
def test_a_symptom_is_never_graver_than_its_cause_and_no_note_explains_anything(given_):
    for root in arrange(given_):
        for symptom in root.symptoms:
            assert root.severity != "note"
            assert SEVERITIES.index(root.severity) <= SEVERITIES.index(symptom.severity)
            # Directly, or through another symptom of the same root.
            others = {root.rule} | {one.rule for one in root.symptoms if one is not symptom}
            assert any(symptom.rule in EXPLAINS.get(rule, ()) for rule in others) or symptom.rule in others


@pytest.mark.parametrize("count", [2, 3])
def test_no_set_of_rules_is_folded_in_a_circle(count):
    # Each of A, B, C under the next would leave no root, or show one finding twice.
    for rules in itertools.combinations(sorted(RULES), count):
        arranged = arrange([made(rule) for rule in rules])
        assert sorted(one.rule for one in flat(arranged)) == list(rules)


@settings(deadline=None)
@given(findings)
def test_arranging_twice_changes_nothing(given_):
    once = arrange(given_)
    unfolded = [Finding(rule=o.rule, severity=o.severity, where=o.where, message=o.message) for o in flat(once)]
    assert arrange(unfolded) == once


def test_an_error_among_symptoms_stays_an_error():
    # A verdict counts arranged findings: folding must not hide that something failed.
    (root,) = arrange([made("XT04"), made("XM05", "hidden layer 1 weights")])
    assert (root.rule, root.severity) == ("XM05", "error")
    assert [one.rule for one in root.symptoms] == ["XT04"]


def test_a_known_chain():
    arranged = arrange(
        [
            made("XT04", "learning"),
            made("XA05", "step"),
            made("XD02", "loss"),
            made("XA02", "step"),
            made("XM13", "all", "note"),
        ]
    )
    assert [one.rule for one in arranged] == ["XD02", "XA02"]
    assert [one.rule for one in arranged[0].symptoms] == ["XA05", "XT04", "XM13"]


def test_a_place_within_another_is_folded_within_one_rule():
    (root,) = arrange([made("XM07", "hidden layer 1 bias"), made("XM07", "hidden layer 1 bias, output layer bias")])
    assert root.where == "hidden layer 1 bias"
    assert [one.where for one in root.symptoms] == ["hidden layer 1 bias, output layer bias"]


def test_other_places_of_one_rule_stay_apart():
    assert len(arrange([made("XM07", "hidden layer 1 bias"), made("XM07", "output layer bias")])) == 2


def test_causes_and_symptoms_are_rules_and_nothing_explains_itself():
    for cause, symptoms in EXPLAINS.items():
        assert cause in RULES
        assert symptoms <= set(RULES)
        assert cause not in symptoms, cause


def test_no_two_causes_hide_each_other_without_an_order():
    # Where each of two may explain the other, the one that `cause` ranks first must win whatever the input order.
    for cause, symptoms in EXPLAINS.items():
        for symptom in symptoms:
            if cause in EXPLAINS.get(symptom, ()):
                first, second = arrange([made(cause), made(symptom)]), arrange([made(symptom), made(cause)])
                assert first == second
                assert len(first) == 1

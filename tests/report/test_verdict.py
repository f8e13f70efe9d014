"""The report in a sentence: what is counted, and what is never said of who was not looked at."""

import pytest

from tests.report.study import MACHINE, checked, finding, learned, record
from xorbench.records import Convergence, Run
from xorbench.report.summary import Source, gather
from xorbench.report.verdict import verdict


def said(*records):
    (group,) = gather([Source(name="", records=records, environments=(MACHINE,))])
    return verdict(group)


def test_implementations_are_counted_by_their_seeds():
    found = said(learned("a", [1, 2]), learned("b", [1, None]), learned("c", [None, None]), learned("d", [3, 3]))
    assert found[0] == "Of 4 implementations, 2 solve XOR from every seed, 1 from some seeds and 1 from none."
    assert found[1] == "Fewest iterations to a success, restarts counted: a, 1.5 expected."


@pytest.mark.parametrize(
    ("stables", "sentence"),
    [([1, None, 3], "net solves XOR from 2 of 3 seeds."), ([5], "net solves XOR from 1 of 1 seed.")],
)
def test_one_implementation_is_named(stables, sentence):
    assert said(learned("net", stables)) == [sentence]


def test_an_error_is_named_and_that_it_learns_all_the_same():
    found = said(learned("bad", [1, 2, 3]), checked("bad", finding()), learned("good", [4, 5, 6]), checked("good"))
    assert found[0] == "All 2 implementations solve XOR from every seed."
    assert found[1] == "Verification finds an error in bad (XM05) although it learns."


def test_not_checked_never_reads_as_passed():
    assert not any("Verification" in sentence for sentence in said(learned("a", [1]), learned("b", [2])))
    assert "Verification checked 1 implementation and found no error." in said(
        learned("a", [1]), checked("a"), learned("b", [2])
    )


def test_a_built_in_answer_is_no_learning():
    run = Run(seed=0, iterations=0, to_75=0, to_first=0, to_stable=0, accuracy=1.0)
    found = said(record("fixed", result=Convergence(runs=(run,), rows=4), budget=100), learned("net", [None, None]))
    assert found[0] == "net solves XOR from 0 of 2 seeds."
    assert found[1] == "1 implementation learned nothing: the answer is built in, right for 1 of 1."


def test_failures_are_counted_and_nothing_is_nothing():
    assert said(record("a", outcome="crashed"))[-1].startswith("1 cell could not be measured")
    assert gather([]) == []


def test_of_several_runs_the_latest_speaks():
    sources = [
        Source(name=name, records=[learned("a", stables, started_at=started)], environments=(MACHINE,))
        for name, stables, started in (("new", [1, 1], "2026-02-01"), ("old", [None, None], "2026-01-01"))
    ]
    (group,) = gather(sources)
    assert verdict(group)[0] == "Latest run, new: a solves XOR from 2 of 2 seeds."

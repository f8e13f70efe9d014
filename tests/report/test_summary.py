"""From records to rows: what is pooled, what is not, and what a cell that failed becomes."""

import random

from hypothesis import given
from hypothesis import strategies as st

from tests.report.study import MACHINE, checked, learned, record, run, timed
from xorbench.records import Convergence, Environment
from xorbench.report.spectrum import spectrum, tabled
from xorbench.report.summary import UNKNOWN_MACHINE, Source, gather
from xorbench.report.tables import as_text, tables
from xorbench.tasks import GATES


def groups(*records, environments=(MACHINE,), name=""):
    return gather([Source(name=name, records=records, environments=environments)])


def test_seeds_of_several_cells_are_pooled_and_each_counts_once():
    cells = [
        record(result=Convergence(runs=tuple(run(seed, 10 + seed) for seed in seeds), rows=4), budget=1000, seeds=seeds)
        for seeds in ((0, 1, 2), (3, 4), (0, 1, 2))
    ]
    (group,) = groups(*cells)
    (row,) = group.rows
    assert [made.seed for made in row.learning.runs] == [0, 1, 2, 3, 4]
    assert (row.learning.solved, row.learning.n) == (5, 5)


def test_a_cell_that_was_run_again_counts_with_its_last_result():
    failed = record("a", outcome="timeout", detail="5 s", budget=1000, seeds=(0,))
    again = learned("a", [7])
    assert failed.id == again.id
    (group,) = groups(failed, again)
    assert group.rows[0].learning.solved == 1
    assert group.failures == []


def test_machines_runs_budgets_and_devices_are_never_pooled():
    other = Environment(id="e2", machine="m2", facts={})
    records = [
        learned("a", [10]),
        learned("a", [20], environment="e2"),
        learned("a", [30], budget=50),
        learned("a", [40], device="cuda"),
    ]
    found = gather(
        [
            Source(name="one", records=records, environments=(MACHINE, other)),
            Source(name="two", records=records[:1], environments=(MACHINE,)),
        ]
    )
    assert [group.machine for group in found] == ["m1", "m2"]
    seen = sorted((row.run, row.device, row.budget, row.learning.median.value) for row in found[0].rows)
    assert seen == [
        ("one", "cpu", 50, 30),
        ("one", "cpu", 1000, 10),
        ("one", "cuda", 1000, 40),
        ("two", "cpu", 1000, 10),
    ]


def test_records_without_an_environment_stand_alone():
    assert groups(learned("a", [1]), environments=())[0].machine == UNKNOWN_MACHINE


def test_a_failed_cell_is_a_row_that_says_so():
    detail = "Traceback (most recent call last):\n  File x\nValueError: no such thing\n"
    (group,) = groups(record("bad", outcome="raised", detail=detail), learned("good", [5, 6]))
    text = as_text(tables(group)[0])
    assert "raised" in next(line for line in text.splitlines() if "bad" in line)
    assert group.missed[0].said == "raised: ValueError: no such thing"


def test_timing_of_another_cell_joins_the_row_of_its_target():
    (group,) = groups(learned("a", [5]), timed("a"), checked("a"))
    (row,) = group.rows
    assert row.learning
    assert row.runtime.step.n == 7
    assert row.verified == "passed"


@given(st.randoms(use_true_random=False))
def test_the_order_of_records_changes_nothing_but_reruns(shuffler: random.Random):
    records = [learned(name, stables) for name, stables in (("a", [3, None]), ("b", [5, 9]), ("c", [None, None]))]
    records += [timed("b"), record("d", outcome="crashed", detail="signal 11")]
    before = [row.target for row in groups(*records)[0].rows]
    shuffler.shuffle(records)
    assert [row.target for row in groups(*records)[0].rows] == before == ["b", "a", "c", "d"]


def test_the_spectrum_counts_seeds_gate_by_gate():
    records = [
        learned("a", [4] * solved + [None] * (4 - solved), task=gate)
        for solved, gate in zip([4, 3, 2, 1, 0] * 4, GATES, strict=False)
    ]
    (group,) = groups(*records)
    (lane,) = spectrum(group)
    assert lane.counts == tuple((solved, 4) for solved in ([4, 3, 2, 1, 0] * 4)[:16])
    assert lane.said[1] == "3/4"
    # Gates that only the spectrum shows are no rows of the tables.
    assert {row.task for row in tabled(group)} == {"xor"}


def test_a_spectrum_from_a_check_has_shares_without_counts():
    (group,) = groups(learned("a", [1]), checked("a", spectrum={"and": 1.0, "or": 0.5, "xor": None}))
    (lane,) = spectrum(group)
    by_gate = dict(zip(GATES, lane.said, strict=True))
    assert by_gate["and"] == "100%"
    assert by_gate["or"] == "50%"
    assert by_gate["xor"] == "1/1"  # the runs speak where they were made
    assert by_gate["nand"] == "—"


def test_nothing_solved_and_nothing_measured_are_said():
    (group,) = groups(learned("never", [None, None, None]))
    row = next(line for line in as_text(tables(group)[0]).splitlines() if "never" in line)
    assert "0/3" in row
    assert "> 1,000" in row
    assert groups() == []

"""Each way to get worse has its exit status; so has each way to compare nothing, and each that cannot be told."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.gate.runs import check, checked, comparison, ratio, record, runs, source, timing
from xorbench.errors import ExitCode, UsageError
from xorbench.records import Comparison, Record
from xorbench.report.gate import Judgement, Mark, judge
from xorbench.report.policy import Learning, Override, Policy, Time

GOOD = [10 + seed for seed in range(20)]


def gate(run: list[Record], baseline: list[Record], policy: Policy | None = None, **more: object) -> Judgement:
    return judge(source("run", *run), source("baseline", *baseline), policy or Policy(), **more)  # type: ignore[arg-type]


def said(judgement: Judgement, mark: Mark) -> list[str]:
    return [f"{item.row}: {item.why}" for item in judgement.items if item.mark is mark]


def test_a_run_that_did_the_same_passes() -> None:
    rows = [record("net", runs(GOOD)), check("net"), timing("net")]
    found = gate([record("net", runs(GOOD), day=2), check("net", day=2), timing("net", 2e-4, day=2)], rows)
    assert found.status == ExitCode.OK
    assert (found.compared, found.counts[Mark.PASSED]) == (2, 2)  # times of two runs are not judged


def test_a_gradient_bug_fails() -> None:
    found = gate(
        [record("net", runs(GOOD), day=2), check("net", "XM05", day=2)], [record("net", runs(GOOD)), check("net")]
    )
    assert found.status == ExitCode.FAILED
    assert "XM05" in said(found, Mark.FAILED)[0]


def test_a_known_finding_passes_and_another_one_fails() -> None:
    before = [check("net", "XM07")]
    assert gate([check("net", "XM07", day=2)], before).status == ExitCode.OK
    assert gate([check("net", "XM07", "XM05", day=2)], before).status == ExitCode.FAILED
    assert gate([check("net", day=2)], before).status == ExitCode.OK


def test_a_check_result_by_itself_is_hard_and_compares_nothing() -> None:
    rows, again = [record("net", runs(GOOD))], [record("net", runs(GOOD), day=2)]
    assert gate(again, rows, checks=[checked("net")]).status == ExitCode.OK
    assert gate(again, rows, checks=[checked("net", "XM01")]).status == ExitCode.FAILED
    assert gate(again, rows, checks=[checked("net", verdict="error")]).status == ExitCode.FAILED
    assert gate([], rows, checks=[checked("net")]).status == ExitCode.NOTHING


def test_a_worse_initialiser_fails() -> None:
    from xorbench.measure.training import converge
    from xorbench.registry import resolve
    from xorbench.tasks import get_task

    before, after = (
        converge(resolve(target), get_task("xor"), seeds=range(30), budget=300)
        for target in ("numpy-mlp", "numpy-mlp[init=zeros]")
    )
    found = gate([record("net", after, budget=300, day=2)], [record("net", before, budget=300)])
    assert found.status == ExitCode.FAILED
    assert "learns worse: 0 of 30" in said(found, Mark.FAILED)[0]


@pytest.mark.parametrize(
    ("after", "status"),
    [
        ([at + 1 for at in GOOD], ExitCode.OK),  # within the margin
        ([at * 3 for at in GOOD], ExitCode.FAILED),  # all solve it, in three times as many iterations
        ([*GOOD[:10], *[None] * 10], ExitCode.FAILED),
        ([*GOOD[:18], None, None], ExitCode.INCONCLUSIVE),  # two fewer of twenty: luck or loss
        ([at // 2 for at in GOOD], ExitCode.OK),
        ([None] * 20, ExitCode.FAILED),
    ],
)
def test_learning_is_three_valued(after: list[int | None], status: ExitCode) -> None:
    assert gate([record("net", runs(after), day=2)], [record("net", runs(GOOD))]).status == status


def test_a_network_that_never_gets_there_may_not_get_worse_either() -> None:
    nobody = [None] * 20
    before = [record("net", runs(nobody, failed=0.96))]
    for accuracy, status in ((0.96, ExitCode.OK), (0.95, ExitCode.OK), (0.5, ExitCode.FAILED), (0.99, ExitCode.OK)):
        assert gate([record("net", runs(nobody, failed=accuracy), day=2)], before).status == status
    few = [record("net", runs([None] * 3, failed=0.96))], [record("net", runs([None] * 3, failed=0.5), day=2)]
    assert gate(few[1], few[0]).status == ExitCode.INCONCLUSIVE


@settings(deadline=None, max_examples=2)
@given(st.integers(0, 2**32 - 1))
def test_an_unchanged_implementation_with_new_seeds_rarely_fails(seed: int) -> None:
    # Five rows of 20 seeds each, drawn from one distribution; all verdicts together err at most once in a hundred.
    generator = np.random.default_rng(seed)

    def sample(day: int) -> list[Record]:
        rows = []
        for name in "abcde":
            times = [int(t) if t < 100 else None for t in generator.exponential(60.0, size=20)]
            rows.append(record(name, runs(times), day=day))
        return rows

    failed = sum(gate(sample(2), sample(1)).status == ExitCode.FAILED for _ in range(40))
    assert failed <= 5  # where the rate is 0.01, more come once in 300,000 times


def test_a_deleted_row_fails_unless_the_policy_lets_it_be_said() -> None:
    before = [record("net", runs(GOOD)), record("other", runs(GOOD[::-1]))]
    after = [record("net", runs(GOOD), day=2)]
    found = gate(after, before)
    assert found.status == ExitCode.FAILED
    assert said(found, Mark.FAILED) == ["other on xor: missing: the baseline has this row and the run does not"]
    assert gate(after, before, Policy(missing="say")).status == ExitCode.OK


@pytest.mark.parametrize("measure", ["check", "timing"])
def test_a_measure_that_is_gone_is_a_missing_row(measure: str) -> None:
    before = [record("net", runs(GOOD)), check("net") if measure == "check" else timing("net")]
    found = gate([record("net", runs(GOOD), day=2)], before)
    assert found.status == ExitCode.FAILED
    assert measure[:5] in said(found, Mark.FAILED)[0]
    assert gate([record("net", runs(GOOD), day=2)], before, Policy(missing="say")).status == ExitCode.OK


def test_another_budget_is_a_missing_row_too() -> None:
    found = gate([record("net", runs(GOOD), budget=50, day=2)], [record("net", runs(GOOD))])
    assert found.status == ExitCode.FAILED
    assert "budget of 100; the run has 50" in said(found, Mark.FAILED)[0]


def test_another_version_of_the_measure_is_not_compared() -> None:
    before, worse = [record("net", runs(GOOD))], record("net", runs([None] * 20), day=2, version=2)
    found = gate([worse], before)
    assert found.status == ExitCode.INCONCLUSIVE
    assert "version 2 measures it, the baseline has version 1; make a new baseline" in said(found, Mark.INCONCLUSIVE)[0]
    # A run that was resumed by a newer version has both: the older one counts no more.
    assert (
        gate([worse, record("net", runs(GOOD), day=2)], [record("net", runs(GOOD), version=2)]).status
        == ExitCode.FAILED
    )


def test_a_new_row_is_said_and_must_be_right() -> None:
    before = [record("net", runs(GOOD))]
    after = [record("net", runs(GOOD), day=2), record("newcomer", runs([None] * 20), day=2)]
    found = gate(after, before)
    assert found.status == ExitCode.OK
    assert said(found, Mark.SAID) == ["newcomer on xor: new: the baseline does not have this row"]
    assert gate([*after, check("newcomer", "XM01", day=2)], before).status == ExitCode.FAILED


def test_a_renamed_row_is_recognised_by_its_course_or_told_by_the_policy() -> None:
    before = [record("old", runs(GOOD)), record("net", runs(GOOD[::-1]))]
    after = [record("new", runs(GOOD), day=2), record("net", runs(GOOD[::-1]), day=2)]
    found = gate(after, before)
    assert found.status == ExitCode.OK
    assert said(found, Mark.SAID) == ["new on xor: renamed: was old on xor"]
    assert found.compared == 2
    changed = [record("new", runs([None] * 20), day=2), after[1]]
    assert "missing" in said(gate(changed, before), Mark.FAILED)[0]
    told = gate(changed, before, Policy(rename={"old": "new"}))
    assert "learns worse" in said(told, Mark.FAILED)[0]


def test_two_rows_of_one_course_are_not_guessed_at() -> None:
    before = [record("old", runs(GOOD)), record("net", runs(GOOD[::-1]))]
    twins = [record("one", runs(GOOD), day=2), record("two", runs(GOOD), day=2), record("net", runs(GOOD[::-1]), day=2)]
    assert "missing" in said(gate(twins, before), Mark.FAILED)[0]


def test_the_baseline_of_something_else_compares_nothing() -> None:
    found = gate([record("net", runs(GOOD), day=2)], [record("another", runs([None] * 3))])
    assert found.status == ExitCode.NOTHING
    assert "no row in common" in found.sentence


@pytest.mark.parametrize("empty", ["run", "baseline", "both"])
def test_an_empty_run_compares_nothing(empty: str) -> None:
    rows = [record("net", runs(GOOD))]
    found = gate([] if empty != "baseline" else rows, [] if empty != "run" else rows)
    assert found.status == ExitCode.NOTHING


def test_swapped_arguments_are_a_mistake_in_the_command() -> None:
    with pytest.raises(UsageError, match="swapped"):
        gate([record("net", runs(GOOD), day=1)], [record("net", runs(GOOD), day=2)])
    rows = [record("net", runs(GOOD))]
    with pytest.raises(UsageError, match="cannot fail"):
        gate(rows, rows)


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        ("raised", ExitCode.FAILED),
        ("timeout", ExitCode.FAILED),
        ("crashed", ExitCode.FAILED),
        ("memory", ExitCode.FAILED),
        ("exited", ExitCode.FAILED),
        ("invalid", ExitCode.FAILED),
        ("unavailable", ExitCode.INCONCLUSIVE),
    ],
)
def test_a_row_that_can_no_longer_be_measured(outcome: str, status: ExitCode) -> None:
    before = [record("net", runs(GOOD))]
    broken = record("net", None, outcome=outcome, detail="ValueError: no", day=2)  # type: ignore[arg-type]
    assert gate([broken], before).status == status
    as_before = record("net", None, outcome=outcome, detail="ValueError: no")  # type: ignore[arg-type]
    known = ExitCode.NOTHING if outcome == "unavailable" else ExitCode.OK
    assert gate([broken], [as_before]).status == known


def test_a_timed_cheat_fails() -> None:
    rows = [record("net", runs(GOOD)), timing("net")]
    cheat = timing("net", day=2, notes=("step: wrong, after 99 timed steps the model is another",))
    assert gate([record("net", runs(GOOD), day=2), cheat], rows).status == ExitCode.FAILED


ROWS, AGAIN = [record("net.py:Net", runs(GOOD))], [record("net.py:Net", runs(GOOD), day=2)]


@pytest.mark.parametrize(
    ("found", "status"),
    [
        (comparison(ratio(1.20), ratio(1.20)), ExitCode.FAILED),  # slower, twice
        (comparison(ratio(1.20), ratio(1.00)), ExitCode.INCONCLUSIVE),  # slower, but not again
        (comparison(ratio(1.20)), ExitCode.INCONCLUSIVE),  # slower, not looked at again
        (comparison(ratio(1.05), ratio(1.05)), ExitCode.OK),  # within the margin
        (comparison(ratio(1.11, width=0.02), ratio(1.11, width=0.02)), ExitCode.INCONCLUSIVE),  # about the margin
        (comparison(ratio(1.00)), ExitCode.OK),
        (comparison(ratio(1.00, width=0.3)), ExitCode.INCONCLUSIVE),  # too noisy to tell
        (comparison(ratio(0.70), ratio(0.70)), ExitCode.OK),
        (comparison(ratio(1.50, base_s=1e-7), ratio(1.50, base_s=1e-7)), ExitCode.OK),  # 50 nanoseconds
        (comparison(ratio(1.00), checked=False), ExitCode.INCONCLUSIVE),
        (comparison(ratio(1.00), checked=False, notes=("head: step: wrong, after 9 steps",)), ExitCode.FAILED),
    ],
)
def test_time_is_three_valued_and_fails_only_twice_beyond_the_margin(found: Comparison, status: ExitCode) -> None:
    assert gate(AGAIN, ROWS, comparisons=[found]).status == status


def test_a_step_that_is_truly_slower_by_a_fifth_fails_and_an_equal_one_does_not() -> None:
    from tests.timing.machine import Machine
    from xorbench.measure.interleave import interleave
    from xorbench.measure.ratios import resolve

    def measured(slower: float, seed: int) -> Comparison:
        machine = Machine(seed)
        base = machine.contender(2e-3)
        rounds = []
        for turn in range(2):
            times = interleave([base, base, machine.contender(2e-3 * slower)], 1, seed=seed + turn)
            found = resolve(*times[0], comparisons=6)
            assert found.low is not None
            assert found.high is not None
            rounds.append(
                ratio(
                    found.ratio,
                    width=min(found.ratio - found.low, found.high - found.ratio),
                    verdict=found.verdict,
                    base_s=2e-3,
                )
            )
        return comparison(*rounds)

    slower = [gate(AGAIN, ROWS, comparisons=[measured(1.2, seed)]).status for seed in range(20)]
    equal = [gate(AGAIN, ROWS, comparisons=[measured(1.0, seed)]).status for seed in range(20)]
    assert slower.count(ExitCode.FAILED) >= 16
    assert ExitCode.OK not in slower
    assert ExitCode.FAILED not in equal


def test_a_policy_can_require_a_comparison() -> None:
    policy = Policy(time=Time(required=True))
    assert gate(AGAIN, ROWS, policy).status == ExitCode.INCONCLUSIVE
    assert gate(AGAIN, ROWS, policy, comparisons=[comparison(ratio(1.0))]).status == ExitCode.OK


def test_a_claim_on_the_share_is_tested_seed_by_seed() -> None:
    policy = Policy(learning=Learning(at_least=0.9, unacceptable=0.5))
    for solved, status in ((40, ExitCode.OK), (8, ExitCode.FAILED)):
        rows = [10 + seed if seed % 40 < solved else None for seed in range(0, 40 * 7, 7)]  # mixed
        found = gate([record("net", runs(rows), day=2)], [record("net", runs(rows))], policy)
        assert found.status == status
    few = [record("net", runs([1, 2, 3]))], [record("net", runs([1, 2, 3]), day=2)]
    assert gate(few[1], few[0], policy).status == ExitCode.INCONCLUSIVE


def test_an_override_changes_what_it_names_for_the_rows_it_matches() -> None:
    policy = Policy(
        learning=Learning(slowdown=1.25, share_drop=0.2),
        override=(
            Override(target="torch-*", learning={"slowdown": 4.0}),
            Override(target="a[b=1]", task="and", time={"margin": 2.0}),
        ),
    )
    assert policy.learning_of("torch-mlp", "xor", "cpu") == Learning(slowdown=4.0, share_drop=0.2)
    assert policy.learning_of("numpy-mlp", "xor", "cpu") == policy.learning
    assert policy.time_of("a[b=1]", "and", "cpu").margin == 2.0
    assert policy.time_of("a[b=1]", "xor", "cpu") == policy.time
    assert policy.time_of("a[b=2]", "and", "cpu") == policy.time
    tripled = [record("torch-mlp", runs([at * 3 for at in GOOD]), day=2)]
    assert gate(tripled, [record("torch-mlp", runs(GOOD))], policy).status == ExitCode.OK


def test_the_worst_comes_first() -> None:
    before = [record(name, runs(GOOD)) for name in ("a", "b", "c")]
    after = [
        record("a", runs(GOOD), day=2),
        record("b", runs([None] * 20), day=2),
        record("d", runs([*GOOD[:18], None, None]), day=2),
    ]
    marks = [item.mark for item in gate(after, before).items]
    assert marks == sorted(marks, key=list(Mark).index)
    assert marks[0] is Mark.FAILED

"""What a gate writes for others to read: bounded, escaped, and well formed whatever the names are."""

from __future__ import annotations

from xml.etree import ElementTree

from hypothesis import given, settings
from hypothesis import strategies as st

from xorbench.report.gate import Item, Judgement, Mark
from xorbench.report.gate_formats import as_junit, as_summary, as_text, github_annotations

items = st.builds(
    Item,
    row=st.text(max_size=40),
    aspect=st.sampled_from(["rows", "learning"]),
    mark=st.sampled_from(Mark),
    why=st.text(max_size=40),
)
judgements = st.builds(
    Judgement,
    items=st.lists(items, max_size=8).map(tuple),
    compared=st.integers(0, 3),
    run=st.text(),
    baseline=st.text(),
)


def many(count: int) -> Judgement:
    rows = tuple(Item(row=f"row {i} | ünusual", aspect="time", mark=Mark.FAILED, why="|" * 600) for i in range(count))
    return Judgement(items=rows, compared=count, run="run", baseline="base")


def test_a_summary_stays_below_a_megabyte_and_says_what_it_left_out() -> None:
    text = as_summary(many(5000))
    assert len(text.encode()) < 1_000_000
    shown = text.count("| failed |")
    assert 0 < shown < 5000
    assert f"{5000 - shown:,} more items are not shown" in text


def test_annotations_are_ten_of_a_kind_at_most() -> None:
    assert len(list(github_annotations(many(10)))) == 10
    lines = list(github_annotations(many(5000)))
    assert len(lines) == 10
    assert "4,991 more failed items" in lines[-1]


@settings(deadline=None, max_examples=60)
@given(judgements)
def test_annotations_are_one_command_each(judgement: Judgement) -> None:
    for line in github_annotations(judgement):
        assert "\n" not in line
        assert "\r" not in line
        head, _, message = line[2:].partition("::")
        assert head.startswith(("error title=", "warning title="))
        assert "," not in head
        assert "%" not in message.replace("%25", "").replace("%0A", "").replace("%0D", "")


@settings(deadline=None, max_examples=60)
@given(judgements)
def test_junit_is_well_formed_and_its_counts_are_those_of_its_cases(judgement: Judgement) -> None:
    suite = ElementTree.fromstring(as_junit(judgement))[0]
    assert int(suite.attrib["tests"]) == len(suite)
    assert int(suite.attrib["failures"]) == len(suite.findall("testcase/failure"))
    assert int(suite.attrib["skipped"]) == len(suite.findall("testcase/skipped"))
    if not judgement.compared:
        assert int(suite.attrib["failures"]) > 0


@settings(deadline=None, max_examples=60)
@given(judgements)
def test_a_row_of_the_summary_is_one_line_of_four_cells(judgement: Judgement) -> None:
    lines = as_summary(judgement).splitlines()
    rows = [line for line in lines if line.startswith("| ") and not line.startswith("| |")]
    assert len(rows) == len(judgement.items)
    assert all(line.replace("\\|", "").count("|") == 5 for line in rows)
    assert len(as_text(judgement).splitlines()) == len(judgement.items) + 1

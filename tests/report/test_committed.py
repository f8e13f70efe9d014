"""What `reports/` holds is what its records say: each file is rendered again and compared, byte for byte."""

from pathlib import Path

import pytest

from xorbench.records import Portrait
from xorbench.report.files import render
from xorbench.report.page import portrait_page
from xorbench.report.summary import Source, gather
from xorbench.study.journal import read

REPORTS = Path(__file__).parents[2] / "reports"
FOLDERS = sorted(path.parent for path in REPORTS.rglob("records.jsonl") if "latest" not in path.parts)
MOST_BYTES = 1_000_000


def groups(folder):
    records, environments = read(folder / "records.jsonl")
    return gather([Source(name="", records=records, environments=environments)])


@pytest.mark.skipif(not FOLDERS, reason="no committed reports in this installation")
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_committed_report_is_rendered_from_its_records(folder):
    found = groups(folder)
    for name in ("md", "csv", "html"):
        path = folder / f"comparison.{name}"
        if path.exists():
            assert path.read_text(encoding="utf-8") == render(name, found), f"run: xorbench report {path.parent}"
            assert path.stat().st_size < MOST_BYTES
    page = folder / "show.html"
    if page.exists():
        (group,) = found
        assert page.read_text(encoding="utf-8") == portrait_page(group, group.rows[0].target)
        assert page.stat().st_size < MOST_BYTES


@pytest.mark.skipif(not FOLDERS, reason="no committed reports in this installation")
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_committed_report_says_what_it_was_made_with(folder):
    for group in groups(folder):
        for environment in group.environments:
            assert environment.facts["cpu_model"]
            assert environment.facts["python_version"]
        assert "Measure the same again" in render("html", [group])


@pytest.mark.skipif(not (REPORTS / "default" / "records.jsonl").exists(), reason="no committed default run")
def test_the_default_run_has_portraits_of_one_that_learns_and_one_that_is_stuck():
    records, _ = read(REPORTS / "default" / "records.jsonl")
    solved = {record.result.solved for record in records if isinstance(record.result, Portrait)}
    assert solved == {True, False}

"""From a job to its record, whatever comes back."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.study.conftest import ROOT, STRANGERS
from xorbench.records import Cell, CheckOutcome, CheckResult, Convergence, Timings
from xorbench.sandbox import Outcome
from xorbench.study import work
from xorbench.study.work import Done, Job, record_of, run_cell, run_job


def job(target: str = STRANGERS + "Right", measure: Any = "convergence", **about: Any) -> Job:
    cell = Cell(target=target, task="xor", measure=measure, seeds=(0,), budget=3, **about)
    return Job(cell=cell, time_limit_s=30, memory_limit_mib=500, folder=str(ROOT))


def test_a_job_goes_in_and_its_record_comes_out_as_json() -> None:
    asked = job()
    done = msgspec.json.decode(run_job(msgspec.json.encode(asked)), type=Done)
    assert done.record.cell == asked.cell
    assert done.record.id == asked.cell.id
    assert (done.record.outcome, done.record.environment) == ("ok", done.environment.id)
    assert isinstance(done.record.result, Convergence)
    assert done.record.wall_s > 0
    assert done.record.started_at.endswith("+00:00")


def test_the_settings_of_a_cell_reach_its_measure() -> None:
    record = run_cell(job("if-else", "timing", settings={"predict_rows": [2, 3], "samples": 4}))
    assert isinstance(record.result, Timings)
    predicted = [timing for timing in record.result.timings if timing.action == "predict"]
    assert [timing.rows for timing in predicted] == [2, 3]
    assert all(len(timing.samples_s) <= 4 for timing in predicted)


@pytest.mark.parametrize(
    "value", [None, 3, "x", [], {}, {"kind": "convergence"}, {"kind": "convergence", "runs": [{"seed": None}]}]
)
def test_a_value_that_is_no_result_is_invalid(value: Any) -> None:
    record = record_of(job(), Outcome(kind="ok", value=value), started_at="", wall_s=0)
    assert (record.outcome, record.result) == ("invalid", None)
    assert "no result of convergence" in record.detail


def test_a_result_of_another_measure_is_invalid() -> None:
    timing = msgspec.to_builtins(Timings(timings=()))
    assert record_of(job(), Outcome(kind="ok", value=timing), started_at="", wall_s=0).outcome == "invalid"
    assert record_of(job(measure="timing"), Outcome(kind="ok", value=timing), started_at="", wall_s=0).outcome == "ok"


def test_a_source_that_changed_since_the_plan_is_not_measured() -> None:
    record = run_cell(job(source="0" * 16))
    assert record.outcome == "raised"
    assert (
        record.detail == f"the source of {STRANGERS}Right changed after the run had begun; run the same command again"
    )


def test_output_is_kept_with_failures_only(tmp_path: Path) -> None:
    (tmp_path / "loud.py").write_text(
        "class Net:\n    def __init__(self, fail=False):\n        self.fail = fail\n"
        "    def predict(self, inputs):\n        print('said')\n        assert not self.fail\n"
        "        return inputs[:, 0]\n"
    )
    assert run_cell(job(f"{tmp_path}/loud.py:Net")).output == ""
    failed = run_cell(job(f"{tmp_path}/loud.py:Net[fail=true]"))
    assert failed.outcome == "raised"
    assert failed.output.startswith("said\n")


def test_an_edited_file_is_never_run_as_it_was(tmp_path: Path) -> None:
    """Its compilation is kept for the next child; a text of the same size and time is another text."""
    file = tmp_path / "says.py"
    quiet = "class Net:\n    def predict(self, inputs):\n        return inputs[:, 0]\n    def step(self, inputs, targets): pass\n"
    loud = quiet.replace("return inputs[:, 0]", "raise ValueError(1)")
    assert len(quiet) == len(loud)
    file.write_text(quiet)
    before = file.stat()
    for _ in range(2):
        assert run_cell(job(f"{file}:Net")).outcome == "ok"
    file.write_text(loud)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert run_cell(job(f"{file}:Net")).outcome == "raised"


def test_a_check_finds_its_file_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, Any] = {}

    def verify(target: str, **about: Any) -> CheckResult:
        seen.update(about, target=target)
        return CheckResult(target=target, verdict="passed", counts={}, checks=(), findings=())

    monkeypatch.setattr("xorbench.verify.check.verify", verify)
    monkeypatch.chdir(tmp_path)
    target = STRANGERS + "Right[seed=2]"
    record = run_cell(job(target, "check", settings={"examples": 2}))
    assert seen["target"] == f"{ROOT}/{target}"
    assert (seen["examples"], seen["time_limit_s"], seen["memory_limit_mib"]) == (2, 30, 500)
    assert isinstance(record.result, CheckOutcome)
    assert record.result.result.target == target
    for same in ("if-else", "package.module:Net", "/somewhere/net.py:Net[a=1]"):
        assert work._absolute(same, "/here") == same


def test_a_judge_that_fails_is_a_record(monkeypatch: pytest.MonkeyPatch) -> None:
    def verify(target: str, **about: Any) -> CheckResult:
        raise RuntimeError("lost its mind")

    monkeypatch.setattr("xorbench.verify.check.verify", verify)
    record = run_cell(job("if-else", "check"))
    assert record.outcome == "raised"
    assert record.detail.endswith("RuntimeError: lost its mind")

"""Scheduling, exactly: a fake executor that runs when it is told to, and a watcher that stops when it is told to."""

from __future__ import annotations

from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xorbench.records import Cell, Convergence, Environment, Record
from xorbench.sandbox import Outcome
from xorbench.study import runner
from xorbench.study.executors import Place
from xorbench.study.journal import Journal
from xorbench.study.plan import Planned
from xorbench.study.runner import AHEAD, keep, remaining, run_jobs, run_planned
from xorbench.study.work import Done, Job

HERE = Environment(id="e1", machine="m1", facts={})


def job(name: str, measure: str = "convergence") -> Job:
    cell = Cell(target=name, task="xor", measure=measure)  # type: ignore[arg-type]
    return Job(cell=cell, time_limit_s=1, memory_limit_mib=1, folder="/")


def done(job: Job, outcome: str = "ok", detail: str = "") -> Done:
    result = Convergence(runs=()) if outcome == "ok" else None
    record = Record(
        id=job.cell.id, cell=job.cell, outcome=outcome, environment="e1", result=result, detail=detail  # type: ignore[arg-type]
    )  # fmt: skip
    return Done(record=record, environment=HERE)


class Fake(Executor):
    """Runs one job, chosen by `pick`, each time that somebody waits; counts how many it held at once."""

    def __init__(self, pick: Any = lambda count: 0) -> None:
        self.pick = pick
        self.held: list[tuple[Future[bytes], Job]] = []
        self.begun: list[str] = []
        self.company: dict[str, int] = {}  # the most jobs held beside each
        self.lose: set[str] = set()

    def submit(self, function: Any, /, *arguments: Any, **_: Any) -> Future[bytes]:
        future: Future[bytes] = Future()
        asked = msgspec.json.decode(arguments[0], type=Job)
        self.held.append((future, asked))
        self.begun.append(asked.cell.target)
        for _, other in self.held:
            self.company[other.cell.target] = max(self.company.get(other.cell.target, 0), len(self.held))
        return future

    def wait(self, futures: Any, timeout: float, return_when: str) -> tuple[list[Future[bytes]], list[Future[bytes]]]:
        assert set(futures) <= {future for future, _ in self.held}
        self.held = [(future, asked) for future, asked in self.held if not future.cancelled()]
        future, asked = self.held.pop(self.pick(len(self.held)))
        if asked.cell.target in self.lose:
            future.set_exception(RuntimeError("worker lost"))
        else:
            future.set_result(msgspec.json.encode(done(asked)))
        return [future], []


class Watch:
    def __init__(self, stop_after: int = 10**9, stop_now_after: int = 10**9) -> None:
        self.seen: list[Record] = []
        self.begun: tuple[int, int, int] | None = None
        self._stop, self._stop_now = stop_after, stop_now_after

    def begin(self, jobs: list[Job], skipped: int, width: int) -> None:
        self.begun = (len(jobs), skipped, width)

    def finished(self, record: Record) -> None:
        self.seen.append(record)

    def stopping(self) -> bool:
        return len(self.seen) >= self._stop

    def stopping_now(self) -> bool:
        return len(self.seen) >= self._stop_now


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Fake:
    executor = Fake()
    monkeypatch.setattr(runner, "wait", executor.wait)
    monkeypatch.setattr(runner, "environment_of", lambda device, folder: HERE)
    monkeypatch.setattr("xorbench.study.work.environment_of", lambda device, folder: HERE)
    return executor


@settings(max_examples=30, deadline=None)
@given(data=st.data(), kinds=st.lists(st.sampled_from(["convergence", "timing", "check"]), max_size=12))
def test_each_job_has_one_record_in_any_order(
    data: st.DataObject, kinds: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    jobs = [job(f"t{number}", kind) for number, kind in enumerate(kinds)]
    executor = Fake(pick=lambda count: data.draw(st.integers(0, count - 1)))
    watch = Watch()
    with pytest.MonkeyPatch.context() as patch, Journal(tmp_path_factory.mktemp("out")) as journal:
        patch.setattr(runner, "wait", executor.wait)
        run_jobs(jobs, Place(executor, 3), journal, watch)
        assert sorted(record.cell.target for record in journal.records) == sorted(job.cell.target for job in jobs)
        assert watch.seen == journal.records
    timed = [job.cell.target for job in jobs if job.cell.measure == "timing"]
    # What is timed comes last and has no company; the rest never more than was asked for.
    assert executor.begun[len(jobs) - len(timed) :] == timed
    assert all(executor.company[name] == 1 for name in timed)
    assert max(executor.company.values(), default=0) <= AHEAD * 3


def test_one_stop_lets_running_jobs_end_and_begins_no_other(fake: Fake, tmp_path: Path) -> None:
    jobs = [job(f"t{number}") for number in range(20)]
    watch = Watch(stop_after=2)
    with Journal(tmp_path) as journal:
        run_jobs(jobs, Place(fake, 2), journal, watch)
        assert 2 <= len(journal.records) <= 2 + AHEAD * 2
        assert watch.seen == journal.records
    assert len(fake.begun) <= 2 + AHEAD * 2


def test_a_stop_at_once_waits_for_nothing(fake: Fake, tmp_path: Path) -> None:
    watch = Watch(stop_after=3, stop_now_after=3)
    with Journal(tmp_path) as journal:
        run_jobs([job(f"t{number}") for number in range(20)], Place(fake, 2), journal, watch)
        assert len(journal.records) == 3
    assert all(future.cancelled() for future, _ in fake.held)


def test_a_job_that_the_executor_lost_is_a_record(fake: Fake, tmp_path: Path) -> None:
    fake.lose = {"t1"}
    with Journal(tmp_path) as journal:
        run_jobs([job(f"t{number}") for number in range(3)], Place(fake, 1), journal, Watch())
        outcomes = {record.cell.target: record.outcome for record in journal.records}
        assert outcomes == {"t0": "ok", "t1": "crashed", "t2": "ok"}
        assert "worker lost" in journal.records[1].detail


def test_only_what_is_missing_is_run(fake: Fake, tmp_path: Path) -> None:
    jobs = [job(f"t{number}") for number in range(5)]
    with Journal(tmp_path) as journal:
        keep(done(jobs[0]), journal, Watch())
        keep(done(jobs[1], "raised"), journal, Watch())
        keep(done(jobs[2], "unavailable", "no such device"), journal, Watch())
        assert remaining(jobs + jobs, journal) == [jobs[2], jobs[3], jobs[4]]
        assert remaining(jobs, journal, retry_failed=True) == jobs[1:]
        # Unavailable for the same reason again: nothing new to write down.
        keep(done(jobs[2], "unavailable", "no such device"), journal, Watch())
        assert len(journal.records) == 3
        watch = Watch()
        run_planned(Planned(jobs=jobs, known={}), Place(fake, 2), journal, watch)
        assert watch.begun == (3, 2, 2)
        assert fake.begun == ["t2", "t3", "t4"]
        assert remaining(jobs, journal) == []


def test_what_is_known_already_is_not_run(fake: Fake, tmp_path: Path) -> None:
    jobs = [job("t0"), job("t1")]
    known = {jobs[0].cell.id: Outcome(kind="timeout", detail="at import")}
    with Journal(tmp_path) as journal:
        run_planned(Planned(jobs=jobs, known=known), Place(fake, 2), journal, Watch())
        assert {record.cell.target: record.outcome for record in journal.records} == {"t0": "timeout", "t1": "ok"}
    assert fake.begun == ["t1"]

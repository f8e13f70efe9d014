"""From jobs to records in the journal: what still has to be done, where, in which order, and how it is stopped."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, wait
from typing import Protocol

import msgspec

from xorbench.records import Record
from xorbench.sandbox import Outcome
from xorbench.study.executors import Place
from xorbench.study.journal import Journal
from xorbench.study.plan import Planned
from xorbench.study.work import Done, Job, environment_of, now, record_of, run_job

#: Jobs handed over per worker: one that runs and one that waits, so that no worker idles and few have to be recalled.
AHEAD = 2
_LOOK_S = 0.2  # between looks at whether to stop


class Watcher(Protocol):
    """Is told how a run goes, and asked whether it shall go on."""

    def begin(self, jobs: list[Job], skipped: int, width: int) -> None:
        """`jobs` will be run, `width` side by side; `skipped` cells have their record already."""

    def finished(self, record: Record) -> None:
        """A record is on the disk."""

    def stopping(self) -> bool:
        """Whether to begin nothing more."""

    def stopping_now(self) -> bool:
        """Whether to wait for nothing more either."""


def remaining(jobs: Iterable[Job], journal: Journal, *, retry_failed: bool = False) -> list[Job]:
    """Return the jobs whose cell has no record yet, each cell once.

    A cell that was "unavailable" is tried again: the device or the package may be there now.
    """
    latest = journal.latest()
    again = ("unavailable",)
    found: dict[str, Job] = {}
    for job in jobs:
        record = latest.get(job.cell.id)
        if record is None or record.outcome in again or (retry_failed and record.outcome != "ok"):
            found.setdefault(job.cell.id, job)
    return list(found.values())


def run_planned(
    planned: Planned, place: Place, journal: Journal, watcher: Watcher, *, retry_failed: bool = False
) -> None:
    """Run what is missing of a plan; what is known of a cell already becomes its record without running it."""
    jobs = remaining(planned.jobs, journal, retry_failed=retry_failed)
    watcher.begin(jobs, len(planned.jobs) - len(jobs), place.width)
    run = []
    for job in jobs:
        outcome = planned.known.get(job.cell.id)
        if outcome is None:
            run.append(job)
        else:
            record = record_of(job, outcome, started_at=now(), wall_s=outcome.wall_s)
            keep(Done(record=record, environment=environment_of(job.cell.device, job.folder)), journal, watcher)
    run_jobs(run, place, journal, watcher)


def run_jobs(jobs: list[Job], place: Place, journal: Journal, watcher: Watcher) -> None:
    """Run the jobs and write each record as it comes; jobs that time something run alone, after all others.

    Returns early when the watcher wants to stop. Raises JournalError when the disk is full.
    """
    together = [job for job in jobs if job.cell.measure != "timing"]
    alone = [job for job in jobs if job.cell.measure == "timing"]
    for batch, width in ((together, AHEAD * place.width), (alone, 1)):
        for record_done in _run(batch, place.executor, width, watcher):
            keep(record_done, journal, watcher)


def keep(done: Done, journal: Journal, watcher: Watcher) -> None:
    """Write a record, unless it says for a second time that a cell is unavailable."""
    before = journal.latest().get(done.record.id) if done.record.outcome == "unavailable" else None
    if before is None or (before.outcome, before.detail) != (done.record.outcome, done.record.detail):
        journal.append(done.record, done.environment)
    watcher.finished(done.record)


def _run(jobs: list[Job], executor: Executor, width: int, watcher: Watcher) -> Iterator[Done]:
    waiting = iter(jobs)
    running: dict[Future[bytes], tuple[Job, float, str]] = {}
    try:
        while True:
            while len(running) < width and not watcher.stopping():
                job = next(waiting, None)
                if job is None:
                    break
                future = executor.submit(run_job, msgspec.json.encode(job))
                running[future] = (job, time.monotonic(), now())
            if not running or watcher.stopping_now():
                return
            if watcher.stopping():
                for future in [future for future in running if future.cancel()]:
                    del running[future]
                if not running:
                    return
            ready, _ = wait(running, timeout=_LOOK_S, return_when=FIRST_COMPLETED)
            for future in ready:
                job, started, started_at = running.pop(future)
                # The future is dropped here: what an executor still holds it may compute again.
                yield _result(future, job, started, started_at)
    finally:
        for future in running:
            future.cancel()


def _result(future: Future[bytes], job: Job, started: float, started_at: str) -> Done:
    try:
        return msgspec.json.decode(future.result(), type=Done)
    except (Exception, CancelledError) as error:
        # Not the cell's child, which is supervised, but the executor's worker was lost, or refused the job.
        outcome = Outcome(kind="crashed", detail=f"the executor lost the cell: {type(error).__name__}: {error}")
        environment = environment_of("cpu", job.folder)
        record = record_of(job, outcome, started_at=started_at, wall_s=time.monotonic() - started)
        return Done(record=msgspec.structs.replace(record, environment=environment.id), environment=environment)


@contextlib.contextmanager
def nothing_left_running() -> Iterator[None]:
    """At the end, however it comes, kill what the cells of this process still run."""
    from xorbench import sandbox

    try:
        yield
    finally:
        sandbox.shutdown(now=True)

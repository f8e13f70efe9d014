"""What a run says of itself."""

from __future__ import annotations

import io
import os
import signal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xorbench.records import Cell, Record
from xorbench.study.progress import Estimate, Progress
from xorbench.study.work import Job


def job(target: str, measure: str = "convergence", seed: int = 0) -> Job:
    cell = Cell(target=target, task="xor", measure=measure, seeds=(seed,))  # type: ignore[arg-type]
    return Job(cell=cell, time_limit_s=1, memory_limit_mib=1, folder="/")


def record(job: Job, wall_s: float, outcome: str = "ok", detail: str = "") -> Record:
    return Record(
        id=job.cell.id, cell=job.cell, outcome=outcome, environment="e", wall_s=wall_s, detail=detail  # type: ignore[arg-type]
    )  # fmt: skip


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_what_remains_is_what_the_like_of_it_took() -> None:
    slow, fast, timed = (
        [job("slow", seed=n) for n in range(3)],
        [job("fast", seed=n) for n in range(5)],
        job("t", "timing"),
    )
    estimate = Estimate([*slow, *fast, timed], width=2)
    assert estimate.seconds() is None
    estimate.took(record(slow[0], 10.0))
    assert estimate.seconds() == pytest.approx((2 * 10 + 5 * 10) / 2 + 10)  # all it knows is slow
    estimate.took(record(fast[0], 1.0))
    # Two slow and four fast ones, two at a time; the timed one alone, guessed by the mean of all.
    assert estimate.seconds() == pytest.approx((2 * 10 + 4 * 1) / 2 + 5.5)


@given(took=st.lists(st.floats(0.001, 1000), min_size=1, max_size=20), width=st.integers(1, 8))
def test_nothing_remains_in_the_end(took: list[float], width: int) -> None:
    jobs = [job("t", seed=n) for n in range(len(took))]
    estimate = Estimate(jobs, width)
    for each, seconds in zip(jobs, took, strict=True):
        estimate.took(record(each, seconds))
        left = estimate.seconds()
        assert left is not None
        assert left >= 0
    assert estimate.seconds() == 0


def test_a_log_has_one_line_per_cell() -> None:
    stream = io.StringIO()
    progress = Progress(stream=stream)
    jobs = [job("a"), job("b"), job("c")]
    progress.begin(jobs, 4, 2)
    progress.finished(record(jobs[0], 1.0))
    progress.finished(record(jobs[1], 1.0, "raised", "Traceback ...\nValueError: bad"))
    progress.finished(record(jobs[2], 1.0))
    progress.end()
    lines = stream.getvalue().splitlines()
    assert lines[0] == "4 cells measured before: skipped (--fresh measures them again)"
    assert lines[1] == "3 cells to measure, 2 side by side"
    assert lines[2] == "[1/3] a xor convergence: ok  1.0 s  about 1 s left"
    assert lines[3] == "[2/3] b xor convergence: raised: ValueError: bad  1.0 s  about 0 s left"
    assert lines[4:] == ["[3/3] c xor convergence: ok  1.0 s"]
    assert "\r" not in stream.getvalue()
    assert [failed.cell.target for failed in progress.failed] == ["b"]


def test_a_terminal_has_a_bar_that_is_wiped() -> None:
    stream = Terminal()
    progress = Progress(stream=stream)
    jobs = [job("a"), job("b")]
    progress.begin(jobs, 0, 1)
    progress.finished(record(jobs[0], 1.0))
    assert "[############------------] 1/2" in stream.getvalue()
    progress.finished(record(jobs[1], 1.0, "timeout", "still running"))
    progress.end()
    text = stream.getvalue()
    assert "b xor convergence: timeout: still running" in text
    assert text.endswith("\r\x1b[2K")


def test_quiet_is_quiet() -> None:
    for stream in (io.StringIO(), Terminal()):
        progress = Progress(quiet=True, stream=stream)
        progress.begin([job("a")], 1, 1)
        progress.finished(record(job("a"), 1.0, "raised"))
        progress.say("anything")
        progress.end()
        assert stream.getvalue() == ""


def test_interrupts_are_counted_and_handlers_given_back() -> None:
    before = signal.getsignal(signal.SIGINT)
    progress = Progress(stream=io.StringIO())
    with progress.interruptible():
        assert not progress.stopping()
        os.kill(os.getpid(), signal.SIGINT)
        assert (progress.stopping(), progress.stopping_now()) == (True, False)
        os.kill(os.getpid(), signal.SIGTERM)
        assert progress.stopping_now()
    assert signal.getsignal(signal.SIGINT) is before

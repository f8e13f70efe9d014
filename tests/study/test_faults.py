"""Every fault that a stranger can bring into a run, for every executor: the others' results are right and complete."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.sandbox.conftest import all_gone, pids_in
from tests.study.conftest import EXECUTORS, EXECUTORS_DASK_SLOW, ROOT, STRANGERS, exactly_one_each, records_of, xorbench
from xorbench.errors import ExitCode
from xorbench.records import Convergence, Record
from xorbench.study.journal import FILE

#: Stranger -> the outcome of its cell and what its detail says.
FAULTS = {
    "Segfault": ("crashed", "SIGSEGV"),
    "LeaveAtOnce": ("exited", "exit status 3"),
    "Leave": ("exited", "sys.exit('enough')"),
    "Abort": ("crashed", "SIGABRT"),
    "Loop": ("timeout", "still running"),
    "LoopInC": ("timeout", "still running"),
    "Grandchild": ("timeout", "still running"),
    "FiftyChildren": ("ok", ""),
    "Hog": ("memory", ""),
    "Chatter": ("ok", ""),
    "ClosedStreams": ("ok", ""),
    "NotANumber": ("ok", ""),
    "WrongType": ("raised", "predict"),
    "Unspeakable": ("raised", "UnspeakableError"),
    "Spoiler": ("ok", ""),
}
LIMITS = ("--time-limit", "2.5", "--memory-limit", "400")
QUICK = ("--measure", "convergence", "--seeds", "1", "--budget", "5", "--quiet")


@pytest.mark.parametrize("executor", EXECUTORS)
def test_a_run_survives_every_fault(executor: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pids = tmp_path / "pids"
    monkeypatch.setenv("PIDS", str(pids))
    folder = tmp_path / "out"
    faults = [STRANGERS + name for name in FAULTS]
    slow = "tests/study/slow_import.py:Net"
    # Right ones between the faulty ones, told apart by their options.
    targets = [target for fault in faults for target in (fault, "if-else")] + [slow, STRANGERS + "Right"]
    ran = xorbench("run", *targets, *QUICK, *LIMITS, "--executor", executor, "--output", str(folder))
    assert ran.status == ExitCode.FAILED, ran
    found = {record.cell.target: record for record in records_of(folder)}
    assert exactly_one_each(records_of(folder))
    assert set(found) == set(targets)
    for name, (outcome, said) in FAULTS.items():
        record = found[STRANGERS + name]
        assert record.outcome == outcome, record
        assert said in record.detail
        assert (record.result is None) == (outcome != "ok")
    assert found[slow].outcome == "timeout"
    assert _solved(found["if-else"])
    assert _solved(found[STRANGERS + "Right"])
    assert _solved(found[STRANGERS + "Spoiler"])
    assert not _solved(found[STRANGERS + "NotANumber"])
    assert "strangers.py" in found[STRANGERS + "Unspeakable"].detail
    assert all_gone(pids_in(pids, 51))
    # A second run has nothing left to do, and says so.
    again = xorbench("run", *targets, *QUICK[:-1], *LIMITS, "--executor", "local:1", "--output", str(folder))
    assert f"{len(set(targets))} cells measured before" in again.err
    assert len(records_of(folder)) == len(set(targets))


def _solved(record: Record) -> bool:
    assert isinstance(record.result, Convergence)
    return [run.to_stable for run in record.result.runs] == [0] * len(record.result.runs)


@pytest.mark.parametrize("executor", EXECUTORS_DASK_SLOW)
def test_a_file_deleted_during_the_run(executor: str, tmp_path: Path) -> None:
    file = tmp_path / "gone.py"
    file.write_text(
        "import os, time\nclass Net:\n    def predict(self, inputs):\n        return inputs[:, 0] != inputs[:, 1]\n"
        "    def step(self, inputs, targets):\n        time.sleep(0.5)\n"
        "        if os.path.exists(__file__): os.remove(__file__)\n"
    )
    arguments = ("--measure", "convergence", "--seeds", "20", "--budget", "1", "--executor", executor)
    ran = xorbench("run", f"{file}:Net", "if-else", *arguments, "--output", str(tmp_path / "out"))
    assert ran.status == ExitCode.FAILED
    records = records_of(tmp_path / "out")
    assert len(records) == 5
    assert exactly_one_each(records)
    outcomes = [record.outcome for record in records if record.cell.target != "if-else"]
    assert set(outcomes) == {"ok", "raised"}
    assert all("no file" in record.detail for record in records if record.outcome == "raised")


@pytest.mark.parametrize("executor", EXECUTORS)
def test_a_killed_worker_loses_nothing(executor: str, tmp_path: Path) -> None:
    """A worker of Dask's, or the template that forks for the threads, is killed while cells run."""
    target = STRANGERS + "Slow"
    run = _start("run", target, "--measure", "convergence", "--seeds", "30", "--budget", "2", "--executor", executor,
                 "--output", str(tmp_path))  # fmt: skip
    _wait_for_records(tmp_path, 1)
    workers = [pid for pid in _family(run.pid) if _is_worker(pid, executor)]
    assert workers
    its_cells = _family(workers[0])
    os.kill(workers[0], signal.SIGKILL)
    assert not executor.startswith("dask") or all_gone(its_cells)
    _, err = run.communicate(timeout=60)
    assert run.returncode == ExitCode.OK, err
    records = records_of(tmp_path)
    assert len(records) == 6
    assert exactly_one_each(records)
    assert all(record.outcome == "ok" for record in records)


@pytest.mark.parametrize("executor", EXECUTORS)
def test_a_killed_parent_leaves_nothing_and_is_resumed(
    executor: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIDS", str(tmp_path / "pids"))
    arguments = ("run", STRANGERS + "Grandchild", STRANGERS + "Right", "--measure", "convergence", "--seeds", "10",
                 "--budget", "2", "--executor", executor, "--output", str(tmp_path / "out"))  # fmt: skip
    run = _start(*arguments)
    pids = pids_in(tmp_path / "pids", 2)
    _wait_for_records(tmp_path / "out", 0)
    family = _family(run.pid)
    assert set(pids) < set(family)
    run.kill()
    run.communicate(timeout=30)
    assert all_gone(family, within_s=20)
    before = records_of(tmp_path / "out") if (tmp_path / "out" / FILE).exists() else []
    ran = xorbench(*arguments, "--time-limit", "1")
    assert ran.status == ExitCode.FAILED
    records = records_of(tmp_path / "out")
    assert records[: len(before)] == before
    assert len(records) == 4
    assert exactly_one_each(records)


def test_a_second_run_in_one_folder_is_refused(tmp_path: Path) -> None:
    arguments = ("run", STRANGERS + "Slow", "--measure", "convergence", "--seeds", "1", "--output", str(tmp_path))
    first = _start(*arguments, "--budget", "30")
    _wait_for(lambda: (tmp_path / FILE).exists())
    second = xorbench(*arguments, "--budget", "1")
    assert second.status == ExitCode.USAGE
    assert f"process {first.pid}" in second.err
    assert "--output" in second.err
    first.communicate(timeout=60)
    assert first.returncode == ExitCode.OK
    assert len(records_of(tmp_path)) == 1


@pytest.mark.parametrize("executor", EXECUTORS_DASK_SLOW)
def test_a_full_disk_keeps_what_was_measured(executor: str, tmp_path: Path) -> None:
    """On a file system of 256 KiB; a run that has room again measures the rest."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(tmp_path)], capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"no file system of its own can be mounted here: {mounted.stderr.strip()}")
    try:
        ballast = tmp_path / "ballast"
        ballast.write_bytes(b"x" * (240 << 10))
        arguments = ("run", STRANGERS + "Right", "--measure", "convergence", "--seeds", "100", "--budget", "10",
                     "--executor", executor, "--output", str(tmp_path / "out"))  # fmt: skip
        ran = xorbench(*arguments, "--quiet")
        assert ran.status == ExitCode.FAILED
        assert "No space left on device" in ran.err
        kept = records_of(tmp_path / "out")
        assert 0 < len(kept) < 20
        ballast.unlink()
        assert xorbench(*arguments, "--quiet").status == ExitCode.OK
        records = records_of(tmp_path / "out")
        assert records[: len(kept)] == kept
        assert len(records) == 20
        assert exactly_one_each(records)
    finally:
        subprocess.run(["umount", "--lazy", str(tmp_path)], check=True)


def _kills_and_resumes(kills: int, folder: Path) -> None:
    """Kill a run at random moments, most of them while cells end, resume it as often, and count what is there."""
    cells = 40 * kills
    arguments = ("run", STRANGERS + "Right", "--measure", "convergence", "--seeds", str(5 * cells), "--budget", "1",
                 "--executor", "local:2", "--output", str(folder))  # fmt: skip
    seen: list[Record] = []
    amidst = 0
    for _ in range(kills):
        run = _start(*arguments)
        if random.random() < 0.9:
            _wait_for_growth(folder, run)
        time.sleep(random.uniform(0, 0.3))
        run.kill()
        run.communicate(timeout=30)
        records = records_of(folder) if (folder / FILE).exists() else []
        assert records[: len(seen)] == seen
        amidst += len(records) > len(seen)
        seen = records
    assert amidst >= kills // 2
    last = _start(*arguments)
    last.communicate(timeout=600)
    assert last.returncode == ExitCode.OK
    records = records_of(folder)
    assert records[: len(seen)] == seen
    assert len(records) == cells
    assert exactly_one_each(records)


def _wait_for_growth(folder: Path, run: subprocess.Popen[str]) -> None:
    def size() -> int:
        return (folder / FILE).stat().st_size if (folder / FILE).exists() else 0

    before = size()
    _wait_for(lambda: size() > before or run.poll() is not None)


def test_a_few_kills_lose_nothing(tmp_path: Path) -> None:
    _kills_and_resumes(4, tmp_path)


@pytest.mark.slow
def test_a_hundred_kills_lose_nothing(tmp_path: Path) -> None:
    _kills_and_resumes(100, tmp_path)


@pytest.mark.parametrize("executor", EXECUTORS_DASK_SLOW)
def test_one_interrupt_finishes_what_runs(executor: str, tmp_path: Path) -> None:
    run = _start("run", STRANGERS + "Slow", "--measure", "convergence", "--seeds", "50", "--budget", "2", "--executor",
                 executor, "--output", str(tmp_path))  # fmt: skip
    _wait_for_records(tmp_path, 1)
    run.send_signal(signal.SIGINT)
    _, err = run.communicate(timeout=60)
    assert run.returncode == ExitCode.INTERRUPTED, err
    records = records_of(tmp_path)
    assert 1 <= len(records) < 10
    assert all(record.outcome == "ok" for record in records)
    assert f"{len(records)} of 10 cells are kept" in err


@pytest.mark.parametrize("executor", EXECUTORS_DASK_SLOW)
def test_two_interrupts_stop_at_once(executor: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIDS", str(tmp_path / "pids"))
    run = _start("run", STRANGERS + "Right", STRANGERS + "Grandchild", "--measure", "convergence", "--seeds", "1",
                 "--budget", "2", "--executor", executor, "--output", str(tmp_path))  # fmt: skip
    pids_in(tmp_path / "pids", 1)
    _wait_for_records(tmp_path, 1)
    family = _family(run.pid)
    run.send_signal(signal.SIGINT)
    time.sleep(0.3)
    started = time.monotonic()
    run.send_signal(signal.SIGINT)
    _, err = run.communicate(timeout=60)
    assert time.monotonic() - started < 30  # the limit of the cell that hangs is 120 s
    assert run.returncode == ExitCode.INTERRUPTED, err
    assert all_gone(family)
    (record,) = records_of(tmp_path)
    assert record.cell.target == STRANGERS + "Right"


def _start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "xorbench", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _wait_for(condition, within_s: float = 60.0) -> None:
    until = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


def _wait_for_records(folder: Path, count: int) -> None:
    _wait_for(lambda: (folder / FILE).exists() and len(records_of(folder)) >= count)


def _family(pid: int) -> list[int]:
    """Return a process and all its descendants."""
    found = [pid]
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            for child in Path(f"/proc/{pid}/task/{task}/children").read_text().split():
                found += _family(int(child))
    except OSError:
        pass
    return found


def _is_worker(pid: int, executor: str) -> bool:
    command = Path(f"/proc/{pid}/cmdline").read_bytes()
    if executor.startswith("dask"):
        # The nanny spawns its worker through multiprocessing; the tracker of that is no worker.
        return b"multiprocessing" in command and b"spawn_main" in command
    return b"xorbench.sandbox.template" in command

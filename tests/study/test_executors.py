"""The strings that name an executor, and what each gives."""

from __future__ import annotations

import os
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from tests.study.conftest import STRANGERS, records_of, xorbench
from xorbench.errors import ExitCode, UsageError
from xorbench.records import Convergence
from xorbench.study.executors import open_executor


def make_executor() -> Executor:
    return ThreadPoolExecutor(3)


def make_processes() -> Executor:
    return ProcessPoolExecutor(2, mp_context=get_context("spawn"))


def make_nothing() -> None:
    return None


@pytest.mark.parametrize(
    ("spec", "width"),
    [("local:1", 1), ("local:7", 7), ("local", len(os.sched_getaffinity(0))), (f"factory:{__name__}:make_executor", 3)],
)
def test_an_executor_runs_and_has_its_width(spec: str, width: int) -> None:
    with open_executor(spec) as place:
        assert place.width == width
        assert [place.executor.submit(pow, 2, n).result() for n in range(3)] == [1, 2, 4]
    with pytest.raises(RuntimeError):
        place.executor.submit(pow, 2, 2)


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("lokal:2", "did you mean 'local'"),
        ("local:0", "'0' is no number of workers"),
        ("local:x", "'x' is no number of workers"),
        ("local:", "'' is no number of workers"),
        ("dask-local:-1", "'-1' is no number of workers"),
        ("dask", "is none of"),
        ("dask:", "is none of"),
        ("", "is none of"),
        ("slurm:4", "dask:ADDRESS"),
        ("factory:", "is none of"),
        ("factory:no.such.module:make", "No module named"),
        (f"factory:{__name__}:none", "no attribute 'none'"),
        (f"factory:{__name__}", "factory:module:function"),
        (f"factory:{__name__}:make_nothing", "NoneType"),
    ],
)
def test_a_mistake_is_one_sentence(spec: str, said: str) -> None:
    with pytest.raises(UsageError) as caught, open_executor(spec):
        pass
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_scheduler_that_is_not_there_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed", reason="the cluster extra is not installed")
    monkeypatch.setattr("xorbench.study.executors.CONNECT_S", 0.5)
    with pytest.raises(UsageError, match="no scheduler answers"), open_executor("dask:tcp://127.0.0.1:1"):
        pass


ARGUMENTS = ("run", STRANGERS + "Right", "--seeds", "15", "--budget", "2", "--measure", "convergence")


@pytest.mark.parametrize("name", ["make_executor", pytest.param("make_processes", marks=pytest.mark.slow)])
def test_any_executor_gives_the_same_records(name: str, tmp_path: Path) -> None:
    ran = xorbench(*ARGUMENTS, "--executor", f"factory:{__name__}:{name}", "--output", str(tmp_path / "other"))
    assert ran.status == ExitCode.OK, ran.err
    assert xorbench(*ARGUMENTS, "--executor", "local:1", "--output", str(tmp_path / "local")).status == ExitCode.OK
    other, local = ({record.id: record for record in records_of(tmp_path / folder)} for folder in ("other", "local"))
    assert set(other) == set(local)
    for identity, record in other.items():
        assert record.cell == local[identity].cell
        if isinstance(record.result, Convergence):
            there, here = record.result.runs, local[identity].result.runs  # type: ignore[union-attr]
            assert [run.to_stable for run in there] == [run.to_stable for run in here]


def test_a_scheduler_by_its_address(tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed", reason="the cluster extra is not installed")
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=2, processes=False, dashboard_address=":0", silence_logs=50
    ) as cluster:
        ran = xorbench(*ARGUMENTS, "--executor", f"dask:{cluster.scheduler_address}", "--output", str(tmp_path))
    assert ran.status == ExitCode.OK, ran.err
    assert "2 side by side" in ran.err
    assert len(records_of(tmp_path)) == 3

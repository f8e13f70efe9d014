"""The strings that name an executor, and what each gives."""

from __future__ import annotations

import os
from concurrent.futures import Executor, ThreadPoolExecutor

import pytest

from xorbench.errors import UsageError
from xorbench.study.executors import open_executor


def make_executor() -> Executor:
    return ThreadPoolExecutor(3)


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

from __future__ import annotations

import contextlib
import importlib.util
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from xorbench import sandbox
from xorbench.cli import run
from xorbench.records import Record
from xorbench.study.journal import FILE, read_all

ROOT = Path(__file__).resolve().parents[2]
STRANGERS = "tests/study/strangers.py:"

_dask = pytest.mark.skipif(importlib.util.find_spec("distributed") is None, reason="the cluster extra is not installed")
EXECUTORS = ["local:2", pytest.param("dask-local:2", marks=_dask)]
#: For faults that only the process that runs the command can see: starting a cluster for each takes seconds.
EXECUTORS_DASK_SLOW = ["local:2", pytest.param("dask-local:2", marks=[_dask, pytest.mark.slow])]


@pytest.fixture(autouse=True, scope="session")
def _sandbox_is_let_go() -> Iterator[None]:
    yield
    sandbox.shutdown()


@pytest.fixture(autouse=True)
def _in_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


@dataclass(frozen=True)
class Ran:
    """What a command gave."""

    status: int
    out: str
    err: str


def xorbench(*arguments: str) -> Ran:
    """Run the command line here and catch what it says."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = run(list(arguments))
    return Ran(int(status), out.getvalue(), err.getvalue())


def records_of(folder: Path) -> list[Record]:
    records, environments = read_all(folder / FILE)
    known = {environment.id for environment in environments}
    assert all(record.environment in known for record in records)
    return records


def exactly_one_each(records: list[Record]) -> bool:
    return len({record.id for record in records}) == len(records)

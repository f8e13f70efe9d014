from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from xorbench import sandbox


@pytest.fixture(autouse=True, scope="session")
def _sandbox_is_let_go() -> Iterator[None]:
    yield
    sandbox.shutdown()


def is_alive(pid: int) -> bool:
    """Whether a process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def all_gone(pids: list[int], within_s: float = 10.0) -> bool:
    until = time.monotonic() + within_s
    while any(map(is_alive, pids)):
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


def pids_in(path: str | os.PathLike[str], count: int = 1, within_s: float = 20.0) -> list[int]:
    """Wait until strangers have written so many process ids into a file, and return them."""
    until = time.monotonic() + within_s
    while True:
        found = Path(path).read_text().split() if os.path.exists(path) else []
        if len(found) >= count:
            return [int(word) for word in found]
        assert time.monotonic() < until, f"{path} has {len(found)} of {count} process ids"
        time.sleep(0.01)

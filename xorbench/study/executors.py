"""Where cells run: one seam, :class:`concurrent.futures.Executor`, and the strings that name one.

``local:N``, ``dask:ADDRESS``, ``dask-local:N`` or ``factory:module:function``. A cell's own child process bounds and
contains it, so an executor needs neither time limits nor crash handling of its own.
"""

from __future__ import annotations

import contextlib
import importlib
import os
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass

from xorbench.errors import MissingDependencyError, UsageError, did_you_mean

KINDS = ("local:N", "dask:ADDRESS", "dask-local:N", "factory:module:function")
WORKER_WAIT_S = 30
CONNECT_S = 10


@dataclass(frozen=True)
class Place:
    """An executor and how many cells it runs side by side."""

    executor: Executor
    width: int


@contextlib.contextmanager
def open_executor(spec: str) -> Iterator[Place]:
    """Open the executor that `spec` names, and close it at the end without waiting for what still runs.

    Raises UsageError for anything that names none.
    """
    kind, colon, rest = spec.partition(":")
    if kind == "local":
        with _threads(_count(spec, rest) if colon else cores()) as place:
            yield place
    elif kind == "dask-local":
        with _dask_local(_count(spec, rest) if colon else cores()) as place:
            yield place
    elif kind == "dask" and rest:
        with _dask(rest) as place:
            yield place
    elif kind == "factory" and rest:
        with _from_factory(spec, rest) as place:
            yield place
    else:
        names = [name.partition(":")[0] for name in KINDS]
        raise UsageError(f"executor {spec!r} is none of {', '.join(KINDS)}{did_you_mean(kind, names)}")


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _count(spec: str, text: str) -> int:
    try:
        count = int(text)
    except ValueError:
        count = 0
    if count < 1:
        raise UsageError(f"executor {spec!r}: {text!r} is no number of workers; write a whole number from 1 on")
    return count


@contextlib.contextmanager
def _threads(count: int) -> Iterator[Place]:
    # Threads are enough: each only waits for the child process of its cell.
    executor = ThreadPoolExecutor(count, thread_name_prefix="xorbench")
    try:
        yield Place(executor, count)
    finally:
        executor.shutdown(wait=False, cancel_futures=True)


@contextlib.contextmanager
def _dask(address: str) -> Iterator[Place]:
    _need_distributed(f"dask:{address}")
    from distributed import Client

    try:
        client = Client(address, timeout=CONNECT_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise UsageError(
            f"executor 'dask:{address}': no scheduler answers there ({error}); start one with `dask scheduler`"
        ) from None
    with client:
        yield _place(client, f"dask:{address}")


@contextlib.contextmanager
def _dask_local(count: int) -> Iterator[Place]:
    _need_distributed(f"dask-local:{count}")
    import dask
    from distributed import Client, LocalCluster

    with (
        dask.config.set({"distributed.admin.large-graph-warning-threshold": "1GB"}),
        LocalCluster(n_workers=count, threads_per_worker=1, dashboard_address=":0", silence_logs=50) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield _place(client, f"dask-local:{count}")


def _place(client: object, spec: str) -> Place:
    from distributed import Client

    assert isinstance(client, Client)
    try:
        client.wait_for_workers(1, timeout=WORKER_WAIT_S)
    except TimeoutError:
        raise UsageError(
            f"executor {spec!r}: the scheduler has no worker after {WORKER_WAIT_S} s; start one with `dask worker`"
        ) from None
    # A job has effects, such as a child process: it must not be taken for one that was run before.
    executor = client.get_executor(pure=False, retries=0)
    return Place(executor, max(1, sum(client.nthreads().values())))


def _need_distributed(spec: str) -> None:
    try:
        importlib.import_module("distributed")
    except ImportError:
        raise MissingDependencyError(
            f"executor {spec!r} needs distributed, which is not installed; run: pip install 'xorbench[cluster]'"
        ) from None


@contextlib.contextmanager
def _from_factory(spec: str, place: str) -> Iterator[Place]:
    module, _, name = place.partition(":")
    try:
        factory = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise UsageError(f"executor {spec!r}: {error}; write factory:module:function") from None
    executor = factory()
    if not isinstance(executor, Executor):
        raise UsageError(
            f"executor {spec!r} gave {type(executor).__name__}; the function must return a concurrent.futures.Executor"
        )
    try:
        yield Place(executor, getattr(executor, "_max_workers", None) or cores())
    finally:
        executor.shutdown(wait=False, cancel_futures=True)

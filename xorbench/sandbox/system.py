"""What the sandbox asks of the operating system; each returns quietly where the system cannot do it.

Linux gives everything. Elsewhere on POSIX a call still runs in its own process group with its limits, but a grandchild
that leaves the group, or a caller killed in the middle of a call, can leave a process behind.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import warnings

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


_LIBC = ctypes.CDLL(None)


def _prctl(option: int, value: int) -> None:
    with contextlib.suppress(OSError, AttributeError):
        _LIBC.prctl(option, ctypes.c_ulong(value), 0, 0, 0)


def fork() -> int:
    """Fork, whatever the filters say about threads: a BLAS that was asked for some has them, idle, at that time."""
    if sys.version_info < (3, 12):  # which do not warn
        return os.fork()
    with warnings.catch_warnings():  # left, and so undone, in both processes
        warnings.simplefilter("ignore")
        return os.fork()


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent dies, even one that made itself a session."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent() -> None:
    """Get SIGKILL when the parent dies. (Its *thread*, in truth: only for parents of one thread.)"""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def process_handle(pid: int) -> int | None:
    """Return a file descriptor that becomes readable when the process ends, or None where there is no such thing."""
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):
        return None


def children() -> list[int]:
    """Return this process's direct children; empty where the system does not tell."""
    try:
        with open(f"/proc/self/task/{os.getpid()}/children", encoding="utf-8") as file:
            return [int(word) for word in file.read().split()]
    except OSError:
        return []


def kill_descendants() -> None:
    """Kill and reap every child until there is none; needs :func:`adopt_orphans`, which hands us their children.

    A child that forks faster than it is killed cannot win: each round waits for one death, and all that dies hands its
    children to us.
    """
    while True:
        try:
            os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        for pid in children():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(-1, 0)


def descendants_memory(own: int) -> int:
    """Return the bytes that all descendants hold resident beyond `own` bytes each, which they share with us."""
    page = os.sysconf("SC_PAGE_SIZE")
    total = 0
    pending = children()
    while pending:
        pid = pending.pop()
        try:
            with open(f"/proc/{pid}/statm", encoding="utf-8") as file:
                total += max(0, int(file.read().split()[1]) * page - own)
            for task in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{task}/children", encoding="utf-8") as file:
                    pending += [int(word) for word in file.read().split()]
        except (OSError, ValueError):  # it ended while we looked
            continue
    return total


def memory() -> tuple[int, int]:
    """Return the bytes of this process's address space and of its resident set, from /proc/self/statm."""
    try:
        with open("/proc/self/statm", encoding="utf-8") as file:
            pages = file.read().split()
    except OSError:
        return 0, 0
    page = os.sysconf("SC_PAGE_SIZE")
    return int(pages[0]) * page, int(pages[1]) * page

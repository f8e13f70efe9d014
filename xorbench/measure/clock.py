"""Clocks that cannot be read before the work is done: reading one waits for its device.

A call that queues work on a device returns at once; time read then is the time of queueing. Here `now` synchronises
first, always, so that no caller can forget to. Events of one stream would miss work on another, and the host's own
share; the whole device is waited for instead, which costs microseconds per sample, not per call.
"""

from __future__ import annotations

import itertools
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, final

from xorbench.errors import DeviceError, MissingDependencyError


class Clock(ABC):
    """Seconds on a line without origin; only differences mean anything."""

    device: str = "cpu"

    @abstractmethod
    def now(self) -> float:
        """Return the time, in seconds, at which everything started before this call is done."""

    def time(self, action: Callable[[], object], loops: int = 1) -> float:
        """Call `action` `loops` times and return the seconds that all of them took, until their work was done."""
        started = self.now()
        for _ in itertools.repeat(None, loops):
            action()
        return self.now() - started

    def reset_memory(self) -> None:  # noqa: B027 - a device without memory of its own has nothing to reset
        """Begin a new peak of the device's memory."""

    def peak_memory(self) -> int | None:
        """Return the most bytes allocated on the device since `reset_memory`; None: the host, or not measured."""
        return None


@final
class CPUClock(Clock):
    """The monotonic clock of the host, in nanoseconds inside; work on the host is done when its call returns."""

    def now(self) -> float:
        return time.perf_counter_ns() * 1e-9


@final
class AcceleratorClock(Clock):
    """The host's clock, read after all streams of a device of PyTorch's are idle."""

    def __init__(self, device: str) -> None:
        """Take a device such as ``"cuda"`` or ``"cuda:1"``; raise DeviceError where it is not there."""
        try:
            import torch
        except ImportError:
            raise MissingDependencyError(f"device {device!r} needs torch, which is not installed") from None
        kind, _, number = device.partition(":")
        backend: Any = getattr(torch, kind, None)
        if not hasattr(backend, "synchronize"):
            raise DeviceError(
                f"device {device!r}: torch {torch.__version__} has no such kind of device; use cpu or cuda"
            )
        if not backend.is_available():
            raise DeviceError(f"device {device!r} is not available here")
        count = backend.device_count() if hasattr(backend, "device_count") else 1
        if number and (not number.isdigit() or int(number) >= count):
            raise DeviceError(
                f"device {device!r} is not available here; there are {count} of this kind, counted from 0"
            )
        self.device = device
        self._backend = backend
        self._where = (device,) if kind in ("cuda", "xpu") else ()  # the others have one device and take no argument

    def now(self) -> float:
        self._backend.synchronize(*self._where)
        return time.perf_counter_ns() * 1e-9

    def reset_memory(self) -> None:
        if hasattr(self._backend, "reset_peak_memory_stats"):
            self._backend.reset_peak_memory_stats(*self._where)

    def peak_memory(self) -> int | None:
        if not hasattr(self._backend, "max_memory_allocated"):
            return None
        # PyTorch's allocator counts its own alone: nothing there means that another library holds the memory.
        return int(self._backend.max_memory_allocated(*self._where)) or None


@final
class FakeClock(Clock):
    """A clock that stands still until it is told to go on; for tests of whatever measures time."""

    def __init__(self) -> None:
        self.time_s = 0.0
        self.reads = 0

    def now(self) -> float:
        self.reads += 1
        return self.time_s

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass."""
        if seconds < 0:
            raise ValueError(f"time does not run backwards: {seconds!r} s")
        self.time_s += seconds


def clock_for(device: str) -> Clock:
    """Return the clock that waits for this device; raise DeviceError where there is no such device."""
    return CPUClock() if device == "cpu" else AcceleratorClock(device)

"""Clocks wait for their device; the fake one does as it is told."""

from __future__ import annotations

import sys
import types

import pytest

from xorbench.errors import DeviceError
from xorbench.measure.clock import AcceleratorClock, CPUClock, FakeClock, clock_for


class Device(types.ModuleType):
    """A device that works off what is queued only when it is waited for, on a clock of its own."""

    def __init__(self) -> None:
        super().__init__("torch")
        self.__version__ = "fake"
        self.cuda = self
        self.queued_s = 0.0
        self.time_s = 0.0
        self.waited: list[str] = []
        self.peak = 7

    def is_available(self) -> bool:
        return True

    def device_count(self) -> int:
        return 2

    def synchronize(self, device: str) -> None:
        self.waited.append(device)
        self.time_s += self.queued_s
        self.queued_s = 0.0

    def reset_peak_memory_stats(self, device: str) -> None:
        self.peak = 0

    def max_memory_allocated(self, device: str) -> int:
        return self.peak


@pytest.fixture
def device(monkeypatch: pytest.MonkeyPatch) -> Device:
    fake = Device()
    monkeypatch.setitem(sys.modules, "torch", fake)
    monkeypatch.setattr("time.perf_counter_ns", lambda: int(fake.time_s * 1e9))
    return fake


def test_time_includes_the_work_that_a_call_only_queued(device: Device) -> None:
    clock = clock_for("cuda:1")
    device.queued_s = 5.0  # of somebody else: not ours to count

    def launch() -> None:
        device.queued_s += 0.25

    assert clock.time(launch, loops=8) == pytest.approx(2.0)
    assert device.waited == ["cuda:1", "cuda:1"]


def test_memory_is_the_peak_since_the_reset(device: Device) -> None:
    clock = clock_for("cuda")
    clock.reset_memory()
    assert clock.peak_memory() is None  # nothing was allocated by PyTorch
    device.peak = 4096
    assert clock.peak_memory() == 4096


@pytest.mark.parametrize("name", ["cuda:2", "cuda:x", "warp"])
def test_a_device_that_is_not_there_is_refused(device: Device, name: str) -> None:
    with pytest.raises(DeviceError, match=name):
        clock_for(name)


def test_an_unavailable_kind_is_refused(device: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "is_available", lambda: False)
    with pytest.raises(DeviceError, match="not available here"):
        AcceleratorClock("cuda")


def test_the_clock_of_the_host_does_not_run_backwards() -> None:
    clock = CPUClock()
    readings = [clock.now() for _ in range(1000)]
    assert readings == sorted(readings)
    assert clock.peak_memory() is None


def test_the_fake_clock_stands_still_until_told() -> None:
    clock = FakeClock()
    assert clock.time(lambda: clock.advance(0.5), loops=3) == pytest.approx(1.5)
    with pytest.raises(ValueError, match="backwards"):
        clock.advance(-1.0)


@pytest.mark.gpu
def test_the_device_clock_agrees_with_events() -> None:
    torch = pytest.importorskip("torch", reason="torch is an extra")
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device here")
    clock = clock_for("cuda")
    matrix = torch.randn(4096, 4096, device="cuda")
    clock.time(lambda: matrix @ matrix, loops=20)
    start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    start.record()
    for _ in range(50):
        matrix @ matrix
    end.record()
    end.synchronize()
    by_events = start.elapsed_time(end) * 1e-3
    assert clock.time(lambda: matrix @ matrix, loops=50) == pytest.approx(by_events, rel=0.1)

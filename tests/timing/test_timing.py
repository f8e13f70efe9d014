"""The rows of one implementation, exact on a fake clock; and models that would be timed wrongly, found out."""

from __future__ import annotations

import queue
import threading
import time
from typing import Any

import numpy as np
import pytest

from tests.measure.scripted import Mlp, implementation
from tests.timing.clockwork import clockwork
from xorbench.measure.clock import FakeClock
from xorbench.measure.timing import time_implementation
from xorbench.records import Timing, Timings
from xorbench.tasks import get_task

XOR = get_task("xor")
QUICK: dict[str, Any] = {"samples": 5, "minimum_s": 1e-3, "predict_rows": (1, 4)}


def by_row(result: Timings) -> dict[tuple[str, int], Timing]:
    return {(timing.action, timing.rows): timing for timing in result.timings}


def test_every_row_is_exact_on_a_clock_that_does_as_told() -> None:
    clock = FakeClock()
    result = time_implementation(implementation(clockwork(clock, predict_s=1e-5)), XOR, clock=clock)
    rows = by_row(result)
    assert list(rows) == [
        ("construct", 0),
        ("first_step", 4),
        ("step", 4),
        ("predict", 1),
        ("predict", 4),
        ("predict", 1024),
        ("predict", 65_536),
    ]
    assert rows["first_step", 4].samples_s == pytest.approx([1.0002])
    assert rows["construct", 0].samples_s == pytest.approx([1e-3] * 20)
    assert rows["step", 4].samples_s == pytest.approx([2e-4] * 20)
    assert rows["predict", 1024].samples_s == pytest.approx([1.024e-2] * 20)
    assert rows["predict", 65_536].samples_s == pytest.approx([0.65536] * 3)  # as many as fit a second, at least three
    assert result.checked
    assert result.threads == 1
    assert result.peak_memory_bytes is not None
    assert result.peak_memory_bytes > 10_000_000


def test_a_call_that_would_take_too_long_is_a_note_and_no_figure() -> None:
    clock = FakeClock()
    result = time_implementation(implementation(clockwork(clock, predict_s=1e-3)), XOR, clock=clock)
    assert ("predict", 65_536) not in by_row(result)
    assert any("65,536" in note and "66 s" in note for note in result.notes)


def test_a_real_network_is_timed_and_found_right() -> None:
    result = time_implementation(implementation(Mlp), XOR, **QUICK)
    assert result.checked
    assert all(sample > 0 for timing in result.timings for sample in timing.samples_s)
    assert not [note for note in result.notes if "step" in note or "predict" in note]


class RowByRow(Mlp):
    """Takes one row per step."""

    max_rows = 1

    def step(self, inputs: np.ndarray, targets: np.ndarray) -> float:
        assert inputs.shape == (1, 2)
        return super().step(inputs, targets)


def test_a_model_of_single_rows_is_timed_by_the_row_and_checked_over_all_of_them() -> None:
    result = time_implementation(implementation(RowByRow), XOR, **QUICK)
    assert result.checked
    assert ("step", 1) in by_row(result)
    assert any("1 of the 4 rows" in note for note in result.notes)


class Once:
    """Fitted once, never stepped."""

    fitted = False

    def fit(self, inputs: np.ndarray, targets: np.ndarray, epochs: int) -> None:
        self.fitted = True

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        assert self.fitted
        return inputs[:, 0]


def test_what_cannot_be_stepped_says_so() -> None:
    result = time_implementation(implementation(Once), XOR, **QUICK)
    assert [action for action, _ in by_row(result)] == ["construct", "predict", "predict"]
    assert "step: not timed, the model has no step()" in result.notes


class Shortcut(Mlp):
    """Skips every step that a stopwatch would see: after the first two it does nothing but count."""

    made = 0

    def __init__(self, inputs: int = 2, seed: int = 0) -> None:
        super().__init__(inputs, seed)
        type(self).made += 1
        self.lazy = True
        self.steps = 0

    def step(self, inputs: np.ndarray, targets: np.ndarray) -> float:
        self.steps += 1
        # The arrays of the harness's own steps are fresh every time; a stopwatch uses the same ones.
        self.lazy = self.steps > 2 and inputs is self.seen
        self.seen = inputs
        return 0.0 if self.lazy else super().step(inputs, targets)


def test_a_model_that_skips_timed_work_is_not_called_right() -> None:
    result = time_implementation(implementation(Shortcut), XOR, **{**QUICK, "minimum_s": 2e-5})
    assert not result.checked
    assert any(note.startswith("step: wrong") for note in result.notes)


class Random(Mlp):
    """Draws from the process's entropy: no two runs agree."""

    def step(self, inputs: np.ndarray, targets: np.ndarray) -> float:
        self.W1 += np.random.default_rng().normal(size=self.W1.shape)
        return super().step(inputs, targets)


def test_a_model_that_is_not_reproducible_is_not_checked_rather_than_wrong() -> None:
    result = time_implementation(implementation(Random), XOR, **QUICK)
    assert not result.checked
    assert any("differ from each other" in note for note in result.notes)
    assert not any("asynchronous" in note for note in result.notes)


class Forgetful(Mlp):
    """Answers from a table of answers by batch size once it has been asked often."""

    asked = 0

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        self.asked += 1
        return super().predict(inputs) if self.asked < 50 else np.zeros(len(inputs))


def test_outputs_of_timed_calls_are_compared_too() -> None:
    result = time_implementation(implementation(Forgetful), XOR, **QUICK)
    assert not result.checked
    assert any(note.startswith("predict of 4 rows: wrong") for note in result.notes)


class Background(Mlp):
    """Queues its steps for a thread and returns at once; `join` says whether reading waits for them."""

    join = True
    pause_s = 0.002

    def __init__(self, inputs: int = 2, seed: int = 0) -> None:
        super().__init__(inputs, seed)
        self.queue: queue.Queue[tuple[np.ndarray, np.ndarray]] = queue.Queue()
        threading.Thread(target=self.work, daemon=True).start()

    def work(self) -> None:
        while True:
            inputs, targets = self.queue.get()
            time.sleep(self.pause_s)
            super().step(inputs, targets)
            self.queue.task_done()

    def step(self, inputs: np.ndarray, targets: np.ndarray) -> None:  # type: ignore[override]
        self.queue.put((inputs, targets))

    def get_parameters(self) -> dict[str, np.ndarray]:
        if self.join:
            self.queue.join()
        return super().get_parameters()

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        self.queue.join()
        return super().predict(inputs)


def test_work_left_to_a_thread_is_found_out_and_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Background, "pause_s", 2e-4)
    result = time_implementation(implementation(Background), XOR, samples=3, minimum_s=2e-5, predict_rows=(1,))
    assert any("asynchronous" in note for note in result.notes)
    assert min(by_row(result)["step", 4].samples_s) >= 2e-4  # a thread sleeps that long per step, whatever the machine
    assert result.checked


def test_a_model_that_changes_by_itself_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Background, "join", False)
    result = time_implementation(implementation(Background), XOR, samples=3, minimum_s=2e-5, predict_rows=(1,))
    assert any("asynchronous" in note for note in result.notes)
    assert not result.checked


def test_sequences_are_timed_at_the_length_they_are_judged_at() -> None:
    from xorbench.measure.timing import timing_batch

    task = get_task("sequence-parity-1..50")
    for seed in range(5):
        rows, labels = timing_batch(task, seed)
        assert rows.shape == (128, 50)
        np.testing.assert_array_equal(labels, rows.sum(axis=1) % 2 == 1)

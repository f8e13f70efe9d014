"""What a run says while it works: a live bar on a terminal, one line per finished cell in a log, and what remains."""

from __future__ import annotations

import contextlib
import signal
import statistics
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from types import FrameType
from typing import TextIO

import click

from xorbench.records import Cell, Record
from xorbench.study.work import Job


class Estimate:
    """What remains, from what cells of the same target and kind took so far; cells run `width` side by side."""

    def __init__(self, jobs: list[Job], width: int) -> None:
        self._left = Counter(self._key(job.cell) for job in jobs)
        self._took: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
        self._width = width

    def took(self, record: Record) -> None:
        """Take in a finished cell."""
        key = self._key(record.cell)
        self._left[key] -= 1
        self._took[key].append(record.wall_s)

    def seconds(self) -> float | None:
        """Return the seconds that remain, or None before anything is known."""
        every = [seconds for took in self._took.values() for seconds in took]
        if not every:
            return None
        by_measure: defaultdict[str, list[float]] = defaultdict(list)
        for (_, measure), took in self._took.items():
            by_measure[measure] += took
        total = 0.0
        for key, count in self._left.items():
            mean = statistics.fmean(self._took.get(key) or by_measure.get(key[1]) or every)
            total += count * mean / (1 if key[1] == "timing" else self._width)
        return total

    @staticmethod
    def _key(cell: Cell) -> tuple[str, str]:
        return cell.target, cell.measure


class Progress:
    """Shows a run on a stream and turns Ctrl-C into a wish to stop."""

    def __init__(self, *, quiet: bool = False, stream: TextIO | None = None) -> None:
        self._quiet = quiet
        self._stream = stream or sys.stderr
        self._live = self._stream.isatty()
        self._interrupts = 0
        self._total = self._done = 0
        self._estimate = Estimate([], 1)
        self.failed: list[Record] = []

    def begin(self, jobs: list[Job], skipped: int, width: int) -> None:
        """Say how many cells there are to measure, `width` at a time, and how many were measured before."""
        self._total, self._done = len(jobs), 0
        self._estimate = Estimate(jobs, width)
        if skipped:
            self.say(f"{_cells(skipped)} measured before: skipped (--fresh measures them again)")
        self.say(f"{_cells(len(jobs))} to measure, {width} side by side")
        self._draw("")

    def finished(self, record: Record) -> None:
        """Count a cell that ended, and say so."""
        self._done += 1
        self._estimate.took(record)
        if record.outcome not in ("ok", "unavailable"):
            self.failed.append(record)
        about = one_line(record)
        if self._live and record.outcome == "ok":
            self._draw(about)
        else:
            self.say(f"[{self._done}/{self._total}] {about}  {record.wall_s:.1f} s{self._left()}")
            self._draw("")

    def end(self) -> None:
        """Wipe the bar."""
        if self._live and not self._quiet:
            click.echo("\r\x1b[2K", file=self._stream, nl=False)

    def say(self, text: str) -> None:
        """Print a line, above the bar where there is one."""
        if not self._quiet:
            self.end()
            click.echo(text, file=self._stream)

    def stopping(self) -> bool:
        return self._interrupts > 0

    def stopping_now(self) -> bool:
        return self._interrupts > 1

    @contextlib.contextmanager
    def interruptible(self) -> Iterator[None]:
        """Within, the first Ctrl-C (or SIGTERM) lets running cells end, the second stops at once."""

        def interrupted(number: int, frame: FrameType | None) -> None:
            self._interrupts += 1
            if self._interrupts == 1:
                self.say("stopping: the cells that run are finished and kept; Ctrl-C again stops at once")

        before = {number: signal.signal(number, interrupted) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _left(self) -> str:
        seconds = self._estimate.seconds() if self._done < self._total else None
        return "" if seconds is None else f"  about {_duration(seconds)} left"

    def _draw(self, about: str) -> None:
        if not self._live or self._quiet or not self._total:
            return
        width = 24
        full = width * self._done // self._total
        text = f"[{'#' * full}{'-' * (width - full)}] {self._done}/{self._total}{self._left()}  {about}"
        click.echo(f"\r\x1b[2K{text[: _columns() - 1]}", file=self._stream, nl=False)


def one_line(record: Record) -> str:
    """Return a record in a line: what was measured and what came of it."""
    cell = record.cell
    where = "" if cell.device == "cpu" else f" on {cell.device}"
    seeds = f" seeds {cell.seeds[0]}-{cell.seeds[-1]}" if len(cell.seeds) > 1 else ""
    lines = [line.strip() for line in record.detail.splitlines() if line.strip()]
    said = f": {lines[-1][:200]}" if lines else ""
    return f"{cell.target} {cell.task}{where} {cell.measure}{seeds}: {record.outcome}{said}"


def _cells(count: int) -> str:
    return f"{count} cell" if count == 1 else f"{count} cells"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _columns() -> int:
    import shutil

    return shutil.get_terminal_size().columns

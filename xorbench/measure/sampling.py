"""Samples of how long a call takes: warmed up, with as many calls per sample as make it long enough to measure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from xorbench.measure.clock import Clock
from xorbench.measure.conditions import Conditions

#: A sample lasts at least this long, seconds: 50,000 times the resolution of the clock, 500 times a reading of it.
MINIMUM_S = 0.005
#: No row of a table takes much longer than this, seconds, however slow the call.
LIMIT_S = 1.0
#: Samples of a row, and the fewest where a single call is long.
SAMPLES = 20
FEWEST = 3

Action = Callable[[], object]


@dataclass(frozen=True)
class Pace:
    """How often an action is called per sample, how long that took, and the calls made to find out."""

    loops: int
    sample_s: float
    calls: int


def calibrate(clock: Clock, action: Action, *, minimum_s: float = MINIMUM_S, finish: Action | None = None) -> Pace:
    """Warm the action up and return how many calls make a sample of at least `minimum_s`.

    The first call is thrown away: it may compile, allocate or import. A sample that is long enough is taken once more,
    since a later call, with one of another shape, may be slow only once as well.
    """
    action()
    loops, calls, long_enough = 1, 1, 0
    while True:
        elapsed = timed(clock, action, loops, finish)
        calls += loops
        if elapsed >= minimum_s:
            long_enough += 1
            if long_enough == 2:
                return Pace(loops, elapsed, calls)
            continue
        long_enough = 0
        # Aim a fifth beyond the minimum, at most tenfold at once: the first readings are the least reliable.
        wanted = loops * 1.2 * minimum_s / elapsed if elapsed > 0 else loops * 10
        loops = max(loops + 1, min(round(wanted), loops * 10))


def timed(clock: Clock, action: Action, loops: int, finish: Action | None = None) -> float:
    """Return the seconds of `loops` calls, and of `finish` where calls leave work undone that it waits for."""
    if finish is None:
        return clock.time(action, loops)
    started = clock.now()
    clock.time(action, loops)
    finish()
    return clock.now() - started


def sample(
    clock: Clock,
    action: Action,
    pace: Pace,
    conditions: Conditions,
    *,
    samples: int = SAMPLES,
    limit_s: float = LIMIT_S,
    finish: Action | None = None,
) -> tuple[float, ...]:
    """Return seconds per call, `samples` of them or as many as fit `limit_s`, at least three."""
    count = max(FEWEST, min(samples, int(limit_s / pace.sample_s))) if pace.sample_s > 0 else samples
    found: list[float] = []
    for _ in range(count):
        conditions.tidy()
        found.append(timed(clock, action, pace.loops, finish) / pace.loops)
    return tuple(found)

"""Base against head, in one run: which rows are faster, which are slower, and which cannot be told."""

from __future__ import annotations

import datetime
import functools
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import numpy as np

from xorbench import sandbox
from xorbench.environment import describe
from xorbench.errors import UsageError, XorbenchError
from xorbench.measure.contender import Plan, contender
from xorbench.measure.interleave import BLOCKS, ROUNDS, interleave
from xorbench.measure.ratios import CONFIDENCE, fewest_blocks, resolve
from xorbench.measure.timing import HELD, PREDICT_ROWS
from xorbench.records import Comparison, Environment, Ratio, Timing, Timings
from xorbench.sandbox import Limits

#: A sample is this long, seconds: short, so that a disturbance spoils few, and far above what a clock's reading costs.
SAMPLE_S = 0.002
#: Rows whose single call is longer than this are left out: hundreds of calls of each contender are needed.
LONGEST_CALL_S = 0.02

Row = tuple[str, int, int]  # action, rows per call, calls per sample


class Surveyed(msgspec.Struct, frozen=True, kw_only=True):
    """What a first look at one contender found."""

    timings: Timings | None  # None: the target or the device is none
    environment: Environment
    refused: str = ""  # why not


def versus(
    base: str,
    head: str,
    *,
    task: str = "xor",
    device: str = "cpu",
    seed: int = 0,
    blocks: int = BLOCKS,
    rounds: int = ROUNDS,
    predict_rows: Sequence[int] = PREDICT_ROWS,
    limits: Limits | None = None,
    on_block: Callable[[int, int], None] | None = None,
) -> Comparison:
    """Time two targets block by block, each contender in a process of its own, and return the verdict of every row.

    The base runs twice, to measure what two processes of the same code differ by. Rows that come out faster or slower
    are measured once more, with a new schedule: the second round of the result. `on_block` is told how many blocks of
    how many are done.

    Raises UsageError for too few blocks and for what is no target or device, XorbenchError where a target fails.
    """
    limits = limits or Limits(time_s=600)
    started_at = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    surveys = [_survey(target, task, device, seed, predict_rows, limits) for target in (base, head)]
    rows, notes = _common_rows(*(timings for timings, _ in surveys))
    if not rows:
        raise XorbenchError(f"{base} and {head} have no row in common that can be timed: {'; '.join(notes)}")
    if blocks < fewest_blocks(len(rows)):
        raise UsageError(
            f"blocks {blocks}: fewer than {fewest_blocks(len(rows))} resolve nothing among {len(rows)} rows"
        )
    wait = any("asynchronous" in note for timings, _ in surveys for note in timings.notes)

    def measured(chosen: Sequence[Row], round_seed: int) -> tuple[Ratio, ...]:
        plans = [
            Plan(target=target, task=task, device=device, seed=seed, rows=tuple(chosen), wait=wait)
            for target in (base, base, head)
        ]
        contenders = [functools.partial(contender, plan, limits=limits) for plan in plans]
        told = None if on_block is None else lambda done: on_block(done, blocks)
        times = interleave(contenders, len(chosen), blocks=blocks, rounds=rounds, seed=round_seed, on_block=told)
        return tuple(_ratio(row, times[place], len(chosen)) for place, row in enumerate(chosen))

    first = measured(rows, seed)
    flagged = [row for row, ratio in zip(rows, first, strict=True) if ratio.verdict != "not resolved"]
    again = (measured(flagged, seed + 1),) if flagged else ()
    return Comparison(
        base=base,
        head=head,
        task=task,
        device=device,
        rounds=(first, *again),
        environment=surveys[1][1],
        confidence=CONFIDENCE,
        seed=seed,
        checked=all(timings.checked for timings, _ in surveys),
        notes=tuple(notes),
        started_at=started_at,
    )


def survey(argument: dict[str, Any], send: Callable[[Any], None]) -> Surveyed:
    """Time one target quickly; called in the child."""
    from xorbench.measure.timing import time_implementation
    from xorbench.registry import resolve
    from xorbench.tasks import get_task

    try:
        timings = time_implementation(
            resolve(argument["target"]),
            get_task(argument["task"]),
            device=argument["device"],
            seed=argument["seed"],
            predict_rows=argument["predict_rows"],
            samples=3,
            minimum_s=SAMPLE_S,
            limit_s=0.2,
        )
    except (
        UsageError
    ) as error:  # a slip of the command's, though it shows here: a stranger's code is imported nowhere else
        return Surveyed(timings=None, environment=describe(), refused=str(error))
    return Surveyed(timings=timings, environment=describe(argument["device"]))


def _survey(
    target: str, task: str, device: str, seed: int, predict_rows: Sequence[int], limits: Limits
) -> tuple[Timings, Environment]:
    argument = {"target": target, "task": task, "device": device, "seed": seed, "predict_rows": list(predict_rows)}
    outcome = sandbox.call(f"{__name__}:survey", argument, limits=limits, device=device)
    if outcome.kind != "ok":
        raise XorbenchError(f"{target} could not be timed, {outcome.kind}: {outcome.detail.strip()}")
    found = msgspec.convert(outcome.value, Surveyed)
    if found.timings is None:
        raise UsageError(found.refused)
    return found.timings, found.environment


def _common_rows(base: Timings, head: Timings) -> tuple[list[Row], list[str]]:
    """Return the rows that both have, with the greater number of calls per sample, and what to say."""
    told = (("base", base.notes), ("head", head.notes))
    notes = [f"{who}: {note}" for who, said in told for note in said if note != HELD]
    others = {(timing.action, timing.rows): timing for timing in head.timings}
    rows: list[Row] = []
    for timing in base.timings:
        other = others.get((timing.action, timing.rows))
        if timing.action == "first_step" or other is None:
            continue
        longest = max(_median(timing), _median(other))
        if longest > LONGEST_CALL_S:
            notes.append(f"{timing.action} of {timing.rows:,} rows: not compared, one call takes {longest:.2g} s")
            continue
        rows.append((timing.action, timing.rows, max(timing.loops, other.loops)))
    return rows, notes


def _median(timing: Timing) -> float:
    return float(np.median(timing.samples_s))


def _ratio(row: Row, times: np.ndarray[Any, np.dtype[np.float64]], comparisons: int) -> Ratio:
    found = resolve(*times, comparisons=comparisons)
    return Ratio(
        action=row[0],
        rows=row[1],
        blocks=times.shape[-1],
        base_s=float(np.median(times[0])),
        head_s=float(np.median(times[2])),
        ratio=found.ratio,
        low=found.low,
        high=found.high,
        floor=found.floor,
        verdict=found.verdict,
    )

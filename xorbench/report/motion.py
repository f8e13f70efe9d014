"""What the page's script moves the figures of a portrait with: positions and regions, frame by frame."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from xorbench.records import Portrait
from xorbench.report.hidden_space import Ends
from xorbench.report.svg import Point, short

#: Letters of a region's levels; a number after one repeats it.
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#: Points on each side of a region that moves.
MOVING = 24


def motion(
    portrait: Portrait,
    grids: list[list[list[float]]],
    hidden: list[list[Point]],
    separators: list[Ends | None],
    descent: list[Point],
) -> dict[str, Any]:
    """Return the data of one portrait; a key is there where its figure is."""
    frames = portrait.frames
    data: dict[str, Any] = {
        "iterations": [frame.iteration for frame in frames],
        "loss": [None if frame.loss is None else float(f"{frame.loss:.4g}") for frame in frames],
        "accuracy": [round(frame.accuracy, 4) for frame in frames],
    }
    if all(grids):
        data["grid"] = MOVING
        data["regions"] = [levels(_resampled(grid, MOVING)) for grid in grids]
    if hidden:
        data["hidden"] = [[_short(at) for at in frame] for frame in hidden]
        data["lines"] = [None if ends is None else [*_short(ends[0]), *_short(ends[1])] for ends in separators]
    if len(descent) == len(frames):
        data["path"] = [_short(at) for at in descent]
    return data


def _short(at: Point) -> list[float]:
    return [float(short(at[0])), float(short(at[1]))]


def _resampled(grid: list[list[float]], side: int) -> bytes:
    """Return the grid interpolated to `side` by `side` points, as bytes row by row."""
    import numpy as np

    values = np.array(grid)  # (g, g)
    at = np.linspace(0, len(grid) - 1, side)
    low = np.minimum(at.astype(int), len(grid) - 2)
    share = at - low
    rows = values[low] * (1 - share)[:, None] + values[low + 1] * share[:, None]  # (side, g)
    mixed = rows[:, low] * (1 - share) + rows[:, low + 1] * share  # (side, side)
    return bytes(np.round(mixed * 255).astype(np.uint8).ravel().tolist())


def levels(raw: bytes) -> str:
    """Return the bytes as letters of 52 levels, each followed by how often it stands there in a row if not once."""
    last = len(LETTERS) - 1
    letters = (LETTERS[round(value / 255 * last)] for value in raw)
    runs = ((letter, sum(1 for _ in run)) for letter, run in groupby(letters))
    return "".join(letter if count == 1 else f"{letter}{count}" for letter, count in runs)

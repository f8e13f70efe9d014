"""Portraits as figures can take them: a piece whose parts do not fit each other is left out, and that is said."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import msgspec

from xorbench.records import Portrait, Surface

#: Beyond this, sums and squares of a figure's arithmetic would overflow.
LARGEST = 1e100


def sound(portrait: Portrait) -> Portrait:
    """Return the portrait without what no figure can be drawn of; the schema alone allows more than that."""
    frames = portrait.frames
    left_out: list[str] = []
    rows = {len(frame.outputs) for frame in frames}
    shapes = {(len(frame.hidden), len(row)) for frame in frames for row in frame.hidden}
    seen = all(_fair(row) for frame in frames for row in frame.hidden)
    if any(frame.hidden for frame in frames) and not (
        len(rows) == 1
        and len(shapes) == 1
        and next(iter(shapes))[0] in rows
        and next(iter(shapes))[1] > 0
        and all(frame.hidden for frame in frames)
        and seen
    ):
        frames = tuple(msgspec.structs.replace(frame, hidden=()) for frame in frames)
        left_out.append("hidden space: the activations on record do not fit each other")
    names = portrait.names
    if names and not all(len(frame.parameters) == len(names) and _fair(frame.parameters) for frame in frames):
        names = ()
        left_out.append("parameters: those on record do not fit their names")
    low, high = portrait.low, portrait.high
    if not (_fair((low, high)) and high - low > 1e-9):
        frames = tuple(msgspec.structs.replace(frame, region="") for frame in frames)
        low, high = -0.5, 1.5
        left_out.append("decision region: its range on record is empty")
    surface = portrait.surface
    if surface is not None and not _sound_surface(surface, len(frames)):
        surface = None
        left_out.append("loss surface: its grid or its path on record do not fit each other")
    if any(frame.loss is not None and abs(frame.loss) > LARGEST for frame in frames):
        kept = (frame.loss is not None and abs(frame.loss) <= LARGEST for frame in frames)
        frames = tuple(
            frame if fair else msgspec.structs.replace(frame, loss=None)
            for frame, fair in zip(frames, kept, strict=True)
        )
    return msgspec.structs.replace(
        portrait,
        frames=frames,
        names=names,
        low=low,
        high=high,
        surface=surface,
        missing=(*portrait.missing, *left_out),
    )


def _sound_surface(surface: Surface, frames: int) -> bool:
    axes = (surface.x, surface.y)
    values = [value for row in surface.loss for value in row if value is not None]
    return (
        all(len(axis) >= 2 and _fair(axis) and all(b > a for a, b in pairwise(axis)) for axis in axes)
        and len(surface.loss) == len(surface.y)
        and all(len(row) == len(surface.x) for row in surface.loss)
        and bool(values)
        and _fair(values)
        and len(surface.path) == frames
        and all(_fair(point) for point in surface.path)
    )


def _fair(values: Sequence[float]) -> bool:
    return all(math.isfinite(value) and abs(value) <= LARGEST for value in values)

"""Filled contours of a grid, as stacked shapes: each level's shape covers all that lies above it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from xorbench.report.svg import element, join, short

Grid = Sequence[Sequence[float]]


def contours(values: Grid, levels: Sequence[float], side: float, *, prefix: str, gap: float = 1.0) -> Markup:
    """Return a square of `side`: band 0 as its ground, then a shape for each level, classes `prefix` and the band.

    `values` are [y][x] from the lower left; levels rise, and there is one more band than levels. Points nearer than
    `gap` to the one before are left out.
    """
    shapes = [element("rect", width=side, height=side, class_=f"{prefix}0")]
    for band, level in enumerate(levels, start=1):
        shape = above(values, level, side, gap)
        if shape:
            shapes.append(element("path", d=shape, class_=f"{prefix}{band}", fill_rule="evenodd"))
    return join(shapes)


def above(values: Grid, level: float, side: float, gap: float = 1.0) -> str:
    """Return the ``d`` of the region where the grid is above `level`."""
    return _rings(values, level, side, gap, filled=True)


def isoline(values: Grid, level: float, side: float) -> str:
    """Return the ``d`` of the line at `level`."""
    return _rings(values, level, side, 1.0, filled=False)


def _rings(values: Grid, level: float, side: float, gap: float, *, filled: bool) -> str:
    import numpy as np
    from contourpy import FillType, contour_generator

    z = np.asarray(values, dtype=np.float64)  # (y, x)
    if z.max() <= level:
        return ""
    if filled and z.min() > level:
        return f"M0 0H{short(side)}V{short(side)}H0Z"
    x, y = np.linspace(0.0, side, z.shape[1]), np.linspace(side, 0.0, z.shape[0])
    generator: Any = contour_generator(x, y, z, name="serial", fill_type=FillType.OuterOffset)
    if not filled:
        return "".join(_d(line, gap) for line in generator.lines(level))
    parts = []
    for outline, breaks in zip(*generator.filled(level, np.inf), strict=True):
        parts += [_d(outline[a:b], gap) + "Z" for a, b in itertools.pairwise(breaks)]
    return "".join(parts)


def _d(points: Sequence[Sequence[float]], gap: float) -> str:
    """Return a path in steps relative to the point before."""
    x, y = (round(float(at), 1) for at in points[0])
    made = [f"M{short(x)} {short(y)}"]
    last = len(points) - 1
    for place in range(1, last + 1):
        u, v = (round(float(at), 1) for at in points[place])
        # Corners lie at grid lines and may be dropped with their neighbours; the end closes the ring.
        if max(abs(u - x), abs(v - y)) >= gap or (place == last and (u, v) != (x, y)):
            made.append(f"l{short(u - x)} {short(v - y)}")
            x, y = u, v
    return "".join(made)

"""The figures of one portrait: what the network answers, how it sees the rows, where its parameters went.

Still figures show the last frame with the way there; :attr:`Closeup.data` is what the page's script moves them with.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from xorbench.errors import UsageError
from xorbench.measure.portrait import shown_rows
from xorbench.records import Frame, Portrait
from xorbench.report.chart import Line, chart
from xorbench.report.contour import contours, isoline
from xorbench.report.hidden_space import SIDE, Ends, hidden_space
from xorbench.report.motion import motion
from xorbench.report.palette import LOSS_BANDS, REGION_BANDS
from xorbench.report.scale import Scale, around
from xorbench.report.sound import sound
from xorbench.report.svg import Point, element, path, picture
from xorbench.tasks import get_task

if TYPE_CHECKING:
    pass

STAGES = 6
#: Points on each side of a region in a stage.
SMALL = 14
ZERO = 0.5  # where a log scale of iterations has its zero


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One of the few frames that are shown side by side, for print and for who runs no script."""

    iteration: int
    accuracy: float
    region: Markup | None
    hidden: Markup | None


@dataclass(frozen=True, kw_only=True)
class Closeup:
    """Figures and what they say in words; a figure that is None is explained in `missing`."""

    seed: int
    solved: bool
    last: Frame
    region: Markup | None
    hidden: Markup | None
    hidden_said: str
    surface: Markup | None
    surface_said: str
    parameters: Markup | None
    groups: tuple[str, ...]  # of parameters, in the order of their colours
    loss: Markup | None
    loss_log: bool
    accuracy: Markup
    stages: tuple[Stage, ...]
    missing: tuple[str, ...]
    data: dict[str, Any]


def closeup(portrait: Portrait, task_name: str, *, size: tuple[float, float] | None = None) -> Closeup | None:
    """Return the figures of a portrait, or None for one without a frame. `size` fixes charts in pixels."""
    if not portrait.frames:
        return None
    portrait = sound(portrait)
    frames = portrait.frames
    rows, labels = _rows(task_name, portrait)
    hidden, separators, hidden_said = hidden_space(portrait) if labels else ([], [], "")
    marks = [_place(portrait, row) for row in rows]
    iterations = Scale(low=ZERO, high=max(frames[-1].iteration, 1), log=True)
    ticks = [(0.0, "0"), *((value, label) for value, label in iterations.ticks(5) if value >= 1)]
    loss, loss_log = _loss(frames, iterations, ticks, size)
    last = frames[-1]
    grids = [_grid(portrait, frame) for frame in frames]
    return Closeup(
        seed=portrait.seed,
        solved=portrait.solved,
        last=last,
        region=_region_figure(portrait, last, marks, labels) if last.region else None,
        hidden=_hidden_figure(hidden, separators, labels, len(frames) - 1) if hidden else None,
        hidden_said=hidden_said,
        surface=_surface_figure(portrait) if portrait.surface else None,
        surface_said=_surface_said(portrait),
        parameters=_parameters(portrait, iterations, ticks, size) if portrait.names else None,
        groups=tuple(dict.fromkeys(_group(name) for name in portrait.names)),
        loss=loss,
        loss_log=loss_log,
        accuracy=chart(
            [Line(points=tuple((float(frame.iteration), frame.accuracy) for frame in frames), place=2, dashed=False)],
            iterations,
            Scale(low=0.0, high=1.02),
            title="Accuracy over iterations",
            x_ticks=ticks,
            y_ticks=[(share / 4, f"{share * 25}%") for share in range(5)],
            size=size,
        ),
        stages=tuple(_stage(portrait, at, marks, labels, hidden, separators) for at in _chosen(len(frames))),
        missing=(*portrait.missing, *(() if labels else ("hidden space: the rows of this task are not known here",))),
        data=motion(portrait, grids, hidden, separators, _surface_path(portrait)),
    )


def _rows(task_name: str, portrait: Portrait) -> tuple[list[tuple[float, ...]], list[bool]]:
    try:
        rows, labels = shown_rows(get_task(task_name))
    except UsageError:  # records of a task that this version does not know
        return [], []
    if len(labels) != len(portrait.frames[0].outputs):
        return [], []
    return [tuple(row) for row in rows.tolist()], labels.tolist()


def _place(portrait: Portrait, row: Sequence[float]) -> Point:
    span = portrait.high - portrait.low
    return (row[0] - portrait.low) / span * SIDE, SIDE - (row[-1] - portrait.low) / span * SIDE


def mark(label: bool, at: Point, radius: float = 6.0, **more: str) -> Markup:
    """Return the mark of a row: a square where its label is true, a disc where false."""
    x, y = at
    if label:
        return element("rect", x=x - radius, y=y - radius, width=2 * radius, height=2 * radius, class_="m true", **more)
    return element("circle", cx=x, cy=y, r=radius + 0.5, class_="m false", **more)


def _grid(portrait: Portrait, frame: Frame) -> list[list[float]]:
    try:
        raw = base64.b64decode(frame.region, validate=True)
    except ValueError:
        return []
    side = portrait.grid
    if side < 2 or len(raw) != side * side:
        return []
    return [[value / 255 for value in raw[at : at + side]] for at in range(0, len(raw), side)]


def _region_figure(portrait: Portrait, frame: Frame, marks: list[Point], labels: list[bool]) -> Markup | None:
    grid = _grid(portrait, frame)
    if not grid:
        return None
    # Every other band of the scale: the script paints all of them.
    levels = [place / REGION_BANDS for place in range(2, REGION_BANDS, 2)]
    points = [mark(label, at) for label, at in zip(labels, marks, strict=True)]
    return picture(
        element("g", contours(grid, levels, SIDE, prefix="e", gap=2.5), _edge(grid), class_="still"),
        *points,
        title=f"What the network answers over the input square at iteration {frame.iteration:,}",
        view=(0, 0, SIDE, SIDE),
        class_="square",
    )


def _edge(grid: list[list[float]]) -> Markup:
    return element("path", d=isoline(grid, 0.5, SIDE), class_="edge")


def _hidden_figure(places: list[list[Point]], separators: list[Ends | None], labels: list[bool], at: int) -> Markup:
    trails = [
        element(
            "path",
            d=path([frame[row] for frame in places[: at + 1]]),
            class_=f"trail {'true' if label else 'false'}",
        )
        for row, label in enumerate(labels)
    ]
    points = [mark(label, places[at][row], data_row=str(row)) for row, label in enumerate(labels)]
    return picture(
        *trails,
        _line(separators[at]),
        *points,
        title="The rows in the space of the hidden units, and how they moved there",
        view=(0, 0, SIDE, SIDE),
        class_="square",
    )


def _line(ends: Ends | None) -> Markup:
    if ends is None:
        return Markup("")
    (a, b), (c, d) = ends
    return element("line", x1=a, y1=b, x2=c, y2=d, class_="edge")


def _surface_figure(portrait: Portrait) -> Markup | None:
    import numpy as np

    found = portrait.surface
    assert found is not None
    values = np.array([[np.nan if value is None else value for value in row] for row in found.loss])  # (y, x)
    if values.ndim != 2 or min(values.shape) < 2 or np.isnan(values).all():
        return None
    values = np.where(np.isnan(values), np.nanmax(values), values)
    # Bands of equal area: a loss spans decades in one corner and hardly moves in another.
    levels = np.unique(np.quantile(values, np.linspace(0, 1, LOSS_BANDS + 1)[1:-1]))
    points = _surface_path(portrait)
    return picture(
        contours(values.tolist(), levels.tolist(), SIDE, prefix="l", gap=2.5),
        element("path", d=path(points), class_="descent"),
        element("circle", cx=points[0][0], cy=points[0][1], r=4, class_="start"),
        element("circle", cx=points[-1][0], cy=points[-1][1], r=6, class_="here"),
        title="Loss around the path of the parameters; darker is lower",
        view=(0, 0, SIDE, SIDE),
        class_="square",
    )


def _surface_path(portrait: Portrait) -> list[Point]:
    found = portrait.surface
    if found is None:
        return []
    x, y = Scale(low=found.x[0], high=found.x[-1]), Scale(low=found.y[0], high=found.y[-1])
    return [(x(u) * SIDE, (1 - y(v)) * SIDE) for u, v in found.path]


def _surface_said(portrait: Portrait) -> str:
    found = portrait.surface
    if found is None:
        return ""
    values = [value for row in found.loss for value in row if value is not None]
    span = f"loss {min(values):.3g} to {max(values):.3g}" if values else "no finite loss"
    across, up = found.axes
    share = "" if found.explained is None else f"; {found.explained:.1%} of the path's variance lies in this plane"
    return f"across: {across}; up: {up}; {span}{share}"


def _group(name: str) -> str:
    return name.partition("[")[0]


def _parameters(
    portrait: Portrait, iterations: Scale, ticks: list[tuple[float, str]], size: tuple[float, float] | None
) -> Markup | None:
    if any(len(frame.parameters) != len(portrait.names) for frame in portrait.frames):
        return None
    lines = [
        Line(
            points=tuple((float(frame.iteration), frame.parameters[at]) for frame in portrait.frames),
            place=group,
            dashed=False,
        )
        for group, (_, members) in enumerate(groupby(enumerate(portrait.names), key=lambda item: _group(item[1])))
        for at, _ in members
    ]
    values = [value for frame in portrait.frames for value in frame.parameters]
    return chart(lines, iterations, around(values), title="Parameters over iterations", x_ticks=ticks, size=size)


def _loss(
    frames: Sequence[Frame], iterations: Scale, ticks: list[tuple[float, str]], size: tuple[float, float] | None
) -> tuple[Markup | None, bool]:
    points = tuple((float(frame.iteration), frame.loss) for frame in frames if frame.loss is not None)
    if not points:
        return None, False
    scale, log = loss_scale([value for _, value in points])
    title = f"Loss over iterations{', log scale' if log else ''}"
    line = Line(points=points, place=4, dashed=False)
    return chart([line], iterations, scale, title=title, x_ticks=ticks, size=size), log


def loss_scale(values: Sequence[float]) -> tuple[Scale, bool]:
    """Return a scale for losses and whether it is logarithmic: where they span more than a factor of ten."""
    low, high = min(values), max(values)
    if low > 0 and high / low > 10:
        return Scale(low=low / 1.3, high=high * 1.3, log=True), True
    return around(list(values)), False


def _chosen(count: int) -> list[int]:
    if count <= STAGES:
        return list(range(count))
    return [round(place * (count - 1) / (STAGES - 1)) for place in range(STAGES)]


def _stage(
    portrait: Portrait,
    at: int,
    marks: list[Point],
    labels: list[bool],
    hidden: list[list[Point]],
    separators: list[Ends | None],
) -> Stage:
    frame = portrait.frames[at]
    grid = _grid(portrait, frame) if frame.region else []
    region = None
    if grid:
        region = picture(
            contours(_coarse(grid), (0.125, 0.375, 0.5, 0.625, 0.875), SIDE, prefix="t", gap=6.0),
            *(mark(label, place, 11) for label, place in zip(labels, marks, strict=True)),
            title=f"Answers at iteration {frame.iteration:,}",
            view=(0, 0, SIDE, SIDE),
            class_="square",
        )
    drawn = None
    if hidden:
        drawn = picture(
            _line(separators[at]),
            *(mark(label, place, 11) for label, place in zip(labels, hidden[at], strict=True)),
            title=f"Hidden space at iteration {frame.iteration:,}",
            view=(0, 0, SIDE, SIDE),
            class_="square",
        )
    return Stage(iteration=frame.iteration, accuracy=frame.accuracy, region=region, hidden=drawn)


def _coarse(grid: list[list[float]], side: int = SMALL) -> list[list[float]]:
    """Return fewer points of a grid, its edges among them."""
    kept = [round(place * (len(grid) - 1) / (side - 1)) for place in range(side)]
    return [[grid[y][x] for x in kept] for y in kept]

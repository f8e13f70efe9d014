"""A chart of lines: steps or curves over a scale, with a grid, ticks, and the names of the lines at their ends.

On the page a chart is as wide as its place and its text keeps its size: positions are per cent, and the lines are drawn
in a box of 1000 by 1000 that is stretched while strokes are not. For a file, `size` fixes both in pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from xorbench.report.palette import DASHES, SERIES
from xorbench.report.scale import Scale
from xorbench.report.svg import Point, element, join, path, picture, text

BOX = 1000.0


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line: its points in values of the axes, its name, and which colour and dash it has."""

    points: tuple[Point, ...]
    name: str = ""
    note: str = ""
    place: int = 0  # among the series
    faint: bool = False
    dashed: bool | None = None  # None: the dash that its place has
    low: tuple[Point, ...] = ()  # lower edge of a band around it
    high: tuple[Point, ...] = ()

    @property
    def style(self) -> str:
        """Return the classes of its colour and dash."""
        colours = len(SERIES["light"])
        dash = (self.place % len(DASHES)) if self.dashed is None else int(self.dashed)
        return f"s{self.place % colours} d{dash}"


def steps(points: Sequence[Point], start: Point, end: float) -> tuple[Point, ...]:
    """Return a step function that begins at `start`, takes each value where its point stands and runs to `end`."""
    found, level = [start], start[1]
    for x, y in points:
        found += [(x, level), (x, y)]
        level = y
    return (*found, (end, level))


def chart(
    lines: Sequence[Line],
    x: Scale,
    y: Scale,
    *,
    title: str,
    x_ticks: Sequence[tuple[float, str]] | None = None,
    y_ticks: Sequence[tuple[float, str]] | None = None,
    names: bool = False,
    size: tuple[float, float] | None = None,
) -> Markup:
    """Return the plot area; axis titles are the caller's. Text outside the area overflows into the caller's padding."""
    width, height = size or (BOX, BOX)

    def across(share: float) -> str | float:
        return share * width if size else f"{share * 100:.2f}%"

    def down(share: float) -> str | float:
        return (1 - share) * height if size else f"{(1 - share) * 100:.2f}%"

    grid = []
    for value, label in x.ticks() if x_ticks is None else x_ticks:
        at = across(x(value))
        grid.append(element("line", x1=at, x2=at, y1=down(0), y2=down(1), class_="grid"))
        grid.append(text(label, x=at, y=down(0), dy="18", text_anchor="middle", class_="tick"))
    for value, label in y.ticks(5) if y_ticks is None else y_ticks:
        at = down(y(value))
        grid.append(element("line", x1=across(0), x2=across(1), y1=at, y2=at, class_="grid"))
        grid.append(text(label, x=across(0), y=at, dx="-8", dy="4", text_anchor="end", class_="tick"))

    def placed(points: Sequence[Point]) -> list[Point]:
        # On the page a step of the box is less than a pixel.
        digits = 1 if size else 0
        return [(round(x(u) * width, digits), round((1 - y(v)) * height, digits)) for u, v in points]

    drawn = []
    for line in lines:
        if line.low:
            around = [*placed(line.high), *reversed(placed(line.low))]
            drawn.append(element("path", d=path(around, close=True), class_=f"band s{line.place % 8}"))
        faint = " faint" if line.faint else ""
        drawn.append(element("path", d=path(placed(line.points)), class_=f"curve {line.style}{faint}"))
    plot = element(
        "svg", *drawn, width=across(1), height=down(0), viewBox=f"0 0 {width:g} {height:g}", preserveAspectRatio="none"
    )
    labels = _labels(lines, y, across(1), down) if names else ()
    return picture(
        join(grid), plot, *labels, title=title, class_="chart", width=across(1), height=down(0), overflow="visible"
    )


def _labels(lines: Sequence[Line], y: Scale, right: str | float, down: object) -> list[Markup]:
    assert callable(down)
    ends = spread([y(line.points[-1][1]) for line in lines], gap=0.055)
    return [
        text_pair(line.name, line.note, x=right, y=down(end), class_=f"end s{line.place % 8}")
        for line, end in zip(lines, ends, strict=True)
    ]


def text_pair(name: str, note: str, **attributes: str | float | None) -> Markup:
    """Return a text with a bold name and a plain note."""
    from markupsafe import escape

    return element(
        "text", element("tspan", escape(name), class_="name"), escape(f" {note}"), dx="8", dy="4", **attributes
    )


def spread(places: Sequence[float], *, gap: float) -> list[float]:
    """Return the places moved apart, in their order, so that no two are nearer than `gap`, and all between 0 and 1."""
    order = sorted(range(len(places)), key=lambda index: (places[index], -index))
    moved = [places[index] for index in order]
    gap = min(gap, 1 / max(len(moved) - 1, 1))
    for at in range(1, len(moved)):
        moved[at] = max(moved[at], moved[at - 1] + gap)
    top = 1.0
    for at in reversed(range(len(moved))):
        moved[at] = min(moved[at], top)
        top = moved[at] - gap
    found = [0.0] * len(places)
    for index, value in zip(order, moved, strict=True):
        found[index] = value
    return found

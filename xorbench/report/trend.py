"""A trend over the runs of one machine: share solved and step time of each implementation, run by run."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from xorbench.report.chart import Line, chart
from xorbench.report.closeup import loss_scale
from xorbench.report.escape import one_line
from xorbench.report.palette import SERIES
from xorbench.report.scale import Scale
from xorbench.report.spectrum import tabled
from xorbench.report.summary import Group, Row
from xorbench.report.svg import Point

#: Names of runs that have room below a chart.
TICKS = 4


@dataclass(frozen=True, kw_only=True)
class Trend:
    """Charts over the runs in their order of time, and the legend that both share."""

    runs: tuple[str, ...]
    solved: Markup | None
    step: Markup | None
    legend: tuple[tuple[str, str], ...]  # classes, name
    left_out: int


def trend(group: Group, *, size: tuple[float, float] | None = None) -> Trend | None:
    """Return the trend of a machine with two runs or more, else None."""
    if len(group.runs) < 2:
        return None
    started = {run: min((row.started_at for row in group.rows if row.run == run), default="") for run in group.runs}
    runs = sorted(group.runs, key=lambda run: (started[run], run))
    series: dict[tuple[str, str], dict[str, Row]] = {}
    for row in tabled(group):
        series.setdefault((row.label, row.task), {})[row.run] = row
    kept = {key: found for key, found in series.items() if len(found) > 1}
    most = len(SERIES["light"])
    shown = list(kept.items())[:most]
    if not shown:
        return None
    x = Scale(low=0.0, high=float(len(runs) - 1))
    every = -(-len(runs) // TICKS)
    ticks = [(float(place), one_line(run, 16)) for place, run in enumerate(runs) if place % every == 0]

    def lines(value: str) -> list[Line]:
        found = []
        for place, (_, rows) in enumerate(shown):
            points: list[Point] = []
            for at, run in enumerate(runs):
                y = _value(rows[run], value) if run in rows else None
                if y is not None:
                    points.append((float(at), y))
            if len(points) > 1:
                found.append(Line(points=tuple(points), place=place))
        return found

    solved, step = lines("solved"), lines("step")
    several = len({task for _, task in kept}) > 1
    return Trend(
        runs=tuple(runs),
        solved=chart(
            solved,
            x,
            Scale(low=0.0, high=1.02),
            title="Share solved, run by run",
            x_ticks=ticks,
            y_ticks=[(share / 4, f"{share * 25}%") for share in range(5)],
            size=size,
        )
        if solved
        else None,
        step=chart(
            step,
            x,
            loss_scale([y for line in step for _, y in line.points])[0],
            title="Step time in microseconds, run by run",
            x_ticks=ticks,
            size=size,
        )
        if step
        else None,
        legend=tuple(
            (f"s{place} d{place % 4}", f"{name} · {task}" if several else name)
            for place, ((name, task), _) in enumerate(shown)
        ),
        left_out=len(kept) - len(shown),
    )


def _value(row: Row, value: str) -> float | None:
    if value == "solved":
        return row.learning.solved / row.learning.n if row.learning and row.learning.n else None
    found = row.runtime.step if row.runtime else None
    return None if found is None or found.value is None else found.value * 1e6

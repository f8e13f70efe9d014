"""The share of seeds solved over iterations, one step line for each implementation, and seeds' own curves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from xorbench.report.chart import Line, chart, steps
from xorbench.report.closeup import ZERO, loss_scale
from xorbench.report.escape import one_line
from xorbench.report.numbers import percent
from xorbench.report.scale import Scale
from xorbench.report.summary import Learning, Row

#: More lines than this cannot be told apart; the rest is in the tables.
MOST = 12


@dataclass(frozen=True, kw_only=True)
class Solved:
    """The chart, its legend, and the steps as data for the reading under the pointer."""

    task: str
    figure: Markup
    legend: tuple[tuple[str, str, str], ...]  # classes, name, share
    data: dict[str, Any]
    left_out: int


def solved_over_time(task: str, rows: Sequence[Row], *, size: tuple[float, float] | None = None) -> Solved | None:
    """Return the chart of one task, or None where nothing was learned in it."""
    learned = [row for row in rows if row.learning is not None and row.learning.trained]
    if not any(row.learning.solved for row in learned if row.learning):
        return None
    shown, left_out = learned[:MOST], max(0, len(learned) - MOST)
    curves = [(row, row.learning.over_time) for row in shown if row.learning]
    times = [time for _, curve in curves for time in curve.times if time > 0]
    end = max(curve.end for _, curve in curves) or 1.0
    low = max(ZERO, min([*times, end]) / 2)
    x, y = Scale(low=min(low, end / 10), high=end, log=True), Scale(low=0.0, high=1.0)
    lines = []
    for place, (row, curve) in enumerate(curves):
        points = steps(list(zip(curve.times, curve.share, strict=True)), (x.low, 0.0), curve.end)
        lines.append(Line(points=points, name=one_line(name_of(row, rows), 30), note=_percent(row), place=place))
    figure = chart(
        lines,
        x,
        y,
        title=f"Share of seeds that have solved {task} by each iteration",
        y_ticks=[(share / 4, f"{share * 25}%") for share in range(5)],
        names=True,
        size=size,
    )
    return Solved(
        task=task,
        figure=figure,
        legend=tuple((line.style, line.name, line.note) for line in lines),
        data={
            "low": x.low,
            "high": x.high,
            "names": [line.name for line in lines],
            "times": [[round(time, 3) for time in curve.times] for _, curve in curves],
            "shares": [[round(share, 4) for share in curve.share] for _, curve in curves],
        },
        left_out=left_out,
    )


def seed_curves(learning: Learning, *, size: tuple[float, float] | None = None) -> tuple[Markup, int, int] | None:
    """Return the losses of the seeds that were kept, stuck ones dashed, and how many of each; None without losses."""
    solved = {run.seed: run.to_stable is not None for run in learning.runs}
    kept = [
        (
            curve.seed,
            tuple((float(at), loss) for at, loss in zip(curve.iterations, curve.loss, strict=True) if loss is not None),
        )
        for curve in learning.curves
    ]
    kept = [(seed, points) for seed, points in kept if len(points) > 1]
    if not kept:
        return None
    scale, log = loss_scale([loss for _, points in kept for _, loss in points])
    x = Scale(low=ZERO, high=max(max(points[-1][0] for _, points in kept), 1.0), log=True)
    ticks = [(0.0, "0"), *((value, label) for value, label in x.ticks(5) if value >= 1)]
    lines = [
        Line(points=points, place=2 if solved.get(seed) else 1, dashed=not solved.get(seed), faint=len(kept) > 6)
        for seed, points in kept
    ]
    title = f"Loss of single seeds over iterations{', log scale' if log else ''}"
    good = sum(bool(solved.get(seed)) for seed, _ in kept)
    return chart(lines, x, scale, title=title, x_ticks=ticks, size=size), good, len(kept) - good


def name_of(row: Row, rows: Sequence[Row]) -> str:
    """Return the row's label, with its run and budget where it needs them to be told apart."""
    others = [other for other in rows if other.label == row.label and other.task == row.task]
    parts = [row.label]
    if len({other.run for other in others}) > 1:
        parts.append(row.run)
    if len({other.budget for other in others if other.run == row.run}) > 1:
        parts.append(f"budget {row.budget:,}")
    return " · ".join(parts)


def _percent(row: Row) -> str:
    assert row.learning is not None
    share = row.learning.share
    return f"{percent(share.value, share.low, share.high)}%"

"""``xorbench show``: one implementation looked at closely, as a page and as a picture for slides."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from xorbench.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from xorbench.records import Cell, Portrait, Record
    from xorbench.study.journal import Journal
    from xorbench.study.plan import Kind
    from xorbench.study.progress import Progress

#: Seeds that are trained to find one that learns and one that is stuck.
SEEDS = 10


@click.command("show", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("target")
@click.option("--task", default="xor", show_default=True, metavar="NAME", help="What it learns.")
@click.option("--seed", type=int, help="This one.  [default: the first that learns and the first that is stuck]")
@click.option("--budget", type=int, help="Iterations.  [default: what suits the task]")
@click.option("--device", default="cpu", show_default=True, help="Where it is run.")
@click.option("--output", type=click.Path(path_type=Path), help="Folder of the page.  [default: reports/show/TARGET]")
@click.option("--svg", "svg_file", type=click.Path(path_type=Path, dir_okay=False), help="A picture for slides.")
@click.option("--png", "png_file", type=click.Path(path_type=Path, dir_okay=False), help="The same as PNG.")
@click.option("--theme", type=click.Choice(["light", "dark"]), default="light", show_default=True, help="Of pictures.")
@click.option("--check/--no-check", default=True, help="Verify it too and show what was found.")
@click.option(
    "--time-limit", type=float, default=120.0, show_default=True, metavar="SECONDS", help="Per cell; 0: none."
)
def command(
    target: str,
    task: str,
    seed: int | None,
    budget: int | None,
    device: str,
    output: Path | None,
    svg_file: Path | None,
    png_file: Path | None,
    theme: str,
    check: bool,
    time_limit: float,
) -> int:
    """Draw one implementation: decision region, hidden space, parameters, loss surface and curves.

    The page has a slider through the iterations; --svg and --png write the last frame as one picture. Exits 1 when the
    implementation could not be drawn, and says why.
    """
    from xorbench.report.files import write_text
    from xorbench.report.page import portrait_page
    from xorbench.report.slide import png, slide
    from xorbench.report.summary import Source, gather
    from xorbench.study import plan as planning
    from xorbench.study.journal import Journal
    from xorbench.study.progress import Progress
    from xorbench.study.runner import nothing_left_running

    if png_file is not None:
        png('<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>')  # missing: say so before the work
    folder = output or Path("reports/show") / _file_name(target if task == "xor" else f"{target}-{task}")
    kinds: tuple[Kind, ...] = ("convergence", "spectrum", "check") if check else ("convergence", "spectrum")
    asked = planning.Plan(
        targets=(target,),
        tasks=(task,),
        devices=(device,),
        seeds=tuple(range(SEEDS)) if seed is None else (seed,),
        budget=budget,
        kinds=kinds,
    )
    progress = Progress(quiet=False)
    with nothing_left_running(), Journal(folder) as journal, progress.interruptible():
        records = _measure(asked, time_limit, journal, progress)
        portraits = [record for record in records if record.cell.measure == "portrait"]
    if progress.stopping():
        click.echo(f"interrupted; what was measured is kept in {folder}", err=True)
        return ExitCode.INTERRUPTED
    groups = gather([Source(name="", records=records, environments=journal.environments)])
    page = folder / "show.html"
    write_text(page, portrait_page(groups[0], target))
    written = [page]
    drawn: list[Portrait] = [record.result for record in portraits if record.result is not None]  # type: ignore[misc]
    for record in records:
        if record.result is None:
            click.echo(
                f"{record.cell.measure}: {record.outcome}: {(record.detail.strip() or '-').splitlines()[-1]}", err=True
            )
    if drawn:
        drawn.sort(key=lambda portrait: (not portrait.solved, portrait.seed))
        picture = slide(drawn[0], target=target, task=task, theme=theme)
        if svg_file is not None:
            write_text(svg_file, picture)
            written.append(svg_file)
        if png_file is not None:
            write_text(png_file, png(picture))
            written.append(png_file)
        for reason in drawn[0].missing:
            click.echo(f"not shown: {reason}", err=True)
    click.echo(f"written: {', '.join(map(str, written))}")
    return ExitCode.OK if drawn else ExitCode.FAILED


def _measure(asked: object, time_limit: float, journal: Journal, progress: Progress) -> list[Record]:
    """Measure what was asked for, then draw the seeds that are worth it; return the records of both."""
    import msgspec

    from xorbench.records import Convergence
    from xorbench.study import plan as planning
    from xorbench.study.executors import open_executor
    from xorbench.study.runner import run_planned

    assert isinstance(asked, planning.Plan)
    planned = planning.make_plan(asked, time_limit_s=time_limit or None, memory_limit_mib=4096, folder=os.getcwd())
    with open_executor("local") as place:
        run_planned(planned, place, journal, progress)
        latest = journal.latest()
        task = asked.tasks[0]
        main = [job for job in planned.jobs if job.cell.measure == "convergence" and job.cell.task == task]
        runs = [
            run
            for job in main
            if job.cell.id in latest and isinstance(result := latest[job.cell.id].result, Convergence)
            for run in result.runs
        ]
        first = [
            next((run.seed for run in runs if (run.to_stable is not None) is solved), None) for solved in (True, False)
        ]
        seeds = [seed for seed in first if seed is not None]  # none where no run was made: why is in the records
        cells: list[Cell] = [
            msgspec.structs.replace(main[0].cell, measure="portrait", seeds=(seed,), settings={})
            for seed in seeds
            if main
        ]
        jobs = [msgspec.structs.replace(main[0], cell=cell) for cell in cells]
        more = planning.Planned(jobs=jobs, known={})
        if not progress.stopping():
            run_planned(more, place, journal, progress)
    progress.end()
    latest = journal.latest()
    return [latest[job.cell.id] for job in (*planned.jobs, *jobs) if job.cell.id in latest]


def _file_name(target: str) -> str:
    """Return a folder's name for a target."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", target.removesuffix("]")).strip("-.")
    if not name:
        raise UsageError(f"target {target!r} gives no name for a folder; say where: --output FOLDER")
    return name[-80:]

"""``xorbench run``: measure implementations side by side and write the tables."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from xorbench.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from xorbench.records import Environment, Record

_KINDS = ("convergence", "timing", "portrait", "check", "spectrum")


@click.command("run", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("targets", nargs=-1, metavar="[TARGET]...")
@click.option("--task", "tasks", multiple=True, metavar="NAME", help="A task; may be repeated.  [default: xor]")
@click.option("--seeds", default="20", show_default=True, help="How many, or which: 20, 0-9 or 0,3,7.")
@click.option("--budget", type=int, help="Iterations per seed.  [default: what suits the task]")
@click.option("--device", "devices", multiple=True, help="cpu, cuda, cuda:1, mps; may be repeated.  [default: cpu]")
@click.option("--measure", "kinds", multiple=True, type=click.Choice(_KINDS), help="Only this; may be repeated.")
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    default=Path("reports/latest"),
    show_default=True,
    help="Folder of the records and the tables.",
)
@click.option("--executor", default="local", help="local:N, dask:ADDRESS, dask-local:N or factory:module:function.")
@click.option(
    "--time-limit", type=float, default=120.0, show_default=True, metavar="SECONDS", help="Per cell; 0: none."
)
@click.option("--memory-limit", type=int, default=4096, show_default=True, metavar="MIB", help="Per cell; 0: none.")
@click.option("--fresh", is_flag=True, help="Begin anew; records that are there are kept aside.")
@click.option("--retry-failed", is_flag=True, help="Measure cells that failed before once more.")
@click.option("--quiet", is_flag=True, help="Say nothing but errors and the tables.")
def command(
    targets: tuple[str, ...],
    tasks: tuple[str, ...],
    seeds: str,
    budget: int | None,
    devices: tuple[str, ...],
    kinds: tuple[str, ...],
    output: Path,
    executor: str,
    time_limit: float,
    memory_limit: int,
    fresh: bool,
    retry_failed: bool,
    quiet: bool,
) -> int:
    """Measure implementations side by side and write the tables.

    Without TARGET every built-in implementation that takes the task. The records in the output folder are the state of
    the run: the same command again measures only what is missing.

    Exits 0 when all was measured, 1 when a cell failed, 2 when interrupted, 4 for a mistake in the command, 5 when
    nothing could be measured.
    """
    if time_limit < 0 or memory_limit < 0:
        raise UsageError("a limit is 0, for none, or more: --time-limit in seconds, --memory-limit in MiB")
    from xorbench.study import plan as planning
    from xorbench.study.executors import open_executor
    from xorbench.study.journal import Journal
    from xorbench.study.progress import Progress
    from xorbench.study.runner import nothing_left_running, run_planned

    asked = planning.Plan(
        targets=targets,
        tasks=tasks or ("xor",),
        devices=devices or ("cpu",),
        seeds=parse_seeds(seeds),
        budget=budget,
        kinds=planning.KINDS if not kinds else tuple(kind for kind in planning.KINDS if kind in kinds),
    )
    progress = Progress(quiet=quiet)
    with nothing_left_running():
        planned = planning.make_plan(
            asked, time_limit_s=time_limit or None, memory_limit_mib=memory_limit or None, folder=os.getcwd()
        )
        with Journal(output, fresh=fresh) as journal:
            if journal.kept_aside is not None:
                progress.say(f"the records that were there are kept in {journal.kept_aside}")
            if journal.repaired_bytes:
                progress.say(
                    f"cut {journal.repaired_bytes} bytes of a torn line off {journal.path}; its cell runs again"
                )
            try:
                with progress.interruptible(), open_executor(executor) as place:
                    run_planned(planned, place, journal, progress, retry_failed=retry_failed)
            finally:
                progress.end()
            latest = journal.latest()
            records = [latest[job.cell.id] for job in planned.jobs if job.cell.id in latest]
            if not progress.stopping_now():
                _report(output, list(latest.values()), journal.environments, quiet=quiet)
    if progress.stopping():
        click.echo(f"interrupted; {len(records)} of {len(planned.jobs)} cells are kept in {output}", err=True)
        return ExitCode.INTERRUPTED
    failed = [record for record in records if record.outcome not in ("ok", "unavailable")]
    for record in failed[:3]:
        _show_failure(record)
    if failed:
        more = f" ({len(failed) - 3} more in {journal.path})" if len(failed) > 3 else ""
        click.echo(f"{len(failed)} of {len(records)} cells failed{more}", err=True)
        return ExitCode.FAILED
    return ExitCode.OK if any(record.outcome == "ok" for record in records) else ExitCode.NOTHING


def parse_seeds(text: str) -> tuple[int, ...]:
    """Return the seeds that ``20`` (the first twenty), ``0-9`` or ``0,3,7`` name; raise UsageError for others."""
    if re.fullmatch(r"\d+", text):
        return tuple(range(int(text)))
    found: dict[int, None] = {}
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d+)(?:-(\d+))?\s*", part)
        if match is None:
            raise UsageError(
                f"seeds {text!r}: {part!r} is no seed; write how many (20), a range (0-9) or a list (0,3,7)"
            )
        first, last = int(match[1]), int(match[2] or match[1])
        if last < first or last - first > 1_000_000:
            raise UsageError(f"seeds {text!r}: {part!r} is no range of at most a million seeds, smallest first")
        found.update(dict.fromkeys(range(first, last + 1)))
    return tuple(found)


def _report(folder: Path, records: list[Record], environments: list[Environment], *, quiet: bool) -> None:
    from xorbench import report

    if not records:
        return
    written = report.write(folder, records, environments)
    click.echo(report.terminal_tables(records, environments), nl=False)
    if not quiet:
        sys.stdout.flush()
        click.echo(f"written: {', '.join(str(path) for path in written)}", err=True)


def _show_failure(record: Record) -> None:
    from xorbench.study.progress import one_line

    click.echo(f"\n{one_line(record)}", err=True)
    for title, text in (("", record.detail), ("it printed:", record.output)):
        if len(text.strip().splitlines()) > (0 if title else 1):  # the one line above says it already
            click.echo("\n".join(f"  {line}" for line in [title, *text.strip().splitlines()][-30:] if line), err=True)

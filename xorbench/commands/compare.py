"""``xorbench compare``: two runs, or two targets in one interleaved run."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from xorbench.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from xorbench.report.summary import Source


@click.command("compare", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("base")
@click.argument("head")
@click.option("--interleave", is_flag=True, help="BASE and HEAD are targets: time them block by block, now.")
@click.option("--task", default="xor", show_default=True, help="With --interleave: the task whose batch is timed.")
@click.option("--device", default="cpu", show_default=True, help="With --interleave: where.")
@click.option("--seed", type=int, default=0, show_default=True, help="With --interleave: of models and schedule.")
@click.option("--blocks", type=int, default=30, show_default=True, help="With --interleave: more resolve more.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="With --interleave: for `xorbench gate`.")
@click.option("--markdown", type=click.Path(path_type=Path), help="Write the tables to this file too.")
def command(
    base: str,
    head: str,
    interleave: bool,
    task: str,
    device: str,
    seed: int,
    blocks: int,
    json_file: Path | None,
    markdown: Path | None,
) -> int:
    """Compare two runs, folders or records.jsonl files, or with --interleave two targets.

    Two runs are compared by what their records say; their times only where they differ widely, since the machine of one
    hour is not that of the next. --interleave times both targets now, in random order, in fresh processes.

    Exits 0 when compared, whatever came out (`xorbench gate` judges), 4 for a mistake in the command, 5 when the runs
    have no row in common.
    """
    from xorbench.report import compare

    if interleave:
        from xorbench.measure.versus import versus
        from xorbench.tasks import get_task

        get_task(task)  # a slip is told before anything is started
        if blocks < 1:
            raise UsageError(f"--blocks {blocks}: 1 or more")
        comparison = versus(base, head, task=task, device=device, seed=seed, blocks=blocks, on_block=_progress)
        tables, lines = compare.comparison_table(comparison), compare.comparison_lines(comparison)
        if json_file is not None:
            import msgspec

            write(json_file, msgspec.json.encode(comparison).decode() + "\n")
    else:
        if json_file is not None:
            raise UsageError("--json is of --interleave: what two runs hold is in their records.jsonl")
        tables, lines = compare.compare_runs(read_source(base), read_source(head))
    click.echo(compare.as_screen(tables, lines), nl=False)
    if markdown is not None:
        write(markdown, compare.as_page(f"{base} and {head}", tables, lines))
    return ExitCode.OK if tables else ExitCode.NOTHING


def read_source(where: str) -> Source:
    """Read the run that a folder, or its records.jsonl, holds; raise UsageError where there is none."""
    from xorbench.report.summary import Source
    from xorbench.study.journal import FILE, read

    path = Path(where)
    records, environments = read(path / FILE if path.is_dir() else path)
    return Source(name=where, records=tuple(records), environments=tuple(environments))


def write(path: Path, text: str) -> None:
    """Write a file, its folder too; raise UsageError where that cannot be done."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror or error}") from None


def _progress(done: int, blocks: int) -> None:
    if sys.stderr.isatty():
        click.echo(f"\rblock {done} of {blocks}", nl=done == blocks, err=True)
    elif done == blocks:
        click.echo(f"{blocks} blocks timed", err=True)

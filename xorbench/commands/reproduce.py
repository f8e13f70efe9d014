"""`xorbench reproduce`: run published results again and print them beside what was published."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Literal

import click

from xorbench.errors import ExitCode, UsageError
from xorbench.reproductions import NAMES, get_reproduction


@click.command(name="reproduce")
@click.argument("names", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Run all of them.")
@click.option("--quick", is_flag=True, help="Run a smaller version of each; what it leaves out is said.")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Write a Markdown page as well.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(min=0), help="Seed of everything drawn.")
def command(names: tuple[str, ...], every: bool, quick: bool, output: Path | None, seed: int) -> int:
    """Run the results NAMES of the literature again; without a name, list them.

    Only what was read at its source is called published; other figures say where they are from. A result that does not
    reproduce is shown as such and changes no exit status.
    """
    if every and names:
        raise UsageError(f"--all runs everything already; drop it or drop {' '.join(names)}")
    if not names and not every:
        from tabulate import tabulate

        click.echo(tabulate([(name, line) for name, (_, line) in NAMES.items()], headers=("name", "result")))
        click.echo("\nRun one with `xorbench reproduce NAME`, all with `xorbench reproduce --all`.")
        return ExitCode.OK
    chosen = [get_reproduction(name) for name in (NAMES if every else dict.fromkeys(names))]
    from xorbench.reproductions.page import as_markdown, as_page, as_text

    size: Literal["quick", "full"] = "quick" if quick else "full"
    sections: list[str] = []
    for reproduction in chosen:
        click.echo(f"{reproduction.name}: running, about {_duration(reproduction.minutes)} in full", err=True)
        started = time.perf_counter()
        figures = reproduction.run(size, seed)
        click.echo(as_text(reproduction, figures, size=size, seed=seed, wall_s=time.perf_counter() - started))
        sections.append(as_markdown(reproduction, figures, size=size, seed=seed))
        if output is not None:  # after each: an interrupted run keeps what is done
            try:
                output.write_text(as_page(sections), encoding="utf-8")
            except OSError as error:
                raise UsageError(f"cannot write {output}: {error.strerror}") from None
    return ExitCode.OK


def _duration(minutes: float) -> str:
    return f"{minutes:g} minutes" if minutes >= 1 else f"{max(1, round(minutes * 60))} seconds"

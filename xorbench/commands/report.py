"""``xorbench report``: the tables and the page again, from the records of one run or of several side by side."""

from __future__ import annotations

import os
from pathlib import Path

import click

from xorbench.errors import ExitCode, UsageError


@click.command("report", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("folders", nargs=-1, required=True, metavar="DIR...", type=click.Path(path_type=Path))
@click.option("--output", type=click.Path(path_type=Path), help="Where to write.  [default: DIR, where there is one]")
@click.option("--format", "formats", multiple=True, metavar="NAME", help="md, csv, html, json, tex or all; repeatable.")
@click.option("--quiet", is_flag=True, help="Show no tables.")
def command(folders: tuple[Path, ...], output: Path | None, formats: tuple[str, ...], quiet: bool) -> int:
    """Write the tables and the page again from the records in DIR, a run's folder.

    Several folders are shown side by side, grouped by machine, with a trend over the runs of each. The same records
    give the same files, byte for byte.
    """
    from xorbench.report.files import DEFAULT_FORMATS, FORMATS, terminal_tables, write_sources
    from xorbench.report.summary import Source
    from xorbench.study.journal import FILE, read

    if output is None and len(folders) > 1:
        raise UsageError(
            f"{len(folders)} runs side by side belong to none of their folders; say where: --output FOLDER"
        )
    paths = [folder / FILE if folder.is_dir() else folder for folder in folders]
    names = _names(folders) if len(folders) > 1 else [""]
    sources = []
    for path, name in zip(paths, names, strict=True):
        if not path.exists():
            raise UsageError(f"there are no records at {path}; name the folder that `xorbench run --output` wrote")
        records, environments = read(path)
        sources.append(Source(name=name, records=records, environments=environments))
    if not any(source.records for source in sources):
        click.echo(f"nothing was measured: {', '.join(map(str, paths))} holds no record", err=True)
        return ExitCode.NOTHING
    wanted = tuple(FORMATS) if "all" in formats else formats or DEFAULT_FORMATS
    written = write_sources(output or paths[0].parent, sources, formats=wanted)
    if not quiet:
        click.echo(terminal_tables(sources=sources), nl=False)
    click.echo(f"written: {', '.join(map(str, written))}", err=True)
    return ExitCode.OK


def _names(folders: tuple[Path, ...]) -> list[str]:
    """Return the shortest ends of the paths that tell the runs apart."""
    parts = [Path(os.path.abspath(folder)).parts for folder in folders]
    if len(set(parts)) < len(parts):
        twice = next(folder for folder in folders if folders.count(folder) > 1 or parts.count(parts[0]) > 1)
        raise UsageError(f"{twice} is named twice; name each run once")
    deepest = max(map(len, parts))
    for length in range(1, deepest + 1):
        names = ["/".join(part[-length:]) for part in parts]
        if len(set(names)) == len(names):
            return names
    return [str(folder) for folder in folders]

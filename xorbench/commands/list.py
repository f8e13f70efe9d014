"""``xorbench list``: implementations, tasks and devices by name, and what is missing. Imports none of what it lists."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from xorbench.entry import Entry

#: Extra -> what it gives and the importable name that shows it is there.
_EXTRAS = {
    "torch": ("PyTorch implementations and devices other than the CPU", "torch"),
    "cluster": ("--executor dask:ADDRESS and dask-local:N", "distributed"),
    "frameworks": ("ready-made models of scikit-learn as rows of the comparison", "sklearn"),
    "fast": ("a compiled ensemble: many seeds at once at the speed of C", "numba"),
    "png": ("xorbench show --png: pictures for slides", "resvg_py"),
}


@click.command("list", context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--implementations", "what", flag_value="implementations", help="Only the names of implementations.")
@click.option("--tasks", "what", flag_value="tasks", help="Only the names of tasks.")
def command(what: str | None) -> None:
    """Show implementations, tasks and what is missing.

    Options of an implementation stand in brackets, numpy-mlp[hidden=4,activation=relu]; a wrong one names the right
    ones. Your own code needs no registration: package.module:Class or path/to/file.py:Class.
    """
    from xorbench.registry import entries
    from xorbench.tasks import task_names

    known = entries()
    if what is not None:
        click.echo("\n".join(known if what == "implementations" else task_names()))
        return
    click.echo("Implementations")
    width = max(map(len, known), default=0)
    for entry in known.values():
        for place, line in enumerate(_about(entry)):
            click.echo(f"  {entry.name if place == 0 else '':<{width}}  {line}")
    click.echo("\nTasks")
    for line in _tasks(task_names()):
        click.echo(f"  {line}")
    click.echo("\nExtras")
    width = max(map(len, _EXTRAS))
    for extra, (gives, module) in _EXTRAS.items():
        there = importlib.util.find_spec(module) is not None
        state = "installed" if there else f"missing; run: pip install 'xorbench[{extra}]'"
        click.echo(f"  {extra:<{width}}  {gives}: {state}")


def _about(entry: Entry) -> list[str]:
    lines = [entry.summary]
    said = [] if entry.trains else ["learns nothing: the answer is built in"]
    if entry.ensemble:
        said.append("many seeds at once")
    if entry.never:
        said.append(f"provably never learns {', '.join(entry.never)}")
    if len(entry.devices) > 1:
        said.append(f"devices: {', '.join(entry.devices)}")
    if said:
        lines.append("; ".join(said))
    if missing := entry.missing():
        command = entry.install or f"pip install {' '.join(missing)}"
        lines.append(f"needs {' and '.join(missing)}, which is not installed; run: {command}")
    return lines


def _tasks(names: list[str]) -> list[str]:
    from xorbench.tasks import GATES, get_task

    gates = [name for name in names if name in GATES]
    others = [name for name in names if name not in GATES]
    lines = [f"the sixteen gates of two inputs: {', '.join(gates)}"]
    width = max(map(len, others), default=0)
    for name in others:
        # A pattern such as parity-N has no one task to describe.
        try:
            summary = get_task(name).summary
        except Exception:
            summary = "for any such number"
        lines.append(f"{name:<{width}}  {summary}")
    return lines

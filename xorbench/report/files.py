"""The files of a report, each a function of the records alone: the same records give the same bytes."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from xorbench.errors import UsageError
from xorbench.records import Environment, Record
from xorbench.report.escape import markdown, markdown_code, one_line
from xorbench.report.flat import as_csv, as_json
from xorbench.report.provenance import facts, machine_name
from xorbench.report.summary import Group, Missed, Source, gather
from xorbench.report.tables import as_latex, as_markdown, as_text, spectrum_table, tables

#: Format -> name of its file.
FORMATS: dict[str, str] = {
    "md": "comparison.md",
    "csv": "comparison.csv",
    "html": "comparison.html",
    "json": "comparison.json",
    "tex": "comparison.tex",
}
DEFAULT_FORMATS = ("md", "csv", "html")


def write(
    folder: Path,
    records: Iterable[Record],
    environments: Iterable[Environment],
    *,
    formats: Sequence[str] = DEFAULT_FORMATS,
) -> list[Path]:
    """Write the report of one run into `folder` and return the files written.

    Raises UsageError for an unknown format or a folder that cannot be written.
    """
    source = Source(name="", records=tuple(records), environments=tuple(environments))
    return write_sources(folder, [source], formats=formats)


def write_sources(folder: Path, sources: Sequence[Source], *, formats: Sequence[str] = DEFAULT_FORMATS) -> list[Path]:
    """Write the report of several runs, side by side and grouped by machine."""
    from xorbench.errors import unknown

    for name in formats:
        if name not in FORMATS:
            raise unknown("format", name, FORMATS)
    groups = gather(sources)
    written: list[Path] = []
    for name in formats:
        path = folder / FORMATS[name]
        write_text(path, render(name, groups))
        written.append(path)
    return written


def render(name: str, groups: Sequence[Group]) -> str:
    """Return the text of one format."""
    if name == "html":
        from xorbench.report.page import comparison_page

        return comparison_page(groups)
    renderers = {"md": comparison_markdown, "csv": as_csv, "json": as_json, "tex": comparison_latex}
    return renderers[name](groups)


def terminal_tables(
    records: Iterable[Record] = (), environments: Iterable[Environment] = (), *, sources: Sequence[Source] = ()
) -> str:
    """Return the three tables for a terminal, one set for each machine, then what could not be measured."""
    one = Source(name="", records=tuple(records), environments=tuple(environments))
    groups = gather(sources or [one])
    parts: list[str] = []
    for group in groups:
        if len(groups) > 1:
            parts.append(f"machine {machine_name(group)}")
        parts += [f"{table.title}\n{as_text(table)}" for table in tables(group) if table.rows]
        if group.missed:
            parts.append("Not measured\n" + "\n".join(f"  {_missed(missed)}" for missed in group.missed))
    return "\n\n".join(parts) + "\n" if parts else "nothing was measured\n"


def comparison_markdown(groups: Sequence[Group]) -> str:
    """Return the report as Markdown."""
    parts = ["# xorbench comparison"]
    for group in groups:
        parts.append(f"## Machine: {markdown(machine_name(group))}")
        for table in (*tables(group), spectrum_table(group)):
            if table.rows:
                parts += [f"### {table.title}", table.note, as_markdown(table)]
        parts.append("### Not measured")
        parts.append(
            "\n".join(
                f"- {markdown_code(missed.target)}, {markdown(missed.where)}: {markdown(missed.said)}"
                for missed in group.missed
            )
            or "Every cell of the plan gave a result."
        )
        parts.append("### Where this was measured")
        parts.append("\n".join(f"- {markdown(name)}: {markdown(value)}" for name, value in facts(group)))
    return "\n\n".join(part for part in parts if part) + "\n"


def comparison_latex(groups: Sequence[Group]) -> str:
    """Return the tables as LaTeX, each a ``tabular`` under a comment that says what it is."""
    parts = ["% xorbench comparison; needs \\usepackage{booktabs}"]
    for group in groups:
        parts.append(f"% machine: {one_line(machine_name(group))}")
        parts += [
            f"% {table.title}\n{as_latex(table)}" for table in (*tables(group), spectrum_table(group)) if table.rows
        ]
    return "\n\n".join(parts) + "\n"


def _missed(missed: Missed) -> str:
    return f"{one_line(missed.target, 80)}, {one_line(missed.where, 100)}: {one_line(missed.said, 200)}"


def write_text(path: Path, text: str | bytes) -> None:
    """Write `text` so that a reader sees the old file or the new one, never half of it; raise UsageError if in vain."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{path.name}.{os.getpid()}")
        partial.write_bytes(text.encode() if isinstance(text, str) else text)
        partial.replace(path)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror or error}") from None

"""The comparison of two runs, or of two targets in one interleaved run, as tables."""

from __future__ import annotations

import math
from collections.abc import Sequence

from xorbench.records import Comparison
from xorbench.report.differences import (
    BETWEEN_RUNS,
    Key,
    Measured,
    learning_difference,
    measured,
    renamed,
    time_differences,
    verdicts,
)
from xorbench.report.escape import markdown, one_line
from xorbench.report.numbers import NONE, number
from xorbench.report.provenance import machine_name
from xorbench.report.summary import Group, Source, gather
from xorbench.report.tables import Table, as_markdown, as_text

MICRO = 1e6


def compare_runs(base: Source, head: Source) -> tuple[list[Table], list[str]]:
    """Return the tables of two runs, and the lines on machines and on rows that only one of them has."""
    groups = [gather([one]) for one in (base, head)]
    before, after = (measured(one) for one in groups)
    lines = _machines(groups)
    pairs: dict[Key, Key] = {key: key for key in before if key in after}
    names = renamed(
        {key: row for key, row in before.items() if key not in after},
        {key: row for key, row in after.items() if key not in before},
    )
    lines += [f"renamed: {before[old].name} is now {after[new].name}" for old, new in names.items()]
    pairs |= names
    lines += [f"only in the base: {row.name}" for key, row in before.items() if key not in pairs]
    lines += [f"only in the head: {row.name}" for key, row in after.items() if key not in pairs.values()]
    matched = [(before[old], after[new]) for old, new in pairs.items()]
    return [table for table in (_checks(matched), _learning(matched), _times(matched)) if table.rows], lines


def comparison_table(comparison: Comparison) -> list[Table]:
    """Return a table per round of an interleaved comparison."""
    tables = []
    for turn, ratios in enumerate(comparison.rounds):
        rows = tuple(
            (
                ratio.action,
                f"{ratio.rows:,}" if ratio.rows else NONE,
                number(ratio.base_s * MICRO),
                number(ratio.head_s * MICRO),
                *_ratio(ratio.ratio, ratio.low, ratio.high),
                NONE if ratio.floor is None else f"{ratio.floor:.3f}",
                ratio.verdict,
            )
            for ratio in ratios
        )
        again = "; the rows that were called faster or slower, measured anew" if turn else ""
        blocks = ratios[0].blocks if ratios else 0
        tables.append(
            Table(
                title=f"Round {turn + 1}{again}",
                note=f"Medians of {blocks} blocks, µs per call. The intervals hold together with "
                f"{comparison.confidence:.0%} confidence; the floor is what two processes of the base differ by.",
                headers=("action", "rows", "base", "head", "ratio", "interval", "floor", "verdict"),
                names=2,
                rows=rows,
            )
        )
    return tables


def comparison_lines(comparison: Comparison) -> list[str]:
    """Return what else is to be said of an interleaved comparison."""
    cpu = comparison.environment.facts.get("cpu_model", comparison.environment.machine)
    lines = [
        f"base: {comparison.base}",
        f"head: {comparison.head}",
        f"task: {comparison.task}, device: {comparison.device}, machine: {cpu}",
    ]
    if not comparison.checked:
        lines.append("what was timed is not shown to be right; see the notes")
    return lines + list(comparison.notes)


def as_screen(tables: Sequence[Table], lines: Sequence[str]) -> str:
    """Return tables and lines for a terminal."""
    parts = [f"{table.title}\n{as_text(table)}" for table in tables]
    return "\n\n".join([*parts, "\n".join(one_line(line) for line in lines)]) + "\n"


def as_page(title: str, tables: Sequence[Table], lines: Sequence[str]) -> str:
    """Return tables and lines as Markdown."""
    parts = [f"# {markdown(title)}", "\n".join(f"- {markdown(line)}" for line in lines)]
    for table in tables:
        parts += [f"## {table.title}", table.note, as_markdown(table)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _machines(groups: Sequence[Sequence[Group]]) -> list[str]:
    base, head = ([group.machine for group in one] for one in groups)
    lines = [
        f"machine of the {who}: {machine_name(group)} ({group.machine[:8]})"
        for who, one in zip(("base", "head"), groups, strict=True)
        for group in one
    ]
    if set(base) != set(head):
        lines.append("the machines differ: times are shown side by side and not judged")
    return lines


def _checks(matched: Sequence[tuple[Measured, Measured]]) -> Table:
    rows = [
        (*before.key, _verified(before), _verified(after), "" if _verified(before) == _verified(after) else "changed")
        for before, after in matched
        if before.check is not None or after.check is not None
    ]
    return Table(
        title="Checks",
        note="The verdict of each and the rules that are broken.",
        headers=("implementation", "task", "device", "base", "head", "verdict"),
        names=3,
        rows=tuple(rows),
    )


def _verified(one: Measured) -> str:
    if one.check is None:
        return NONE
    return " ".join(
        dict.fromkeys([one.check.verdict, *(found.rule for found in one.check.findings if found.severity == "error")])
    )


def _learning(matched: Sequence[tuple[Measured, Measured]]) -> Table:
    both = [
        (before, budget, learning_difference(learning, after.learnings[budget]))
        for before, after in matched
        for budget, learning in before.learnings.items()
        if budget in after.learnings
    ]
    said = verdicts([difference for _, _, difference in both])
    rows = []
    for (row, budget, found), verdict in zip(both, said, strict=True):
        medians = [f"> {budget:,}" if median is None else f"{median:,.0f}" for median in found.medians]
        ratio = "∞" if math.isinf(found.slowdown) else f"{found.slowdown:.2f}"
        solved = [f"{one.solved}/{one.n}" for one in (found.base, found.head)]
        rows.append((*row.key, f"{budget:,}", *solved, *medians, ratio, verdict))
    return Table(
        title="What was learned",
        note="Seeds that solve the task and median iterations; verdicts by Fisher's, the log-rank and the "
        "Mann-Whitney test of final accuracy, one error in a hundred for all rows together (Holm).",
        headers=(
            "implementation",
            "task",
            "device",
            "budget",
            "base solved",
            "head solved",
            "base median",
            "head median",
            "ratio",
            "verdict",
        ),
        names=3,
        rows=tuple(rows),
    )


def _times(matched: Sequence[tuple[Measured, Measured]]) -> Table:
    rows = [
        (
            *before.key,
            f"{found.action} {found.rows:,}" if found.rows else found.action,
            number(found.base_s * MICRO),
            number(found.head_s * MICRO),
            *_ratio(found.ratio, found.low, found.high),
            found.verdict,
        )
        for before, after in matched
        for found in time_differences(before, after)
    ]
    return Table(
        title="Runtime",
        note=f"Medians in µs per call. The runs were not interleaved: below a ratio of {BETWEEN_RUNS:g} nothing is "
        "resolved; use compare --interleave.",
        headers=("implementation", "task", "device", "action", "base", "head", "ratio", "interval", "verdict"),
        names=4,
        rows=tuple(rows),
    )


def _ratio(ratio: float, low: float | None, high: float | None) -> tuple[str, str]:
    shown = NONE if low is None or high is None else f"[{low:.3f}, {high:.3f}]"
    return f"{ratio:.3f}", shown

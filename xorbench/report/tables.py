"""The tables: what was learned, how accurately, how fast, which gates. As data, Markdown, LaTeX and terminal text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from xorbench.measure.statistics import Estimate
from xorbench.report.escape import markdown, markdown_code, one_line
from xorbench.report.numbers import NONE, interval, number, percent, percent_interval, whole
from xorbench.report.spectrum import spectrum, tabled
from xorbench.report.summary import Group, Row
from xorbench.tasks import GATES

MICRO, MILLI, MEBI = 1e6, 1e3, 1 / 2**20


@dataclass(frozen=True, kw_only=True)
class Table:
    """Cells as text. Where a measure failed, the outcome stands in place of its first figure."""

    title: str
    note: str
    headers: tuple[str, ...]
    names: int  # so many leading columns are names
    rows: tuple[tuple[str, ...], ...]


def tables(group: Group) -> list[Table]:
    """Return the tables of one machine."""
    several_runs = len(group.runs) > 1
    several_devices = len({row.device for row in group.rows}) > 1
    shown = tabled(group)

    def table(title: str, note: str, headers: Sequence[str], cells: Callable[[Row], Sequence[str] | None]) -> Table:
        names = [
            "implementation",
            "task",
            *(["device"] if several_devices else []),
            *(["run"] if several_runs else []),
        ]
        filled = []
        for row in shown:
            found = cells(row)
            if found is None:
                continue
            filled.append(
                (
                    row.target,
                    row.task,
                    *([row.device] if several_devices else []),
                    *([row.run] if several_runs else []),
                    *found,
                )
            )
        return Table(title=title, note=note, headers=(*names, *headers), names=len(names), rows=tuple(filled))

    return [
        table(
            "What was learned, and in how many iterations",
            "Solved: right at that iteration and at every later one of the budget; runs that were not are counted at "
            "the budget. Brackets: 95 % intervals. ERT: expected iterations to one success with restarts.",
            ("solved, k/n", "solved, %", "median iterations", "quartiles", "ERT, iterations", "budget", "check"),
            _learned,
        ),
        table(
            "Accuracy at the end of the budget",
            "Share of the evaluation rows that are right, over the seeds.",
            ("mean accuracy, %", "least, %", "greatest, %", "median loss", "diverged", "rows", "n seeds"),
            _accuracy,
        ),
        table(
            "Runtime",
            "Medians with 95 % intervals over n samples. Time to solution: training alone, median over the seeds; where one "
            "array program trained all seeds at once, a seed's share of its time.",
            (
                "step, µs",
                "predict, µs",
                "construct, µs",
                "n samples",
                "time to solution, ms",
                "n seeds",
                "peak memory, MiB",
            ),
            _runtime,
        ),
    ]


def estimate(found: Estimate | None, factor: float = 1.0) -> str:
    """Return an estimate and its interval, or, where there is no value, what is known: beyond the budget."""
    if found is None or (found.value is None and found.low is None):
        return NONE
    value, low, high = (None if bound is None else bound * factor for bound in (found.value, found.low, found.high))
    if value is None:
        return NONE
    return f"{number(value, low, high)} {interval(low, high, value)}".strip()


def spectrum_table(group: Group) -> Table:
    """Return the gate spectrum as a table, a column for each truth table in the row order 00, 01, 10, 11."""
    return Table(
        title="Gate spectrum",
        note="Seeds that learn each of the sixteen two-input gates, k/n; the columns are "
        + ", ".join(f"{''.join(map(str, column))} {name}" for name, column in GATES.items())
        + ".",
        headers=("implementation", *("".join(map(str, column)) for column in GATES.values())),
        names=1,
        rows=tuple((lane.label, *lane.said) for lane in spectrum(group)),
    )


def failed(row: Row, measure: str) -> str:
    """Return what happened instead of this measure in a word, or an empty string."""
    return ", ".join(dict.fromkeys(failure.outcome for failure in row.failures if failure.measure == measure))


def _learned(row: Row) -> Sequence[str] | None:
    learning = row.learning
    if learning is None or not learning.n:
        said = failed(row, "convergence")
        return (said or NONE, *[NONE] * 5, row.verified or NONE) if said or row.check else None
    low, middle, high = learning.quartiles
    if not learning.trained:
        solved = f"{learning.solved}/{learning.n} built in"
        return (solved, *[NONE] * 5, row.verified or NONE)
    return (
        f"{learning.solved}/{learning.n}",
        f"{percent(learning.share.value, learning.share.low, learning.share.high)} "
        f"{percent_interval(learning.share.low, learning.share.high)}",
        beyond(middle, learning.budget, estimate(middle)),
        f"{beyond(low, learning.budget, number(low.value))} – {beyond(high, learning.budget, number(high.value))}",
        estimate(learning.restarts),
        whole(learning.budget),
        row.verified or NONE,
    )


def beyond(found: Estimate, budget: int, shown: str) -> str:
    """Return `shown`, or ``> budget`` where the quantile was not reached."""
    return shown if found.value is not None else f"> {budget:,}"


def _accuracy(row: Row) -> Sequence[str] | None:
    learning = row.learning
    if learning is None or not learning.n:
        said = failed(row, "convergence")
        return (said, *[NONE] * 6) if said else None
    mean, least, greatest = (percent(share, 0.0, 0.01) for share in learning.accuracy)
    return (
        mean,
        least,
        greatest,
        number(learning.loss),
        whole(learning.diverged),
        whole(learning.rows),
        whole(learning.n),
    )


def _runtime(row: Row) -> Sequence[str] | None:
    runtime = row.runtime
    seconds = row.learning.seconds if row.learning and row.learning.trained and row.learning.solved else None
    said = failed(row, "timing")
    if runtime is None:
        return (said, *[NONE] * 3, estimate(seconds, MILLI), _seeds(row), NONE) if said or seconds else None
    timing = runtime.of("step") or runtime.of("predict")
    memory, device = runtime.timings.peak_memory_bytes, runtime.timings.device_memory_bytes
    return (
        estimate(runtime.step, MICRO),
        estimate(runtime.predict, MICRO),
        estimate(runtime.construct, MICRO),
        whole(len(timing.samples_s)) if timing else NONE,
        estimate(seconds, MILLI),
        _seeds(row),
        (NONE if memory is None else number(memory * MEBI))
        + (f" + {number(device * MEBI)} on device" if device else ""),
    )


def _seeds(row: Row) -> str:
    return whole(row.learning.n) if row.learning else NONE


def as_markdown(table: Table) -> str:
    """Return the table in GitHub's Markdown, numbers to the right."""
    from tabulate import tabulate

    rows = [
        (*(markdown_code(cell) for cell in row[: table.names]), *(markdown(cell) for cell in row[table.names :]))
        for row in table.rows
    ]
    text: str = tabulate(
        rows, headers=table.headers, tablefmt="pipe", colalign=_align(table, rows), disable_numparse=True
    )
    return text


def as_latex(table: Table) -> str:
    """Return the table in LaTeX with booktabs; needs ``\\usepackage{booktabs}`` and a UTF-8 engine."""
    from tabulate import tabulate

    rows = [tuple(one_line(cell) for cell in row) for row in table.rows]
    text: str = tabulate(
        rows, headers=table.headers, tablefmt="latex_booktabs", colalign=_align(table, rows), disable_numparse=True
    )
    # After `\\` a line that begins with a bracket or a star would be read as an argument.
    lines = ("{}" + line.lstrip() if line.lstrip()[:1] in ("[", "*") else line for line in text.splitlines())
    return "\n".join(lines)


def as_text(table: Table) -> str:
    """Return the table for a terminal or a log."""
    from tabulate import tabulate

    rows = [tuple(one_line(cell, 80) for cell in row) for row in table.rows]
    text: str = tabulate(
        rows, headers=table.headers, tablefmt="simple_outline", colalign=_align(table, rows), disable_numparse=True
    )
    return text


def _align(table: Table, rows: Sequence[Sequence[str]]) -> tuple[str, ...] | None:
    if not rows:  # tabulate refuses alignments of no columns
        return None
    return ("left",) * table.names + ("right",) * (len(table.headers) - table.names)

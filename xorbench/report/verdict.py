"""The report in a sentence or two."""

from __future__ import annotations

from collections.abc import Sequence

from xorbench.report.numbers import number
from xorbench.report.summary import Group, Row


def verdict(group: Group) -> list[str]:
    """Return what the figures of one machine say, the most important sentence first."""
    if not group.rows:
        return ["Nothing was measured."]
    # Several runs of one implementation are not several implementations: the latest run speaks.
    started = {run: max((row.started_at for row in group.rows if row.run == run), default="") for run in group.runs}
    latest = max(group.runs, key=lambda run: (started[run], run))
    of_latest = [row for row in group.rows if row.run == latest]
    tasks = list(dict.fromkeys(row.task for row in of_latest))
    task = "xor" if "xor" in tasks else tasks[0]
    rows = [row for row in of_latest if row.task == task]
    learned = [row for row in rows if row.learning is not None and row.learning.trained]
    built_in = [row for row in rows if row.learning is not None and row.learning.n and not row.learning.trained]
    sentences = [_learned(task, learned)] if learned else []
    wrong = [row for row in rows if row.check is not None and row.check.verdict == "failed"]
    # Only who has been checked is right or wrong: "not checked" never reads as "passed".
    checked = [row for row in rows if row.check is not None]
    if wrong:
        sentences.append(_wrong(wrong))
    elif checked:
        sentences.append(f"Verification checked {_count(len(checked), 'implementation')} and found no error.")
    if built_in:
        right = sum(row.learning.solved == row.learning.n for row in built_in if row.learning)
        sentences.append(
            f"{_count(len(built_in), 'implementation')} learned nothing: the answer is built in, "
            f"right for {right} of {len(built_in)}."
        )
    restarts = [(row, row.learning.restarts) for row in learned if row.learning and row.learning.solved]
    trained = [(row, cost) for row, cost in restarts if cost.value]
    if len(trained) > 1:
        row, cost = min(trained, key=lambda item: (item[1].value or 0.0, item[0].target))
        sentences.append(
            f"Fewest iterations to a success, restarts counted: {row.label}, "
            f"{number(cost.value, cost.low, cost.high)} expected."
        )
    if group.failures:
        sentences.append(f"{_count(len(group.failures), 'cell')} could not be measured; the reasons are below.")
    if len(group.runs) > 1 and sentences:
        first = sentences[0]
        first = first[0].lower() + first[1:] if first.startswith(("Of ", "All ", "Verification ")) else first
        sentences[0] = f"Latest run, {latest}: {first}"
    return sentences or ["Nothing was measured."]


def _learned(task: str, rows: Sequence[Row]) -> str:
    every = sum(row.learning.solved == row.learning.n for row in rows if row.learning)
    none = sum(row.learning.solved == 0 for row in rows if row.learning)
    some = len(rows) - every - none
    parts = [
        text for count, text in ((every, "from every seed"), (some, "from some seeds"), (none, "from none")) if count
    ]
    counts = [count for count in (every, some, none) if count]
    name = task.upper() if task in ("xor", "xnor", "and", "or", "nor", "nand") else task
    if len(rows) == 1 and rows[0].learning is not None:
        return f"{rows[0].label} solves {name} from {rows[0].learning.solved} of {_count(rows[0].learning.n, 'seed')}."
    if len(parts) == 1:
        return f"All {len(rows)} implementations solve {name} {parts[0]}."
    told = [
        f"{count} {'solve ' + name + ' ' if place == 0 else ''}{text}"
        for place, (count, text) in enumerate(zip(counts, parts, strict=True))
    ]
    if counts[0] == 1:
        told[0] = told[0].replace("1 solve ", "1 solves ", 1)
    return f"Of {len(rows)} implementations, {', '.join(told[:-1])} and {told[-1]}."


def _wrong(rows: Sequence[Row]) -> str:
    told = []
    for row in rows:
        rules = (
            list(dict.fromkeys(found.rule for found in row.check.findings if found.severity == "error"))
            if row.check
            else []
        )
        learns = row.learning is not None and row.learning.n and row.learning.solved * 2 > row.learning.n
        because = f" ({', '.join(rules)})" if rules else ""
        told.append(f"{row.label}{because}{' although it learns' if learns else ''}")
    shown = "; ".join(told[:3]) + (f"; and {len(told) - 3} more" if len(told) > 3 else "")
    return f"Verification finds an error in {shown}."


def _count(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"

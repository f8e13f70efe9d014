"""The page: one file with its style and script inside, no request to anywhere, and all of it useful without script.

Jinja2 escapes whatever it is given; only what :mod:`xorbench.report.svg` made is markup. A content-security policy
allows nothing but this style and this script, by their hashes.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from xorbench.errors import UsageError
from xorbench.records import CheckResult
from xorbench.report import numbers
from xorbench.report.closeup import Closeup, closeup
from xorbench.report.escape import one_line
from xorbench.report.palette import SERIES, classes, css
from xorbench.report.provenance import facts, machine_name
from xorbench.report.ratios import Ratios, ratios
from xorbench.report.solved import MOST, Solved, name_of, seed_curves, solved_over_time
from xorbench.report.spectrum import Lane, spectrum, tabled
from xorbench.report.summary import Group, Row
from xorbench.report.tables import MEBI, MICRO, MILLI, beyond, estimate, failed
from xorbench.report.trend import Trend, trend
from xorbench.report.verdict import verdict
from xorbench.tasks import GATES, get_task

#: Rows of a table and portraits of a page: what a reader can take in and a browser can show at once.
MOST_ROWS, MOST_CLOSEUPS = 400, 40


@dataclass(frozen=True, kw_only=True)
class Look:
    """An implementation looked at closely: portraits beside each other, and the losses of single seeds."""

    id: str
    row: Row
    closeups: tuple[Closeup, ...]
    curves: tuple[Markup, int, int] | None


@dataclass(frozen=True, kw_only=True)
class Section:
    """What the page shows of one machine."""

    id: str
    group: Group
    name: str
    verdict: list[str]
    rows: list[Row]
    swatches: list[str]
    left_out: int
    solved: list[Solved]
    lanes: list[Lane]
    ratios: list[Ratios]
    looks: list[Look]
    checks: list[tuple[Row, CheckResult]]
    trend: Trend | None
    facts: list[tuple[str, str]]
    commands: list[str]
    cannot: list[tuple[str, str]]  # task, who provably cannot solve it
    notes: list[tuple[str, str]]  # of a timing, and whose
    data: dict[str, Any] = field(default_factory=dict)


def comparison_page(groups: Sequence[Group]) -> str:
    """Return ``comparison.html``."""
    sections = [_section(f"m{place}", group) for place, group in enumerate(groups)]
    return _render(
        sections, title="xorbench comparison", subtitle=_subtitle(groups), heading="comparison", single=False
    )


def portrait_page(group: Group, target: str) -> str:
    """Return the page of one implementation, as `xorbench show` writes it."""
    section = _section("m0", group)
    task = group.rows[0].task if group.rows else ""
    return _render([section], title=f"xorbench: {target} on {task}", subtitle=f"on {task}", heading=target, single=True)


def _render(sections: list[Section], *, title: str, subtitle: str, heading: str, single: bool) -> str:
    style = css() + classes() + _asset("page.css")
    script = _asset("page.js")
    text: str = _template().render(
        title=title,
        heading=heading,
        single=single,
        subtitle=subtitle,
        sections=sections,
        style=Markup(style),
        script=Markup(script),
        policy=f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; base-uri 'none'; "
        "form-action 'none'",
        data={section.id: section.data for section in sections},
        gates=[("".join(map(str, column)), name) for name, column in GATES.items()],
    )
    return text


@cache
def _template() -> Any:
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined)
    environment.filters |= {
        "number": numbers.number,
        "whole": numbers.whole,
        "percent": numbers.percent,
        "percents": numbers.percent_interval,
        "interval": numbers.interval,
        "line": one_line,
        "bare": _bare,
        "breakable": _breakable,
    }
    environment.globals |= {
        "MICRO": MICRO,
        "MILLI": MILLI,
        "MEBI": MEBI,
        "NONE": numbers.NONE,
        "beyond": beyond,
        "estimate": estimate,
        "failed": failed,
        "name_of": name_of,
    }
    return environment.from_string(_asset("page.html"))


def _asset(name: str) -> str:
    return files("xorbench.report").joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _bare(value: float | None) -> str:
    """Return a number for a sort key, the same on every machine; empty where there is none."""
    return "" if value is None else f"{value:.9g}"


def _breakable(name: str) -> Markup:
    """Return a name that may be broken where its parts meet, rather than anywhere."""
    return Markup("<wbr>").join(re.findall(r".*?[/:\[,=]|.+", one_line(name, 160)))


def _subtitle(groups: Sequence[Group]) -> str:
    targets = {row.target for group in groups for row in group.rows}
    runs = sum(row.learning.n for group in groups for row in group.rows if row.learning)
    tasks = {row.task for group in groups for row in group.rows}
    parts = [
        f"{len(targets):,} implementation{'s' * (len(targets) != 1)}",
        f"{runs:,} training run{'s' * (runs != 1)}",
        f"{len(tasks):,} task{'s' * (len(tasks) != 1)}",
        *([f"{len(groups)} machines, never averaged"] if len(groups) > 1 else []),
        "runs that never got there are counted at their budget",
    ]
    return " · ".join(parts)


def _section(key: str, group: Group) -> Section:
    shown = list(tabled(group))
    tasks = list(dict.fromkeys(row.task for row in shown))
    by_task = {task: [row for row in shown if row.task == task] for task in tasks}
    solved = [found for task in tasks if (found := solved_over_time(task, by_task[task]))]
    looks = _looks(key, shown)
    data: dict[str, Any] = {
        "solved": {f"{key}-solved-{place}": found.data for place, found in enumerate(solved)},
        "portraits": {f"{look.id}-{place}": close.data for look in looks for place, close in enumerate(look.closeups)},
    }
    return Section(
        id=key,
        group=group,
        name=machine_name(group),
        verdict=verdict(group),
        rows=shown[:MOST_ROWS],
        swatches=_swatches(shown[:MOST_ROWS]),
        left_out=max(0, len(shown) - MOST_ROWS),
        solved=solved,
        lanes=spectrum(group)[:MOST_ROWS],
        ratios=[made for rows in by_task.values() if (made := ratios(rows[:MOST_ROWS]))],
        looks=looks,
        checks=[(row, row.check) for row in shown if row.check is not None][:MOST_ROWS],
        trend=trend(group),
        facts=facts(group),
        commands=_commands(group, shown),
        cannot=_cannot(tasks),
        notes=_notes(shown[:MOST_ROWS]),
        data=data,
    )


def _swatches(rows: Sequence[Row]) -> list[str]:
    """Return the class of each row's colour: that of its line in the chart of its task."""
    places: dict[str, int] = {}
    found = []
    for row in rows:
        place = places.setdefault(row.task, 0)
        line = row.learning is not None and row.learning.trained
        drawn = line and place < MOST
        found.append(f"s{place % len(SERIES['light'])}" if drawn else "")
        places[row.task] = place + line
    return found


def _looks(key: str, rows: Sequence[Row]) -> list[Look]:
    found: list[Look] = []
    drawn = 0
    for row in rows:
        closeups = []
        # The solved and the stuck side by side, the solved first.
        for portrait in sorted(row.portraits, key=lambda portrait: (not portrait.solved, portrait.seed)):
            if drawn < MOST_CLOSEUPS and (made := closeup(portrait, row.task)):
                closeups.append(made)
                drawn += 1
        curves = seed_curves(row.learning) if row.learning and closeups else None
        if closeups:
            found.append(Look(id=f"{key}-look-{len(found)}", row=row, closeups=tuple(closeups), curves=curves))
    # One that learns and one that is stuck stand first, beside each other.
    first = [next((look for look in found if look.closeups[0].solved is solved), None) for solved in (True, False)]
    return [look for look in first if look] + [look for look in found if look not in first]


def _notes(rows: Sequence[Row]) -> list[tuple[str, str]]:
    """Return each note of the timings once, with whose it is: everybody's, or by name."""
    whose: dict[str, dict[str, None]] = {}
    timed = [row for row in rows if row.runtime]
    for row in timed:
        for note in row.runtime.timings.notes if row.runtime else ():
            whose.setdefault(note, {})[row.label] = None
    everybody = len({row.label for row in timed})
    return [(note, "all" if len(names) == everybody else ", ".join(names)) for note, names in whose.items()]


def _cannot(tasks: Sequence[str]) -> list[tuple[str, str]]:
    found = []
    for task in tasks:
        with contextlib.suppress(UsageError):  # records of a task that this version does not know
            known = get_task(task)
            if not known.linear and not known.cannot.startswith("none"):
                found.append((task, known.cannot))
    return found


def _commands(group: Group, rows: Sequence[Row]) -> list[str]:
    """Return the commands that measure the same again."""
    made = []
    for run in group.runs:
        own = [row for row in rows if row.run == run]
        targets = " ".join(shlex.quote(one_line(target)) for target in dict.fromkeys(row.target for row in own))
        tasks = "".join(f" --task {shlex.quote(task)}" for task in dict.fromkeys(row.task for row in own))
        named = dict.fromkeys(row.device for row in own)
        devices = "".join(f" --device {shlex.quote(device)}" for device in named) if set(named) != {"cpu"} else ""
        seeds = max((row.learning.n for row in own if row.learning), default=0)
        budgets = {row.budget for row in own if row.budget}
        made.append(
            f"xorbench run {targets}{tasks}{devices}"
            + (f" --seeds {seeds}" if seeds else "")
            + (f" --budget {budgets.pop()}" if len(budgets) == 1 else "")
        )
    return list(dict.fromkeys(made))

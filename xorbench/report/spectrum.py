"""The gate spectrum: which of the sixteen two-input gates an implementation learns, a fingerprint of what it is.

A linear model learns fourteen; without a bias, those that are true at the origin fail, and so on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xorbench.report.summary import Group, Row
from xorbench.tasks import GATES

#: With so many other gates measured, they are a spectrum rather than tasks of their own.
ENOUGH = 4


@dataclass(frozen=True, kw_only=True)
class Lane:
    """One implementation's share of seeds solved, gate by gate in the order of `GATES`; None: not measured."""

    label: str
    shares: tuple[float | None, ...]
    counts: tuple[tuple[int, int] | None, ...]  # solved and seeds, where convergence was measured

    @property
    def said(self) -> tuple[str, ...]:
        """The cells as text: ``k/n``, a share where only that is known, a dash where nothing is."""
        return tuple(
            f"{count[0]}/{count[1]}" if count else "—" if share is None else f"{share:.0%}"
            for share, count in zip(self.shares, self.counts, strict=True)
        )


def spectrum(group: Group) -> list[Lane]:
    """Return a lane for each implementation with two gates or more: from runs, else from its check."""
    counts: dict[str, dict[str, tuple[int, int]]] = {}
    checks: dict[str, dict[str, float | None]] = {}
    order: dict[str, None] = {}
    for row in tabled(group):
        order[_lane(group, row)] = None
    for row in group.rows:
        name = _lane(group, row)
        order[name] = None
        if row.task in GATES and row.learning is not None and row.learning.n:
            counts.setdefault(name, {})[row.task] = (row.learning.solved, row.learning.n)
        if row.check is not None and row.check.spectrum:
            checks[name] = row.check.spectrum
    lanes = []
    for name in order:
        seen = [counts.get(name, {}).get(gate) for gate in GATES]
        shares = [
            count[0] / count[1] if count else checks.get(name, {}).get(gate)
            for gate, count in zip(GATES, seen, strict=True)
        ]
        if sum(share is not None for share in shares) >= 2:
            lanes.append(Lane(label=name, shares=tuple(shares), counts=tuple(seen)))
    return lanes


def tabled(group: Group) -> Sequence[Row]:
    """Return the rows that stand in the tables: all, less the gates that only the spectrum shows."""
    gates = {row.task for row in group.rows if row.task in GATES} - {"xor"}
    if len(gates) < ENOUGH or not any(row.task not in gates for row in group.rows):
        return group.rows
    return [row for row in group.rows if row.task not in gates]


def _lane(group: Group, row: Row) -> str:
    return row.label if len(group.runs) < 2 else f"{row.label} · {row.run}"

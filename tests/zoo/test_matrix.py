"""The committed matrix: its table is that of its verdicts, and its bounds are met."""

from __future__ import annotations

from pathlib import Path

from .catalogue import BY_NAME
from .matrix import accused, caught, named, read, table

FOLDER = Path(__file__).resolve().parents[2] / "reports" / "zoo"


def test_table_is_that_of_the_verdicts() -> None:
    results = read(FOLDER)
    twins = [twin for twin in BY_NAME.values() if twin.name in {one.name for one in results}]
    assert (FOLDER / "matrix.md").read_text() == table(twins, results)


def test_bounds_are_met_and_every_program_was_judged() -> None:
    results = read(FOLDER)
    assert {one.name for one in results} == set(BY_NAME)
    broken = [(BY_NAME[one.name], one) for one in results if BY_NAME[one.name].broken]
    assert all(caught(*pair) for pair in broken)
    assert sum(named(*pair) for pair in broken) >= 0.95 * len(broken)
    assert not any(accused(BY_NAME[one.name], one) for one in results)

"""The committed matrix: its table is that of its verdicts, and its bounds are met."""

from __future__ import annotations

import json
from pathlib import Path

from .catalogue import BY_NAME
from .matrix import Judged, accused, caught, named, table

FOLDER = Path(__file__).resolve().parents[2] / "reports" / "zoo"


def verdicts() -> list[Judged]:
    document = json.loads((FOLDER / "matrix.json").read_text())
    assert document["schema"] == "xorbench.zoo/1"
    lists = ("errors", "told")
    return [Judged(**{key: tuple(v) if key in lists else v for key, v in one.items()}) for one in document["verdicts"]]


def test_table_is_that_of_the_verdicts() -> None:
    results = verdicts()
    twins = [twin for twin in BY_NAME.values() if twin.name in {one.name for one in results}]
    assert (FOLDER / "matrix.md").read_text() == table(twins, results)


def test_bounds_are_met_and_every_program_was_judged() -> None:
    results = verdicts()
    assert {one.name for one in results} == set(BY_NAME)
    broken = [(BY_NAME[one.name], one) for one in results if BY_NAME[one.name].broken]
    assert all(caught(*pair) for pair in broken)
    assert sum(named(*pair) for pair in broken) >= 0.95 * len(broken)
    assert not any(accused(BY_NAME[one.name], one) for one in results)

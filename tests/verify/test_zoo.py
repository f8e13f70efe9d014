"""The judge on the zoo: by default a broken and a right program of each kind, all of them and more seeds when slow.

The whole matrix, 20 seeds, is ``python -m tests.zoo.matrix``; its last result is in ``reports/zoo/``.
"""

from __future__ import annotations

import importlib.util

import pytest

from tests.zoo.catalogue import BROKEN, RIGHT, TWINS
from tests.zoo.matrix import accused, caught, judge, named
from tests.zoo.twin import Twin
from xorbench.verify.rules import RULES


def runnable(twin: Twin) -> bool:
    return all(importlib.util.find_spec(name) is not None for name in twin.requires)


def one_per_rule() -> list[Twin]:
    """The first broken program of every rule that needs no framework, so that the default run stays short."""
    chosen: dict[str, Twin] = {}
    for twin in BROKEN:
        if not twin.requires and twin.rules[0] not in ("XA08", "XT01"):
            chosen.setdefault(twin.rules[0], twin)
    return list(chosen.values())


def some_right() -> list[Twin]:
    """Every sixth right program that needs no framework."""
    return [twin for twin in RIGHT if not twin.requires][::6]


@pytest.mark.parametrize("twin", one_per_rule(), ids=lambda twin: twin.name)
def test_broken_program_is_caught_and_named(twin: Twin) -> None:
    one = judge(twin, seed=0)
    assert caught(twin, one), f"{twin.note} Told: {one.told}"
    assert named(twin, one), f"{twin.note} Expected {twin.rules}, told {one.errors or one.told}"


@pytest.mark.parametrize("twin", some_right(), ids=lambda twin: twin.name)
def test_right_program_is_not_accused(twin: Twin) -> None:
    one = judge(twin, seed=0)
    assert not accused(twin, one), f"{twin.note} Accused of {one.errors}"
    assert one.verdict == "passed"


def test_every_rule_has_a_broken_program() -> None:
    assert {twin.rules[0] for twin in BROKEN} == set(RULES)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("twin", [twin for twin in TWINS if runnable(twin)], ids=lambda twin: twin.name)
def test_whole_zoo(twin: Twin, seed: int) -> None:
    one = judge(twin, seed)
    assert one.verdict != "error"
    assert not accused(twin, one), f"{twin.note} Accused of {one.errors}"
    if twin.broken:
        assert caught(twin, one), f"{twin.note} Told: {one.told}"

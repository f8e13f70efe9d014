"""A module imports only from lower floors, and nothing goes in a circle."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.architecture.floors import FLOORS, cycles, imports, sources, tree, unit


def test_every_module_has_a_floor() -> None:
    homeless = []
    for module in sources():
        try:
            unit(module)
        except KeyError:
            homeless.append(module)
    assert homeless == []


def test_every_floor_but_those_of_data_has_a_module() -> None:
    used = {unit(module) for module in sources()}
    assert set(FLOORS) - used <= {"xorbench.docs.rules", "xorbench.environment", "xorbench.reproductions"}


@pytest.mark.parametrize("module", sorted(sources()))
def test_a_module_imports_only_from_its_own_unit_and_from_lower_floors(module: str) -> None:
    here = unit(module)
    wrong = [
        f"{module} ({FLOORS[here]}) imports {other} ({FLOORS[unit(other)]})"
        for other in sorted(imports()[module])
        if unit(other) != here and FLOORS[unit(other)] >= FLOORS[here] and other != "xorbench"
    ]
    assert wrong == []


def test_no_module_imports_itself_through_others() -> None:
    # The package roots are left out: importing `a.b` runs `a/__init__`, which is no dependency on what it lists.
    assert cycles(imports()) == []


def test_the_cycle_finder_finds_cycles() -> None:
    assert cycles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == [["a", "b", "c"]]
    assert cycles({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


def test_suites_import_each_other_only_relatively() -> None:
    # In a checkout `suites.x` and `xorbench.suites.x` would be two modules.
    absolute = [module for module, path in sources().items() if "suites" in module and _absolute_suites(path)]
    assert absolute == []


def _absolute_suites(path: Path) -> bool:
    return any(
        isinstance(node, ast.ImportFrom) and not node.level and (node.module or "").split(".")[0] == "suites"
        for node in ast.walk(tree(path))
    )

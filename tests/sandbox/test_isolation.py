"""Cells in any order: each finds the world as the first one did."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sandbox import spoilers
from xorbench import sandbox
from xorbench.sandbox import Limits

HERE = "tests.sandbox.spoilers:"
LIMITS = Limits(time_s=30, memory_bytes=1 << 30)


def probe(torch: bool, seen: set[str]) -> Any:
    """Return the state of a new child; its random states are fresh, so they are compared with all before."""
    outcome = sandbox.call(HERE + "probe", None, limits=LIMITS, torch=torch)
    assert outcome.kind == "ok", outcome
    for name in ("random", "numpy"):
        state = str(outcome.value.pop(name))
        assert state not in seen
        seen.add(state)
    return outcome.value


@pytest.fixture(scope="module")
def seen() -> set[str]:
    return set()


@pytest.fixture(scope="module")
def first(seen: set[str]) -> dict[bool, Any]:
    return {torch: probe(torch, seen) for torch in {False, sandbox.client.needs_torch("torch-mlp")}}


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    spoiled=st.lists(st.sampled_from(sorted(spoilers.SPOILERS)), min_size=1, max_size=5),
    torch=st.sampled_from([False, True]),
)
def test_no_cell_leaks_into_the_next(spoiled: list[str], torch: bool, first: dict[bool, Any], seen: set[str]) -> None:
    torch = torch and True in first
    for name in spoiled:
        outcome = sandbox.call(HERE + "spoil", name, limits=LIMITS, torch=torch)
        assert outcome.kind == "ok", outcome
        spoiled_states = {str(outcome.value.pop(name)) for name in ("random", "numpy")}
        assert outcome.value != first[torch] or name in ("random", "numpy"), f"the probe does not see {name}"
        seen |= spoiled_states  # no later child may start from them
        assert probe(torch, seen) == first[torch]


def test_a_child_begins_with_the_filters_of_a_fresh_interpreter() -> None:
    code = (
        "import warnings; from xorbench.sandbox import template; template._preload(torch=False); "
        "import tests.sandbox.spoilers; print(len(warnings.filters))"
    )
    fresh = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert probe(False, set())["filters"] == int(fresh.stdout)

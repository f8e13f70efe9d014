"""Plans: which cells, and that a cell's identity is all that determines its result."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.study.conftest import ROOT, STRANGERS
from xorbench.errors import UsageError
from xorbench.records import Cell
from xorbench.registry import entries
from xorbench.study.plan import KINDS, Plan, Planned, make_plan
from xorbench.tasks import GATES

RIGHT = STRANGERS + "Right"


def plan(**about: Any) -> Planned:
    return make_plan(Plan(**about), time_limit_s=20, memory_limit_mib=500, folder=str(ROOT))


def cells(**about: Any) -> list[Cell]:
    return [job.cell for job in plan(**about).jobs]


def test_the_default_plan_has_every_implementation_that_takes_the_task() -> None:
    found = cells(kinds=("timing",))
    there = {name for name, entry in entries().items() if entry.where.startswith("xorbench.") and entry.takes("xor")}
    assert {cell.target for cell in found} == there
    assert "if-else" in there
    assert all(cell.source for cell in found if not entries()[cell.target].missing())


def test_each_kind_has_its_cells() -> None:
    found = cells(targets=("numpy-mlp", "if-else"), seeds=(3, 5, 8), budget=7)
    assert len({cell.id for cell in found}) == len(found)
    by = {kind: [cell for cell in found if cell.measure == kind] for kind in KINDS}
    assert {(cell.target, cell.seeds) for cell in by["check"]} == {("numpy-mlp", (3,)), ("if-else", (3,))}
    assert {(cell.target, cell.seeds) for cell in by["timing"]} == {("numpy-mlp", (3,)), ("if-else", (3,))}
    assert [(cell.target, cell.seeds, cell.budget) for cell in by["portrait"]] == [("numpy-mlp", (3,), 7)]
    xor = [(cell.target, cell.seeds, cell.budget) for cell in by["convergence"] if cell.task == "xor"]
    assert xor == [("numpy-mlp", (3, 5, 8), 7), ("if-else", (3,), 7)]
    # The spectrum: every gate, for what learns.
    gates = {(cell.target, cell.task) for cell in by["convergence"]} - {("if-else", "xor")}
    assert gates == {("numpy-mlp", gate) for gate in GATES}


@given(seeds=st.lists(st.integers(0, 1000), min_size=1, max_size=30, unique=True).map(tuple))
def test_no_seed_is_lost_or_doubled(seeds: tuple[int, ...]) -> None:
    found = cells(targets=("perceptron",), seeds=seeds, kinds=("convergence",))
    assert [seed for cell in found for seed in cell.seeds] == list(seeds)


def test_more_seeds_later_keep_the_cells_that_are_there() -> None:
    few = cells(targets=(RIGHT,), seeds=tuple(range(10)), kinds=("convergence",))
    many = cells(targets=(RIGHT,), seeds=tuple(range(20)), kinds=("convergence",))
    assert {cell.id for cell in few} < {cell.id for cell in many}


@pytest.mark.parametrize(
    "change",
    [
        {"target": "b"}, {"task": "and"}, {"measure": "timing"}, {"device": "cuda"}, {"seeds": (1,)}, {"budget": 2},
        {"settings": {"a": 1}}, {"source": "s"}, {"version": 2},
    ],
)  # fmt: skip
def test_all_that_determines_a_result_is_in_the_id(change: dict[str, Any]) -> None:
    cell = Cell(target="a", task="xor", measure="convergence", seeds=(0,), budget=1)
    assert set(change) <= set(Cell.__struct_fields__)
    assert msgspec.structs.replace(cell, **change).id != cell.id
    assert msgspec.json.decode(msgspec.json.encode(cell), type=Cell).id == cell.id


def test_every_field_of_a_cell_is_in_the_test_above() -> None:
    assert len(Cell.__struct_fields__) == 9


def test_an_edited_file_is_another_cell(tmp_path: Path) -> None:
    file = tmp_path / "net.py"
    text = "class Net:\n    def predict(self, inputs):\n        return inputs[:, 0]\n"
    file.write_text(text)
    about: dict[str, Any] = {"targets": (f"{file}:Net",), "kinds": ("timing",)}
    (first,) = cells(**about)
    (same,) = cells(**about)
    file.write_text(text.replace("0", "1"))
    (edited,) = cells(**about)
    assert first == same
    assert first.id != edited.id


@pytest.mark.parametrize(
    ("about", "said"),
    [
        ({"tasks": ("xorr",)}, "did you mean 'xor'"),
        ({"devices": ("cude",)}, "did you mean 'cuda'"),
        ({"devices": ("cuda:x",)}, "'x' is no number"),
        ({"targets": ("nunpy-mlp",)}, "did you mean 'numpy-mlp'"),
        ({"targets": ("numpy-mlp[hiden=3]",)}, "did you mean 'hidden'"),
        ({"targets": ("numpy-mlp[",)}, "malformed"),
        ({"targets": ("tests/study/strangers.py:Rihgt",)}, "did you mean 'Right'"),
        ({"targets": ("tests/study/stranger.py:Right",)}, "did you mean 'strangers.py'"),
        ({"targets": ("if-else",), "tasks": ("nand",)}, "takes none of nand"),
        ({"targets": ("bad\ud800.py:Net",)}, "cannot be printed"),
        ({"seeds": ()}, "no seeds"),
        ({"seeds": (-1,)}, "seed -1"),
        ({"seeds": (2**32,)}, "whole number from 0"),
        ({"budget": 0}, "budget 0"),
    ],
)
def test_a_mistake_is_one_sentence(about: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        plan(**about)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_target_that_cannot_be_imported_is_known_to_fail(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("import os\nos._exit(7)\n")
    planned = plan(targets=(f"{tmp_path}/broken.py:Net", RIGHT), kinds=("convergence", "timing"))
    assert len(planned.jobs) == 6
    ((identity, outcome),) = planned.known.items()
    assert outcome.kind == "exited"
    assert [job.cell.id for job in planned.jobs if "broken" in job.cell.target] == [identity]


def test_a_device_that_an_implementation_does_not_know_is_unavailable() -> None:
    planned = plan(targets=("numpy-mlp",), devices=("cpu", "cuda"), kinds=("timing",))
    assert [job.cell.device for job in planned.jobs] == ["cpu", "cuda"]
    (outcome,) = planned.known.values()
    assert (outcome.kind, outcome.detail) == ("unavailable", "numpy-mlp runs on cpu only")

"""The zoo is what its catalogue says: right programs are right, broken ones bear the mark of their defect.

Nothing here asks the judge; the oracles are central differences, the truth table and plain comparison.
"""

from __future__ import annotations

import importlib.util
import random
import sys
import warnings
from collections import Counter
from collections.abc import Iterator

import numpy as np
import pytest
from xorbench.model import Capability

from .catalogue import BROKEN, BY_NAME, RIGHT, TWINS
from .evidence import ROOT, build, learns, misdirection
from .habits import bad_habits
from .signatures import MARKS
from .twin import Twin

#: Updates that a right twin which is no plain descent may take to learn the table.
STEPS = 2000


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    """Some twins change global state and divide by zero: put the one back, and let the other pass."""
    legacy, plain = np.random.get_state(), random.getstate()
    torch = sys.modules.get("torch")
    dtype = torch.get_default_dtype() if torch else None
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield
    np.random.set_state(legacy)
    random.setstate(plain)
    if torch and dtype is not None:
        torch.set_default_dtype(dtype)


def need(twin: Twin) -> None:
    """Skip where an optional package is missing."""
    for name in twin.requires:
        pytest.importorskip(name)


def test_it_is_large_and_varied() -> None:
    tame_broken = [twin for twin in BROKEN if not twin.wild]
    assert len(tame_broken) >= 120
    assert len([twin for twin in RIGHT if not twin.wild]) >= 60
    assert len([twin for twin in TWINS if twin.wild]) >= 20
    assert len({twin.file for twin in TWINS if not twin.wild}) >= 25
    per_rule = Counter(twin.rules[0] for twin in tame_broken)
    assert set(per_rule) == set(MARKS)
    assert min(per_rule.values()) >= 2
    for rule in per_rule:
        assert len({twin.architecture for twin in tame_broken if twin.rules[0] == rule}) >= 2, rule


def test_the_catalogue_agrees_with_itself() -> None:
    assert len(BY_NAME) == len(TWINS)
    assert len({twin.target for twin in TWINS}) == len(TWINS)
    for twin in TWINS:
        assert (ROOT / twin.target.split(":")[0]).is_file(), twin.name
        assert twin.broken == bool(twin.rules) == bool(twin.severity), twin.name
        assert set(twin.rules) <= set(MARKS), twin.name
        assert twin.severity in (None, "error", "warning", "note"), twin.name
        assert twin.note.strip(), twin.name
        if twin.broken:
            assert twin.sibling is not None, twin.name
            assert not BY_NAME[twin.sibling].broken, twin.name
        if twin.severity == "note":
            assert twin.rules[0] in ("XM11", "XM13", "XT01", "XT03"), twin.name
        if twin.severity == "warning":
            assert twin.rules[0] in ("XI02", "XI03", "XC02", "XI05"), twin.name


@pytest.mark.parametrize("twin", TWINS, ids=lambda twin: twin.name)
def test_it_can_do_what_is_said(twin: Twin) -> None:
    need(twin)
    assert build(twin).capabilities == {Capability(name) for name in twin.capabilities}


@pytest.mark.parametrize("twin", RIGHT, ids=lambda twin: twin.name)
def test_right_ones_are_right(twin: Twin) -> None:
    """Its update, or its gradients(), run along the numerical gradient; or else it learns the table."""
    need(twin)
    model = build(twin)
    single = model.can(Capability.PARAMETERS) and any(
        value.dtype == np.float32 for value in model.get_parameters().values()
    )
    limit = 1e-4 if single else 1e-7
    if model.can(Capability.GRADIENTS):
        assert misdirection(twin, of="gradients") < limit
        assert misdirection(twin, of="gradients", scale=2) < limit
        return
    shows = model.can(Capability.PARAMETERS, Capability.STEP) and bool(model.get_parameters())
    if shows and (misdirection(twin) < limit or misdirection(twin, rows=slice(1, 2)) < limit):
        # Rows one at a time are not the gradient of the batch: then one row must do, and two others agree.
        assert misdirection(twin, rows=slice(0, 1), scale=2) < 1e-6 or single
        assert misdirection(twin, rows=slice(3, 4)) < limit
        return
    assert learns(twin, STEPS)


@pytest.mark.parametrize("twin", RIGHT, ids=lambda twin: twin.name)
def test_right_ones_have_no_bad_habits(twin: Twin) -> None:
    need(twin)
    # Reporting the loss after the update is the one thing for which this twin is in the zoo.
    allowed = {"reports-afterwards": ["step reports another loss than the one before it"]}
    assert bad_habits(twin) == allowed.get(twin.name, [])


@pytest.mark.slow
@pytest.mark.parametrize(
    "twin", [twin for twin in BROKEN if twin.rules[0].startswith("XM")], ids=lambda twin: twin.name
)
def test_wrong_mathematics_is_the_only_defect(twin: Twin) -> None:
    """A judge that looks at behaviour alone has nothing to say of them."""
    need(twin)
    assert bad_habits(twin) == []


@pytest.mark.parametrize("twin", BROKEN, ids=lambda twin: twin.name)
def test_broken_ones_bear_the_mark(twin: Twin) -> None:
    need(twin)
    MARKS[twin.rules[0]](twin)


@pytest.mark.slow
@pytest.mark.parametrize(
    "twin", [twin for twin in TWINS if twin.rules[:1] not in (("XA08",), ("XA09",))], ids=lambda twin: twin.name
)
def test_what_a_truth_table_test_would_say(twin: Twin) -> None:
    need(twin)
    try:
        # One that never learns is not watched for long.
        solved = learns(twin, 3000, seeds=3) if twin.learns_xor else learns(twin, 800, seeds=2)
    except Exception:
        solved = False
    assert solved == twin.learns_xor


def test_nothing_happens_at_import() -> None:
    """The programs that hang and crash do so when they are called, and not before."""
    path = ROOT / "tests/zoo/hang_and_crash.py"
    spec = importlib.util.spec_from_file_location("hang_and_crash_imported", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.SegmentationFault().predict(np.zeros((3, 2))).shape == (3, 1)

"""Records by others: whatever the schema allows gives a page, and a wrong piece costs no more than itself."""

import base64

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.report.study import MACHINE, checked, learned, record
from xorbench.records import Cell, Convergence, Curve, Finding, Frame, Portrait, Record, Run, Surface, Timing, Timings
from xorbench.report.files import FORMATS, render, terminal_tables
from xorbench.report.slide import slide
from xorbench.report.summary import Source, gather

numbers = st.floats(-1e300, 1e300)
counts = st.integers(0, 10**9)
maybe = st.none()
small = st.integers(0, 3)
lists = lambda item, most=4: st.lists(item, max_size=most).map(tuple)  # noqa: E731
regions = st.one_of(
    st.just(""), st.text(max_size=8), st.integers(1, 4).map(lambda n: base64.b64encode(bytes(n * n)).decode())
)

frames = st.builds(
    Frame,
    iteration=counts,
    loss=st.one_of(maybe, numbers),
    accuracy=st.floats(0, 1),
    outputs=lists(st.floats(0, 1)),
    hidden=lists(lists(numbers)),
    parameters=lists(numbers),
    region=regions,
)
surfaces = st.builds(
    Surface,
    axes=st.tuples(st.text(max_size=5), st.text(max_size=5)),
    x=lists(numbers),
    y=lists(numbers),
    loss=lists(lists(st.one_of(maybe, numbers))),
    path=lists(st.tuples(numbers, numbers)),
    explained=st.one_of(maybe, st.floats(0, 1)),
)
portraits = st.builds(
    Portrait,
    seed=counts,
    solved=st.booleans(),
    frames=lists(frames),
    names=lists(st.text(max_size=4)),
    grid=small,
    low=numbers,
    high=numbers,
    surface=st.one_of(maybe, surfaces),
    missing=lists(st.text(max_size=9)),
)
runs = st.builds(
    Run,
    seed=counts,
    iterations=counts,
    to_75=st.one_of(maybe, counts),
    to_first=st.one_of(maybe, counts),
    to_stable=st.one_of(maybe, counts),
    accuracy=st.floats(0, 1),
    loss=st.one_of(maybe, numbers),
    diverged=st.booleans(),
    wall_s=st.floats(0, 1e9),
    stable_s=st.one_of(maybe, st.floats(0, 1e9)),
)
points = st.lists(st.tuples(counts, st.one_of(maybe, numbers), st.floats(0, 1)), max_size=4)
curves = st.builds(
    lambda seed, at: Curve(
        seed=seed,
        iterations=tuple(p[0] for p in at),
        loss=tuple(p[1] for p in at),
        accuracy=tuple(p[2] for p in at),
    ),
    small,
    points,
)
results = st.one_of(
    st.builds(Convergence, runs=lists(runs), curves=lists(curves), rows=counts),
    st.builds(
        Timings,
        timings=lists(
            st.builds(
                Timing,
                action=st.sampled_from(["step", "predict", "construct", "other"]),
                rows=small,
                samples_s=lists(st.floats(0, 1e9), 12),
            )
        ),
        peak_memory_bytes=st.one_of(maybe, counts),
    ),
    portraits,
)


@st.composite
def records(draw):
    result = draw(st.one_of(maybe, results))
    measure = {Convergence: "convergence", Timings: "timing", Portrait: "portrait"}.get(type(result), "check")
    cell = Cell(
        target=draw(st.sampled_from(["a", "b"])),
        task=draw(st.sampled_from(["xor", "and", "or", "nor", "nand", "parity-3", "a task of the future"])),
        measure=measure,
        budget=draw(counts),
    )
    return Record(
        id=cell.id,
        cell=cell,
        outcome="ok" if result is not None else draw(st.sampled_from(["raised", "timeout", "unavailable"])),
        environment=draw(st.sampled_from(["e1", "?"])),
        result=result,
        detail=draw(st.text(max_size=20)),
    )


@given(st.lists(records(), max_size=6))
@settings(max_examples=25, deadline=None)
def test_every_record_that_the_schema_allows_gives_every_format(made):
    made = [msgspec.json.decode(msgspec.json.encode(item), type=Record) for item in made]
    groups = gather([Source(name="", records=made, environments=(MACHINE,))])
    for name in FORMATS:
        render(name, groups)
    terminal_tables(made, [MACHINE])


@given(portraits.filter(lambda portrait: portrait.frames))
@settings(max_examples=40, deadline=None)
def test_every_portrait_gives_a_slide(portrait):
    assert slide(portrait, target="t", task="xor").endswith("</svg>\n")


def test_evidence_of_any_kind_is_shown():
    finding = Finding(
        rule="XM05", severity="error", where="", message="m", evidence={"a": [1, {"b": None}], "c": "<i>"}, mend="x"
    )
    text = render(
        "html", gather([Source(name="", records=[learned("a", [1]), checked("a", finding)], environments=())])
    )
    assert "&lt;i&gt;" in text
    assert "<i>" not in text


def test_a_failure_with_nothing_to_say_is_still_said():
    (group,) = gather([Source(name="", records=[record("a", outcome="crashed")], environments=())])
    assert "crashed" in render("md", [group])
    assert "crashed" in render("html", [group])

"""Figures are right when what they draw stands where the records say."""

import base64
import itertools
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.report.study import MACHINE, learned, timed
from xorbench.records import Frame, Portrait, Surface
from xorbench.report.chart import Line, chart, spread, steps
from xorbench.report.closeup import closeup
from xorbench.report.contour import above, isoline
from xorbench.report.hidden_space import SIDE
from xorbench.report.motion import LETTERS, MOVING, levels
from xorbench.report.palette import DASHES, SERIES, THEMES, css, mix
from xorbench.report.ratios import ratios
from xorbench.report.scale import Scale
from xorbench.report.slide import slide
from xorbench.report.solved import solved_over_time
from xorbench.report.summary import Source, gather
from xorbench.report.trend import trend


def rows(*records):
    return gather([Source(name="", records=records, environments=(MACHINE,))])[0].rows


def points(path):
    """Return the vertices of a path of absolute M and L steps."""
    return [tuple(map(float, pair.split())) for pair in re.findall(r"[ML]([-\d. ]+)", path)]


def drawn(svg, kind):
    return [node for node in ET.fromstring(str(svg)).iter() if kind in node.get("class", "").split()]


def test_share_solved_rises_where_seeds_got_there():
    found = solved_over_time("xor", rows(learned("a", [10, 100, None, 1000])))
    scale = Scale(low=found.data["low"], high=1000, log=True)
    (curve,) = drawn(found.figure, "curve")
    at = points(curve.get("d"))
    # A step at each seed's iteration, to 1/4, 2/4 and 3/4 of the height; the fourth never comes.
    for iteration, share in ((10, 0.25), (100, 0.5), (1000, 0.75)):
        assert any(abs(x - 1000 * scale(iteration)) <= 1 and abs(y - 1000 * (1 - share)) <= 1 for x, y in at)
    assert min(y for _, y in at) == pytest.approx(250, abs=1)
    assert found.data["times"] == [[10, 100, 1000]]
    assert found.data["shares"] == [[0.25, 0.5, 0.75]]
    assert found.legend[0][1:] == ("a", "75%")


def test_nobody_solved_gives_no_chart_and_too_many_lines_are_counted():
    assert solved_over_time("xor", rows(learned("a", [None]))) is None
    found = solved_over_time("xor", rows(*(learned(f"a{number:02}", [10 + number]) for number in range(20))))
    assert len(drawn(found.figure, "curve")) == 12
    assert found.left_out == 8


def test_lines_are_told_apart_without_colour():
    styles = [Line(points=(), place=place).style for place in range(8)]
    assert len(set(styles)) == 8
    # Neighbours differ in their dashes too.
    dashes = [style.split()[1] for style in styles]
    assert all(a != b for a, b in itertools.pairwise(dashes))
    assert len(DASHES) == len(set(DASHES)) == 4


def test_ratios_are_resolved_only_where_their_interval_leaves_one():
    base = tuple(1e-5 * (1 + 0.01 * k) for k in range(-12, 13))
    near = tuple(1.005 * sample for sample in base)
    far = tuple(2 * sample for sample in base)
    found = ratios(rows(timed("base", step=base), timed("near", step=near), timed("far", step=far)))
    by_name = {ratio.row.target: ratio for ratio in found.rows}
    assert [ratio.row.target for ratio in found.rows] == ["base", "near", "far"]
    assert by_name["base"].verdict == "reference"
    assert by_name["near"].verdict == "not resolved"
    assert by_name["far"].verdict == "slower"
    assert by_name["far"].value == pytest.approx(2)
    assert by_name["far"].low < 2 < by_name["far"].high
    for ratio in found.rows:
        assert 0 <= ratio.left <= ratio.at <= ratio.right <= 100
        # Places follow the log scale: equal factors, equal distances.
    assert by_name["near"].at - found.one == pytest.approx(
        (by_name["far"].at - found.one) * np.log(1.005) / np.log(2), abs=1e-6
    )


def test_too_few_samples_resolve_nothing():
    found = ratios(rows(timed("a", step=(1e-6, 1e-6)), timed("b", step=(9e-6, 9e-6))))
    assert [ratio.verdict for ratio in found.rows] == ["reference", "not resolved"]


def test_a_trend_goes_through_the_runs_in_their_order_of_time():
    sources = [
        Source(
            name=name,
            records=[learned("a", stables, started_at=started), timed("a", step=(step,) * 7, started_at=started)],
            environments=(MACHINE,),
        )
        for name, stables, step, started in (
            ("late", [1, 1, 1, None], 3e-6, "2026-03-01T00:00:00Z"),
            ("early", [1, None, None, None], 1e-6, "2026-01-01T00:00:00Z"),
            ("middle", [1, 1, None, None], 2e-6, "2026-02-01T00:00:00Z"),
        )
    ]
    (group,) = gather(sources)
    found = trend(group)
    assert found.runs == ("early", "middle", "late")
    ys = [y for _, y in points(drawn(found.solved, "curve")[0].get("d"))]
    assert ys == pytest.approx([1000 * (1 - share / 1.02) for share in (0.25, 0.5, 0.75)], abs=1)
    rising = [y for _, y in points(drawn(found.step, "curve")[0].get("d"))]
    assert rising[0] - rising[1] == pytest.approx(rising[1] - rising[2], abs=2)
    assert trend(gather(sources[:1])[0]) is None


def field(function, side=41):
    axis = np.linspace(0, 1, side)
    return [[function(x, y) for x in axis] for y in axis]


def area(path):
    """Return the area that a path of relative lines encloses, even-odd, by the shoelace formula."""
    total = 0.0
    for ring in filter(None, path.split("M")):
        steps_of = [tuple(map(float, pair.split())) for pair in ring.rstrip("Z").split("l")]
        corners = np.cumsum(steps_of, axis=0)
        x, y = corners[:, 0], corners[:, 1]
        total += 0.5 * (x @ np.roll(y, -1) - y @ np.roll(x, -1))
    return abs(total)


@given(st.floats(0.05, 0.95))
def test_a_contour_encloses_what_lies_above_it(level):
    path = above(field(lambda x, y: x), level, 200.0)
    assert area(path) == pytest.approx(200 * 200 * (1 - level), rel=0.01, abs=60)
    # x rises to the right: the shape reaches the right edge and begins at the level.
    xs = np.concatenate([np.cumsum([tuple(map(float, p.split())) for p in path[1:-1].split("l")], axis=0)[:, 0]])
    assert xs.max() == pytest.approx(200, abs=0.2)
    assert xs.min() == pytest.approx(200 * level, abs=0.2)


def test_contours_stand_upright_and_have_holes():
    # Above in y is up in the picture, where y runs down.
    line = isoline(field(lambda x, y: y), 0.75, 200.0)
    assert float(line[1:].split("l")[0].split()[1]) == pytest.approx(50, abs=0.2)
    ring = above(field(lambda x, y: float(0.1 < np.hypot(x - 0.5, y - 0.5) < 0.3), side=81), 0.5, 200.0)
    assert ring.count("Z") == 2
    assert area(ring) == pytest.approx(np.pi * (60**2 - 20**2), rel=0.08)
    assert above(field(lambda x, y: 0.2), 0.5, 200.0) == ""
    assert area("M0 0l200 0l0 200l-200 0Z") == 40000


def portrait(**changed):
    side = 8
    region = base64.b64encode(bytes(255 if x >= side / 2 else 0 for _ in range(side) for x in range(side))).decode()
    frames = tuple(
        Frame(
            iteration=iteration,
            loss=0.7 / (1 + iteration),
            accuracy=0.5 + 0.5 * (iteration > 5),
            outputs=(0.1, 0.9, 0.9, 0.1),
            hidden=((0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, float(iteration == 0))),
            parameters=(float(iteration), -float(iteration)),
            region=region,
        )
        for iteration in (0, 1, 10, 100)
    )
    surface = Surface(
        axes=("w", "v"),
        x=(0.0, 50.0, 100.0),
        y=(-100.0, -50.0, 0.0),
        loss=((1.0, 2.0, None), (1.0, 0.5, 1.0), (2.0, 1.0, 1.0)),
        path=((0.0, 0.0), (1.0, -1.0), (10.0, -10.0), (100.0, -100.0)),
        explained=1.0,
    )
    made = {"seed": 3, "solved": True, "frames": frames, "names": ("w", "v"), "grid": side, "surface": surface}
    return Portrait(**made | changed)


def test_the_region_and_its_rows_stand_where_they_belong():
    found = closeup(portrait(), "xor")
    marks = [*drawn(found.region, "true"), *drawn(found.region, "false")]
    assert len(marks) == 4
    # The square runs from -0.5 to 1.5: a bit of 0 is at a quarter, of 1 at three quarters, x2 upwards.
    true = {(float(m.get("x")) + 6, float(m.get("y")) + 6) for m in drawn(found.region, "true")}
    assert true == {(50.0, 50.0), (150.0, 150.0)}
    false = {(float(m.get("cx")), float(m.get("cy"))) for m in drawn(found.region, "false")}
    assert false == {(50.0, 150.0), (150.0, 50.0)}
    # False on the left, true on the right: the undecided line is upright in the middle.
    start = drawn(found.region, "edge")[0].get("d")[1:].split("l")[0].split()[0]
    assert float(start) == pytest.approx(SIDE / 2, abs=1)


def test_the_line_in_hidden_space_is_drawn_only_where_the_output_is_linear_there():
    corners = np.array([[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 0.5]])
    linear = 1 / (1 + np.exp(-(corners @ [2.0, -1.0] + 0.5)))
    base = portrait().frames[-1]

    def last(outputs):
        frame = Frame(
            iteration=1,
            loss=None,
            accuracy=1.0,
            outputs=tuple(outputs),
            hidden=tuple(map(tuple, corners.tolist())),
            parameters=base.parameters,
            region=base.region,
        )
        return closeup(portrait(frames=(frame,), surface=None), "xor")

    (edge,) = drawn(last(linear).hidden, "edge")
    ends = np.array([[float(edge.get("x1")), float(edge.get("y1"))], [float(edge.get("x2")), float(edge.get("y2"))]])
    # Back from the picture: the box is centred on (0, 0) and reaches 0.58 of the span to each side.
    back = np.column_stack([ends[:, 0] / SIDE * 2 - 1, 1 - ends[:, 1] / SIDE * 2]) * 2 * 0.58
    assert back @ [2.0, -1.0] + 0.5 == pytest.approx([0, 0], abs=0.05)
    bent = linear.copy()
    bent[0] = 0.9
    assert drawn(last(bent).hidden, "edge") == []


def test_the_descent_goes_over_its_surface_to_the_end():
    found = closeup(portrait(), "xor")
    (descent,) = drawn(found.surface, "descent")
    assert points(descent.get("d")) == [(0, 0), (2, 2), (20, 20), (200, 200)]
    assert found.data["path"][-1] == [200, 200]
    assert "100.0% of the path's variance" in found.surface_said


def test_parameters_are_coloured_by_their_group_and_every_figure_moves():
    found = closeup(portrait(names=("W[0]", "W[1]")), "xor")
    assert found.groups == ("W",)
    assert {line.get("class").split()[1] for line in drawn(found.parameters, "curve")} == {"s0"}
    assert set(found.data) == {"iterations", "loss", "accuracy", "grid", "regions", "hidden", "lines", "path"}
    assert {
        len(found.data[key]) for key in ("iterations", "loss", "accuracy", "regions", "hidden", "lines", "path")
    } == {4}


def test_a_portrait_with_holes_is_drawn_as_far_as_it_goes():
    bare = Frame(iteration=0, loss=None, accuracy=0.5, outputs=(0.5,) * 4)
    found = closeup(
        portrait(frames=(bare,), names=(), grid=0, surface=None, missing=("hidden space: no hidden()",)), "xor"
    )
    assert found.region is found.hidden is found.surface is found.parameters is found.loss is None
    assert found.missing == ("hidden space: no hidden()",)
    assert closeup(portrait(frames=()), "xor") is None
    broken = Frame(iteration=0, loss=None, accuracy=0.5, outputs=(0.5,) * 4, region="@@@")
    assert closeup(portrait(frames=(broken,), surface=None), "a-task-of-the-future").region is None


@given(st.binary(min_size=1, max_size=300))
def test_levels_are_read_back_to_the_nearest_of_52(raw):
    text = levels(raw)
    read = [letter for letter, count in re.findall(r"([A-Za-z])(\d*)", text) for _ in range(int(count or 1))]
    assert len(read) == len(raw)
    assert (
        max(abs(LETTERS.index(letter) / 51 - value / 255) for letter, value in zip(read, raw, strict=True)) <= 0.5 / 51
    )


def test_a_region_that_moves_has_all_its_points():
    assert (
        sum(
            int(count or 1)
            for _, count in re.findall(r"([A-Za-z])(\d*)", closeup(portrait(), "xor").data["regions"][0])
        )
        == MOVING**2
    )


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_labels_keep_their_order_and_their_distance(places):
    moved = spread(places, gap=0.05)
    assert all(-1e-9 <= value <= 1 + 1e-9 for value in moved)
    ordered = sorted(moved)
    assert all(b - a >= 0.05 - 1e-9 for a, b in itertools.pairwise(ordered))
    for a, u in zip(places, moved, strict=True):
        for b, v in zip(places, moved, strict=True):
            assert not (a < b and u > v)


@given(st.floats(1e-6, 1e6), st.floats(1.5, 1e9), st.booleans())
def test_ticks_are_few_lie_inside_and_rise(low, factor, log):
    scale = Scale(low=low, high=low * factor, log=log)
    ticks = [value for value, _ in scale.ticks()]
    assert 2 <= len(ticks) <= 8
    assert ticks == sorted(set(ticks))
    assert all(-0.01 <= scale(value) <= 1.01 for value in ticks)


def luminance(colour):
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", THEMES)
def test_text_colours_reach_a_contrast_of_four_and_a_half(theme):
    colours = THEMES[theme]
    for name in ("ink", "soft", "accent", "good", "bad", "warn"):
        for ground in ("panel", "page"):
            a, b = sorted((luminance(colours[name]), luminance(colours[ground])))
            assert (b + 0.05) / (a + 0.05) >= 4.5, (name, ground)
    for colour in SERIES[theme]:
        a, b = sorted((luminance(colour), luminance(colours["panel"])))
        assert (b + 0.05) / (a + 0.05) >= 4.5, colour


def test_colours_mix_as_they_should():
    assert mix("#ff0000", "#0000ff", 0.5) == "#800080"
    assert css().count("--page:") == 4  # light, dark by setting, dark by switch, print


def test_a_chart_for_a_file_has_no_per_cent_and_steps_are_steps():
    svg = str(
        chart([Line(points=((0, 0), (1, 1)))], Scale(low=0, high=1), Scale(low=0, high=1), title="t", size=(300, 100))
    )
    assert "%" not in svg
    assert points(drawn(svg, "curve")[0].get("d")) == [(0, 100), (300, 0)]
    assert steps([(2, 0.5), (3, 1.0)], (1, 0.0), 4) == ((1, 0.0), (2, 0.0), (2, 0.5), (3, 0.5), (3, 1.0), (4, 1.0))


@pytest.mark.parametrize("theme", THEMES)
def test_a_slide_is_one_plain_picture(theme):
    svg = slide(portrait(), target="<net> & co", task="xor", theme=theme)
    root = ET.fromstring(svg)
    assert root.get("width") == "1280"
    assert "var(" not in svg
    assert "<script" not in svg
    assert "&lt;net&gt; &amp; co" in svg
    assert THEMES[theme]["page"] in svg
    assert len(list(root.iter("{http://www.w3.org/2000/svg}text"))) > 10

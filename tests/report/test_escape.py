"""Names and messages of strangers are text, whatever the format they go into."""

import csv
import io
import json
import re
import string
from html.parser import HTMLParser

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.report.study import MACHINE, checked, finding, learned, record
from xorbench.report.escape import csv_cell, markdown, markdown_code, one_line
from xorbench.report.files import render
from xorbench.report.summary import Source, gather
from xorbench.report.svg import element, text
from xorbench.report.tables import as_latex, as_markdown, tables

HOSTILE = [
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(1)>",
    "\"' onload=alert(1) x='",
    "a|b",
    "a\\|b`c",
    "[x](javascript:alert(1))",
    "=cmd|'/c calc'!A1",
    "{{ 7*7 }}{% raw %}",
    "\u202egnp.exe",
    "new\nline\r\u2028end",
    "]]>--><!--",
    "\\input{/etc/passwd}",
    "$\\alpha$ & % # _ ^ ~",
    "http://evil.example/x www.evil.example",
    "a" * 5000,
]
names = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=60),
    st.text(string.punctuation + "ab", min_size=1, max_size=40),
)


class Reader(HTMLParser):
    """What an HTML parser that shares no code with us makes of a page."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.tags, self.handlers, self.addresses, self.text, self.skip = [], [], [], [], None

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.handlers += [name for name, _ in attrs if name.startswith("on")]
        self.addresses += [value for name, value in attrs if name in ("src", "href", "action") and value[:1] != "#"]

    def handle_data(self, data):
        self.text.append(data)


def page(name, message="", rule="XM05"):
    records = [
        learned(name, [10, None, 30]),
        checked(name, finding(rule, message=message or "m")),
        record(name + "2", outcome="raised", detail=message or "d"),
    ]
    return gather([Source(name="", records=records, environments=(MACHINE,))])


BASELINE = Reader()
BASELINE.feed(render("html", page("plain")))


@given(names, names)
@settings(max_examples=25, deadline=None)
@example(HOSTILE[0], HOSTILE[1])
@example(HOSTILE[7], HOSTILE[10])
def test_a_page_gains_no_element_from_what_strangers_say(name, message):
    found = Reader()
    found.feed(render("html", page(name, message)))
    assert [tag for tag in found.tags if tag != "wbr"] == BASELINE.tags  # a long name may be broken
    assert found.handlers == []
    assert found.addresses == []
    assert one_line(name, 100) in "".join(found.text)


@given(names)
def test_svg_shows_text_and_nothing_else(name):
    found = Reader()
    found.feed(str(element("g", text(name), class_="x", aria_label=name)))
    assert found.tags == ["g", "text"]
    # Parsers of HTML read a lone carriage return as a line feed and drop NUL.
    assert "".join(found.text).replace("\r", "\n") == name.replace("\r", "\n")


def cells_of(line):
    """Split a row as GitHub's parser does: at each pipe that no backslash escapes."""
    return [part.strip() for part in re.split(r"(?<!\\)(?:\\\\)*\|", line)][1:-1]


@given(names)
@settings(max_examples=40, deadline=None)
def test_a_markdown_row_has_as_many_cells_as_its_header(name):
    (group,) = page(name)
    header, rule, *rows = as_markdown(tables(group)[0]).splitlines()
    assert {len(cells_of(line)) for line in (header, rule, *rows)} == {len(tables(group)[0].headers)}


@given(names)
def test_markdown_says_nothing_but_the_text(name):
    shown = markdown(name)
    assert "\n" not in shown
    # Undoing the escapes gives the text back: nothing was swallowed, nothing added but zero-width breaks in addresses.
    assert re.sub(r"\\(.)", r"\1", shown).replace("\u200b", "") == one_line(name).replace("\u200b", "")
    assert not re.search(r"(?<!\\)(?:\\\\)*<", shown)
    assert "](" not in re.sub(r"\\.", "", shown)


def test_a_plain_name_is_code():
    assert markdown_code("numpy-mlp[hidden=4]") == "`numpy-mlp[hidden=4]`"
    assert markdown_code("a|b") == "a\\|b"


@given(names)
@settings(max_examples=40, deadline=None)
def test_csv_is_read_back_and_starts_no_formula(name):
    (row, _) = csv.DictReader(io.StringIO(render("csv", page(name))))
    assert row["implementation"] == csv_cell(name)
    assert row["implementation"][:1] not in ("=", "+", "-", "@")
    assert row["solved"] == "2"
    assert row["seeds"] == "3"


@given(names)
@settings(max_examples=40, deadline=None)
def test_json_is_read_back_as_it_was(name):
    found = json.loads(render("json", page(name)))
    assert found["schema"] == "xorbench.comparison/1"
    assert found["rows"][0]["implementation"] == name
    assert found["rows"][0]["solved_share"] == 0.666666667


@pytest.mark.parametrize("name", HOSTILE)
def test_latex_has_no_command_from_a_name(name):
    (group,) = page(name)
    body = as_latex(tables(group)[0]).split("\\midrule")[1]
    commands = set(re.findall(r"\\[A-Za-z]+", body))
    assert commands <= {
        "\\bottomrule",
        "\\end",
        "\\textbackslash",
        "\\textasciitilde",
        "\\ensuremath",
        "\\textless",
        "\\textgreater",
        "\\textbar",
    }
    for line in body.splitlines():
        assert not line.lstrip().startswith(("[", "*"))

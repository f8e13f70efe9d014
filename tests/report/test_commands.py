"""`xorbench report` and `xorbench show`, as a user calls them."""

import io
import sys
from pathlib import Path

import msgspec
import pytest

from tests.report.study import MACHINE, learned, record, timed
from xorbench.cli import run
from xorbench.errors import ExitCode, MissingDependencyError
from xorbench.records import Environment
from xorbench.report import terminal_tables, write
from xorbench.report.slide import png
from xorbench.study.journal import read

NETWORK = f"{Path(__file__).parent / 'network.py'}:Network"


def journal(folder, *records, environment=MACHINE):
    folder.mkdir(parents=True)
    lines = [msgspec.json.encode(environment), *map(msgspec.json.encode, records)]
    (folder / "records.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    return folder


@pytest.fixture
def study(tmp_path):
    return journal(
        tmp_path / "one", learned("a", [5, 6, None]), timed("a"), record("b", outcome="timeout", detail="5 s")
    )


def test_a_report_is_the_same_bytes_every_time(study, tmp_path, capsys):
    assert run(["report", str(study), "--format", "all"]) == ExitCode.OK
    names = ["comparison.csv", "comparison.html", "comparison.json", "comparison.md", "comparison.tex"]
    assert sorted(path.name for path in study.iterdir() if path.suffix != ".jsonl") == names
    before = {name: (study / name).read_bytes() for name in names}
    assert run(["report", str(study), "--format", "all", "--output", str(tmp_path / "again")]) == ExitCode.OK
    assert {name: (tmp_path / "again" / name).read_bytes() for name in names} == before
    shown = capsys.readouterr().out
    assert "2/3" in shown
    assert "timeout" in shown


def test_write_gives_what_the_command_gives(study, tmp_path):
    records, environments = read(study / "records.jsonl")
    write(tmp_path / "x", records, environments)
    assert run(["report", str(study), "--quiet"]) == ExitCode.OK
    for name in ("comparison.md", "comparison.csv", "comparison.html"):
        assert (tmp_path / "x" / name).read_bytes() == (study / name).read_bytes()
    assert "a " in terminal_tables(records, environments)
    assert terminal_tables([], []) == "nothing was measured\n"


def test_several_runs_stand_side_by_side_and_machines_apart(study, tmp_path, capsys):
    second = journal(tmp_path / "two", learned("a", [50, 60, 70], started_at="2026-02-01T00:00:00Z"))
    other = Environment(id="e9", machine="m9", facts={"cpu_model": "Another CPU"})
    third = journal(tmp_path / "three", learned("a", [7], environment="e9"), environment=other)
    out = tmp_path / "out"
    assert run(["report", str(study), str(second), str(third), "--output", str(out)]) == ExitCode.OK
    shown = capsys.readouterr().out
    assert shown.count("What was learned") == 2
    text = (out / "comparison.html").read_text()
    assert "Run by run" in text
    assert text.index("Test CPU 3000") < text.index("Another CPU")
    assert {line.split(",")[1] for line in (out / "comparison.csv").read_text().splitlines()[1:]} == {
        "one",
        "two",
        "three",
    }


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["missing"], ExitCode.USAGE, "no records at"),
        (["one", "--format", "htm"], ExitCode.USAGE, "did you mean 'html'"),
        (["one", "one", "--output", "x"], ExitCode.USAGE, "named twice"),
        (["one", "empty"], ExitCode.USAGE, "--output"),
        (["empty"], ExitCode.NOTHING, "nothing was measured"),
        (["broken"], ExitCode.USAGE, "line"),
        (["one", "--output", "/dev/null/x"], ExitCode.USAGE, "cannot write"),
        ([], ExitCode.USAGE, "DIR"),
    ],
)
def test_mistakes_are_one_clear_sentence(study, tmp_path, monkeypatch, capsys, arguments, status, said):
    monkeypatch.chdir(tmp_path)
    journal(tmp_path / "empty")
    journal(tmp_path / "broken")
    (tmp_path / "broken" / "records.jsonl").write_text('{"schema":"xorbench.record/1","id":3}\n{}\n')
    assert run(["report", *arguments]) == status
    assert said in capsys.readouterr().err


def test_show_draws_a_page_and_a_picture_and_measures_nothing_twice(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    arguments = [
        "show",
        NETWORK,
        "--seed",
        "4",
        "--budget",
        "300",
        "--no-check",
        "--svg",
        "net.svg",
        "--output",
        "here",
    ]
    assert run(arguments) == ExitCode.OK
    text = (tmp_path / "here" / "show.html").read_text()
    for part in (
        "seed 4",
        "input square",
        "hidden space",
        "loss surface",
        "gate spectrum",
        "<canvas" if False else "Play",
    ):
        assert part in text
    assert (tmp_path / "net.svg").read_text().startswith("<svg")
    lines = (tmp_path / "here" / "records.jsonl").read_bytes().count(b"\n")
    assert run(arguments) == ExitCode.OK
    assert (tmp_path / "here" / "records.jsonl").read_bytes().count(b"\n") == lines
    assert (tmp_path / "here" / "show.html").read_text() == text
    capsys.readouterr()


def test_show_says_why_it_drew_nothing(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.py").write_text(
        "class Bad:\n    def predict(self, inputs):\n        raise ValueError('not today')\n"
    )
    assert run(["show", "bad.py:Bad", "--no-check"]) == ExitCode.FAILED
    assert "not today" in capsys.readouterr().err
    assert run(["show", "nobody"]) == ExitCode.USAGE
    assert run(["show", "if-else", "--task", "xr"]) == ExitCode.USAGE


def test_a_missing_renderer_is_one_sentence_before_any_work(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    assert run(["show", NETWORK, "--png", "x.png"]) == ExitCode.USAGE
    assert "pip install 'xorbench[png]'" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
    with pytest.raises(MissingDependencyError):
        png("<svg/>")


def test_png_is_a_picture_twice_as_fine():
    pytest.importorskip("resvg_py", reason="PNG files are made by resvg-py, an extra")
    made = io.BytesIO(png('<svg xmlns="http://www.w3.org/2000/svg" width="30" height="20"/>')).read()
    assert made.startswith(b"\x89PNG")
    assert (int.from_bytes(made[16:20]), int.from_bytes(made[20:24])) == (60, 40)

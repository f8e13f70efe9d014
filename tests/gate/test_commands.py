"""`xorbench gate` and `xorbench compare` as they are called: exit statuses, files, and one sentence for each slip."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import msgspec
import pytest

from tests.gate.runs import HERE, checked, comparison, ratio, record, runs, timing, written
from xorbench.cli import run as xorbench
from xorbench.errors import ExitCode
from xorbench.records import Comparison, Environment
from xorbench.report.compare import comparison_lines, comparison_table

GOOD = [10 + seed for seed in range(20)]
ELSEWHERE = Environment(id="f" * 16, machine="n" * 16, facts={"cpu_model": "another machine"})


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return written(tmp_path / "base", record("net", runs(GOOD)), timing("net"))


@pytest.fixture
def head(tmp_path: Path) -> Path:
    return written(tmp_path / "head", record("net", runs(GOOD), day=2), timing("net", day=2))


def test_a_gate_writes_what_it_says_for_everyone(
    base: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = written(tmp_path / "bad", record("net", runs([None] * 20), day=2), timing("net", day=2))
    summary, junit = tmp_path / "summary.md", tmp_path / "out" / "junit.xml"
    summary.write_text("before\n")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    status = xorbench(["gate", str(bad), "--baseline", str(base), "--summary", str(summary), "--junit", str(junit)])
    assert status == ExitCode.FAILED
    out = capsys.readouterr().out
    assert "gate failed: 1 compared, 1 failed" in out
    assert "::error title=xorbench%3A net on xor::learning: learns worse" in out
    assert summary.read_text().startswith("before\n### xorbench gate failed")
    assert ElementTree.parse(junit).getroot()[0].attrib["failures"] == "1"


def test_annotations_are_for_those_who_read_them(
    base: Path, head: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    assert xorbench(["gate", str(head), "--baseline", str(base / "records.jsonl")]) == ExitCode.OK
    assert "::" not in capsys.readouterr().out


def test_every_status_of_the_gate(base: Path, head: Path, tmp_path: Path) -> None:
    def status(*args: object) -> int:
        return xorbench(["gate", *map(str, args)])

    assert status(head, "--baseline", base) == ExitCode.OK
    assert status(base, "--baseline", head) == ExitCode.USAGE  # swapped
    assert status(base, "--baseline", base) == ExitCode.USAGE  # itself
    assert status(written(tmp_path / "empty"), "--baseline", base) == ExitCode.NOTHING
    other = written(tmp_path / "other", record("other", runs(GOOD[::-1]), day=2))
    assert status(other, "--baseline", base) == ExitCode.NOTHING  # another baseline
    unsure = written(tmp_path / "unsure", record("net", runs([*GOOD[:18], None, None]), day=2), timing("net", day=2))
    assert status(unsure, "--baseline", base) == ExitCode.INCONCLUSIVE
    without_times = written(tmp_path / "deleted", record("net", runs(GOOD), day=2))
    assert status(without_times, "--baseline", base) == ExitCode.FAILED


def test_checks_and_comparisons_are_read_from_files(base: Path, head: Path, tmp_path: Path) -> None:
    def written_as(name: str, document: msgspec.Struct) -> str:
        path = tmp_path / name
        path.write_bytes(msgspec.json.encode(document))
        return str(path)

    good, bad = written_as("good.json", checked("net")), written_as("bad.json", checked("net", "XM01"))
    equal = written_as("equal.json", comparison(ratio(1.0)))
    slower = written_as("slower.json", comparison(ratio(1.2), ratio(1.2)))
    gate = ["gate", str(head), "--baseline", str(base)]
    assert xorbench([*gate, "--check", good, "--comparison", equal]) == ExitCode.OK
    assert xorbench([*gate, "--check", good, "--check", bad]) == ExitCode.FAILED
    assert xorbench([*gate, "--comparison", slower]) == ExitCode.FAILED
    policy = tmp_path / "gate.toml"
    policy.write_text("[time]\nmargin = 1.5\n")
    assert xorbench([*gate, "--comparison", slower, "--policy", str(policy)]) == ExitCode.OK


@pytest.mark.parametrize(
    ("args", "wanted"),
    [
        (["gate", "{head}"], "--baseline"),
        (["gate", "{none}", "--baseline", "{base}"], "cannot read"),
        (["gate", "{head}", "--baseline", "{none}"], "cannot read"),
        (["gate", "{head}", "--baseline", "{base}", "--policy", "{none}"], "cannot read the policy"),
        (["gate", "{head}", "--baseline", "{base}", "--check", "{none}"], "cannot read"),
        (["gate", "{head}", "--baseline", "{base}", "--check", "{base}/records.jsonl"], "xorbench check --json"),
        (["gate", "{head}", "--baseline", "{base}", "--comparison", "{base}/records.jsonl"], "compare --interleave"),
        (["gate", "{head}", "--baseline", "{base}", "--summary", "{base}"], "cannot write"),
        (["gate", "{head}", "--baseline", "{base}", "--junit", "{base}"], "cannot write"),
        (["compare", "{base}"], "HEAD"),
        (["compare", "{base}", "{none}"], "cannot read"),
        (["compare", "{base}", "{head}", "--json", "x.json"], "--interleave"),
        (["compare", "if-else", "if-els", "--interleave"], "did you mean 'if-else'"),
        (["compare", "if-else", "if-else", "--interleave", "--task", "xr"], "did you mean"),
        (["compare", "if-else", "if-else", "--interleave", "--device", "warp"], "'warp'"),
        (["compare", "{none}.py:Net", "if-else", "--interleave"], "there is no file"),
        (["compare", "if-else", "if-else", "--interleave", "--blocks", "0"], "--blocks 0"),
    ],
)
def test_a_slip_is_one_sentence_and_status_4(
    args: list[str], wanted: str, base: Path, head: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    places = {"base": base, "head": head, "none": tmp_path / "none"}
    assert xorbench([arg.format(**places) for arg in args]) == ExitCode.USAGE
    captured = capsys.readouterr()
    assert wanted in captured.err
    assert "Traceback" not in captured.err


def test_a_schema_that_is_not_known_is_refused(base: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    later = tmp_path / "later.jsonl"
    later.write_text('{"schema":"xorbench.record/9","id":"x"}\n')
    assert xorbench(["gate", str(later), "--baseline", str(base)]) == ExitCode.USAGE
    assert "xorbench.record/9" in capsys.readouterr().err


def test_two_runs_side_by_side(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = written(
        tmp_path / "a",
        record("net", runs(GOOD)),
        timing("net", 1e-4),
        record("gone", runs([5] * 20)),
        record("old", runs([7] * 9)),
    )
    after = written(
        tmp_path / "b",
        record("net", runs([at * 3 for at in GOOD]), day=2),
        timing("net", 2e-4, day=2),
        record("fresh", runs([6] * 20), day=2),
        record("renamed|it", runs([7] * 9), day=2),
    )
    page = tmp_path / "page.md"
    assert xorbench(["compare", str(before), str(after), "--markdown", str(page)]) == ExitCode.OK
    out = capsys.readouterr().out
    (row,) = [line for line in out.splitlines() if "net" in line and "worse" in line]
    assert "20/20" in row
    assert "3.00" in row
    assert any("step 4" in line and "2.000" in line and "slower" in line for line in out.splitlines())
    assert "only in the base: gone on xor" in out
    assert "only in the head: fresh on xor" in out
    assert "renamed: old on xor is now renamed|it on xor" in out
    assert out.count("machine of the") == 2
    assert "## Runtime" in page.read_text()


def test_times_of_two_machines_are_shown_and_not_judged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = written(tmp_path / "a", timing("net", 1e-4))
    after = written(tmp_path / "b", timing("net", 9e-4, day=2, environment=ELSEWHERE.id), environments=[ELSEWHERE])
    assert xorbench(["compare", str(before), str(after)]) == ExitCode.OK
    out = capsys.readouterr().out
    assert "other machine" in out
    assert "the machines differ" in out
    assert HERE.facts["cpu_model"] in out
    assert ELSEWHERE.facts["cpu_model"] in out


def test_runs_without_a_row_in_common_compare_nothing(tmp_path: Path, base: Path) -> None:
    other = written(tmp_path / "other", record("other", runs([None])))
    assert xorbench(["compare", str(base), str(other)]) == ExitCode.NOTHING


def test_an_interleaved_comparison_as_tables() -> None:
    found = comparison(ratio(1.2), ratio(1.21), checked=False, notes=("head: a note",))
    first, second = comparison_table(found)
    assert first.rows == (("step", "4", "100", "120", "1.200", "[1.190, 1.210]", "1.005", "slower"),)
    assert "anew" in second.title
    lines = comparison_lines(found)
    assert "head: a note" in lines
    assert any("not shown to be right" in line for line in lines)
    assert msgspec.json.decode(msgspec.json.encode(found), type=Comparison) == found

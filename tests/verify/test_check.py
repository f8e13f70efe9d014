"""Verification of strangers: what is found, what is said, and that nothing they do ends it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import pytest

from xorbench import cli
from xorbench.errors import ExitCode, UsageError
from xorbench.records import CheckResult
from xorbench.verify.check import verify
from xorbench.verify.checks import all_checks
from xorbench.verify.render import junit, markdown, screen

HERE = Path(__file__).parent
STRANGERS = HERE / "strangers.py"


def stranger(name: str) -> str:
    return f"{STRANGERS}:{name}"


def rules(result: CheckResult) -> list[str]:
    return [one.rule for one in result.findings if one.severity == "error"]


def test_right_network_passes_and_the_denominator_is_told() -> None:
    result = verify(stranger("Right"), examples=5)
    assert result.verdict == "passed"
    assert rules(result) == []
    assert sum(result.counts.values()) == len(result.checks) == len(all_checks())
    assert result.counts["passed"] >= 25
    assert all(check.reason for check in result.checks if check.status != "passed")
    assert result.spectrum["xor"] is not None


def test_wrong_network_fails_with_the_rule_and_a_line_that_shows_it_again() -> None:
    result = verify(stranger("Uphill"), examples=5, only=["gradients"])
    assert result.verdict == "failed"
    assert rules(result)[0] == "XM03"
    first = result.findings[0]
    assert first.where == "output layer bias"
    assert f"xorbench check {STRANGERS}:Uphill" in first.reproduce
    assert first.mend
    assert first.evidence


@pytest.mark.parametrize(
    ("name", "rule", "where"),
    [
        ("HangsInStep", "XA08", "step"),
        ("HangsInC", "XA08", "step"),
        ("Segfaults", "XA09", "gradients"),
        ("Exits", "XA09", "step"),
        ("CallsExit", "XA07", "step"),
        ("WrongSignature", "XA07", "step"),
        ("UnprintableError", "XA07", "step"),
        ("OneAnswer", "XA01", "predict"),
        ("RenamesParameters", "XA01", "get_parameters"),
        ("DoesNotTake", "XA01", "set_parameters"),
    ],
)
def test_a_strangers_fault_is_a_finding_and_the_other_checks_still_run(name: str, rule: str, where: str) -> None:
    result = verify(stranger(name), examples=3, time_limit_s=2, only=["contract", "invariances/arguments"])
    assert result.verdict == "failed"
    assert (rule, where) in {(one.rule, one.where) for one in result.findings if one.severity == "error"}
    assert result.counts["passed"] >= 1, [(check.id, check.reason) for check in result.checks]


@pytest.mark.parametrize(
    ("name", "text"), [("FactoryRaises", "no such luck"), ("NoPredict", "forward"), ("returns_none", "None")]
)
def test_what_cannot_be_built_fails_once_and_leaves_nothing_passed(name: str, text: str) -> None:
    result = verify(stranger(name), examples=3)
    assert result.verdict == "failed"
    assert result.counts["passed"] == 0
    assert result.counts["failed"] == 1
    assert text in result.findings[0].message


def test_import_that_raises_is_a_finding(tmp_path: Path) -> None:
    file = tmp_path / "broken.py"
    file.write_text("raise ValueError('at import')\n")
    result = verify(f"{file}:Net", examples=3)
    assert result.verdict == "failed"
    assert "at import" in result.findings[0].message


def test_targets_that_name_nothing_are_usage_errors(tmp_path: Path) -> None:
    for target in ("no-such-thing", f"{tmp_path}/none.py:Net", f"{STRANGERS}:Wright"):
        with pytest.raises(UsageError):
            verify(target)
    with pytest.raises(UsageError, match="no check begins with"):
        verify(stranger("Right"), only=["nonsense"])


def test_expected_failures_are_strict() -> None:
    fails = verify(stranger("Expected"), examples=3, only=["gradients/update"])
    assert fails.verdict == "passed"
    assert fails.counts["expected_failure"] == 1
    assert "kept as an exercise" in fails.checks[0].reason
    passes = verify(
        stranger("Right"),
        examples=3,
        only=["gradients/update"],
        expected_failures={"gradients/update-follows-the-gradient": "once was wrong"},
    )
    assert passes.verdict == "failed"
    assert "remove the expectation" in passes.checks[0].reason


def test_the_document_is_the_same_on_screen_in_json_and_in_junit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {kind: tmp_path / f"result.{kind}" for kind in ("json", "junit", "md")}
    status = cli.run(
        [
            *("check", stranger("Uphill"), "--examples", "3", "--only", "gradients"),
            *("--json", str(files["json"]), "--junit", str(files["junit"]), "--summary", str(files["md"])),
        ]
    )
    assert status == ExitCode.FAILED
    shown = capsys.readouterr().out
    document = json.loads(files["json"].read_text())
    assert document["schema"] == "xorbench.check/1"
    result = msgspec.convert(document, CheckResult)
    assert result.findings[0].rule in shown
    assert result.findings[0].rule in files["md"].read_text()
    suite = ElementTree.parse(files["junit"]).getroot()[0]
    assert int(suite.attrib["failures"]) == result.counts["failed"] == len(suite.findall("testcase/failure"))
    assert int(suite.attrib["tests"]) == len(result.checks)
    assert "XM03" in str(suite.find("testcase/failure").text)


def test_statuses_of_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    only = ["--examples", "3", "--only", "contract/predict"]
    assert cli.run(["check", stranger("Right"), *only]) == ExitCode.OK
    assert cli.run(["check", stranger("OneAnswer"), *only]) == ExitCode.FAILED
    assert cli.run(["check", stranger("Fixed"), "--only", "sequences"]) == ExitCode.NOTHING
    assert cli.run(["check", "nothing-of-that-name"]) == ExitCode.USAGE
    assert cli.run(["check", stranger("Right"), "--json", str(tmp_path / "no" / "where.json")]) == ExitCode.USAGE
    assert cli.run(["check", stranger("Right"), "--examples", "0"]) == ExitCode.USAGE
    capsys.readouterr()


def test_hostile_names_do_not_break_the_formats() -> None:
    result = verify(stranger("Uphill"), examples=3, only=["gradients/update"])
    hostile = msgspec.structs.replace(
        result,
        target="a|b\n<script>\x00`",
        findings=tuple(msgspec.structs.replace(one, message="x|y\n<b>\x01", symptoms=()) for one in result.findings),
    )
    ElementTree.fromstring(junit([hostile]).encode())
    table = [line for line in markdown([hostile]).splitlines() if line.startswith("|")]
    assert all(line.replace("\\|", "").count("|") == 7 for line in table)
    assert "<script>" not in markdown([hostile])
    assert screen(hostile)


def test_explain_prints_or_suggests(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["explain"]) == ExitCode.OK
    assert "delta-from-updated-weights" in capsys.readouterr().out
    assert cli.run(["explain", "symetric-start"]) == ExitCode.USAGE
    assert "symmetric-start" in capsys.readouterr().err


PROJECT = """
from xorbench.suites import checks

test_right = checks({right!r}, examples=3, only=["contract", "gradients"])
test_wrong = checks({wrong!r}, examples=3, only=["gradients"])
"""


def test_three_lines_in_a_test_file_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "test_mine.py").write_text(PROJECT.format(right=stranger("Right"), wrong=stranger("Uphill")))
    done = _pytest(["-q", "test_mine.py"], tmp_path)
    assert done.returncode == 1, done.stdout
    assert "XM03" in done.stdout
    assert "1 failed" in done.stdout


def test_pyargs_runs_the_same_checks(tmp_path: Path) -> None:
    done = _pytest(
        ["-q", "--pyargs", "xorbench.suites", "--examples", "3", "--implementation", stranger("Fixed")], tmp_path
    )
    assert done.returncode == 0, done.stdout
    result = verify(stranger("Fixed"), examples=3)
    assert f"{result.counts['passed']} passed, {result.counts['not_checked']} skipped" in done.stdout


def test_nothing_named_is_nothing_checked(tmp_path: Path) -> None:
    assert _pytest(["-q", "--pyargs", "xorbench.suites"], tmp_path).returncode == 5


def _pytest(arguments: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False
    )


def test_an_adapter_s_sentence_is_one_finding(tmp_path: Path) -> None:
    """What an adapter cannot do in a member is said once, and no child is lost over it."""
    pytest.importorskip("torch")
    (tmp_path / "net.py").write_text(
        "import torch\nfrom torch import nn\nclass Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.layers = [nn.Linear(2, 4), nn.Linear(4, 1)]\n"
        "    def forward(self, x): return self.layers[1](torch.tanh(self.layers[0](x)))\n"
    )
    result = verify(f"{tmp_path}/net.py:Net")
    assert [one.rule for one in result.findings] == ["XA07"]
    assert result.findings[0].message.startswith("step(): Net.parameters() lacks layers.0.weight, and all others")
    assert not any("hang" in check.reason for check in result.checks)

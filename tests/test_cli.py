"""The command line: what it loads, what it says, and with which status it ends."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from xorbench import cli as command_line
from xorbench.cli import COMMANDS, cli, run
from xorbench.errors import ExitCode, FactoryError, UsageError

HEAVY = ("numpy", "pandas", "torch", "hypothesis", "scipy", "pytest", "sklearn", "distributed", "numba", "jinja2")
HERE = [name for name in COMMANDS if importlib.util.find_spec(f"xorbench.commands.{name}") is not None]


def in_a_process(*arguments: str, cwd: Path | None = None, code: str | None = None) -> subprocess.CompletedProcess[str]:
    start = ["-c", code] if code else ["-m", "xorbench"]
    return subprocess.run(
        [sys.executable, *start, *arguments], capture_output=True, text=True, timeout=100, cwd=cwd,
    )  # fmt: skip


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["list"], *[[name, "--help"] for name in HERE]])
def test_looking_around_loads_nothing_heavy(arguments: list[str]) -> None:
    """A command that only tells something starts in a tenth of a second; importing these takes seconds."""
    code = (
        "import sys, json, xorbench.cli as c\n"
        "status = c.run(sys.argv[1:])\n"
        f"print(json.dumps([status, [m for m in {HEAVY!r} if m in sys.modules]]), file=sys.stderr)"
    )
    done = in_a_process(*arguments, code=code)
    status, loaded = json.loads(done.stderr.splitlines()[-1])
    assert (status, loaded) == (0, []), done.stdout + done.stderr
    assert done.stdout


def test_every_command_is_there_with_its_line_of_help() -> None:
    shown = CliRunner().invoke(cli, ["--help"], terminal_width=200).output
    for name, line in COMMANDS.items():
        assert f"  {name}" in shown
        assert line in shown
        module = importlib.import_module(f"xorbench.commands.{name}")
        assert isinstance(module.command, click.Command)
        helped = CliRunner().invoke(cli, [name, "--help"])
        assert helped.exit_code == 0
        undocumented = [
            f"{name} {option.name}"
            for option in module.command.params
            if isinstance(option, click.Option) and not option.help and not option.hidden
        ]
        assert undocumented == []


def test_no_arguments_show_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == ExitCode.OK
    assert "Usage: xorbench" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["chekc"], "no command 'chekc'; did you mean 'check'?"),
        (["zzz"], "no command 'zzz'; choose from "),
        (["--versoin"], "No such option"),
        (["run", "--sede", "3"], "No such option"),
        (["run", "--seeds"], "requires an argument"),
    ],
)
def test_a_wrong_command_line_is_a_usage_error(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == ExitCode.USAGE
    shown = capsys.readouterr()
    assert said in shown.err
    assert "Traceback" not in shown.err


@pytest.mark.parametrize(
    ("raised", "status", "said"),
    [
        (UsageError("the value, the rule, the mend"), 4, "error: the value, the rule, the mend\n"),
        (FactoryError("no model"), 1, "error: no model\n"),
        (KeyboardInterrupt(), 2, "interrupted\n"),
        (click.Abort(), 2, "interrupted\n"),
        (click.FileError("x", "cannot"), 1, "Could not open file"),
        (click.BadParameter("cannot be"), 4, "cannot be"),
        (RuntimeError("a slip of ours"), 3, "RuntimeError: a slip of ours\nThis is a defect of xorbench"),
        (MemoryError(), 3, "MemoryError"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_every_way_to_end_has_its_status(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], raised: BaseException, status: int, said: str
) -> None:
    @click.command()
    def command() -> None:
        raise raised

    monkeypatch.setattr(command_line._Commands, "get_command", lambda self, context, name: command)
    assert run(["list"]) == status
    shown = capsys.readouterr()
    assert said in shown.err
    assert ("Traceback" in shown.err) is (status == 3)


@pytest.mark.parametrize("value", [None, 0, 1, 5, ExitCode.INCONCLUSIVE])
def test_what_a_command_returns_is_the_status(monkeypatch: pytest.MonkeyPatch, value: Any) -> None:
    @click.command()
    def command() -> Any:
        return value

    monkeypatch.setattr(command_line._Commands, "get_command", lambda self, context, name: command)
    assert run(["list"]) == int(value or 0)


def test_statuses_follow_pytest() -> None:
    assert [(code.name, code.value) for code in pytest.ExitCode][:6] == [
        ("OK", ExitCode.OK),
        ("TESTS_FAILED", ExitCode.FAILED),
        ("INTERRUPTED", ExitCode.INTERRUPTED),
        ("INTERNAL_ERROR", ExitCode.INTERNAL),
        ("USAGE_ERROR", ExitCode.USAGE),
        ("NO_TESTS_COLLECTED", ExitCode.NOTHING),
    ]


def test_a_reader_that_leaves_early_is_no_error() -> None:
    reader, writer = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-c", "import xorbench.cli as c; c.main(['list'])"],
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(writer)
    os.close(reader)  # gone before the first line
    _, errors = process.communicate(timeout=100)
    assert (process.returncode, errors) == (0, "")


def test_the_version_is_that_of_the_package() -> None:
    from importlib.metadata import version

    import xorbench

    assert in_a_process("--version").stdout == f"xorbench, version {xorbench.__version__}\n"
    assert version("xorbench") == xorbench.__version__

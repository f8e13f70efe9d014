"""Pages that are made from the code: ``python -m tests.docs.generated`` writes them, a test holds them against it."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
from click.testing import CliRunner

from xorbench import records
from xorbench.cli import COMMANDS, cli
from xorbench.errors import ExitCode

REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "reference"

_STATUSES = {
    ExitCode.OK: "fine",
    ExitCode.FAILED: "a check failed, a gate found a regression, a cell could not be measured",
    ExitCode.INTERRUPTED: "interrupted; what was measured is on disk",
    ExitCode.INTERNAL: "a defect of xorbench",
    ExitCode.USAGE: "the command line or an argument is wrong",
    ExitCode.NOTHING: "nothing was checked or measured",
    ExitCode.INCONCLUSIVE: "inconclusive",
}


def command_line() -> str:
    """Return the page of all commands: what `--help` says of each."""
    lines = [
        "# Command line",
        "",
        "Made from `--help` by `python -m tests.docs.generated`.",
        "",
        "| status | meaning |",
        "|---|---|",
        *(f"| {code.value} | {meaning} |" for code, meaning in _STATUSES.items()),
    ]
    for name in COMMANDS:
        shown = CliRunner().invoke(cli, [name, "--help"], prog_name="xorbench", terminal_width=100)
        if shown.exit_code:
            raise shown.exception or RuntimeError(shown.output)
        lines += ["", f"## xorbench {name}", "", "```text as-is", shown.output.rstrip(), "```"]
    return "\n".join(lines) + "\n"


def record_schema() -> str:
    """Return the JSON Schema of a line of `records.jsonl` and of a check result."""
    schema = msgspec.json.schema(records.Record | records.Environment | records.CheckResult)
    return json.dumps(schema, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


PAGES = {"cli.md": command_line, "record.schema.json": record_schema}


if __name__ == "__main__":
    for page, make in PAGES.items():
        (REFERENCE / page).write_text(make(), encoding="utf-8")

"""``xorbench gate``: fail when a run is worse than its baseline."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from xorbench.commands.compare import read_source, write
from xorbench.errors import UsageError


@click.command("gate", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("run")
@click.option(
    "--baseline", required=True, metavar="FILE", help="The run to hold it against: a folder or records.jsonl."
)
@click.option("--policy", type=click.Path(path_type=Path), metavar="FILE", help="Thresholds, such as gate.toml.")
@click.option(
    "--check", "checks", multiple=True, type=click.Path(path_type=Path), help="Of `check --json`; repeatable."
)
@click.option(
    "--comparison",
    "comparisons",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Of `compare --interleave --json`; repeatable.",
)
@click.option("--summary", type=click.Path(path_type=Path), help="Add Markdown to this file, $GITHUB_STEP_SUMMARY say.")
@click.option("--junit", type=click.Path(path_type=Path), help="Write JUnit XML to this file.")
@click.option(
    "--annotations/--no-annotations", default=None, help="Print annotations for GitHub.  [default: where it runs us]"
)
def command(
    run: str,
    baseline: str,
    policy: Path | None,
    checks: tuple[Path, ...],
    comparisons: tuple[Path, ...],
    summary: Path | None,
    junit: Path | None,
    annotations: bool | None,
) -> int:
    """Fail when RUN, a folder or records.jsonl, is worse than its baseline.

    Correctness and learning are hard. Wall time fails only where an interleaved comparison calls a row slower beyond
    the margin, twice. Missing, new and renamed rows are said.

    Exits 0 when the gate passes, 1 when something regressed, 4 for a mistake in the command (a run that is older than
    its baseline, too), 5 when nothing was compared, 6 when nothing regressed but something cannot be told.
    """
    from xorbench.records import CheckResult, Comparison
    from xorbench.report import gate_formats as formats
    from xorbench.report.gate import judge
    from xorbench.report.policy import read_policy

    judgement = judge(
        read_source(run),
        read_source(baseline),
        read_policy(policy),
        checks=[_document(path, CheckResult, "xorbench check --json") for path in checks],
        comparisons=[_document(path, Comparison, "xorbench compare --interleave --json") for path in comparisons],
    )
    click.echo(formats.as_text(judgement), nl=False)
    if annotations or (annotations is None and os.environ.get("GITHUB_ACTIONS") == "true"):
        for line in formats.github_annotations(judgement):
            click.echo(line)
    if summary is not None:
        _append(summary, formats.as_summary(judgement))
    if junit is not None:
        write(junit, formats.as_junit(judgement))
    return judgement.status


def _document(path: Path, kind: type[Any], command: str) -> Any:
    import msgspec

    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not what `{command}` writes: {error}") from None


def _append(path: Path, text: str) -> None:
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror or error}") from None

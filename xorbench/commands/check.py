"""``xorbench check``: verify implementations and name what is wrong."""

from __future__ import annotations

import functools
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import click

from xorbench.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from xorbench.records import CheckResult


@click.command(name="check")
@click.argument("targets", nargs=-1, metavar="TARGET...")
@click.option("--task", default="", help="The task of the checks.  [default: XOR, in the form that the target reads]")
@click.option("--examples", default=20, show_default=True, help="Examples of each property.")
@click.option("--seed", default=0, show_default=True, help="Seed of the verification.")
@click.option("--device", default="cpu", show_default=True, help="Device that models are built for.")
@click.option("--time-limit", default=30.0, show_default=True, metavar="SECONDS", help="Limit of each check.")
@click.option("--memory-limit", default=4096, show_default=True, metavar="MIB", help="Limit of the child process.")
@click.option("--jobs", type=click.IntRange(min=1), help="Targets verified at once.  [default: one per core]")
@click.option("--only", multiple=True, metavar="CHECK", help="Run the checks whose ids begin so.  [repeatable]")
@click.option("--json", "json_file", type=click.Path(), help="Write the results as JSON.")
@click.option("--junit", "junit_file", type=click.Path(), help="Write the results as JUnit XML.")
@click.option("--summary", "summary_file", type=click.Path(), help="Write a Markdown summary for a CI job.")
@click.option("-v", "--verbose", is_flag=True, help="List every check that was not made, with its reason.")
@click.option("--list", "list_checks", is_flag=True, help="List the checks and end.")
def command(
    targets: tuple[str, ...],
    task: str,
    examples: int,
    seed: int,
    device: str,
    time_limit: float,
    memory_limit: int,
    jobs: int | None,
    only: tuple[str, ...],
    json_file: str | None,
    junit_file: str | None,
    summary_file: str | None,
    verbose: bool,
    list_checks: bool,
) -> int:
    """Verify each TARGET: contract, gradients, determinism, capacity, learning. Without TARGET: all built-ins.

    Exits 0 when every target passed, 1 when one failed, 4 for a usage error and 5 when nothing could be checked.
    """
    from xorbench import sandbox
    from xorbench.verify.check import verify
    from xorbench.verify.render import screen

    if list_checks:
        _list()
        return ExitCode.OK
    if examples < 1:
        raise UsageError(f"--examples {examples}: at least 1")
    if time_limit <= 0 or memory_limit <= 0:
        raise UsageError("--time-limit and --memory-limit must be above 0")
    outputs = [file for file in (json_file, junit_file, summary_file) if file]
    for file in outputs:  # before minutes of work, not after
        _writable(Path(file))
    results: list[CheckResult] = []
    colour = sys.stdout.isatty()
    try:
        judge = functools.partial(
            verify,
            task=task,
            examples=examples,
            seed=seed,
            device=device,
            time_limit_s=time_limit,
            memory_limit_mib=memory_limit,
            only=only,
        )
        # The children do the work; these threads wait for them, and results are told in the order asked for.
        with ThreadPoolExecutor(jobs or os.cpu_count() or 1) as pool:
            waiting = [pool.submit(judge, target) for target in targets or tuple(_built_in())]
            try:
                for future in waiting:
                    result = future.result()
                    results.append(result)
                    click.echo(screen(result, colour=colour, verbose=verbose) + "\n")
            except KeyboardInterrupt:
                _write(results, json_file, junit_file, summary_file)
                sandbox.shutdown(now=True)
                click.echo(f"interrupted; {len(results)} targets were verified", err=True)
                sys.stdout.flush()
                # The other threads would go on with their next check: what was verified is written, so end here.
                os._exit(ExitCode.INTERRUPTED)
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
    finally:
        _write(results, json_file, junit_file, summary_file)
    if len(results) > 1:
        failed = [result.target for result in results if result.verdict != "passed"]
        click.echo(
            f"{len(results)} targets, {len(results) - len(failed)} passed, {len(failed)} failed"
            + (f": {', '.join(failed)}" if failed else "")
        )
    if any(result.verdict == "error" for result in results):
        return ExitCode.INTERNAL
    if any(result.verdict == "failed" for result in results):
        return ExitCode.FAILED
    return ExitCode.OK if results and all(result.counts["passed"] for result in results) else ExitCode.NOTHING


def _list() -> None:
    from xorbench.verify.checks import all_checks

    checks = all_checks()
    width = max(len(check.id) for check in checks)
    for check in checks:
        click.echo(f"{check.id:<{width}}  {check.says}")


def _built_in() -> list[str]:
    from xorbench.registry import entries

    there = [name for name, entry in entries().items() if not entry.missing()]
    for name, entry in entries().items():
        if entry.missing():
            click.echo(
                f"skipped {name}: {' and '.join(entry.missing())} is not installed; run: {entry.install}\n", err=True
            )
    return there


def _writable(path: Path) -> None:
    if path.is_dir():
        raise UsageError(f"{path} is a folder; name a file in it")
    if not path.parent.exists():
        raise UsageError(f"cannot write {path}: there is no folder {path.parent}")


def _write(results: list[CheckResult], json_file: str | None, junit_file: str | None, summary_file: str | None) -> None:
    import msgspec

    from xorbench.verify.render import junit, markdown

    if json_file:
        # One target is one document; several are a list of such documents.
        document = msgspec.json.encode(results[0] if len(results) == 1 else results)
        Path(json_file).write_bytes(msgspec.json.format(document, indent=2) + b"\n")
    if junit_file:
        Path(junit_file).write_text(junit(results), encoding="utf-8")
    if summary_file:
        Path(summary_file).write_text(markdown(results), encoding="utf-8")

"""A check result for people and for machines: the screen, Markdown for a CI job, JUnit."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from xml.etree import ElementTree

from xorbench.records import CheckResult, Finding

#: A CI job's summary over 1 MiB is dropped whole by those who show it.
MAX_SUMMARY_BYTES = 900_000

_MARK = {"error": "✗", "warning": "!", "note": "·"}
_COLOUR = {"error": "red", "warning": "yellow", "note": "blue"}


def counts_line(result: CheckResult) -> str:
    """Return ``28 passed, 1 failed, 5 not checked``: the denominator, always."""
    counts = result.counts
    parts = [f"{counts['passed']} passed", f"{counts['failed']} failed"]
    if counts.get("expected_failure"):
        parts.append(f"{counts['expected_failure']} expected failures")
    parts.append(f"{counts['not_checked']} not checked")
    return ", ".join(parts)


def screen(result: CheckResult, *, colour: bool = False, verbose: bool = False) -> str:
    """Return the result as text for a terminal."""
    lines = list(_screen(result, colour, verbose))
    return "\n".join(lines)


def _style(text: str, colour: bool, **how: object) -> str:
    if not colour:
        return text
    import click

    return click.style(text, **how)  # type: ignore[arg-type]


def _screen(result: CheckResult, colour: bool, verbose: bool) -> Iterator[str]:
    good = result.verdict == "passed" and result.counts["passed"] > 0
    verdict = "passed" if good else "nothing checked" if result.verdict == "passed" else result.verdict
    head = _style(verdict.upper(), colour, fg="green" if good else "red", bold=True)
    yield f"{head}  {_style(result.target, colour, bold=True)}   {counts_line(result)} in {result.wall_s:.1f} s"
    if result.optimiser:
        yield f"  optimiser  {result.optimiser}"
    if spectrum := spectrum_line(result):
        yield f"  gates      {spectrum}"
    for one in result.findings:
        yield ""
        yield from _finding(one, colour)
    in_part = dict.fromkeys(check.reason for check in result.checks if check.status == "passed" and check.reason)
    if in_part:
        yield ""
        yield "  passed, and left open"
        for reason in in_part:
            yield from textwrap.wrap(reason, 100, initial_indent="    ", subsequent_indent="      ")
    unchecked = [check for check in result.checks if check.status == "not_checked"]
    if unchecked and (verbose or result.counts["passed"] == 0):
        yield ""
        yield "  not checked"
        for check in unchecked:
            yield f"    {check.id}: {check.reason}"
    elif unchecked:
        reasons: dict[str, int] = {}
        for check in unchecked:
            reasons[check.reason] = reasons.get(check.reason, 0) + 1
        yield ""
        yield "  not checked (-v lists the checks)"
        for reason, count in reasons.items():
            yield f"    {count} × {reason}"


def _finding(one: Finding, colour: bool) -> Iterator[str]:
    from xorbench.verify.rules import RULES

    rule = _style(f"{one.rule} {RULES[one.rule].slug}", colour, fg=_COLOUR[one.severity], bold=True)
    yield f"  {_MARK[one.severity]} {rule}  {one.severity}" + (f"  in {one.where}" if one.where else "")
    yield from textwrap.wrap(one.message, 100, initial_indent="      ", subsequent_indent="      ")
    traceback = str(one.evidence.get("traceback", "")).rstrip()
    yield from (f"      {line}" for line in traceback.splitlines())
    if evidence := evidence_line(one):
        yield from textwrap.wrap(evidence, 100, initial_indent="      seen  ", subsequent_indent="            ")
    if one.severity != "note":
        yield from textwrap.wrap(one.mend, 100, initial_indent="      mend  ", subsequent_indent="            ")
        yield f"      again {one.reproduce}"
    for symptom in one.symptoms:
        yield f"      explains {symptom.rule}: {symptom.message[:140]}"


def evidence_line(one: Finding) -> str:
    """Return the evidence as ``name = value`` in one line; long texts are left to the document."""
    parts = []
    for name, value in one.evidence.items():
        if name == "traceback" or value == [] or (isinstance(value, str) and len(value) > 80):
            continue
        if isinstance(value, list):
            shown = ", ".join(_number(item) for item in value[:8])
            parts.append(f"{name} = [{shown}{', ...' if len(value) > 8 else ''}]")
        elif not isinstance(value, dict):
            parts.append(f"{name} = {_number(value)}")
    return "; ".join(parts)


def _number(value: object) -> str:
    return f"{value:.5g}" if isinstance(value, float) else str(value)


def spectrum_line(result: CheckResult) -> str:
    """Return which of the sixteen gates were learned, in a line."""
    measured = {name: share for name, share in result.spectrum.items() if share is not None}
    if not measured:
        return ""
    learned = [name for name, share in measured.items() if share > 0]
    missed = [name for name in measured if name not in learned]
    said = f"{len(learned)} of {len(measured)} learned"
    return said + (f"; not {', '.join(missed)}" if missed else "")


def markdown(results: Sequence[CheckResult]) -> str:
    """Return a summary for a CI job, in Markdown, below the size at which it would be dropped."""
    lines = [
        "## xorbench check",
        "",
        "| target | verdict | passed | failed | not checked | findings |",
        "|---|---|---:|---:|---:|---|",
    ]
    for result in results:
        rules = ", ".join(dict.fromkeys(one.rule for one in result.findings if one.severity != "note")) or "none"
        counts = result.counts
        lines.append(
            f"| {_cell(result.target)} | {result.verdict} | {counts['passed']} | {counts['failed']} | {counts['not_checked']} | {rules} |"
        )
    for result in results:
        serious = [one for one in result.findings if one.severity != "note"]
        if not serious:
            continue
        lines += ["", f"### {_cell(result.target)}", ""]
        for one in serious[:10]:
            lines.append(
                f"- **{one.rule}** ({one.severity}) {_cell(one.message)}. {_cell(one.mend)} `{one.reproduce.replace('`', '')}`"
            )
        if len(serious) > 10:
            lines.append(f"- and {len(serious) - 10} more")
    text = "\n".join(lines) + "\n"
    while len(text.encode()) > MAX_SUMMARY_BYTES:
        text = text[: len(text) // 2] + "\n\n(cut)\n"
    return text


def _cell(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ").replace("<", "&lt;").replace("`", "'")


def junit(results: Sequence[CheckResult]) -> str:
    """Return the results as JUnit XML: one suite per target, one case per check, findings in the failures."""
    root = ElementTree.Element("testsuites", name="xorbench")
    for result in results:
        counts = result.counts
        total = len(result.checks)
        suite = ElementTree.SubElement(
            root,
            "testsuite",
            name=_legal(result.target),
            tests=str(total),
            failures=str(counts["failed"]),
            errors="0",
            skipped=str(counts["not_checked"] + counts.get("expected_failure", 0)),
            time=f"{result.wall_s:.3f}",
        )
        told = {
            check.id: [one for one in _all(result.findings) if one.reproduce.endswith(f"--only {check.id}")]
            for check in result.checks
        }
        for check in result.checks:
            case = ElementTree.SubElement(suite, "testcase", classname=_legal(result.target), name=check.id)
            if check.status == "failed":
                node = ElementTree.SubElement(case, "failure", message=_legal(check.reason[:500]))
                node.text = _legal(
                    "\n".join(
                        f"{one.rule} {one.message}\n{evidence_line(one)}\n{one.mend}\n{one.reproduce}"
                        for one in told[check.id]
                    )
                )
            elif check.status in ("not_checked", "expected_failure"):
                ElementTree.SubElement(case, "skipped", message=_legal(check.reason))
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _all(findings: Sequence[Finding]) -> Iterator[Finding]:
    for one in findings:
        yield one
        yield from _all(one.symptoms)


def _legal(text: str) -> str:
    """Return text without the control characters that XML forbids."""
    return "".join(
        char
        if char in "\t\n"
        or (ord(char) >= 32 and not 0xD800 <= ord(char) <= 0xDFFF and ord(char) not in (0xFFFE, 0xFFFF))
        else "?"
        for char in text
    )

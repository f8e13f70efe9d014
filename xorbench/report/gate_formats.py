"""A gate's judgement for those who read it: the terminal, a job's summary, annotations of a change, JUnit."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree

from xorbench.report.escape import markdown, markdown_code, one_line
from xorbench.report.gate import Item, Judgement, Mark

#: A job's summary beyond 1,024 KiB is dropped whole, not cut. All of ours together stay below this, in bytes.
SUMMARY_BYTES = 900_000
#: GitHub shows ten annotations of a kind per step: the worst nine, and one that says how many more.
ANNOTATIONS = 10
#: Characters of one item's text.
WHY = 500

_KINDS = {Mark.FAILED: "error", Mark.INCONCLUSIVE: "warning"}


def as_text(judgement: Judgement) -> str:
    """Return one line per item, then the verdict."""
    width = max((len(item.mark) for item in judgement.items), default=0)
    lines = [
        f"{item.mark:<{width}}  {one_line(item.row)}  {item.aspect}: {one_line(item.why, WHY)}"
        for item in judgement.items
    ]
    return "\n".join([*lines, one_line(judgement.sentence)]) + "\n"


def as_summary(judgement: Judgement) -> str:
    """Return Markdown of less than a megabyte: the verdict, then items, the worst first."""
    head = [
        f"### xorbench {markdown(judgement.sentence)}",
        "",
        f"Run {markdown_code(judgement.run)} against baseline {markdown_code(judgement.baseline)}.",
        "",
        "| | row | | |",
        "|---|---|---|---|",
    ]
    size = sum(len(line.encode()) + 1 for line in head)
    lines: list[str] = []
    for item in judgement.items:
        line = f"| {item.mark} | {markdown_code(item.row)} | {item.aspect} | {markdown(one_line(item.why, WHY))} |"
        size += len(line.encode()) + 1
        if size > SUMMARY_BYTES:
            break
        lines.append(line)
    left = len(judgement.items) - len(lines)
    tail = ["", f"{left:,} more items are not shown."] if left else []
    return "\n".join([*head, *lines, *tail]) + "\n"


def github_annotations(judgement: Judgement) -> Iterator[str]:
    """Yield commands of GitHub's workflows for what failed and what is inconclusive, bounded in number."""
    for mark, kind in _KINDS.items():
        found = [item for item in judgement.items if item.mark is mark]
        shown = found if len(found) <= ANNOTATIONS else found[: ANNOTATIONS - 1]
        for item in shown:
            yield f"::{kind} title={_property(f'xorbench: {item.row}')}::{_message(f'{item.aspect}: {item.why}')}"
        if len(found) > len(shown):
            yield f"::{kind} title=xorbench::{len(found) - len(shown):,} more {mark} items; see the job's summary"


def _message(text: str) -> str:
    return one_line(text, WHY).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")


def as_junit(judgement: Judgement) -> str:
    """Return JUnit XML: a test case per item, inconclusive ones as skipped, the verdict where nothing was compared."""
    items = judgement.items
    if not judgement.compared:
        items = (Item(row="gate", aspect="rows", mark=Mark.FAILED, why=judgement.sentence), *items)
    suite = ElementTree.Element(
        "testsuite",
        name="xorbench gate",
        tests=str(len(items)),
        failures=str(sum(item.mark is Mark.FAILED for item in items)),
        errors="0",
        skipped=str(sum(item.mark is Mark.INCONCLUSIVE for item in items)),
    )
    for item in items:
        case = ElementTree.SubElement(
            suite, "testcase", classname=f"xorbench.gate.{item.aspect}", name=one_line(item.row)
        )
        why = one_line(item.why, 10 * WHY)
        if item.mark is Mark.FAILED:
            ElementTree.SubElement(case, "failure", message=why)
        elif item.mark is Mark.INCONCLUSIVE:
            ElementTree.SubElement(case, "skipped", message=why)
        else:
            ElementTree.SubElement(case, "system-out").text = why
    root = ElementTree.Element("testsuites")
    root.append(suite)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"

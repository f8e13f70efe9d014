"""Reads the rules' pages, and writes their index: ``python -m tests.verify.rule_pages``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from xorbench.verify.rules import RULES, Rule

FOLDER = Path(__file__).parents[2] / "docs" / "rules"
SECTIONS = ("What", "Why it matters", "How it was seen", "The mend", "Wrong", "Right")


@dataclass(frozen=True)
class Page:
    """One rule's page, taken apart."""

    title: str
    severities: tuple[str, ...]  # the rule's own first, then the milder ones that the page names
    sections: dict[str, str]

    @property
    def checks(self) -> tuple[str, ...]:
        """The ids of the checks that the page says find it."""
        return tuple(dict.fromkeys(re.findall(r"`([a-z-]+/[a-z-]+)`", self.sections["How it was seen"])))

    def example(self, section: str) -> str:
        """Return the code of ``"Wrong"`` or ``"Right"``."""
        blocks = re.findall(r"^```python\n(.*?)^```$", self.sections[section], flags=re.DOTALL | re.MULTILINE)
        if len(blocks) != 1:
            raise ValueError(f"{self.title}: {len(blocks)} examples under {section}, not one")
        return blocks[0]


def read(rule: str) -> Page:
    """Read a rule's page."""
    text = (FOLDER / f"{rule}.md").read_text(encoding="utf-8")
    head, *rest = re.split(r"^## (.+)\n", text, flags=re.MULTILINE)
    title, severity = head.strip().split("\n\n")
    named = re.findall(r"(?:^Severity: |; )(error|warning|note)\b", severity)
    sections = {name: body.strip() for name, body in zip(rest[::2], rest[1::2], strict=True)}
    return Page(title.removeprefix("# "), tuple(named), sections)


def _severity(rule: Rule) -> str:
    return " · ".join(read(rule.id).severities)


def index() -> str:
    """Return the index of all rules in Markdown."""
    rows = [
        f"| [{rule.id}]({rule.id}.md) | {rule.slug} | {_severity(rule)} | {rule.title} |" for rule in RULES.values()
    ]
    return "\n".join(
        [
            "# Rules",
            "",
            "What `xorbench check` can find. XM: mathematics of back-propagation and updates; XI: initialisation and randomness;",
            "XC: capacity; XD: data, labels and loss; XT: training; XA: the contract. `xorbench explain RULE` prints a rule's page.",
            "The first severity is the usual one; a page says when a finding is milder.",
            "",
            "| id | slug | severity | meaning |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


if __name__ == "__main__":
    (FOLDER / "index.md").write_text(index(), encoding="utf-8")

"""The result of a study of updates, or of one part of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from xorbench.records import Finding


@dataclass
class Study:
    """Findings, what was shown to be right, what could not be checked, and what the updates look like."""

    findings: list[Finding] = field(default_factory=list)
    optimiser: str = ""  # in words
    loss: str = ""  # the family that the update descends, in words
    shown: list[str] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)  # with the reason
    remark: str = ""
    share: float | None = None  # of the sum of its rows' steps that a batch makes
    forgets: bool = False  # whether a step was seen to carry nothing over from the one before

    def add(self, *findings: Finding) -> None:
        """Keep findings, one per rule and place."""
        for one in findings:
            if not any(old.rule == one.rule and old.where == one.where for old in self.findings):
                self.findings.append(one)

    def take(self, part: Study) -> None:
        """Take over what a part found and showed."""
        self.add(*part.findings)
        self.shown.extend(part.shown)
        self.unchecked.extend(part.unchecked)

    @property
    def wrong(self) -> bool:
        """Whether an error was found."""
        return any(one.severity == "error" for one in self.findings)

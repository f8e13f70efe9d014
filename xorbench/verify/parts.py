"""The result of one part of the gradient study."""

from __future__ import annotations

from dataclasses import dataclass, field

from xorbench.records import Finding


@dataclass
class Part:
    """Findings, what was shown, what could not be checked, and what the updates look like."""

    findings: list[Finding] = field(default_factory=list)
    optimiser: str = ""
    shown: list[str] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)
    remark: str = ""

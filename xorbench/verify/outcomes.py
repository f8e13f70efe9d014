"""How a check ends: it returns, raises :class:`Failed` with findings, or :class:`NotChecked` with the reason."""

from __future__ import annotations

from typing import Any

from xorbench.records import Finding, Severity
from xorbench.verify.rules import RULES


class NotChecked(Exception):  # noqa: N818 - not an error: an outcome
    """The check could not be made; the text says why and, where there is one, which member would unlock it."""


class Failed(AssertionError):  # noqa: N818 - the opposite of passed
    """The check failed; `findings` say how."""

    def __init__(self, *findings: Finding) -> None:
        super().__init__("\n".join(f"{finding.rule} {finding.message}" for finding in findings))
        self.findings = findings


def finding(rule: str, message: str, *, where: str = "", severity: Severity | None = None, **evidence: Any) -> Finding:
    """Return a finding of a rule with its default severity and mend; evidence values become plain JSON numbers."""
    about = RULES[rule]
    return Finding(
        rule=rule,
        severity=severity or about.severity,
        where=where,
        message=message,
        evidence={name: plain(value) for name, value in evidence.items()},
        mend=about.mend,
    )


def plain(value: Any) -> Any:
    """Return `value` as JSON: arrays as lists, NumPy scalars as numbers, floats to six significant digits."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def raise_errors(*findings: Finding) -> None:
    """Raise Failed where any of these findings is an error; the milder ones are for the subject's notes."""
    if any(finding.severity == "error" for finding in findings):
        raise Failed(*findings)

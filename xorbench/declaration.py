"""What a model says of itself in attributes, and the check of what it says."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from numbers import Integral
from typing import Any, final

from xorbench.errors import ContractError, did_you_mean

OUTPUTS = ("probability", "logit", "score", "label")
LOSS_KINDS = ("bce", "sum_bce", "mse", "sse", "half_sse", "hinge", "own")
OPTIMISERS = ("sgd", "momentum", "nesterov", "adam", "rmsprop", "rprop", "other")
READS = ("vector", "sequence")


@final
@dataclass(frozen=True, kw_only=True)
class Declaration:
    """What a model says of itself in attributes; the defaults hold where it says nothing."""

    output: str = "probability"
    targets: tuple[float, float] = (0.0, 1.0)
    loss_kind: str | None = None
    learning_rate: float | None = None
    optimiser: str | None = None
    reads: str = "vector"
    max_rows: int | None = None

    @classmethod
    def of(cls, instance: object) -> Declaration:
        """Read the declared attributes of `instance`; raise ContractError (rule XA01) for an illegal one."""
        found: dict[str, Any] = {}
        for field in fields(cls):
            value = member_of(instance, field.name)
            if _declares(field.name, value):
                found[field.name] = value
        return cls(**_checked(found))

    @property
    def threshold(self) -> float:
        """Outputs above this are true."""
        if self.output == "logit":
            return 0.0
        if self.output == "probability":
            return 0.5
        return (self.targets[0] + self.targets[1]) / 2


def _declares(name: str, value: Any) -> bool:
    """Whether an attribute of this name and value says something to us.

    Networks keep things of their own under these names: the last activations in `self.output`, the labels in
    `self.targets`, an optimiser object, a schedule that is called. None says nothing.
    """
    if value is None or callable(value):
        return False
    if name in ("output", "loss_kind", "optimiser", "reads"):
        return isinstance(value, str)
    if name == "targets":
        return isinstance(value, (tuple, list)) and len(value) == 2
    return True


def _checked(found: dict[str, Any]) -> dict[str, Any]:
    choices = {"output": OUTPUTS, "loss_kind": LOSS_KINDS, "optimiser": OPTIMISERS, "reads": READS}
    for name, known in choices.items():
        value = found.get(name, known[0])
        if value not in known:
            hint = did_you_mean(value, known) or f"; choose from {', '.join(known)}"
            raise ContractError(f"attribute {name} = {value!r} is not a known value{hint}", rule="XA01", member=name)
    if "targets" in found:
        try:
            false, true = (float(code) for code in found["targets"])
        except (TypeError, ValueError):
            false = true = 0.0
        if (false, true) not in ((0.0, 1.0), (-1.0, 1.0)):
            raise ContractError(
                f"attribute targets = {found['targets']!r}: the codes for false and true are (0.0, 1.0) or (-1.0, 1.0)",
                rule="XA01",
                member="targets",
            )
        found["targets"] = (false, true)
    if "learning_rate" in found:
        found["learning_rate"] = _number(found["learning_rate"], "learning_rate")
    if "max_rows" in found:
        rows = found["max_rows"]
        if isinstance(rows, bool) or not isinstance(rows, Integral) or rows < 1:
            raise ContractError(
                f"attribute max_rows = {shown(rows)}: None, or a whole number of at least 1",
                rule="XA01",
                member="max_rows",
            )
        found["max_rows"] = int(rows)
    return found


def _number(value: Any, member: str) -> float:
    try:
        number = math.nan if isinstance(value, (str, bytes, bool)) else float(value)
    except Exception:  # of a stranger's number
        number = math.nan
    if not math.isfinite(number):
        raise ContractError(
            f"attribute {member} = {shown(value)}: None, or a finite number", rule="XA01", member=member
        )
    return number


def member_of(instance: object, name: str) -> Any:
    """Return a member or None; a property that raises is no member."""
    try:
        return getattr(instance, name, None)
    except Exception:
        return None


def shown(value: Any) -> str:
    """Return a value for a message: its repr, bounded, and its type."""
    try:
        text = repr(value)
    except Exception:
        text = "an object whose repr raises"
    return f"{text[:60]}{'...' if len(text) > 60 else ''} of type {type(value).__name__}"

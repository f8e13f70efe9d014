"""What a call may take, and what came of it."""

from __future__ import annotations

from typing import Any

import msgspec

from xorbench.records import OutcomeKind


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What one call may take; None is no limit."""

    time_s: float | None = None  # wall time of the child
    memory_bytes: int | None = None  # beyond what the warm interpreter holds; not applied off the CPU
    per_message: bool = False  # the clock restarts at each message


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one call; `value` means something only where `kind` is "ok"."""

    kind: OutcomeKind
    value: Any = None  # what the function returned, as JSON gives it back
    detail: str = ""  # of a failure: the trimmed traceback, the signal, the limit that was met
    output: str = ""  # what the child and its children printed, bounded: the beginning and the end
    wall_s: float = 0.0  # from the call to its outcome, start of the child included
    peak_memory_bytes: int | None = None  # resident set of the child, the warm interpreter included

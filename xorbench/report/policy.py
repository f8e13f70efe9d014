"""What a gate lets pass: its thresholds, read from a file such as ``gate.toml``, for all rows or for some."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from xorbench.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from xorbench.measure.success import LearningGate


class Learning(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much worse than its baseline a row may learn, and what it must reach whatever its baseline did."""

    alpha: float = 0.01  # all verdicts together are wrong about an unchanged implementation at most so often
    share_drop: float = 0.05  # a smaller loss of the share of seeds that solve the task is no regression
    accuracy_drop: float = 0.05  # nor a smaller loss of mean final accuracy
    slowdown: float = 1.25  # nor a smaller ratio of median iterations
    at_least: float | None = None  # the share that must solve it, tested seed by seed
    unacceptable: float | None = None  # the share that must be told from it; None: at_least less 0.25


class Time(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much slower an interleaved comparison may find a row, both times it looks."""

    margin: float = 1.10  # a ratio: the whole interval must lie above
    floor_s: float = 1e-6  # seconds per call; a smaller difference is nobody's loss
    required: bool = False  # without a comparison the gate is inconclusive


class Override(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Other thresholds for the rows whose target, task and device match; only what is named changes."""

    target: str = "*"
    task: str = "*"
    device: str = "*"
    learning: dict[str, Any] = {}
    time: dict[str, Any] = {}


class Policy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file; every table and every key may be left out."""

    missing: Literal["fail", "say"] = "fail"  # a row of the baseline that the run lacks
    rename: dict[str, str] = {}  # old target -> new target
    learning: Learning = Learning()
    time: Time = Time()
    override: tuple[Override, ...] = ()

    def learning_of(self, target: str, task: str, device: str) -> Learning:
        """Return the thresholds for learning of one row; of several overrides that match the last wins."""
        return _learning(self, self._matching(target, task, device))

    def time_of(self, target: str, task: str, device: str) -> Time:
        """Return the thresholds for time of one row."""
        return _time(self, self._matching(target, task, device))

    def _matching(self, target: str, task: str, device: str) -> list[Override]:
        def matches(pattern: str, value: str) -> bool:
            # A target may hold brackets, which a pattern would take for a set of characters.
            return pattern == value or fnmatch.fnmatchcase(value, pattern.replace("[", "[[]"))

        return [
            one
            for one in self.override
            if matches(one.target, target) and matches(one.task, task) and matches(one.device, device)
        ]


def read_policy(path: Path | None) -> Policy:
    """Read a policy; None is the default one. Raises UsageError with the key that is wrong."""
    if path is None:
        return Policy()
    try:
        text = path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read the policy {path}: {error.strerror}") from None
    try:
        policy = msgspec.toml.decode(text, type=Policy)
        _checked(policy.learning, policy.time)
        for one in policy.override:
            _checked(_learning(policy, [one]), _time(policy, [one]))
    except msgspec.ValidationError as error:
        raise UsageError(f"policy {path}: {_readable(str(error))}") from None
    except msgspec.DecodeError as error:
        raise UsageError(f"policy {path} is no TOML: {error}") from None
    except UsageError as error:
        raise UsageError(f"policy {path}: {error}") from None
    return policy


def _learning(policy: Policy, overrides: Sequence[Override]) -> Learning:
    return msgspec.convert(_changed(policy.learning, [one.learning for one in overrides]), Learning)


def _time(policy: Policy, overrides: Sequence[Override]) -> Time:
    return msgspec.convert(_changed(policy.time, [one.time for one in overrides]), Time)


def _changed(base: msgspec.Struct, changes: Iterable[dict[str, Any]]) -> dict[str, Any]:
    values: dict[str, Any] = msgspec.to_builtins(base)
    for change in changes:
        values |= change
    return values


def _checked(learning: Learning, time: Time) -> None:
    def rule(name: str, value: float, *, good: bool, said: str) -> None:
        if not good:
            raise UsageError(f"{name} = {value!r}: {said}")

    rule("learning.alpha", learning.alpha, good=0 < learning.alpha < 0.5, said="an error rate between 0 and 0.5")
    rule("learning.share_drop", learning.share_drop, good=0 <= learning.share_drop < 1, said="a share, 0 or more")
    rule(
        "learning.accuracy_drop",
        learning.accuracy_drop,
        good=0 <= learning.accuracy_drop < 1,
        said="a share, 0 or more",
    )
    rule("learning.slowdown", learning.slowdown, good=learning.slowdown >= 1, said="a ratio of 1 or more")
    rule("time.margin", time.margin, good=time.margin >= 1, said="a ratio of 1 or more, 1.1 for 10 % slower")
    rule("time.floor_s", time.floor_s, good=time.floor_s >= 0, said="seconds, 0 or more")
    if learning.at_least is not None:
        learning_gate(learning)


def learning_gate(learning: Learning) -> LearningGate:
    """Return the sequential test of the claim in `at_least`."""
    from xorbench.measure.success import LearningGate

    assert learning.at_least is not None
    unacceptable = max(0.01, learning.at_least - 0.25) if learning.unacceptable is None else learning.unacceptable
    return LearningGate(
        at_least=learning.at_least, unacceptable=unacceptable, alpha=learning.alpha, beta=learning.alpha
    )


def _readable(message: str) -> str:
    """Add the nearest right spelling to msgspec's sentence on an unknown key."""
    if "unknown field" not in message:
        return message
    wrong = message.split("`")[1]
    known = [field for kind in (Policy, Learning, Time, Override) for field in kind.__struct_fields__]
    return message + did_you_mean(wrong, known)

"""Runs checks one after the other inside the child process, and turns every way to end into an outcome."""

from __future__ import annotations

import signal
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import xorbench
from xorbench.errors import ContractError, FactoryError, XorbenchError
from xorbench.model import Model
from xorbench.records import Finding
from xorbench.verify.checks import CheckFunction
from xorbench.verify.outcomes import Failed, NotChecked, finding
from xorbench.verify.subject import Subject

_HOME = Path(xorbench.__file__).resolve().parent
_MEMBERS = ("predict", "step", "fit", "get_parameters", "set_parameters", "loss", "gradients", "hidden", "build")


class Hung(BaseException):
    """A check did not end in its time. No Exception, so that a stranger's `except Exception` does not swallow it."""


def run_checks(
    subject: Subject,
    checks: Sequence[CheckFunction],
    send: Callable[[Any], None],
    *,
    time_limit_s: float,
    avoid: Sequence[str] = (),
) -> None:
    """Run `checks` in order and send ``{"start": id}`` and then the outcome of each."""
    hung: set[str] = set(avoid)
    for check in checks:
        send({"start": check.id})
        subject.notes.clear()
        status, reason, findings = _run(subject, check, send, time_limit_s, hung)
        subject.failed |= status == "failed"
        send(
            {
                "check": {"id": check.id, "suite": check.suite, "status": status, "reason": reason},
                "findings": [*findings, *subject.notes],
                "remarks": dict(subject.remarks),
                "spectrum": dict(subject.spectrum),
            }
        )


def _run(
    subject: Subject, check: CheckFunction, send: Callable[[Any], None], time_limit_s: float, hung: set[str]
) -> tuple[str, str, list[Finding]]:
    try:
        with _alarm(time_limit_s, send):
            subject.avoid(hung)
            check.run(subject)
    except NotChecked as outcome:
        return "not_checked", str(outcome), []
    except Failed as outcome:
        errors = [one for one in outcome.findings if one.severity == "error"]
        if not errors:
            return "passed", "", list(outcome.findings)
        return "failed", "; ".join(one.message for one in errors[:3]), list(outcome.findings)
    except Hung as error:
        member, place = _culprit(error)
        hung.add(member)
        said = f"{member}() had not returned after {time_limit_s:g} s" + (f"; it was at {place}" if place else "")
        return "failed", said, [finding("XA08", said, where=member, seconds=time_limit_s, at=place)]
    except ContractError as error:
        if _culprit(error)[0] == "factory":
            hung.add("factory")
        return "failed", str(error), [finding(error.rule, str(error), where=error.member)]
    except FactoryError as error:
        hung.add("factory")
        return "failed", str(error), [finding("XA07", str(error), where="factory")]
    except XorbenchError as error:
        # Of an adapter, in one clear sentence: a model that cannot do what its class promises.
        member, _ = _culprit(error)
        if member in ("", "factory"):
            raise
        return "failed", str(error), [finding("XA07", f"{member}(): {error}", where=member)]
    except (Exception, SystemExit) as error:
        member, place = _culprit(error)
        if not member:
            return "error", _internal(error), []
        if member == "factory":
            hung.add("factory")
        text = f"{type(error).__name__}: {_text(error)}"
        said = f"{member}() raised {text}" + (f" at {place}" if place else "")
        return "failed", said, [finding("XA07", said, where=member, traceback=_strangers_lines(error))]
    return "passed", subject.remarks.pop("unchecked", ""), []


@contextmanager
def _alarm(seconds: float, send: Callable[[Any], None]) -> Iterator[None]:
    """Raise Hung in the main thread when no member has returned for `seconds` to twice that.

    A check that trains a slow model makes progress and is left to its own budget. Does nothing where the platform has no
    such alarm, or outside the main thread: the sandbox's limit is there too.
    """
    if not hasattr(signal, "SIGALRM") or threading.current_thread() is not threading.main_thread():
        yield
        return

    seen = Model.calls

    def ring(_number: int, _frame: object) -> None:
        nonlocal seen
        if Model.calls == seen:
            raise Hung
        seen = Model.calls
        send({"alive": seen})
        signal.setitimer(signal.ITIMER_REAL, seconds)

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _culprit(error: BaseException) -> tuple[str, str]:
    """Return the member whose call raised, and the stranger's last line, ``file.py:12``; empty where it is ours."""
    member, place = "", ""
    for frame, line in traceback.walk_tb(error.__traceback__):
        path, name = Path(frame.f_code.co_filename), frame.f_code.co_name
        face = path.name in ("model.py", "registry.py") and path.parent == _HOME
        if face and name == "call":
            member, place = str(frame.f_locals.get("member", "")), ""
        elif face and name in _MEMBERS:
            member, place = ("factory" if name == "build" else name), ""
        elif member and not _is_ours(path):
            place = f"{path.name}:{line}"
    if not member and isinstance(error, Hung):
        member = "training"
    return member, place


def _is_ours(path: Path) -> bool:
    ours = _HOME in path.parents and "implementations" not in path.parts
    return ours or "suites" in path.parts


def _strangers_lines(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    last_ours = max((i for i, frame in enumerate(frames) if _is_ours(Path(frame.filename))), default=-1)
    return "".join(traceback.format_list(frames[last_ours + 1 :])[-6:])[-3000:]


def _text(error: BaseException) -> str:
    try:
        return str(error)[:500]
    except Exception:
        return "(its message raises)"


def _internal(error: BaseException) -> str:
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"xorbench itself failed: {type(error).__name__}: {_text(error)} at {Path(last.filename).name}:{last.lineno}"

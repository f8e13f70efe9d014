"""The child: sets itself apart, calls the function, sends what came of it, and is gone."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import re
import resource
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import msgspec

from xorbench.errors import DeviceError, MissingDependencyError, XorbenchError
from xorbench.sandbox import frames, system

MAX_DETAIL = 20_000  # characters of a traceback

_PACKAGE = Path(__file__).resolve().parents[1]
#: Ours, but under test like a stranger's.
_UNDER_TEST = (_PACKAGE / "implementations", _PACKAGE / "adapters")
_EXIT_CHANNEL_LOST = 97


def run(request: dict[str, Any], channel: int, output: int, supervisor: int, address_space: int) -> NoReturn:
    """Become the child: never returns, and nothing of the caller's interpreter runs at its end.

    `channel` and `output` are file descriptors to write to, `address_space` the supervisor's, in bytes.
    """
    try:
        _set_apart(request, channel, output, supervisor, address_space)
        kind, body = _call(request, channel, os.getpid())
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(BaseException):
                stream.flush()
        frames.write(channel, (kind, body))
    except BaseException:
        # The stranger closed the channel, or what sets us apart failed; the output says which.
        with contextlib.suppress(BaseException):
            os.write(2, traceback.format_exc().encode(errors="replace"))
        os._exit(_EXIT_CHANNEL_LOST)
    os._exit(0)


def _set_apart(request: dict[str, Any], channel: int, output: int, supervisor: int, address_space: int) -> None:
    os.setsid()
    system.die_with_parent()
    if os.getppid() != supervisor:  # it died before we asked to die with it
        os._exit(_EXIT_CHANNEL_LOST)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.closerange(3, channel)
    os.closerange(channel + 1, 4096)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    if request["memory_bytes"] is not None:
        # On top of what the supervisor holds, so that one limit means the same with and without PyTorch.
        limit = address_space + int(request["memory_bytes"])
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))

    sys.path[:] = request["path"]
    sys.argv = ["xorbench"]
    os.chdir(request["folder"])


def _call(request: dict[str, Any], channel: int, own: int) -> tuple[int, bytes]:
    """Call the function; return the frame that says what came of it."""

    def send(message: Any) -> None:
        _end_if_forked(own)
        frames.write(channel, (frames.MESSAGE, msgspec.json.encode(message, enc_hook=_plain)))

    try:
        module, _, name = request["function"].partition(":")
        function: Callable[[Any, Callable[[Any], None]], Any] = getattr(importlib.import_module(module), name)
        value = function(request["argument"], send)
        _end_if_forked(own)
    except SystemExit as exit_:
        _end_if_forked(own)
        return _failure("exited", f"called sys.exit({_safely(repr, exit_.code)})\n{stranger_traceback(exit_)}")
    except (DeviceError, MissingDependencyError) as error:
        _end_if_forked(own)
        return _failure("unavailable", str(error))
    except BaseException as error:
        _end_if_forked(own)
        return _failure("memory" if _is_memory(error) else "raised", stranger_traceback(error))
    try:
        return frames.RETURN, msgspec.json.encode(value, enc_hook=_plain)
    except Exception as error:
        return _failure("invalid", f"returned {type(value).__name__}, which is no JSON value: {_safely(str, error)}")


def _plain(value: Any) -> Any:
    # A scalar of NumPy's, which is a number to everybody but the encoder.
    if getattr(value, "shape", None) == () and hasattr(value, "item"):
        return value.item()
    raise NotImplementedError(f"{type(value).__module__}.{type(value).__qualname__} has no JSON form")


def _end_if_forked(own: int) -> None:
    # The stranger forked and both copies came back here; only one of them speaks for the call.
    if os.getpid() != own:
        os._exit(0)


def _failure(kind: str, detail: str) -> tuple[int, bytes]:
    # A lone surrogate has no UTF-8, and no place in a record.
    detail = _shortened(detail).encode(errors="backslashreplace").decode()
    return frames.FAILURE, json.dumps({"kind": kind, "detail": detail}).encode()


def _shortened(text: str) -> str:
    if len(text) <= MAX_DETAIL:
        return text
    half = MAX_DETAIL // 2
    return f"{text[:half]}\n... {len(text) - 2 * half} characters left out ...\n{text[-half:]}"


def _safely(show: Callable[[Any], str], value: Any) -> str:
    try:
        return show(value)
    except BaseException:
        return f"<{type(value).__name__} that cannot be shown>"


def _is_memory(error: BaseException) -> bool:
    # PyTorch says it in a RuntimeError on the CPU and in OutOfMemoryError, a RuntimeError too, on a GPU.
    if isinstance(error, MemoryError):
        return True
    text = _safely(str, error)
    return isinstance(error, RuntimeError) and ("allocate memory" in text or "out of memory" in text)


def stranger_traceback(error: BaseException) -> str:
    """Return the traceback without the harness's own frames; an error of the harness is its one sentence.

    A message that raises when it is asked for is shown as such.
    """
    if isinstance(error, XorbenchError) and error.__cause__ is None:
        return str(error)
    try:
        report = traceback.TracebackException.from_exception(error)
        _trim(report)
        return re.sub(
            r"\b_xorbench_target_(\w+?)(?:_[0-9a-f]{8})?_[0-9a-f]{12}\.", r"\1.", "".join(report.format()).rstrip()
        )
    except BaseException as other:
        return f"{type(error).__name__} (showing it raised {type(other).__name__})"


def _trim(report: traceback.TracebackException | None) -> None:
    while report is not None:
        theirs = [frame for frame in report.stack if not _is_ours(frame.filename)]
        if theirs:
            report.stack[:] = theirs
        _trim(report.__context__ if report.__cause__ is not None else None)
        report = report.__cause__ or report.__context__


def _is_ours(filename: str) -> bool:
    path = Path(filename)
    if filename.startswith("<frozen importlib"):
        return True
    if path.name == "__init__.py" and path.parent.name == "importlib":
        return True
    return path.is_relative_to(_PACKAGE) and not any(path.is_relative_to(folder) for folder in _UNDER_TEST)

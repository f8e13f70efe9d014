"""The caller's side: supervisors, kept warm between calls, and the call itself."""

from __future__ import annotations

import atexit
import contextlib
import functools
import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from xorbench.errors import XorbenchError
from xorbench.sandbox import frames, system
from xorbench.sandbox.outcome import Limits, Outcome

GRACE_S = 15.0  # a supervisor that is silent for so long after the limit was stopped itself

#: One thread per child: these networks are far too small for more, and cells run side by side. The user's own
#: setting wins. A fixed hash seed makes the order of sets of strings the same in every run.
CHILD_DEFAULTS = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
}

_BOOT = (
    "import sys, json; sys.path[:] = json.loads(sys.argv[1]); from xorbench.sandbox.template import main; "
    "main(int(sys.argv[2]), json.loads(sys.argv[3]), torch=json.loads(sys.argv[4]))"
)


def call(
    function: str,
    argument: Any,
    *,
    limits: Limits,
    device: str = "cpu",
    on_message: Callable[[Any], None] | None = None,
    torch: bool | None = None,
    folder: str | None = None,
    preload: Sequence[str] = (),
) -> Outcome:
    """Call ``module:function`` as ``function(argument, send)`` in a supervised child process.

    `argument` and what the function returns are JSON values (the latter may be a msgspec struct); ``send(value)`` in
    the child hands a message to `on_message` here, in this thread, at once. Time starts when the child does. Off the
    CPU the memory limit is not applied and nothing is preloaded, so that CUDA starts in the child itself; on the CPU
    the child sees no GPU. `torch` says whether the child shall find PyTorch imported; None: it does where
    ``argument["target"]``, or ``argument["cell"]["target"]``, seems to need it. `folder` is the child's working
    directory; None: this process's. `preload` names modules of xorbench, never a stranger's, that the child shall find
    imported, as it does the module of `function` where that is one. Safe to call from many threads and from daemonic
    processes.

    Never raises for what the child does. Raises XorbenchError where no child can be started at all.
    """
    started = time.monotonic()
    on_cpu = device.partition(":")[0] == "cpu"
    if torch is None:
        torch = on_cpu and needs_torch(_target_of(argument))
    environment = _environment()
    if on_cpu:
        environment["CUDA_VISIBLE_DEVICES"] = ""
    request = {
        "function": function,
        "argument": msgspec.to_builtins(argument),
        "time_s": limits.time_s,
        "memory_bytes": limits.memory_bytes if on_cpu else None,
        "per_message": limits.per_message,
        "path": _path(),
        "folder": folder or _folder(),
        "preload": [module for module in (function.partition(":")[0], *preload) if module.startswith("xorbench.")],
    }
    for attempt in range(1, _ATTEMPTS + 1):
        server = _take(torch)
        try:
            outcome = server.ask(request, environment, limits, on_message)
        except _NotStartedError:
            server.healthy = False
            shutdown()  # whoever ended this one may have ended the others
            if attempt == _ATTEMPTS:
                raise XorbenchError(
                    "cannot start a supervised child process; its own message, if any, is above"
                ) from None
            time.sleep(
                0.05 * attempt
            )  # another thread that saw the same end may be starting anew: do not end that one too
            continue
        except BaseException:
            server.healthy = False  # it is closed, which makes the supervisor kill the child
            raise
        finally:
            _give_back(server, torch)
        break
    return msgspec.structs.replace(outcome, wall_s=time.monotonic() - started)


def needs_torch(target: str) -> bool:
    """Guess, without importing it, whether a target uses PyTorch. A wrong guess costs seconds, nothing else."""
    from xorbench.registry import entries

    base = target.partition("[")[0]
    if not _has_torch() or not base:
        return False
    if ":" not in base:
        known = entries()
        return base in known and "torch" in known[base].requires
    place = base.rpartition(":")[0]
    try:
        path = Path(place)
        if not place.endswith(".py"):
            # find_spec imports the parents of a dotted name, which may be a stranger's: look for the file instead.
            parts = Path(*place.split("."))
            found = [
                candidate
                for folder in _path()
                for candidate in (Path(folder, parts).with_suffix(".py"), Path(folder, parts, "__init__.py"))
                if candidate.is_file()
            ]
            if not found:
                return False
            path = found[0]
        return b"torch" in path.expanduser().read_bytes()
    except (OSError, ValueError):
        return False


@functools.cache
def _has_torch() -> bool:
    return importlib.util.find_spec("torch") is not None


def shutdown(*, now: bool = False) -> None:
    """Let all idle processes of the sandbox go; the next call starts them again.

    `now` ends the calls of other threads too: what runs is killed, and they get the outcome "crashed".
    """
    with _lock:
        if now:
            for server in _busy:
                with contextlib.suppress(OSError):
                    server.connection.shutdown(socket.SHUT_RDWR)
        for servers in _idle.values():
            while servers:
                servers.pop().close()
        for template in _templates.values():
            template.close()
        _templates.clear()


#: How often a call is begun anew after processes that were not there any more.
_ATTEMPTS = 6


class _NotStartedError(Exception):
    """The supervisor was gone before the child ran."""


class _Server:
    """A supervisor, seen from here."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.healthy = True
        self.environment: dict[str, str] | None = None  # the one that it was told last

    def close(self) -> None:
        self.connection.close()

    def ask(
        self,
        request: dict[str, Any],
        environment: dict[str, str],
        limits: Limits,
        on_message: Callable[[Any], None] | None,
    ) -> Outcome:
        reader = frames.Frames()
        value: Any = None
        supervisor: int | None = None
        self.connection.settimeout(None)
        told = None if environment == self.environment else environment
        body = json.dumps({**request, "environment": told}).encode()
        self.environment = environment
        try:
            frames.write(self.connection.fileno(), (frames.REQUEST, body))
        except OSError:
            raise _NotStartedError from None
        while True:
            try:
                data = self.connection.recv(1 << 16)
            except TimeoutError:
                self.healthy = False
                if supervisor is not None:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(supervisor, signal.SIGKILL)
                return Outcome(
                    kind="timeout", detail=f"still running after {limits.time_s:g} s, its supervisor stopped"
                )
            except OSError:
                data = b""
            if not data:
                if supervisor is None:
                    raise _NotStartedError
                self.healthy = False
                return Outcome(kind="crashed", detail="its supervisor was killed, and it with it")
            for kind, part in reader.feed(data):
                if kind == frames.STARTED:
                    supervisor = int(part)
                    if limits.time_s is not None:
                        self.connection.settimeout(limits.time_s + GRACE_S)
                elif kind == frames.MESSAGE and on_message is not None:
                    on_message(msgspec.json.decode(part))
                elif kind == frames.VALUE:
                    value = msgspec.json.decode(part)
                elif kind == frames.OUTCOME:
                    return msgspec.convert({"value": value, **json.loads(part)}, Outcome)


class _Template:
    """A template process, seen from here."""

    def __init__(self, *, torch: bool) -> None:
        self.control, theirs = socket.socketpair()
        # A handle of this process, made by itself: no race with its end, and no mix-up of threads.
        handle = system.process_handle(os.getpid())
        fds = [theirs.fileno(), *([] if handle is None else [handle])]
        try:
            self.process = subprocess.Popen(
                [sys.executable, "-c", _BOOT, json.dumps(_path()), str(fds[0]), json.dumps(handle), json.dumps(torch)],
                pass_fds=fds,
                start_new_session=True,  # Ctrl-C is for us to answer
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                cwd="/",
                env={**_environment(), "CUDA_VISIBLE_DEVICES": ""},
            )
        finally:
            theirs.close()
            if handle is not None:
                os.close(handle)

    def supervisor(self) -> _Server:
        ours, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(self.control, [b"+"], [theirs.fileno()])
        return _Server(ours)

    def close(self) -> None:
        self.control.close()
        self.process.kill()  # it may still be importing; its supervisors end by themselves
        self.process.wait()


_lock = threading.Lock()
_templates: dict[bool, _Template] = {}
_idle: dict[bool, list[_Server]] = {False: [], True: []}
_busy: set[_Server] = set()


def _take(torch: bool) -> _Server:
    with _lock:
        server = _idle[torch].pop() if _idle[torch] else _start(torch)
        _busy.add(server)
        return server


def _start(torch: bool) -> _Server:
    template = _templates.get(torch)
    if template is not None:
        with contextlib.suppress(OSError):  # it died
            return template.supervisor()
        template.close()
    template = _templates[torch] = _Template(torch=torch)
    return template.supervisor()


def _give_back(server: _Server, torch: bool) -> None:
    with _lock:
        _busy.discard(server)
        if server.healthy:
            _idle[torch].append(server)
        else:
            server.close()


def _forget() -> None:
    """After a fork the sockets belong to the parent: close our copies and start with nothing."""
    global _lock
    _lock = threading.Lock()
    for server in (*_idle[False], *_idle[True], *_busy):
        server.close()
    for template in _templates.values():
        template.control.close()
    for known in (_idle[False], _idle[True], _busy, _templates):
        known.clear()


os.register_at_fork(after_in_child=_forget)
atexit.register(shutdown)


def _environment() -> dict[str, str]:
    return {**CHILD_DEFAULTS, **os.environ}


def _path() -> list[str]:
    here = _folder()
    return [entry if os.path.isabs(entry) else os.path.join(here, entry) for entry in sys.path]


def _folder() -> str:
    try:
        return os.getcwd()
    except FileNotFoundError:
        return "/"


def _target_of(argument: Any) -> str:
    if isinstance(argument, dict):
        target = argument.get("target") or _target_of(argument.get("cell"))
        return target if isinstance(target, str) else ""
    return getattr(argument, "target", "")

"""The supervisor: forks one child at a time, watches its limits, and leaves nothing of it behind."""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import importlib
import json
import os
import resource
import select
import signal
import socket
import sys
import time
from dataclasses import dataclass
from io import TextIOWrapper
from typing import Any, NoReturn

from xorbench.sandbox import child, frames, system

OUTPUT_BYTES = 8192  # kept of the beginning, and again of the end, of what the child prints
MEMORY_INTERVAL_S = 0.1  # between looks at the memory of the child's whole tree
_READ_BYTES = 1 << 16


class Output:
    """The beginning and the end of a stream of any length."""

    def __init__(self) -> None:
        self._head = b""
        self._tail = b""
        self._total = 0

    def add(self, data: bytes) -> None:
        """Keep what fits."""
        self._total += len(data)
        room = OUTPUT_BYTES - len(self._head)
        self._head += data[:room]
        self._tail = (self._tail + data[room:])[-OUTPUT_BYTES:] if len(data) > room else self._tail

    def text(self) -> str:
        """Return what was kept, and how much was left out."""
        left_out = self._total - len(self._head) - len(self._tail)
        middle = f"\n... {left_out} bytes left out ...\n" if left_out else ""
        return self._head.decode(errors="replace") + middle + self._tail.decode(errors="replace")


def serve(caller: socket.socket, caller_process: int | None) -> NoReturn:
    """Serve calls until the caller closes its end or dies."""
    system.adopt_orphans()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD):  # as the children shall find them
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _open_streams()
    importlib.invalidate_caches()
    own = _Own.now()
    reader = frames.Frames()
    while True:
        _wait_readable(caller, caller_process)
        try:
            data = caller.recv(_READ_BYTES)
        except OSError:
            data = b""
        if not data:
            os._exit(0)
        for _, body in reader.feed(data):
            request = json.loads(body)
            if missing := [module for module in request["preload"] if module not in sys.modules]:
                _preload(missing)
                own = own.grown()
            if request["environment"] is not None:  # else it is what it was
                os.environ.clear()
                os.environ.update(request["environment"])
            _Call(request, caller, caller_process, own).supervise()


@dataclass(frozen=True)
class _Own:
    """What this process holds, in bytes, and each child with it."""

    address_space: int
    resident: int

    @classmethod
    def now(cls) -> _Own:
        return cls(*system.memory())

    def grown(self) -> _Own:
        now = self.now()
        return _Own(max(self.address_space, now.address_space), max(self.resident, now.resident))


def _open_streams() -> None:
    """Open the streams that each child then has for itself: empty, whatever the template had in its buffers."""

    def writer(fd: int) -> TextIOWrapper:
        return open(fd, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)

    sys.stdin = sys.__stdin__ = open(0, encoding="utf-8", closefd=False)  # type: ignore[misc]  # noqa: SIM115
    sys.stdout = sys.__stdout__ = writer(1)  # type: ignore[misc]
    sys.stderr = sys.__stderr__ = writer(2)  # type: ignore[misc]
    faulthandler.enable(2)  # a segfault then shows the stranger's line


def _new_random_state() -> None:
    """Give the next child other random numbers than the last: a stranger who ignores its seed must be seen to.

    Python's own generator is seeded anew by the fork itself.
    """
    if "numpy.random" in sys.modules:
        sys.modules["numpy.random"].seed(int.from_bytes(os.urandom(4), "little"))


def _preload(modules: list[str]) -> None:
    """Import modules of the harness, once, and call their ``warm_up``, so that the next child has both behind it.

    What a child touches first costs it a page, and what is made lazily is made again by each child: together these
    were a third of a short call.
    """
    for name in modules:
        with contextlib.suppress(Exception):  # the child will say what is wrong
            warm_up = getattr(importlib.import_module(name), "warm_up", None)
            if warm_up is not None:
                warm_up()
    gc.freeze()  # what is shared stays shared: the children's collector does not write to it
    importlib.invalidate_caches()  # a child lists a folder when it looks for a module, not as it was some time ago


def _wait_readable(caller: socket.socket, caller_process: int | None) -> None:
    poll = select.poll()
    poll.register(caller, select.POLLIN)
    if caller_process is not None:
        poll.register(caller_process, select.POLLIN)
    if any(fd == caller_process for fd, _ in poll.poll()):
        os._exit(0)


class _Call:
    """One child and all that is known of it."""

    def __init__(self, request: dict[str, Any], caller: socket.socket, caller_process: int | None, own: _Own) -> None:
        self.request = request
        self.caller = caller
        self.caller_process = caller_process
        self.own = own
        self.output = Output()
        self.reader = frames.Frames()
        self.verdict: dict[str, str] | None = None  # kind and detail, once known
        self.value: bytes | None = None  # what the function returned

    def supervise(self) -> None:
        channel, channel_end = os.pipe()
        output, output_end = os.pipe()
        supervisor = os.getpid()
        _new_random_state()
        # Before the fork: a child may stop us at once, and who waits for us must know by then whom to give up.
        self._tell((frames.STARTED, str(supervisor).encode()))
        started = time.monotonic()
        pid = system.fork()
        if pid == 0:
            child.run(self.request, channel_end, output_end, supervisor, self.own.address_space)
        os.close(channel_end)
        os.close(output_end)
        for fd in (channel, output):
            os.set_blocking(fd, False)

        self._watch(pid, channel, output, started)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)  # where it had not made its group yet
        _, status, usage = os.wait4(pid, 0)
        system.kill_descendants()
        # Whoever could write is dead: what is in the pipes is all there will be.
        self._read_channel(channel)
        while self._read_output(output):
            pass
        os.close(channel)
        os.close(output)

        value = [(frames.VALUE, self.value)] if self.value is not None and self.verdict is None else []
        if value:
            self.verdict = {"kind": "ok", "detail": ""}
        peak = usage.ru_maxrss * (1 if os.uname().sysname == "Darwin" else 1024)
        verdict = self.verdict or _verdict_of(status)
        if verdict["kind"] == "ok":
            self._remember()
        told = {**verdict, "output": self.output.text(), "peak_memory_bytes": peak}
        self._tell(*value, (frames.OUTCOME, json.dumps(told).encode()))

    def _remember(self) -> None:
        """Let the function's module, where it is one of xorbench's, keep what the next child can use."""
        name = self.request["function"].partition(":")[0]
        remember = getattr(sys.modules.get(name), "remember", None) if name.startswith("xorbench.") else None
        if remember is not None:
            with contextlib.suppress(Exception):
                remember(self.request["argument"], self.request["folder"])

    def _watch(self, pid: int, channel: int, output: int, started: float) -> None:
        """Return when the child has ended, has said what came of it, or has met a limit."""
        limit_s: float | None = self.request["time_s"]
        memory_bytes: int | None = self.request["memory_bytes"]
        clock = started
        look_at = started + MEMORY_INTERVAL_S
        handle = system.process_handle(pid)
        poll = select.poll()
        for fd in (channel, output, handle, self.caller_process, self.caller.fileno()):
            if fd is not None:
                poll.register(fd, select.POLLIN)
        try:
            while True:
                now = time.monotonic()
                if limit_s is not None and now - clock >= limit_s:
                    since = " since its last message" if self.request["per_message"] else ""
                    self.verdict = {"kind": "timeout", "detail": f"still running after {limit_s:g} s{since}; killed"}
                    return
                if memory_bytes is not None and now >= look_at:
                    look_at = now + MEMORY_INTERVAL_S
                    held = system.descendants_memory(self.own.resident)
                    if held > memory_bytes:
                        said = f"held {held >> 20} MiB in all its processes, limit {memory_bytes >> 20} MiB; killed"
                        self.verdict = {"kind": "memory", "detail": said}
                        return
                waits = [] if limit_s is None else [clock + limit_s - now]
                if memory_bytes is not None or handle is None:
                    waits.append(MEMORY_INTERVAL_S)
                for fd, event in poll.poll(min(waits) * 1000 + 1 if waits else None):
                    if fd in (self.caller_process, self.caller.fileno()):
                        # The caller is gone, or closed its end: it wants no outcome any more.
                        system.kill_descendants()
                        os._exit(0)
                    if fd == channel and self._read_channel(channel) and self.request["per_message"]:
                        clock = time.monotonic()
                    if fd == output:
                        self._read_output(output)
                    if fd in (channel, output) and event & select.POLLHUP and not event & select.POLLIN:
                        poll.unregister(fd)  # closed by the stranger; it may still run
                    if fd == handle:
                        return
                if self.verdict is not None or self.value is not None or (handle is None and _has_ended(pid)):
                    return
        finally:
            if handle is not None:
                os.close(handle)

    def _read_channel(self, channel: int) -> bool:
        """Take in all frames that are there; return whether there was a message."""
        seen = False
        while True:
            try:
                data = os.read(channel, _READ_BYTES)
            except BlockingIOError:
                return seen
            if not data:
                return seen
            try:
                for kind, body in self.reader.feed(data):
                    if kind == frames.MESSAGE:
                        seen = True
                        self._tell((frames.MESSAGE, body))
                    elif kind == frames.RETURN:
                        self.value = body
                    elif kind == frames.FAILURE:
                        self.verdict = json.loads(body)
                    else:
                        raise frames.BrokenChannelError(f"a frame of kind {kind}")
            except (frames.BrokenChannelError, ValueError) as error:
                self.verdict = {"kind": "invalid", "detail": f"wrote to the harness's private channel: {error}"}
                return seen

    def _read_output(self, output: int) -> bool:
        try:
            data = os.read(output, _READ_BYTES)
        except BlockingIOError:
            return False
        self.output.add(data)
        return bool(data)

    def _tell(self, *parts: tuple[int, bytes]) -> None:
        try:
            frames.write(self.caller.fileno(), *parts)
        except OSError:  # the caller is gone
            system.kill_descendants()
            os._exit(0)


def _has_ended(pid: int) -> bool:
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _verdict_of(status: int) -> dict[str, str]:
    """Return what an end without a result means."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        name = signal.Signals(number).name if number in set(signal.Signals) else str(number)
        hint = " that this harness did not send; the system may have run out of memory" if number == 9 else ""
        return {"kind": "crashed", "detail": f"killed by signal {number} ({name}){hint}"}
    code = os.WEXITSTATUS(status)
    return {"kind": "exited", "detail": f"the process ended with exit status {code} before it gave a result"}

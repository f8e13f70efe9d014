"""The template: imports what is slow once, then forks a supervisor for each that is asked for.

Run as ``python -c`` by :mod:`.client`, with one end of a socket and a handle of the caller as file descriptors.
"""

from __future__ import annotations

import contextlib
import gc
import inspect
import os
import select
import signal
import socket

from xorbench.sandbox import supervisor, system


def main(control_fd: int, caller_process: int | None, *, torch: bool) -> None:
    """Serve until the caller closes the socket or dies; each byte that comes brings a socket for a new supervisor."""
    _preload(torch=torch)
    control = socket.socket(fileno=control_fd)
    system.adopt_orphans()
    gc.freeze()  # what is shared stays shared: the children's collector does not write to it
    wake, wake_end = os.pipe()
    os.set_blocking(wake_end, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake_end, warn_on_full_buffer=False)
    poll = select.poll()
    for fd in (control_fd, wake, caller_process):
        if fd is not None:
            poll.register(fd, select.POLLIN)
    supervisors: set[int] = set()
    while True:
        for fd, _ in poll.poll():
            if fd == caller_process:
                os._exit(0)
            if fd == wake:
                os.read(wake, 4096)
                _reap(supervisors)
            if fd == control_fd:
                try:
                    asked, (connection,), _, _ = socket.recv_fds(control, 1, 1)
                except (OSError, ValueError):
                    os._exit(0)
                if not asked:
                    os._exit(0)
                pid = system.fork()
                if pid == 0:
                    signal.set_wakeup_fd(-1)
                    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                    for own in (control_fd, wake, wake_end):
                        os.close(own)
                    supervisor.serve(socket.socket(fileno=connection), caller_process)
                supervisors.add(pid)
                os.close(connection)


def _reap(supervisors: set[int]) -> None:
    """Reap the dead; a child that is no supervisor was left by a supervisor that a stranger killed: kill it."""
    while True:
        for pid in set(system.children()) - supervisors:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        supervisors.discard(pid)


def _preload(*, torch: bool) -> None:
    import numpy.random  # noqa: F401

    import xorbench.adapters
    import xorbench.registry
    import xorbench.tasks  # noqa: F401

    inspect.signature(type("Warm", (), {}))  # which compiles the patterns that every look at a class needs

    if torch:
        with contextlib.suppress(ImportError):
            _preload_torch()


def _preload_torch() -> None:
    """Import PyTorch and take one step, which imports another second's worth; CUDA stays hidden and untouched."""
    import torch

    # A thread pool does not survive a fork: none may come into being here.
    torch.set_num_threads(1)
    state = torch.random.get_rng_state()
    layer = torch.nn.Linear(2, 1)
    for optimiser in (torch.optim.SGD(layer.parameters(), lr=0.1), torch.optim.Adam(layer.parameters(), lr=0.1)):
        optimiser.zero_grad()
        torch.nn.functional.binary_cross_entropy_with_logits(layer(torch.ones(1, 2)), torch.ones(1, 1)).backward()
        optimiser.step()
    torch.random.set_rng_state(state)

"""Implementations that go wrong in the middle of a run, each in its own way, and one that does not.

`PIDS` in the environment names a file for the ids of processes that must not outlive their cell.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np


class Right:
    """A table that it looks up; steps change nothing."""

    def __init__(self, seed=0):
        self.seed = seed

    def predict(self, inputs):
        return (inputs[:, 0] != inputs[:, 1]).astype(float)

    def step(self, inputs, targets):
        self.go_wrong()
        return 0.0

    def go_wrong(self):
        pass


class Slow(Right):
    def go_wrong(self):
        time.sleep(0.1)


class Segfault(Right):
    def go_wrong(self):
        ctypes.string_at(0)


class LeaveAtOnce(Right):
    def go_wrong(self):
        os._exit(3)


class Leave(Right):
    def go_wrong(self):
        sys.exit("enough")


class Abort(Right):
    def go_wrong(self):
        os.abort()


class Loop(Right):
    def go_wrong(self):
        while True:
            pass


class LoopInC(Right):
    def go_wrong(self):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        pow(7, 10**9)


class Grandchild(Right):
    """Leaves a sleeping process in a session of its own behind, and hangs."""

    def go_wrong(self):
        _sleepers(1, start_new_session=True)
        time.sleep(300)


class FiftyChildren(Right):
    """Starts fifty processes once, and goes on as if nothing were."""

    started = False

    def go_wrong(self):
        if not FiftyChildren.started:
            FiftyChildren.started = True
            _sleepers(50)


class Hog(Right):
    def go_wrong(self):
        self.kept = [bytearray(1 << 28) for _ in range(100)]


class Chatter(Right):
    """Prints a megabyte a second, and more."""

    def go_wrong(self):
        print("x" * 1_000_000)


class ClosedStreams(Right):
    def go_wrong(self):
        for fd in (0, 1, 2):
            try:
                os.close(fd)
            except OSError:
                return


class NotANumber(Right):
    def predict(self, inputs):
        return np.full(len(inputs), np.nan)


class WrongType(Right):
    def predict(self, inputs):
        return {"answer": object()}


class UnspeakableError(Exception):
    def __str__(self):
        raise RuntimeError("no words")


class Unspeakable(Right):
    def go_wrong(self):
        raise UnspeakableError


class Spoiler(Right):
    """Changes everything global that it can reach; the cells after it must not notice."""

    def go_wrong(self):
        np.random.seed(1)  # noqa: NPY002 - spoiling is the point
        np.seterr(all="raise")
        os.environ.clear()
        os.chdir("/")
        sys.path.clear()
        os.umask(0o777)
        threading.Thread(target=threading.Event().wait).start()


def _sleepers(count, **how):
    for _ in range(count):
        sleeper = subprocess.Popen(["sleep", "300"], stdout=subprocess.DEVNULL, **how)
        with open(os.environ["PIDS"], "a") as file:
            file.write(f"{sleeper.pid}\n")

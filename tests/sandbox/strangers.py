"""Functions that misbehave, called in the sandbox by the tests. Each takes (argument, send)."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time


def echo(argument, send):
    return argument


def talk(argument, send):
    for number in range(argument):
        send({"number": number})
    return "done"


def segfault(argument, send):
    ctypes.string_at(0)


def leave_at_once(argument, send):
    os._exit(argument)


def leave(argument, send):
    sys.exit(argument)


def abort(argument, send):
    os.abort()


def loop(argument, send):
    while True:
        pass


def loop_in_c(argument, send):
    """Spin inside one call into C that holds the lock and ignores SIGTERM."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    pow(7, 10**9)


def hog(argument, send):
    kept = []
    while True:
        kept.append(bytearray(16 << 20))


def hog_in_children(argument, send):
    for _ in range(4):
        if os.fork() == 0:
            kept = bytearray(80 << 20)
            kept[:: 1 << 12] = b"x" * len(kept[:: 1 << 12])
            time.sleep(60)
    time.sleep(60)


def _tell_pid(path):
    with open(path, "a") as file:
        file.write(f"{os.getpid()}\n")


def grandchild(path, send):
    """Leave a sleeping grandchild, in a session of its own, behind and return."""
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            _tell_pid(path)
            time.sleep(300)
        os._exit(0)
    while not os.path.exists(path) or not os.path.getsize(path):
        time.sleep(0.01)
    return "returned"


def fifty_children(path, send):
    children = [subprocess.Popen(["sleep", "300"]) for _ in range(50)]
    with open(path, "a") as file:
        file.write("".join(f"{child.pid}\n" for child in children))
    return len(children)


def grandchild_and_loop(path, send):
    if os.fork() == 0:
        os.setsid()
        _tell_pid(path)
        time.sleep(300)
    _tell_pid(path)
    while True:
        time.sleep(1)


def fork_and_return(argument, send):
    os.fork()
    return os.getpid()


def chatter(seconds, send):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        print("x" * 99_999)
    return "quiet"


def print_ends(argument, send):
    print("the beginning")
    print("-" * 1_000_000)
    print("the end", file=sys.stderr)
    os.system("echo from a shell")
    raise ValueError("shown with the output")


def close_streams(argument, send):
    sys.stdout.close()
    os.close(1)
    os.close(2)
    return "still here"


def close_everything(argument, send):
    os.closerange(0, 4096)
    return "lost"


def nonsense_on_every_descriptor(argument, send):
    for fd in range(3, 64):
        try:
            os.write(fd, b"\xff" * 64)
        except OSError:
            continue
    return "lost"


def return_nan(argument, send):
    return {"loss": float("nan")}


def return_object(argument, send):
    return object()


def return_lambda_that_raises(argument, send):
    class Odd:
        def __repr__(self):
            raise RuntimeError("no repr")

        __str__ = __repr__

    return Odd()


class UnspeakableError(Exception):
    def __str__(self):
        raise RuntimeError("no words")

    __repr__ = __str__


def raise_unspeakable(argument, send):
    raise UnspeakableError


def raise_chained(argument, send):
    try:
        {}["missing"]
    except KeyError as error:
        raise ValueError("outer") from error


def recurse(argument, send):
    return recurse(argument, send)


def raise_in_thread(argument, send):
    thread = threading.Thread(target=lambda: 1 / 0)
    thread.start()
    thread.join()
    return "main thread went on"


def kill_supervisor(path, send):
    _tell_pid(path)
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(60)


def stop_supervisor(path, send):
    with open(path, "a") as file:
        file.write(f"{os.getpid()}\n{os.getppid()}\n")
    os.kill(os.getppid(), signal.SIGSTOP)
    time.sleep(60)


def spread_messages(argument, send):
    for _ in range(6):
        time.sleep(0.25)
        send("alive")
    return "done"


def sleep(seconds, send):
    time.sleep(seconds)
    return "slept"


def keyboard_interrupt(argument, send):
    raise KeyboardInterrupt


def about(argument, send):
    return {
        "folder": os.getcwd(),
        "variable": os.environ.get("XORBENCH_TEST"),
        "modules": sorted(name for name in sys.modules if name in ("torch", "scipy", "pandas")),
        "session": os.getsid(0) == os.getpid(),
        "argv": sys.argv,
        "stdin": sys.stdin.read(),
    }


def take_memory(mebibytes, send):
    kept = bytearray(mebibytes << 20)
    kept[:: 1 << 12] = b"x" * len(kept[:: 1 << 12])
    return len(kept)


def talk_and_sleep(path, send):
    _tell_pid(path)
    send("listen")
    time.sleep(300)


def raise_surrogate(argument, send):
    raise ValueError("\udc80")


def return_surrogate(argument, send):
    return "\udc80"


def loaded(names, send):
    return [name for name in names if name in sys.modules]

"""What a supervised child costs: ``python benchmarks/sandbox.py``.

Reach: a warm start with PyTorch preloaded, from the call to its outcome, in at most 0.15 s.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

from xorbench import sandbox
from xorbench.sandbox import Limits

CALLS = 100
LIMITS = Limits(time_s=60, memory_bytes=2 << 30)


def echo(argument, send):
    """Return the argument: the child does nothing else."""
    return argument


def train_one_step(argument, send):
    """Take one optimiser step, which is what the preloaded template has paid for."""
    import torch

    layer = torch.nn.Linear(2, 1)
    optimiser = torch.optim.Adam(layer.parameters())
    layer(torch.ones(4, 2)).sum().backward()
    optimiser.step()


def timed(function: str, *, torch: bool) -> list[float]:
    """Return the seconds of each of many calls, after one that starts what has to be started."""
    first = sandbox.call(f"benchmarks.sandbox:{function}", 0, limits=LIMITS, torch=torch)
    assert first.kind == "ok", first
    return [sandbox.call(f"benchmarks.sandbox:{function}", 0, limits=LIMITS, torch=torch).wall_s for _ in range(CALLS)]


def show(what: str, seconds: list[float]) -> None:
    ordered = sorted(seconds)
    print(
        f"{what:<58} median {1000 * statistics.median(ordered):7.1f} ms, "
        f"worst {1000 * ordered[-1]:7.1f} ms, of {len(ordered)}"
    )


def main() -> None:
    for torch in (False, True):
        with_what = "PyTorch" if torch else "NumPy"
        started = time.perf_counter()
        sandbox.call("benchmarks.sandbox:echo", 0, limits=LIMITS, torch=torch)
        show(f"cold: template with {with_what} and its first child", [time.perf_counter() - started])
        show(f"warm: child with {with_what} that does nothing", timed("echo", torch=torch))
    show("warm: child with PyTorch that takes one Adam step", timed("train_one_step", torch=True))
    fresh = []
    for _ in range(3):
        started = time.perf_counter()
        subprocess.run(
            [sys.executable, "-c", "from benchmarks.sandbox import train_one_step as f; f(0, None)"], check=True
        )
        fresh.append(time.perf_counter() - started)
    show("for comparison: a fresh interpreter, one Adam step", fresh)


if __name__ == "__main__":
    sys.path.insert(0, ".")
    main()

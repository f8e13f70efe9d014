"""Do the medians agree with those of pyperf and of torch.utils.benchmark, for the same function in one run?

    python benchmarks/timing.py [--rounds 200]

The three take turns in random order, one sample each, so that all see the same machine; what is judged is the median
of the ratios within a round, given with its 99 % interval. Every sample has as many calls as xorbench calibrated. Exit
status 1 where a ratio is further than 3 % from 1.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import math
import random
import statistics
import sys
from collections.abc import Callable

import numpy as np

from xorbench.measure.clock import CPUClock
from xorbench.measure.conditions import Conditions
from xorbench.measure.ratios import sign_interval
from xorbench.measure.sampling import calibrate, timed

LIMIT = 0.03


def numpy_step() -> Callable[[], object]:
    """A gradient step as `numpy-mlp` takes it."""
    from xorbench.registry import resolve
    from xorbench.tasks import get_task

    model = resolve("numpy-mlp").build()
    rows, labels = get_task("xor").table()
    targets = model.encode(labels)
    return lambda: model.instance.step(rows, targets)


def matrix_product() -> Callable[[], object]:
    """A call that is long beside its own overhead."""
    matrix = np.random.default_rng(0).normal(size=(200, 200))
    return lambda: matrix @ matrix


def activation() -> Callable[[], object]:
    """A call so short, 0.4 µs, that the loop around it counts.

    Not Python's sum of a list of numbers: whoever times that sees one of four speeds 25 % apart, as its objects lie.
    """
    rows = np.random.default_rng(0).normal(size=(4, 2))
    return lambda: np.tanh(rows)


def layer() -> Callable[[], object]:
    """The product of the four rows with two hidden units' weights."""
    generator = np.random.default_rng(0)
    rows, weights = generator.normal(size=(4, 2)), generator.normal(size=(2, 2))
    return lambda: rows @ weights


def by_xorbench(call: Callable[[], object], loops: int) -> Callable[[], float]:
    """One sample, as every row is measured."""
    clock = CPUClock()
    return lambda: timed(clock, call, loops) / loops


def by_pyperf(call: Callable[[], object], loops: int) -> Callable[[], float]:
    """One value, as a worker process of pyperf's takes it; in this process, so that it is the same function."""
    import pyperf

    def value() -> float:
        pyperf.Runner._created.clear()  # it refuses a second runner in a process
        runner = pyperf.Runner()
        runner.parse_args(["--worker", "--loops", str(loops), "--values", "1", "--warmups", "1", "--quiet"])
        with contextlib.redirect_stdout(io.StringIO()):
            return float(runner.bench_func("call", call).median())

    return value


def by_torch(call: Callable[[], object], loops: int) -> Callable[[], float]:
    """One measurement of torch's timer."""
    from torch.utils.benchmark import Timer

    timer = Timer("call()", globals={"call": call}, num_threads=1)
    return lambda: float(timer.timeit(loops).median)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    order = random.Random(options.seed)
    far = False
    for make in (activation, layer, numpy_step, matrix_product):
        call = make()
        with Conditions():
            loops = calibrate(CPUClock(), call).loops
            timers = {"xorbench": by_xorbench, "pyperf": by_pyperf, "torch": by_torch}
            values = {name: by(call, loops) for name, by in timers.items()}
            found: dict[str, list[float]] = {name: [] for name in values}
            for turn in range(options.rounds + 1):
                for name in order.sample(list(values), len(values)):
                    values[name]()  # what ran before it was another's, and its caches are cold
                    seconds = values[name]()
                    if turn:
                        found[name].append(seconds)
        medians = {name: statistics.median(samples) for name, samples in found.items()}
        said = f"{make.__name__}: xorbench {medians['xorbench'] * 1e6:.3f} µs in samples of {loops} calls"
        for name in ("pyperf", "torch"):
            logs = [math.log(theirs / ours) for theirs, ours in zip(found[name], found["xorbench"], strict=True)]
            apart = math.exp(statistics.median(logs)) - 1
            low, high = (math.exp(bound) - 1 if bound is not None else math.nan for bound in sign_interval(logs, 0.99))
            far |= abs(apart) > LIMIT
            said += f"; {name} {medians[name] * 1e6:.3f} µs, ratio {apart:+.1%} [{low:+.1%}, {high:+.1%}]"
        print(said)
    return int(far)


if __name__ == "__main__":
    sys.exit(main())
